package approx

import "testing"

// An update of the networks that bench/rl trains on CartPole.
func BenchmarkDQNUpdate(b *testing.B) {
	a, err := DQN{Hidden: []int{256, 256}, Batch: 64, Warmup: 1000, Horizon: 500}.New(open(b, "cartpole").New(), 2)
	if err != nil {
		b.Fatal(err)
	}
	for range 500 {
		a.Advance()
	}
	for b.Loop() {
		a.Update()
	}
}

// Acting is one row through the same network.
func BenchmarkDQNAct(b *testing.B) {
	a, err := DQN{Hidden: []int{256, 256}}.New(open(b, "cartpole").New(), 2)
	if err != nil {
		b.Fatal(err)
	}
	x := make([]float64, 4)
	for b.Loop() {
		a.Act(x)
	}
}

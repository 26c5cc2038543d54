package gradient

import (
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

// A step of what bench/rl trains: SAC on Pendulum learns once in each, PPO on
// CartPole makes 20 updates of 256 rows after each 32 in eight worlds.
func BenchmarkSACStep(b *testing.B) {
	a, err := SAC{Continuous: Continuous{Horizon: 200}}.New(copies(b, "pendulum")(), -2, 2)
	if err != nil {
		b.Fatal(err)
	}
	for range 300 {
		a.Advance()
	}
	for b.Loop() {
		a.Advance()
	}
}

func BenchmarkPPOStep(b *testing.B) {
	c := PPO(8)
	c.Window, c.Lambda, c.Gamma, c.Epochs, c.LR, c.Horizon = 32, .8, .98, 20, rl.Const(1e-3), 500
	a, err := c.New(copies(b, "cartpole"), Categorical{2})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		a.Advance()
	}
	b.ReportMetric(float64(b.N*8)/b.Elapsed().Seconds(), "steps/s")
}

package world

import (
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

// A paddle that follows the ball keeps it in play and breaks bricks.
func TestBreakoutCanBePlayed(t *testing.T) {
	g := &Breakout{Gamma: 1}
	for seed := range uint64(4) {
		s, total, steps := g.Reset(rl.NewRand(seed)), 0., 0
		for gamma := 1.; gamma != 0 && steps < 5000; steps++ {
			next := s.X + s.DX
			if next < 0 || next >= side {
				next = s.X
			}
			a := 0
			if s.DY < 0 {
				next = s.X
			}
			if s.Paddle > next {
				a = 1
			} else if s.Paddle < next {
				a = 2
			}
			var r float64
			s, r, gamma = g.Step(a)
			total += r
		}
		if total < 15 {
			t.Errorf("seed %d: %g bricks in %d steps", seed, total, steps)
		}
	}
}

// Who only goes up crosses the road now and then, and is hit now and then.
func TestFreewayCanBePlayed(t *testing.T) {
	g := &Freeway{Gamma: 1}
	s, total, hits := g.Reset(rl.NewRand(1)), 0., 0
	for range 2500 {
		before := s.Hen
		var r float64
		s, r, _ = g.Step(1)
		if total += r; r == 0 && s.Hen == side-1 && before < side-2 {
			hits++
		}
	}
	if total < 5 || total > 100 || hits == 0 {
		t.Errorf("crossed %g times, hit %d times", total, hits)
	}
}

// Who stands still dies, and a third of what passes is gold.
func TestAsterixCanBePlayed(t *testing.T) {
	g := &Asterix{Ramp: true, Gamma: 1}
	died, gold, all := 0, 0., 0.
	for seed := range uint64(60) {
		g.Reset(rl.NewRand(seed))
		for range 3000 {
			s, r, gamma := g.Step(0)
			gold += r
			all += r
			if gamma == 0 {
				died++
				all++
				break
			}
			if s.SpawnEvery < 1 || s.MoveEvery < 1 {
				t.Fatal("faster than a step")
			}
		}
	}
	if died != 60 || gold/all < .15 || gold/all > .5 {
		t.Errorf("died %d of 60 times; met %g things, %g of them gold", died, all, gold)
	}
}

// A state that is put back leads on as it did, as far as no chance is involved.
func TestArcadeStates(t *testing.T) {
	for _, name := range []string{"breakout", "freeway", "asterix"} {
		w, err := Open(name)
		if err != nil {
			t.Fatal(err)
		}
		one, other := w.New(), w.New()
		rng, a, b := rl.NewRand(3), rl.NewRand(4), rl.NewRand(4)
		one.Reset(a)
		other.Reset(b)
		for range 300 {
			if err := other.Place(one.State()); err != nil {
				t.Fatalf("%s: %v: %v", name, one.State(), err)
			}
			act := float64(rng.IntN(len(w.Actions)))
			r1, g1 := one.Act(act)
			r2, g2 := other.Act(act)
			if r1 != r2 || g1 != g2 || !slices.Equal(one.State(), other.State()) {
				t.Fatalf("%s: %v and %v", name, one.State(), other.State())
			}
			if g1 == 0 {
				one.Reset(a)
				other.Reset(b)
			}
		}
		if other.Place(nil) == nil || other.Place(make([]float64, 500)) == nil {
			t.Errorf("%s takes a state of another length", name)
		}
	}
}

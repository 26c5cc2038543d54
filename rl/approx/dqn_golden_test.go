package approx

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/internal/gunzip"
	"github.com/rotor-lm/rotor/rl"
)

// peerRun is what testdata/dqn_golden.py writes: a run of Stable-Baselines3's DQN,
// with every choice that chance made.
type peerRun struct {
	MadeBy   string `json:"made_by"`
	Horizon  int    `json:"horizon"`
	Settings struct {
		LR       float64 `json:"learning_rate"`
		Batch    int     `json:"batch_size"`
		Capacity int     `json:"buffer_size"`
		Warmup   int     `json:"learning_starts"`
		Gamma    float64 `json:"gamma"`
		Copy     int     `json:"target_update_interval"`
		Every    int     `json:"train_freq"`
		Updates  int     `json:"gradient_steps"`
		Fraction float64 `json:"exploration_fraction"`
		Last     float64 `json:"exploration_final_eps"`
	} `json:"settings"`
	First []struct {
		W [][]float32 `json:"w"` // [in][out]
		B []float32   `json:"b"`
	} `json:"first"`
	Probes [][]float64 `json:"probes"`
	Starts [][]float64 `json:"starts"`
	Steps  []struct {
		Action int       `json:"action"`
		Seen   []float64 `json:"seen"`
		Reward float64   `json:"reward"`
		Ends   bool      `json:"ends"`
	} `json:"steps"`
	Luck   []float64 `json:"luck"`  // against which ε was held, from the end of the warm-up on
	Draws  [][]int   `json:"draws"` // rows of each batch
	Rounds []struct {
		Steps int         `json:"steps"`
		Q     [][]float64 `json:"q"` // of each probe, after the round of updates
		Slow  [][]float64 `json:"slow"`
	} `json:"rounds"`
}

// replayed is a world in which happens what happened to the peer.
type replayed struct {
	t           *testing.T
	run         *peerRun
	start, step int
	seen        []float64
}

func (w *replayed) Reset(*rand.Rand) {
	w.seen = w.run.Starts[w.start]
	w.start++
}

func (w *replayed) Act(a float64) (r, gamma float64) {
	s := w.run.Steps[w.step]
	if w.step++; int(a) != s.Action {
		w.t.Fatalf("step %d: action %g, the peer took %d", w.step, a, s.Action)
	}
	if w.seen = s.Seen; !s.Ends {
		gamma = 1
	}
	return s.Reward, gamma
}

func (w *replayed) Observe(x []float64) { copy(x, w.seen) }
func (w *replayed) Width() int          { return len(w.run.Probes[0]) }

// loaded dice fall as they fell for the peer.
type loaded struct{ falls []uint64 }

func (d *loaded) Uint64() uint64 {
	u := d.falls[0]
	d.falls = d.falls[1:]
	return u
}

// fraction makes the next Float64 be u.
func (d *loaded) fraction(u float64) { d.falls = append(d.falls, uint64(u*(1<<53))) }

// index makes the next IntN(n) be i: the product of the upper half with n is i and
// something, and where n is a power of two the lower half is i itself.
func (d *loaded) index(i, n int) {
	d.falls = append(d.falls, (uint64(i)<<32+1<<31)/uint64(n)<<32|uint64(i))
}

// With the same first weights, and where chance decides alike, a run is that of
// Stable-Baselines3: its actions, when it explores, when it learns and from what, and
// when its target follows.
func TestDQNIsStableBaselines3(t *testing.T) {
	run := readPeerRun(t)
	set := run.Settings
	fades := int(math.Round(set.Fraction * float64(len(run.Steps))))
	epsilon := rl.Linear(1, set.Last, fades)
	env, dice := &replayed{t: t, run: run}, &loaded{}
	a, err := DQN{
		Hidden: []int{len(run.First[0].B), len(run.First[1].B)}, LR: set.LR, Batch: set.Batch, Capacity: set.Capacity, Warmup: set.Warmup, Gamma: set.Gamma,
		Copy: set.Copy, Every: set.Every, Updates: set.Updates, Horizon: run.Horizon, Epsilon: epsilon,
	}.New(env, 2)
	if err != nil {
		t.Fatal(err)
	}
	for l, layer := range a.Net.layers {
		for i, row := range run.First[l].W {
			copy(layer.w.Row(i), row)
		}
		copy(layer.b, run.First[l].B)
	}
	a.Sync()
	a.rng.Rand = rand.New(dice)
	draws, worst := run.Draws, 0.
	for _, round := range run.Rounds {
		for a.Taken < round.Steps {
			k := a.Taken // steps taken
			var u float64
			if k >= set.Warmup {
				u = run.Luck[k-set.Warmup]
				dice.fraction(u)
			}
			if k < set.Warmup || u < epsilon.At(k+1) {
				dice.index(run.Steps[k].Action, 2)
			}
			if k+1 == round.Steps {
				for range set.Updates {
					for _, row := range draws[0] {
						dice.index(row, min(k+1, set.Capacity))
					}
					draws = draws[1:]
				}
			}
			a.Advance()
			if len(dice.falls) > 0 {
				t.Fatalf("step %d: chance was asked %d times less than by the peer", a.Taken, len(dice.falls))
			}
		}
		for i, x := range run.Probes {
			worst = max(worst, farthest(a.Values(x), round.Q[i]))
			a.Net, a.Target = a.Target, a.Net
			worst = max(worst, farthest(a.Values(x), round.Slow[i]))
			a.Net, a.Target = a.Target, a.Net
		}
		if !(worst < 1e-4) { // rounding grows a little with every step of Adam
			t.Fatalf("after %d steps and %d updates, values are %.2g from the peer's", a.Taken, a.updates, worst)
		}
	}
	t.Logf("%d steps, %d updates: values within %.1e of the peer's", a.Taken, a.updates, worst)
}

// farthest is the largest difference, beside a large value in proportion to it.
func farthest(got, want []float64) (d float64) {
	for i, x := range want {
		d = max(d, math.Abs(got[i]-x)/max(1, math.Abs(x)))
	}
	return d
}

func readPeerRun(t *testing.T) *peerRun {
	var run peerRun
	gunzip.JSON(t, "testdata/dqn.json.gz", &run)
	if run.MadeBy == "" || len(run.Rounds) == 0 {
		t.Fatal("dqn.json.gz says nothing, or not who made it")
	}
	return &run
}

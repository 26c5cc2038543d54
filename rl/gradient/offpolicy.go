package gradient

import (
	"fmt"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
)

// Continuous are the settings that deterministic policy gradients and the soft
// actor-critic share: a policy and critics of a force in [−1, 1], which the world
// gets stretched to its bounds, learned from a replay, with slow copies as targets.
//
// Zeros of the settings mean the defaults beside them.
type Continuous struct {
	Hidden  []int   // widths of all networks; nil: 256, 256
	LR      float64 // step size of Adam; 0: 1e-3
	Gamma   float64 // discount of a step, times the world's own; 0: 0.99
	Horizon int     // a run is cut after so many steps; 0: never

	Capacity int     // of the replay; 0: 100,000
	Batch    int     // 0: 256
	Warmup   int     // steps by chance before learning begins; 0: 100
	Every    int     // steps between rounds of updates; 0: 1
	Updates  int     // updates a round; 0: 1
	Tau      float64 // how far the copies follow; 0: 0.005

	Seed uint64
}

func (c *Continuous) fill(low, high float64) error {
	if c.Hidden == nil {
		c.Hidden = []int{256, 256}
	}
	or(&c.LR, 1e-3)
	or(&c.Gamma, .99)
	or(&c.Capacity, 100_000)
	or(&c.Batch, 256)
	or(&c.Warmup, 100)
	or(&c.Every, 1)
	or(&c.Updates, 1)
	or(&c.Tau, .005)
	switch {
	case c.Gamma < 0 || c.Gamma > 1 || c.Tau < 0 || c.Tau > 1:
		return fmt.Errorf("gradient: gamma %g and tau %g: want numbers from 0 to 1", c.Gamma, c.Tau)
	case min(c.Capacity, c.Batch, c.Every, c.Updates) < 1 || c.Warmup < 0 || c.Horizon < 0:
		return fmt.Errorf("gradient: sizes and intervals must be at least 1")
	case !(low < high):
		return fmt.Errorf("gradient: this method wants a force between bounds; this world takes the number of an action")
	}
	return nil
}

// criticRows of a batch are what one core takes: many, since every product of so
// wide a layer copies its weights first.
const criticRows = 128

// critics are two networks q̂(s, a) that share an optimiser, and their slow copies.
type critics struct {
	q, slow [2]*approx.MLP
	w, old  []float32 // of both, and of both copies
	adam    *approx.Adam
}

func newCritics(width int, c Continuous, chunks int) critics {
	widths := append(append([]int{width + 1}, c.Hidden...), 1)
	n := approx.Weights(widths...)
	k := critics{w: make([]float32, 2*n), old: make([]float32, 2*n)}
	for i := range k.q {
		k.q[i] = approx.NewMLPIn(k.w[i*n:(i+1)*n], approx.ReLU, widths...)
		k.slow[i] = approx.NewMLPIn(k.old[i*n:(i+1)*n], approx.ReLU, widths...)
		k.q[i].Uniform(rl.NewRand(c.Seed, 10, uint64(i)))
	}
	copy(k.old, k.w)
	k.adam = approx.NewAdam(k.w, c.LR, chunks)
	return k
}

// grad is the part of a gradient that belongs to critic i.
func (k *critics) grad(g []float32, i int) []float32 {
	n := len(g) / 2
	return g[i*n : (i+1)*n]
}

// critic is q̂_i(x, a), of a force a in [−1, 1].
func (k *critics) critic(i int, x []float64, a float32) float64 {
	pass := k.q[i].NewPass(1)
	in := pass.Input(1).Row(0)
	for j, v := range x {
		in[j] = float32(v)
	}
	in[len(x)] = a
	return float64(k.q[i].Forward(pass, 1).Data[0])
}

// body is what both methods have beside their networks: a world, a replay, and
// batches drawn from it.
type body struct {
	Continuous
	Replay *approx.Replay
	Taken  int

	low, high float64
	runner    approx.Runner
	rng       approx.Stream
	rows      []int
	chunks    int
	action    [1]float32
	ended     [1]rl.Episode
}

func newBody(c Continuous, env approx.Env, low, high float64) body {
	return body{
		Continuous: c, Replay: approx.NewReplay(c.Capacity, env.Width(), 1, 1, false), low: low, high: high,
		runner: approx.NewRunner(env, approx.NewStream(c.Seed, 1), c.Horizon), rng: approx.NewStream(c.Seed, 2),
		rows: make([]int, c.Batch), chunks: (c.Batch + criticRows - 1) / criticRows,
	}
}

// Steps is how many were taken.
func (b *body) Steps() int { return b.Taken }

// world is a force in [−1, 1], stretched.
func (b *body) world(a float32) float64 { return b.low + (float64(a)+1)/2*(b.high-b.low) }

// unit is a force of the world in [−1, 1].
func (b *body) unit(force float64) float32 {
	return float32(2*(force-b.low)/(b.high-b.low) - 1)
}

// advance takes one step, by chance at first, and calls update when it is time.
func (b *body) advance(act func(state []float32) float32, update func()) []rl.Episode {
	r := &b.runner
	b.Taken++
	if b.Taken <= b.Warmup {
		b.action[0] = 2*b.rng.Float32() - 1
	} else {
		b.action[0] = act(r.State)
	}
	reward, gamma, cut := r.Step(b.world(b.action[0]))
	b.Replay.Add(r.Before, b.action[:], float32(reward), float32(gamma*b.Gamma), r.State, cut)
	b.ended[0] = r.Finish(cut)
	if b.Taken > b.Warmup && b.Taken%b.Every == 0 {
		for range b.Updates {
			b.Replay.Draw(b.rng.Rand, b.rows)
			update()
		}
	}
	if cut {
		return b.ended[:]
	}
	return nil
}

func (b *body) parts() []approx.Part {
	return []approx.Part{b.Replay, &b.runner, b.rng, approx.Number(&b.Taken)}
}

// part is the rows of the batch that chunk i has.
func (b *body) part(i int) (from int, rows []int) {
	from = i * criticRows
	return from, b.rows[from:min(from+criticRows, len(b.rows))]
}

// pairs writes states and actions as the input of a critic.
func pairs(x kernel.Matrix, states kernel.Matrix, rows []int, action []float32) {
	for k, row := range rows {
		in := x.Row(k)
		in[copy(in, states.Row(row))] = action[k]
	}
}

// states writes states as the input of a policy.
func states(x kernel.Matrix, from kernel.Matrix, rows []int) {
	for k, row := range rows {
		copy(x.Row(k), from.Row(row))
	}
}

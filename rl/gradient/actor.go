package gradient

import (
	"fmt"
	"io"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
)

// Actor is OnPolicy at work.
type Actor struct {
	OnPolicy
	Head   Head
	Policy *approx.MLP
	Value  *approx.MLP
	Free   []float32 // the head's parameters
	Loss   Losses    // of the last update
	Taken  int       // steps, in all worlds

	windows int
	t       int // steps in the window so far
	length  int // of a full window
	worlds  []approx.Runner
	rng     []approx.Stream // of each world's actions
	shuffle approx.Stream
	ended   []rl.Episode
	memory
	update
}

// Losses tells how the last update went.
type Losses struct{ Policy, Value, Entropy, KL, Clipped float64 }

// New begins to act in copies of a world, one for each of Worlds, whose actions
// head says.
func (c OnPolicy) New(copies func() approx.Env, head Head) (*Actor, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	a := &Actor{OnPolicy: c, Head: head, shuffle: approx.NewStream(c.Seed, 1), length: c.Window}
	if a.length == 0 {
		a.length = c.Horizon
	}
	width := 0
	for i := range c.Worlds {
		env := copies()
		if width = env.Width(); width < 1 {
			return nil, fmt.Errorf("gradient: in this world there is nothing to see: a network needs numbers")
		}
		a.worlds = append(a.worlds, approx.NewRunner(env, approx.NewStream(c.Seed, 2, uint64(i)), c.Horizon))
		a.rng = append(a.rng, approx.NewStream(c.Seed, 3, uint64(i)))
	}
	pi := append(append([]int{width}, c.Hidden...), head.Outputs())
	v := append(append([]int{width}, c.Hidden...), 1)
	first, second := approx.Weights(pi...), approx.Weights(v...)
	w := make([]float32, first+second+head.Free())
	a.Policy = approx.NewMLPIn(w[:first], c.Bend, pi...)
	a.Value = approx.NewMLPIn(w[first:first+second], c.Bend, v...)
	a.Free = w[first+second:]
	a.Policy.Orthogonal(rl.NewRand(c.Seed, 4), .01)
	a.Value.Orthogonal(rl.NewRand(c.Seed, 5), 1)
	a.memory = newMemory(a.length*c.Worlds, c.Worlds, width)
	a.memory.pass = a.Policy.NewPass(c.Worlds)
	a.update = newUpdate(a, w)
	return a, nil
}

// Steps is how many were taken, in all worlds.
func (a *Actor) Steps() int { return a.Taken }

// Act is the most likely action for what is seen.
func (a *Actor) Act(x []float64) float64 {
	in := a.one.Input(1).Row(0)
	for i, v := range x {
		in[i] = float32(v)
	}
	return a.Head.World(a.Head.Best(a.Policy.Forward(a.one, 1).Row(0)))
}

// Values is the critic's v(s) for what is seen, x, or nothing without a critic.
func (a *Actor) Values(x []float64) []float64 {
	if !a.Critic {
		return nil
	}
	pass := a.Value.NewPass(1)
	in := pass.Input(1).Row(0)
	for i, v := range x {
		in[i] = float32(v)
	}
	return []float64{float64(a.Value.Forward(pass, 1).Data[0])}
}

// Advance takes a step in every world, and learns at the end of a window.
func (a *Actor) Advance() []rl.Episode {
	a.ended = a.ended[:0]
	n, m := len(a.worlds), &a.memory
	in := m.pass.Input(n)
	for i := range a.worlds {
		copy(in.Row(i), a.worlds[i].State)
	}
	y := a.Policy.Forward(m.pass, n)
	whole := false
	for i := range a.worlds {
		w, row := &a.worlds[i], i*a.length+a.t
		action := a.Head.Sample(a.rng[i].Rand, y.Row(i), a.Free)
		m.action[row] = action
		m.logp[row], _ = a.Head.LogProb(y.Row(i), a.Free, action)
		r, gamma, cut := w.Step(a.Head.World(action))
		copy(m.state.Row(row), w.Before)
		m.reward[row], m.gamma[row], m.cut[row] = float32(r), float32(gamma*a.Gamma), cut
		if cut && gamma != 0 {
			m.reach(row, w.State)
		}
		if e := w.Finish(cut); cut {
			a.ended = append(a.ended, e)
			whole = a.Window == 0
		}
	}
	a.Taken += n
	if a.t++; a.t == a.length || whole {
		a.learn()
		a.t = 0
		m.reached = 0
	}
	return a.ended
}

// Save writes all that is needed to go on exactly.
func (a *Actor) Save(w io.Writer) error { return approx.Save(w, "on-policy", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *Actor) Load(r io.Reader) error {
	if err := approx.Load(r, "on-policy", a.parts()...); err != nil {
		return err
	}
	ok := a.t >= 0 && a.t < a.length && a.reached >= 0 && a.reached <= len(a.reachedRow)
	for _, row := range a.reachedRow {
		ok = ok && row >= 0 && row < len(a.v)
	}
	for _, action := range a.action {
		ok = ok && a.Head.Has(action)
	}
	if !ok {
		a.t, a.reached = 0, 0
		return fmt.Errorf("gradient: the saved agent's window does not fit its settings")
	}
	return nil
}

func (a *Actor) parts() []approx.Part {
	m := &a.memory
	parts := []approx.Part{
		approx.Numbers(a.adam.W), a.adam, a.shuffle, approx.Number(&a.Taken), approx.Number(&a.windows), approx.Number(&a.t),
		approx.Numbers(m.state.Data), approx.Numbers(m.action), approx.Numbers(m.logp), approx.Numbers(m.reward), approx.Numbers(m.gamma),
		approx.Numbers(m.cut), approx.Number(&m.reached), approx.Numbers(m.reachedRow), approx.Numbers(m.reachedState.Data),
	}
	for i := range a.worlds {
		parts = append(parts, &a.worlds[i], a.rng[i])
	}
	return parts
}

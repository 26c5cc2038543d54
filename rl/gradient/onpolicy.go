package gradient

import (
	"fmt"
	"io"
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
)

// OnPolicy learns from what its own policy did a moment ago, in windows of steps
// in several worlds at once. Its settings make it one row of the package's table
// or another: REINFORCE, actor-critic, A2C or PPO.
//
// Zeros of the settings mean the defaults beside them.
type OnPolicy struct {
	Hidden  []int       // widths of both networks; nil: 64, 64
	Bend    approx.Bend // between the layers
	LR      rl.Schedule // step size of Adam, by window; zero: 3e-4
	Eps     float64     // of Adam; 0: 1e-5
	MaxNorm float64     // of the gradient; 0: 0.5
	Gamma   float64     // discount of a step, times the world's own; 0: 0.99
	Horizon int         // a run is cut after so many steps; 0: never

	Worlds  int     // at once; 0: 1
	Window  int     // steps in each world between updates; 0: a whole episode, in one world
	Lambda  float64 // trust in the sample against v; 0 is one-step TD, 1 the whole window
	Critic  bool    // the baseline is v(s); else it is 0 and nothing is bootstrapped
	Epochs  int     // passes over a window; 0: 1
	Batch   int     // rows of an update; 0: the whole window
	Clip    float64 // ε of the ratio; 0: no clipping
	Closer  float64 // ε of the value's change; 0: no clipping
	KL      float64 // an update that has moved further is not made, and the window is left; 0: never
	Entropy float64 // weight of the policy's entropy
	Weight  float64 // of the critic's loss; 0: 0.5
	Whiten  bool    // advantages of a batch get mean 0 and deviation 1

	Seed uint64
}

// REINFORCE learns from whole episodes, with the critic as baseline or none.
//
// Williams 1992; Sutton and Barto 2018, §13.3.
func REINFORCE(baseline bool) OnPolicy {
	return OnPolicy{Lambda: 1, Critic: baseline, LR: rl.Const(1e-3)}
}

// NStep is the n-step actor-critic in one world; with n = 1, the one-step.
//
// Sutton and Barto 2018, §13.5.
func NStep(n int) OnPolicy { return OnPolicy{Window: n, Lambda: 1, Critic: true} }

// A2C is the n-step actor-critic in many worlds that take their steps together.
//
// Mnih et al., Asynchronous Methods for Deep Reinforcement Learning, 2016.
// arXiv:1602.01783.
func A2C(worlds int) OnPolicy {
	return OnPolicy{Window: 5, Worlds: worlds, Lambda: 1, Critic: true, Entropy: .01, LR: rl.Const(7e-4)}
}

// PPO is proximal policy optimisation: several passes over a window, held back
// where the policy has moved far, see Clipped.
//
// Schulman et al., Proximal Policy Optimization Algorithms, 2017. arXiv:1707.06347.
func PPO(worlds int) OnPolicy {
	return OnPolicy{Window: 128, Worlds: worlds, Lambda: .95, Critic: true, Epochs: 10, Batch: 256, Clip: .2, Whiten: true, Bend: approx.Tanh}
}

func or[T comparable](x *T, otherwise T) {
	var zero T
	if *x == zero {
		*x = otherwise
	}
}

func (c *OnPolicy) fill() error {
	if c.Hidden == nil {
		c.Hidden = []int{64, 64}
	}
	or(&c.LR, rl.Const(3e-4))
	or(&c.Eps, 1e-5)
	or(&c.MaxNorm, .5)
	or(&c.Gamma, .99)
	or(&c.Worlds, 1)
	or(&c.Epochs, 1)
	or(&c.Weight, .5)
	switch {
	case c.Gamma < 0 || c.Gamma > 1 || c.Lambda < 0 || c.Lambda > 1:
		return fmt.Errorf("gradient: gamma %g and lambda %g: want numbers from 0 to 1", c.Gamma, c.Lambda)
	case c.Worlds < 1 || c.Window < 0 || c.Epochs < 1 || c.Batch < 0 || c.Horizon < 0:
		return fmt.Errorf("gradient: worlds, window, epochs, batch and horizon may not be negative")
	case c.Window == 0 && (c.Worlds > 1 || c.Horizon == 0):
		return fmt.Errorf("gradient: learning from whole episodes wants one world and a horizon")
	case c.Clip < 0 || c.Closer < 0 || c.KL < 0:
		return fmt.Errorf("gradient: clip %g, value clip %g and KL %g may not be negative", c.Clip, c.Closer, c.KL)
	case !c.Critic && c.Lambda != 1:
		return fmt.Errorf("gradient: lambda %g bootstraps, which needs a critic", c.Lambda)
	case !c.Critic && c.Window > 0:
		return fmt.Errorf("gradient: without a critic only whole episodes can be learned from: window 0, not %d", c.Window)
	}
	return nil
}

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

// memory is a window of steps. Those of world i stand in rows i·length … .
type memory struct {
	state               kernel.Matrix // [rows, width]
	action, logp        []float32
	reward, gamma       []float32
	cut                 []bool    // the run ended with this step
	v, next, G, A       []float32 // v(s), v(s′), return, advantage
	reached             int
	reachedRow          []int         // steps at which the horizon cut a run
	reachedState, final kernel.Matrix // where those led, and where the window ends in each world
	pass                *approx.Pass
}

func newMemory(rows, worlds, width int) memory {
	floats := func() []float32 { return make([]float32, rows) }
	return memory{
		state: approx.NewRows(rows, width), action: floats(), logp: floats(), reward: floats(), gamma: floats(),
		cut: make([]bool, rows), v: floats(), next: floats(), G: floats(), A: floats(),
		reachedRow: make([]int, rows), reachedState: approx.NewRows(rows, width), final: approx.NewRows(worlds, width),
	}
}

func (m *memory) reach(row int, state []float32) {
	m.reachedRow[m.reached] = row
	copy(m.reachedState.Row(m.reached), state)
	m.reached++
}

// estimate fills returns and advantages of the window.
func (a *Actor) estimate() {
	m := &a.memory
	for i := range a.worlds {
		copy(m.final.Row(i), a.worlds[i].State)
	}
	if a.Critic {
		a.values()
	} else {
		clear(m.v)
		clear(m.next)
	}
	for i := range a.worlds {
		from, end := i*a.length, i*a.length+a.t
		for t := from; t < end; t++ {
			if m.cut[t] || t == end-1 {
				a.estimateRun(from, t+1)
				from = t + 1
			}
		}
	}
}

// estimateRun is estimate for one unbroken run, rows from … to−1.
func (a *Actor) estimateRun(from, to int) {
	m := &a.memory
	returns.LambdaTo(m.G[from:to], m.reward[from:to], m.gamma[from:to], m.next[from:to], float32(a.Lambda))
	for t := from; t < to; t++ {
		m.A[t] = m.G[t] - m.v[t]
	}
}

// values asks the critic about every state of the window, and about those that it
// leads to: the state of the next step, or where the run was cut.
func (a *Actor) values() {
	m := &a.memory
	for i := range a.worlds {
		from := i * a.length
		a.value(m.v[from:from+a.t], m.state, from)
		copy(m.next[from:from+a.t-1], m.v[from+1:from+a.t])
		if last := from + a.t - 1; !m.cut[last] {
			a.value(m.next[last:last+1], m.final, i)
		} else {
			m.next[last] = 0
		}
	}
	for k := range m.reached {
		row := m.reachedRow[k]
		a.value(m.next[row:row+1], m.reachedState, k)
	}
}

// value writes v of the rows that begin with row.
func (a *Actor) value(v []float32, states kernel.Matrix, row int) {
	const most = gradientRows
	p := a.update.chunk[0].v
	for from := 0; from < len(v); from += most {
		n := min(most, len(v)-from)
		copy(p.Input(n).Data, states.Data[(row+from)*states.Cols:(row+from+n)*states.Cols])
		copy(v[from:from+n], a.Value.Forward(p, n).Data[:n])
	}
}

// learn makes the updates of a window.
func (a *Actor) learn() {
	a.estimate()
	a.windows++
	a.adam.LR = a.LR.At(a.windows)
	u := &a.update
	u.order = u.order[:0]
	for i := range a.worlds {
		for t := range a.t {
			u.order = append(u.order, i*a.length+t)
		}
	}
	size := len(u.order)
	if a.Batch > 0 {
		size = min(size, a.Batch)
	}
	for range a.Epochs {
		if size < len(u.order) {
			a.shuffle.Shuffle(len(u.order), u.swap)
		}
		for from := 0; from < len(u.order); from += size {
			if !a.step(u.order[from:min(from+size, len(u.order))]) {
				return
			}
		}
	}
}

// step makes one update from some rows, unless the policy has moved too far.
func (a *Actor) step(rows []int) bool {
	u, m := &a.update, &a.memory
	u.rows = rows
	for k, row := range rows {
		u.advantage[k] = m.A[row]
	}
	if a.Whiten && len(rows) > 1 {
		whiten(u.advantage[:len(rows)])
	}
	n := (len(rows) + gradientRows - 1) / gradientRows
	a.adam.Gradient(n, u.work)
	a.Loss = Losses{}
	for _, c := range u.chunk[:n] {
		a.Loss.add(c.loss, 1/float64(len(rows)))
	}
	if a.KL > 0 && a.Loss.KL > a.KL {
		return false
	}
	a.adam.Move()
	return true
}

func (l *Losses) add(x Losses, scale float64) {
	l.Policy += x.Policy * scale
	l.Value += x.Value * scale
	l.Entropy += x.Entropy * scale
	l.KL += x.KL * scale
	l.Clipped += x.Clipped * scale
}

// whiten gives numbers mean 0 and deviation 1, as PyTorch's std counts it.
func whiten(x []float32) {
	var sum, square float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		square += d * d
	}
	std := math.Sqrt(square/float64(len(x)-1)) + 1e-8
	for i, v := range x {
		x[i] = float32((float64(v) - mean) / std)
	}
}

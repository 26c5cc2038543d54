package approx

import (
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/returns"
)

// Env is what an agent with a network acts in: package world's Simulator. An
// action is the number of one, or a force.
type Env interface {
	Reset(rng *rand.Rand)
	Act(a float64) (r, gamma float64)
	Observe(x []float64)
	Width() int
}

// DQN is deep Q-learning: a network q̂(s, ·; w) moved toward what a slower copy of
// it, w⁻, says of the next state, on batches from a replay.
//
//	L(w) = mean huber(q̂(s, a; w) − [r + γ·max_a′ q̂(s′, a′; w⁻)])
//
// The options compose (Hessel et al., Rainbow, 2017, arXiv:1710.02298):
//
//	Double    the online network chooses a′, the copy values it   van Hasselt et al. 2015, arXiv:1509.06461
//	Dueling   q = v + A − mean A, from one body                   Wang et al. 2015, arXiv:1511.06581
//	Priority  draw by |δ|^α, corrected by importance              Schaul et al. 2015, arXiv:1511.05952
//	Steps     bootstrap after n steps                             Sutton and Barto 2018, §7.1
//	Outlook   Categorical or Quantile: the return's distribution
//
// Dueling keeps one body up to the last hidden layer; its paper splits the last
// hidden layer too.
//
// Mnih et al., Human-Level Control through Deep Reinforcement Learning, 2015;
// Zhao 2025, §8.4.
type DQN struct {
	Hidden  []int   // widths of the hidden layers; none: 64, 64
	Bend    Bend    // between them
	LR      float64 // step size of Adam; 0: 1e-3
	Eps     float64 // of Adam; 0: 1e-8
	MaxNorm float64 // of the gradient; 0: 10
	Gamma   float64 // discount of a step, times the world's own; 0: 0.99
	Horizon int     // a run is cut after so many steps; 0: never

	Capacity int         // of the replay; 0: 100,000
	Batch    int         // 0: 64
	Warmup   int         // steps by chance before learning begins; 0: 1,000
	Every    int         // steps between rounds of updates; 0: 1
	Updates  int         // updates a round; 0: 1
	Copy     int         // steps after which w⁻ moves to w; 0: 500
	Tau      float64     // how far it moves; 0: all the way
	Epsilon  rl.Schedule // of exploration, by step; zero: 1..0.05/10000

	Double, Dueling bool
	Priority        float64     // α; 0 draws uniformly
	Correction      rl.Schedule // β, by update; zero: 0.4
	Steps           int         // 0: 1
	Outlook         Outlook     // nil: Expected{Kink: 1}
	ActionInput     bool        // the action is one more input, in [0, 1], and there is one output

	Seed uint64
}

func or[T comparable](x *T, otherwise T) {
	var zero T
	if *x == zero {
		*x = otherwise
	}
}

// fill puts defaults in the place of zeros and says what cannot be.
func (c *DQN) fill() error {
	if c.Hidden == nil {
		c.Hidden = []int{64, 64}
	}
	or(&c.LR, 1e-3)
	or(&c.MaxNorm, 10)
	or(&c.Gamma, .99)
	or(&c.Capacity, 100_000)
	or(&c.Batch, 64)
	or(&c.Warmup, 1000)
	or(&c.Every, 1)
	or(&c.Updates, 1)
	or(&c.Copy, 500)
	or(&c.Tau, 1)
	or(&c.Steps, 1)
	or(&c.Epsilon, rl.Linear(1, .05, 10_000))
	or(&c.Correction, rl.Const(.4))
	if c.Outlook == nil {
		c.Outlook = Expected{Kink: 1}
	}
	switch {
	case c.Gamma < 0 || c.Gamma > 1:
		return fmt.Errorf("approx: DQN: gamma %g: want a number from 0 to 1", c.Gamma)
	case min(c.Capacity, c.Batch, c.Every, c.Updates, c.Copy, c.Steps) < 1 || c.Warmup < 0 || c.Horizon < 0:
		return fmt.Errorf("approx: DQN: sizes and intervals must be at least 1")
	case c.Steps > c.Capacity:
		return fmt.Errorf("approx: DQN: a window of %d steps in a replay of %d", c.Steps, c.Capacity)
	case c.Tau < 0 || c.Tau > 1 || c.Priority < 0:
		return fmt.Errorf("approx: DQN: tau %g and priority %g: want tau from 0 to 1, and no priority below 0", c.Tau, c.Priority)
	case c.Outlook.Atoms() < 1:
		return fmt.Errorf("approx: DQN: a distribution needs atoms")
	case c.ActionInput && c.Dueling:
		return fmt.Errorf("approx: DQN: dueling needs an output for every action, and with the action as an input there is one")
	}
	if k, ok := c.Outlook.(Categorical); ok && (k.N < 2 || !(k.Low < k.High)) {
		return fmt.Errorf("approx: DQN: a categorical distribution needs at least 2 atoms, and Low %g below High %g", k.Low, k.High)
	}
	return nil
}

// Usual puts the defaults in the place of zeros.
func (c DQN) Usual() DQN {
	_ = c.fill() // what cannot be, New says
	return c
}

// DeepQ is a DQN at work in a world.
type DeepQ struct {
	DQN
	Actions int
	Net     *MLP // q̂(·; w)
	Target  *MLP // q̂(·; w⁻)
	Replay  *Replay
	Loss    float64 // of the last update
	Taken   int     // steps

	env     Env
	runner  Runner
	rng     Stream // of exploration and of batches
	adam    *Adam
	updates int
	taken   [1]float32
	ended   [1]rl.Episode

	rows   []int // drawn     [batch]
	weight []float32
	delta  []float32 // error of each row's mean
	loss   []float32
	chunk  []*dqnChunk
	act    *dqnChunk // for one row
	work   func(int, []float32)
}

// New begins to act in env, which has so many actions.
func (c DQN) New(env Env, actions int) (*DeepQ, error) {
	if err := c.fill(); err != nil {
		return nil, err
	}
	if actions < 1 {
		return nil, fmt.Errorf("approx: DQN needs actions to choose from; this world takes a force")
	}
	a := &DeepQ{DQN: c, Actions: actions, env: env, rng: NewStream(c.Seed, 1)}
	in, out := env.Width(), actions*c.Outlook.Atoms()
	if c.Dueling {
		out += c.Outlook.Atoms()
	}
	if c.ActionInput {
		in, out = in+1, c.Outlook.Atoms()
	}
	widths := append(append([]int{in}, c.Hidden...), out)
	a.Net = NewMLP(c.Bend, widths...)
	a.Net.Uniform(rl.NewRand(c.Seed, 2))
	a.Target = a.Net.Clone()
	a.Replay = NewReplay(c.Capacity, env.Width(), 1, c.Steps, c.Priority > 0)
	a.rows, a.weight = make([]int, c.Batch), make([]float32, c.Batch)
	a.delta, a.loss = make([]float32, c.Batch), make([]float32, c.Batch)
	for i := range a.weight {
		a.weight[i] = 1
	}
	n := chunks(dqnRows, c.Batch)
	a.adam = NewAdam(a.Net.W, c.LR, n)
	a.adam.Eps, a.adam.MaxNorm = c.Eps, c.MaxNorm
	for range n {
		a.chunk = append(a.chunk, a.newChunk(min(dqnRows, c.Batch)))
	}
	a.act = a.newChunk(1)
	a.work = a.learnChunk
	a.runner = NewRunner(env, NewStream(c.Seed, 3), c.Horizon)
	return a, nil
}

// Steps is how many were taken.
func (a *DeepQ) Steps() int { return a.Taken }

// Advance takes one step in the world, remembers it, and learns when it is time.
func (a *DeepQ) Advance() []rl.Episode {
	r := &a.runner
	a.Taken++
	var action int
	if a.Taken <= a.Warmup || a.rng.Float64() < a.Epsilon.At(a.Taken) {
		action = a.rng.IntN(a.Actions)
	} else {
		action = a.best(r.State)
	}
	a.taken[0] = float32(action)
	reward, gamma, cut := r.Step(float64(action))
	a.Replay.Add(r.Before, a.taken[:], float32(reward), float32(gamma*a.Gamma), r.State, cut)
	a.ended[0] = r.Finish(cut)
	if a.Taken%a.Copy == 0 {
		a.Sync()
	}
	if a.Taken > a.Warmup && a.Taken%a.Every == 0 && a.Replay.N > 0 {
		for range a.Updates {
			a.Update()
		}
	}
	if cut {
		return a.ended[:]
	}
	return nil
}

// Sync moves w⁻ toward w.
func (a *DeepQ) Sync() { Follow(a.Target.W, a.Net.W, a.Tau) }

// Act is the best action for what is seen, x.
func (a *DeepQ) Act(x []float64) float64 {
	narrow(a.runner.scratch, x)
	return float64(a.best(a.runner.scratch))
}

// Values are the action values of what is seen, x.
func (a *DeepQ) Values(x []float64) []float64 {
	narrow(a.runner.scratch, x)
	a.best(a.runner.scratch)
	q := make([]float64, a.Actions)
	for i := range q {
		q[i] = float64(a.act.mean(0, i))
	}
	return q
}

func (a *DeepQ) best(state []float32) int {
	c := a.act
	c.see(0, state)
	c.run(a.Net, 1)
	best, _ := c.best(0)
	return best
}

// Save writes all that is needed to go on exactly.
func (a *DeepQ) Save(w io.Writer) error { return Save(w, "dqn", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *DeepQ) Load(r io.Reader) error {
	if err := Load(r, "dqn", a.parts()...); err != nil {
		return err
	}
	return a.Replay.within(a.Actions)
}

func (a *DeepQ) parts() []Part {
	return []Part{
		Numbers(a.Net.W), Numbers(a.Target.W), a.adam, a.Replay, &a.runner, a.rng,
		Number(&a.Taken), Number(&a.updates), Number(&a.Loss),
	}
}

// Update draws a batch and takes one step of Adam.
func (a *DeepQ) Update() {
	a.updates++
	if a.Priority > 0 {
		a.Replay.DrawByPriority(a.rng.Rand, a.rows, a.weight, a.Correction.At(a.updates))
	} else {
		a.Replay.Draw(a.rng.Rand, a.rows)
	}
	a.adam.Step(len(a.chunk), a.work)
	var loss float32
	for i, row := range a.rows {
		loss += a.loss[i]
		if a.Priority > 0 {
			a.Replay.Reweigh(row, float64(a.delta[i]), a.Priority)
		}
	}
	a.Loss = float64(loss) / float64(len(a.rows))
}

const dqnRows = 32 // rows of a batch that one core takes

// learnChunk adds the gradient of some rows of the batch.
func (a *DeepQ) learnChunk(i int, grad []float32) {
	c, m := a.chunk[i], a.Replay
	from, to := split(i, dqnRows, len(a.rows))
	rows := a.rows[from:to]
	for k, row := range rows {
		c.see(k, m.Next.Row(row))
	}
	if a.Double {
		c.run(a.Net, len(rows))
		for k := range rows {
			c.choice[k], _ = c.best(k)
		}
	}
	c.run(a.Target, len(rows))
	atoms := a.Outlook.Atoms()
	for k := range rows {
		if !a.Double {
			c.choice[k], _ = c.best(k)
		}
		copy(c.next[k*atoms:(k+1)*atoms], c.atoms(k, c.choice[k]))
	}
	for k, row := range rows {
		c.see(k, m.State.Row(row))
	}
	c.run(a.Net, len(rows))
	dy := c.clearGrad(len(rows))
	for k, row := range rows {
		action := int(m.Action.Row(row)[0])
		z, next := c.atoms(k, action), c.next[k*atoms:(k+1)*atoms]
		r, gamma := m.Reward[row], m.Discount[row]
		a.loss[from+k] = a.Outlook.Loss(c.dz, z, r, gamma, next) * a.weight[from+k]
		a.delta[from+k] = returns.One(r, gamma, a.Outlook.Mean(next)) - a.Outlook.Mean(z)
		kernel.Scale(c.dz, a.weight[from+k]/float32(len(a.rows)), c.dz)
		c.spread(dy, k, action)
	}
	a.Net.Backward(c.pass, c.count(len(rows)), grad)
}

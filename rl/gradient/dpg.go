package gradient

import (
	"fmt"
	"io"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
)

// DPG is the deterministic policy gradient: the policy gives one force, and moves
// it to where the critic says is higher. Chance comes from noise added to it.
//
//	∇J = E[ ∇_a q(s, a)|a=π(s) · ∇π(s) ]
//	G  = r + γ·q̄(s′, π̄(s′))       q̄ and π̄ are slow copies
//
// With Twin, the smaller of two critics is believed, the target's action is
// smoothed by noise, and the policy learns every second time: TD3.
//
// Silver et al., Deterministic Policy Gradient Algorithms, 2014; Lillicrap et al.,
// Continuous Control with Deep Reinforcement Learning, 2015, arXiv:1509.02971;
// Fujimoto, van Hoof and Meger, Addressing Function Approximation Error in
// Actor-Critic Methods, 2018, arXiv:1802.09477; Zhao 2025, §10.4.
type DPG struct {
	Continuous
	Noise  float64 // deviation of what is added, in [−1, 1]; 0: 0.1
	Twin   bool
	Smooth float64 // deviation of the target's noise, cut at 0.5; 0: 0.2; Twin only
}

// Deterministic is DPG at work.
type Deterministic struct {
	body
	Policy *approx.MLP
	Slow   *approx.MLP
	Loss   float64 // of the critics, last update
	how    DPG
	critics
	adam    *approx.Adam
	updates int
	noise   []float32
	loss    []float64
	chunk   []*dpgChunk
	one     *approx.Pass
	work    [2]func(int, []float32)
	act1    func([]float32) float32
	update1 func()
}

type dpgChunk struct {
	pi     *approx.Pass
	q      [2]*approx.Pass
	G      []float32
	action []float32
}

// New begins to act in env, whose forces lie between low and high.
func (c DPG) New(env approx.Env, low, high float64) (*Deterministic, error) {
	if err := c.fill(low, high); err != nil {
		return nil, err
	}
	or(&c.Noise, .1)
	or(&c.Smooth, .2)
	if c.Noise < 0 || c.Smooth < 0 {
		return nil, fmt.Errorf("gradient: DPG: noise %g and %g may not be negative", c.Noise, c.Smooth)
	}
	b := newBody(c.Continuous, env, low, high)
	a := &Deterministic{body: b, how: c, critics: newCritics(env.Width(), c.Continuous, b.chunks)}
	a.Policy = approx.NewMLP(approx.ReLU, append(append([]int{env.Width()}, c.Hidden...), 1)...)
	a.Policy.Uniform(rl.NewRand(a.Seed, 3))
	a.Slow = a.Policy.Clone()
	a.adam = approx.NewAdam(a.Policy.W, a.LR, b.chunks)
	a.noise, a.loss = make([]float32, a.Batch), make([]float64, b.chunks)
	for range b.chunks {
		k := &dpgChunk{pi: a.Policy.NewPass(criticRows), G: make([]float32, criticRows), action: make([]float32, criticRows)}
		for i := range k.q {
			k.q[i] = a.q[i].NewPass(criticRows)
		}
		a.chunk = append(a.chunk, k)
	}
	a.one = a.Policy.NewPass(1)
	a.work = [2]func(int, []float32){a.criticGrad, a.policyGrad}
	a.act1, a.update1 = a.sample, a.update
	return a, nil
}

// Save writes all that is needed to go on exactly.
func (a *Deterministic) Save(w io.Writer) error { return approx.Save(w, "dpg", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *Deterministic) Load(r io.Reader) error { return approx.Load(r, "dpg", a.parts()...) }

func (a *Deterministic) parts() []approx.Part {
	return append(a.body.parts(), approx.Numbers(a.w), approx.Numbers(a.old), a.critics.adam, approx.Numbers(a.Policy.W), a.adam,
		approx.Numbers(a.Slow.W), approx.Number(&a.updates))
}

// Advance takes a step and learns.
func (a *Deterministic) Advance() []rl.Episode { return a.advance(a.act1, a.update1) }

// Act is the policy's force.
func (a *Deterministic) Act(x []float64) float64 {
	in := a.one.Input(1).Row(0)
	for i, v := range x {
		in[i] = float32(v)
	}
	return a.world(tanh(a.Policy.Forward(a.one, 1).Data[0]))
}

// Values is what the first critic says of Act's force for what is seen, x.
func (a *Deterministic) Values(x []float64) []float64 {
	return []float64{a.critic(0, x, a.unit(a.Act(x)))}
}

func (a *Deterministic) sample(state []float32) float32 {
	copy(a.one.Input(1).Row(0), state)
	force := tanh(a.Policy.Forward(a.one, 1).Data[0]) + float32(a.how.Noise*a.rng.NormFloat64())
	return min(max(force, -1), 1)
}

func (a *Deterministic) update() {
	a.updates++
	clear(a.noise)
	if a.how.Twin {
		for i := range a.noise {
			a.noise[i] = float32(min(max(a.how.Smooth*a.rng.NormFloat64(), -.5), .5))
		}
	}
	a.critics.adam.Step(a.chunks, a.work[0])
	a.Loss = 0
	for _, l := range a.loss {
		a.Loss += l
	}
	if a.how.Twin && a.updates%2 != 0 {
		return
	}
	a.adam.Step(a.chunks, a.work[1])
	approx.Follow(a.old, a.w, a.Tau)
	approx.Follow(a.Slow.W, a.Policy.W, a.Tau)
}

// used is how many of the two critics take part.
func (a *Deterministic) used() int {
	if a.how.Twin {
		return 2
	}
	return 1
}

// criticGrad moves the critics toward G.
func (a *Deterministic) criticGrad(i int, grad []float32) {
	from, rows := a.part(i)
	c, m, n := a.chunk[i], a.Replay, len(rows)
	states(c.pi.Input(n), m.Next, rows)
	y := a.Slow.Forward(c.pi, n)
	for k := range rows {
		c.action[k] = min(max(tanh(y.Data[k])+a.noise[from+k], -1), 1)
	}
	for j := range a.used() {
		pairs(c.q[j].Input(n), m.Next, rows, c.action)
		q := a.slow[j].Forward(c.q[j], n)
		for k := range rows {
			if j == 0 || q.Data[k] < c.G[k] {
				c.G[k] = q.Data[k]
			}
		}
	}
	for k, row := range rows {
		c.G[k] = returns.One(m.Reward[row], m.Discount[row], c.G[k])
		c.action[k] = m.Action.Row(row)[0]
	}
	a.loss[i] = 0
	for j := range a.used() {
		pairs(c.q[j].Input(n), m.State, rows, c.action)
		y, dy := a.q[j].Forward(c.q[j], n), c.q[j].OutputGrad(n)
		for k := range rows {
			delta := y.Data[k] - c.G[k]
			dy.Data[k] = delta / float32(len(a.rows))
			a.loss[i] += float64(delta*delta) / 2 / float64(len(a.rows))
		}
		a.q[j].Backward(c.q[j], n, a.grad(grad, j))
	}
}

// policyGrad moves the policy's force to where the first critic is higher.
func (a *Deterministic) policyGrad(i int, grad []float32) {
	_, rows := a.part(i)
	c, m, n := a.chunk[i], a.Replay, len(rows)
	states(c.pi.Input(n), m.State, rows)
	y := a.Policy.Forward(c.pi, n)
	for k := range rows {
		c.action[k] = tanh(y.Data[k])
	}
	q, p := a.q[0], c.q[0]
	pairs(p.Input(n), m.State, rows, c.action)
	q.Forward(p, n)
	up := p.OutputGrad(n)
	for k := range rows {
		up.Data[k] = 1
	}
	q.BackwardInput(p, n, nil)
	dq, dy := p.InputGrad(n), c.pi.OutputGrad(n)
	for k := range rows {
		dy.Data[k] = -dq.Row(k)[dq.Cols-1] * (1 - c.action[k]*c.action[k]) / float32(len(a.rows))
	}
	a.Policy.Backward(c.pi, n, grad)
}

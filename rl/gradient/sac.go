package gradient

import (
	"fmt"
	"io"
	"math"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/returns"
)

// SAC is the soft actor-critic: it wants reward and, weighed by α, entropy, so that
// it keeps trying whatever it has no reason to give up.
//
//	a = tanh(u), u ~ N(μ(s), σ(s))     log π(a|s) = log N(u) − log(1 − a²)
//	G = r + γ·[min_i q̄_i(s′, a′) − α·log π(a′|s′)]          a′ ~ π(s′), q̄ slow copies
//	critics   ½·(q_i(s, a) − G)²
//	policy    α·log π(a|s) − min_i q_i(s, a)                 through a = tanh(μ + σ·ε)
//	α         −log α·(log π(a|s) + H̄)                       H̄ = −1, a force's usual aim
//
// Haarnoja et al., Soft Actor-Critic Algorithms and Applications, 2018.
// arXiv:1812.05905, eq. 5 to 9 and 18.
type SAC struct {
	Continuous
	Alpha float64 // weight of the entropy; 0: learned
}

// SoftActor is SAC at work.
type SoftActor struct {
	body
	Policy *approx.MLP // → μ, log σ
	Loss   float64     // of the critics, last update
	alpha  []float32   // log α
	fixed  bool
	critics
	adam      *approx.Adam // of the policy
	adamAlpha *approx.Adam
	noise     []float32 // ε of the next actions, then of the present ones     [2·batch]
	logp      []float32 // of the present actions                              [batch]
	loss      []float64 // by chunk
	chunk     []*sacChunk
	one       *approx.Pass
	work      [3]func(int, []float32)
	act1      func([]float32) float32
	update1   func()
}

// sacChunk is the memory of one core.
type sacChunk struct {
	pi     *approx.Pass
	q      [2]*approx.Pass
	G      []float32
	action []float32
	logp   []float32
	slope  []float32 // ∂min q/∂a
	picked []int     // rows of which a critic is the lower
}

// New begins to act in env, whose forces lie between low and high.
func (c SAC) New(env approx.Env, low, high float64) (*SoftActor, error) {
	if err := c.fill(low, high); err != nil {
		return nil, err
	}
	if c.Alpha < 0 {
		return nil, fmt.Errorf("gradient: SAC: alpha %g may not be negative", c.Alpha)
	}
	b := newBody(c.Continuous, env, low, high)
	a := &SoftActor{body: b, critics: newCritics(env.Width(), c.Continuous, b.chunks), alpha: make([]float32, 1)}
	if a.fixed = c.Alpha > 0; a.fixed {
		a.alpha[0] = float32(math.Log(c.Alpha))
	}
	a.Policy = approx.NewMLP(approx.ReLU, append(append([]int{env.Width()}, c.Hidden...), 2)...)
	a.Policy.Uniform(rl.NewRand(c.Seed, 3))
	a.adam, a.adamAlpha = approx.NewAdam(a.Policy.W, c.LR, b.chunks), approx.NewAdam(a.alpha, c.LR, 1)
	a.noise, a.logp, a.loss = make([]float32, 2*c.Batch), make([]float32, c.Batch), make([]float64, b.chunks)
	for range b.chunks {
		k := &sacChunk{
			pi: a.Policy.NewPass(criticRows), G: make([]float32, criticRows),
			action: make([]float32, criticRows), logp: make([]float32, criticRows),
			slope: make([]float32, criticRows), picked: make([]int, 0, criticRows),
		}
		for i := range k.q {
			k.q[i] = a.q[i].NewPass(criticRows)
		}
		a.chunk = append(a.chunk, k)
	}
	a.critics.adam.Slow, a.critics.adam.Tau = a.old, c.Tau
	a.one = a.Policy.NewPass(1)
	a.work = [3]func(int, []float32){a.criticGrad, a.policyGrad, a.alphaGrad}
	a.act1, a.update1 = a.sample, a.update
	return a, nil
}

// Save writes all that is needed to go on exactly.
func (a *SoftActor) Save(w io.Writer) error { return approx.Save(w, "sac", a.parts()...) }

// Load goes on from what an agent with the same settings saved.
func (a *SoftActor) Load(r io.Reader) error { return approx.Load(r, "sac", a.parts()...) }

func (a *SoftActor) parts() []approx.Part {
	return append(a.body.parts(), approx.Numbers(a.w), approx.Numbers(a.old), a.critics.adam, approx.Numbers(a.Policy.W), a.adam,
		a.adamAlpha, approx.Numbers(a.alpha))
}

// Advance takes a step and learns.
func (a *SoftActor) Advance() []rl.Episode { return a.advance(a.act1, a.update1) }

// Act is the force at the middle of the policy.
func (a *SoftActor) Act(x []float64) float64 {
	in := a.one.Input(1).Row(0)
	for i, v := range x {
		in[i] = float32(v)
	}
	return a.world(tanh(a.Policy.Forward(a.one, 1).Row(0)[0]))
}

// Values is what the critics, the smaller of the two, say of Act's force for what
// is seen, x.
func (a *SoftActor) Values(x []float64) []float64 {
	force := a.Act(x)
	return []float64{min(a.critic(0, x, a.unit(force)), a.critic(1, x, a.unit(force)))}
}

func (a *SoftActor) sample(state []float32) float32 {
	copy(a.one.Input(1).Row(0), state)
	action, _ := squash(a.Policy.Forward(a.one, 1).Row(0), float32(a.rng.NormFloat64()))
	return action
}

func (a *SoftActor) update() {
	for i := range a.noise {
		a.noise[i] = float32(a.rng.NormFloat64())
	}
	a.critics.adam.Step(a.chunks, a.work[0])
	a.adam.Step(a.chunks, a.work[1])
	if !a.fixed {
		a.adamAlpha.Step(1, a.work[2])
	}
	a.Loss = 0
	for _, l := range a.loss {
		a.Loss += l
	}
}

// criticGrad moves the critics toward G.
func (a *SoftActor) criticGrad(i int, grad []float32) {
	from, rows := a.part(i)
	c, m, n := a.chunk[i], a.Replay, len(rows)
	states(c.pi.Input(n), m.Next, rows)
	y := a.Policy.Forward(c.pi, n)
	for k := range rows {
		c.action[k], c.logp[k] = squash(y.Row(k), a.noise[from+k])
	}
	var slow [2][]float32
	for j, q := range a.slow {
		pairs(c.q[j].Input(n), m.Next, rows, c.action)
		slow[j] = q.Forward(c.q[j], n).Data
	}
	alpha := exp(a.alpha[0])
	for k, row := range rows {
		c.G[k] = returns.One(m.Reward[row], m.Discount[row], min(slow[0][k], slow[1][k])-alpha*c.logp[k])
		c.action[k] = m.Action.Row(row)[0]
	}
	a.loss[i] = 0
	for j, q := range a.q {
		pairs(c.q[j].Input(n), m.State, rows, c.action)
		y, dy := q.Forward(c.q[j], n), c.q[j].OutputGrad(n)
		for k := range rows {
			delta := y.Data[k] - c.G[k]
			dy.Data[k] = delta / float32(a.Batch)
			a.loss[i] += float64(delta*delta) / 2 / float64(a.Batch)
		}
		q.Backward(c.q[j], n, a.grad(grad, j))
	}
}

// policyGrad moves the policy up the critics. With a = tanh(u) and u = μ + σ·ε,
//
//	dL/du = α·2a·(1 − a²)/(1 − a² + 1e−6) − ∂min q/∂a·(1 − a²)
//	dL/dμ = dL/du     dL/dlog σ = dL/du·σ·ε − α
func (a *SoftActor) policyGrad(i int, grad []float32) {
	from, rows := a.part(i)
	c, m, n := a.chunk[i], a.Replay, len(rows)
	states(c.pi.Input(n), m.State, rows)
	y := a.Policy.Forward(c.pi, n)
	for k := range rows {
		c.action[k], a.logp[from+k] = squash(y.Row(k), a.noise[a.Batch+from+k])
	}
	for j, q := range a.q {
		pairs(c.q[j].Input(n), m.State, rows, c.action)
		q.Forward(c.q[j], n)
	}
	c.slopes(a.q, n)
	alpha, dy := exp(a.alpha[0]), c.pi.OutputGrad(n)
	for k := range rows {
		x, row := c.action[k], y.Row(k)
		room := 1 - x*x
		du := alpha*2*x*room/(room+1e-6) - c.slope[k]*room
		sigma, inside := deviation(row[1])
		g := dy.Row(k)
		g[0] = du / float32(a.Batch)
		g[1] = 0
		if inside {
			g[1] = (du*sigma*a.noise[a.Batch+from+k] - alpha) / float32(a.Batch)
		}
	}
	a.Policy.Backward(c.pi, n, grad)
}

// slopes are those of the lower critic of each row by the action, which is the last
// of its inputs. Either critic goes back through its own rows alone.
func (c *sacChunk) slopes(q [2]*approx.MLP, n int) {
	first, second := c.q[0].Output(n).Data, c.q[1].Output(n).Data
	var lower [criticRows]bool // of the first critic, before rows are moved
	for k := range n {
		lower[k] = first[k] <= second[k]
	}
	for j, p := range c.q {
		c.picked = c.picked[:0]
		for k := range n {
			if lower[k] == (j == 0) {
				c.picked = append(c.picked, k)
			}
		}
		m := len(c.picked)
		p.Pick(c.picked)
		up := p.OutputGrad(m)
		for k := range m {
			up.Data[k] = 1
		}
		q[j].BackwardInput(p, m, nil)
		for k, row := range c.picked {
			g := p.InputGrad(m).Row(k)
			c.slope[row] = g[len(g)-1]
		}
	}
}

// alphaGrad raises α where the policy is too sure, and lowers it where it is not.
func (a *SoftActor) alphaGrad(_ int, grad []float32) {
	var mean float32
	for _, l := range a.logp {
		mean += l / float32(len(a.logp))
	}
	grad[0] -= mean - 1
}

// squash is an action of the policy's outputs y = (μ, log σ) and ε, and log π of it.
func squash(y []float32, noise float32) (action, logp float32) {
	sigma, _ := deviation(y[1])
	action = tanh(y[0] + sigma*noise)
	logp = -noise*noise/2 - float32(math.Log(float64(sigma))) - halfLog2Pi - float32(math.Log(float64(1-action*action+1e-6)))
	return action, logp
}

// deviation is σ; its logarithm is held between −20 and 2, and learns inside only.
func deviation(log float32) (sigma float32, inside bool) {
	return exp(min(max(log, -20), 2)), log >= -20 && log <= 2
}

func tanh(x float32) float32 { return float32(math.Tanh(float64(x))) }

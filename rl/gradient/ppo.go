package gradient

import (
	"math"

	"github.com/rotor-lm/rotor/rl/approx"
)

// Clipped is PPO's loss of one step, from its ratio and advantage:
//
//	L = −min(ρ·A, clip(ρ, 1−ε, 1+ε)·A)     dL/dlog π = −ρ·A while clipping does not bind, else 0
//
// With ε = 0 nothing is clipped, and at ρ = 1 the gradient is that of −A·log π: one
// pass without clipping is an actor-critic.
//
// Schulman et al. 2017, eq. 7.
func Clipped(rho, A, eps float32) (loss, slope float32) {
	plain := rho * A
	if eps == 0 {
		return -plain, -plain
	}
	if held := min(max(rho, 1-eps), 1+eps) * A; held < plain {
		return -held, 0
	}
	return -plain, -plain
}

// Closer is the critic's loss of one step: the squared error, or, if that is
// larger, the one of a value that may not move further than ε from the old one.
//
//	L = max((v − G)², (v_old + clip(v − v_old, ±ε) − G)²)
//
// Dhariwal et al., OpenAI Baselines, ppo2, 2017. ε = 0 is the plain squared error.
func Closer(v, old, G, eps float32) (loss, slope float32) {
	e := v - G
	if eps == 0 {
		return e * e, 2 * e
	}
	held := old + min(max(v-old, -eps), eps)
	if far := held - G; far*far > e*e {
		if held != v {
			return far * far, 0
		}
	}
	return e * e, 2 * e
}

const gradientRows = 64 // rows of a batch that one core takes

// update is the memory of an update.
type update struct {
	adam      *approx.Adam
	order     []int
	rows      []int     // of this update
	advantage []float32 // of each
	chunk     []*chunk
	one       *approx.Pass
	work      func(int, []float32)
	swap      func(i, j int)
}

// chunk is the memory of one core.
type chunk struct {
	pi, v *approx.Pass
	loss  Losses
}

func newUpdate(a *Actor, w []float32) update {
	most := a.length * a.Worlds
	if a.Batch > 0 {
		most = min(most, a.Batch)
	}
	n := (most + gradientRows - 1) / gradientRows
	u := update{adam: approx.NewAdam(w, 0, n), advantage: make([]float32, most), order: make([]int, 0, a.length*a.Worlds)}
	u.adam.Eps, u.adam.MaxNorm = a.Eps, a.MaxNorm
	for range n {
		u.chunk = append(u.chunk, &chunk{pi: a.Policy.NewPass(gradientRows), v: a.Value.NewPass(gradientRows)})
	}
	u.one = a.Policy.NewPass(1)
	u.work = a.chunkGrad
	u.swap = func(i, j int) { a.order[i], a.order[j] = a.order[j], a.order[i] }
	return u
}

// chunkGrad adds the gradient of chunk i of the rows:
//
//	L = mean [ Clipped(ρ, A) + c_v·Closer(v, G) − c_H·H ]
func (a *Actor) chunkGrad(i int, grad []float32) {
	u, m := &a.update, &a.memory
	from := i * gradientRows
	rows := u.rows[from:min(from+gradientRows, len(u.rows))]
	c, n := u.chunk[i], len(rows)
	c.loss = Losses{}
	x, xv := c.pi.Input(n), c.v.Input(n)
	for k, row := range rows {
		copy(x.Row(k), m.state.Row(row))
		copy(xv.Row(k), m.state.Row(row))
	}
	first, second := len(a.Policy.W), len(a.Policy.W)+len(a.Value.W)
	share := 1 / float32(len(u.rows))
	y, dy := a.Policy.Forward(c.pi, n), c.pi.OutputGrad(n)
	for k, row := range rows {
		action := m.action[row]
		logp, entropy := a.Head.LogProb(y.Row(k), a.Free, action)
		log := logp - m.logp[row]
		rho := exp(log)
		loss, slope := Clipped(rho, u.advantage[from+k], float32(a.Clip))
		a.Head.Grad(dy.Row(k), grad[second:], y.Row(k), a.Free, action, slope*share, -float32(a.Entropy)*share)
		c.loss.Policy += float64(loss)
		c.loss.Entropy += float64(entropy)
		c.loss.KL += float64(rho - 1 - log) // never negative, and right in the mean
		if a.Clip > 0 && math.Abs(float64(rho-1)) > a.Clip {
			c.loss.Clipped++
		}
	}
	a.Policy.Backward(c.pi, n, grad[:first])
	if !a.Critic {
		return
	}
	v, dv := a.Value.Forward(c.v, n), c.v.OutputGrad(n)
	for k, row := range rows {
		loss, slope := Closer(v.Data[k], m.v[row], m.G[row], float32(a.Closer))
		dv.Data[k] = slope * float32(a.Weight) * share
		c.loss.Value += float64(loss)
	}
	a.Value.Backward(c.v, n, grad[first:second])
}

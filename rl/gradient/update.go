package gradient

import (
	"math"

	"github.com/rotor-lm/rotor/rl/approx"
)

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

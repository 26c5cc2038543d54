package approx

import "math"

// Moments are what the linear methods see of a process in expectation, with D the
// weight of each state:
//
//	A = Φᵀ·D·(I − γP)·Φ     b = Φᵀ·D·r     C = Φᵀ·D·Φ
type Moments struct {
	A, C [][]float64
	B    []float64
}

// Moments of the features phi, one row for each state.
func (p *Process) Moments(phi [][]float64) Moments {
	n := len(phi[0])
	m := Moments{A: square(n), C: square(n), B: make([]float64, n)}
	next := make([]float64, n)
	for s, d := range p.D {
		if d == 0 {
			continue
		}
		clear(next) // φ(s) − γ·E[φ(s′)]
		axpy(next, 1, phi[s])
		for t, g := range p.G[s] {
			axpy(next, -g, phi[t])
		}
		for i, x := range phi[s] {
			axpy(m.A[i], d*x, next)
			axpy(m.C[i], d*x, phi[s])
			m.B[i] += d * x * p.R[s]
		}
	}
	return m
}

// Solve is w* = A⁻¹·b, where TD(0) goes and LSTD jumps.
func (m Moments) Solve() ([]float64, error) { return solve(m.A, m.B) }

// Pull is b − A·w, the direction in which TD(0) moves w on average.
func (m Moments) Pull(w []float64) []float64 {
	g := make([]float64, len(w))
	for i := range g {
		g[i] = m.B[i] - dot(m.A[i], w)
	}
	return g
}

// PBE is the mean squared projected Bellman error, zero at w*:
//
//	‖Π(T(Φw) − Φw)‖²_D = (b − Aw)ᵀ·C⁻¹·(b − Aw)
//
// Sutton et al. 2009, eq. 5 and 6.
func (m Moments) PBE(w []float64) (float64, error) {
	g := m.Pull(w)
	x, err := solve(m.C, g)
	return dot(g, x), err
}

// TD0 is one expected update of semi-gradient TD(0), w ← w + α·(b − A·w).
func (m Moments) TD0(w []float64, alpha float64) { axpy(w, alpha, m.Pull(w)) }

// Gradient is one expected update of GTD2 or TDC, with u the second weights:
//
//	GTD2  w ← w + α·Aᵀ·u
//	TDC   w ← w + α·[b − A·w − (C − Aᵀ)·u]
//	both  u ← u + β·[b − A·w − C·u]
func (m Moments) Gradient(rule Correction, w, u []float64, alpha, beta float64) {
	pull := m.Pull(w)
	for i := range w {
		var back, c float64 // (Aᵀu)_i, (Cu)_i
		for j := range u {
			back += m.A[j][i] * u[j]
		}
		c = dot(m.C[i], u)
		if rule == GTD2 {
			w[i] += alpha * back
		} else {
			w[i] += alpha * (pull[i] - c + back)
		}
	}
	old := append([]float64(nil), u...)
	for i := range u {
		u[i] += beta * (pull[i] - dot(m.C[i], old))
	}
}

// Fixed is the fixed point of linear TD(0) on a process, and how good it is.
type Fixed struct {
	Moments
	W     []float64 // w* = A⁻¹·b
	V     []float64 // v, exactly
	Error float64   // ‖Φw* − v‖_D
	Best  float64   // min_w ‖Φw − v‖_D
	Bound float64   // Best/(1 − γ), which Error does not exceed; +Inf if γ is 1
	RMSE  float64   // of Φw*, all states counted alike
}

// Fixed solves for the fixed point.
//
// Tsitsiklis and Van Roy, An Analysis of Temporal-Difference Learning with
// Function Approximation, 1997, for the bound; Zhao 2025, §8.2.5.
func (p *Process) Fixed(phi [][]float64) (*Fixed, error) {
	f := &Fixed{Moments: p.Moments(phi)}
	var err error
	if f.W, err = f.Solve(); err != nil {
		return nil, err
	}
	if f.V, err = p.Values(); err != nil {
		return nil, err
	}
	best, err := p.Project(phi, f.V)
	if err != nil {
		return nil, err
	}
	f.Error, f.Best = p.Norm(phi, f.W, f.V), p.Norm(phi, best, f.V)
	f.Bound = f.Best / (1 - p.discount())
	f.RMSE = RMSE(phi, f.W, f.V)
	return f, nil
}

// Project returns the w of which Φw is nearest to v, min_w ‖Φw − v‖_D.
func (p *Process) Project(phi [][]float64, v []float64) ([]float64, error) {
	b := make([]float64, len(phi[0]))
	for s, d := range p.D {
		axpy(b, d*v[s], phi[s])
	}
	return solve(p.Moments(phi).C, b)
}

// Norm is ‖Φw − v‖_D.
func (p *Process) Norm(phi [][]float64, w, v []float64) float64 {
	var sum float64
	for s, d := range p.D {
		e := dot(phi[s], w) - v[s]
		sum += d * e * e
	}
	return math.Sqrt(sum)
}

// discount is the largest share of a step that is still worth something.
func (p *Process) discount() float64 {
	var most float64
	for _, row := range p.G {
		var sum float64
		for _, g := range row {
			sum += g
		}
		most = max(most, sum)
	}
	return min(most, 1)
}

// RMSE is the root of the mean squared error of Φw, all states counted alike.
func RMSE(phi [][]float64, w, v []float64) float64 {
	var sum float64
	for s := range v {
		e := dot(phi[s], w) - v[s]
		sum += e * e
	}
	return math.Sqrt(sum / float64(len(v)))
}

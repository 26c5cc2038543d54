package approx

// LSTD sums up the equations that TD(λ) approaches, and solves them: no step
// size, and no sample is forgotten.
//
//	z ← ρ·(γλ·z + φ)     A ← A + z·(φ − γφ′)ᵀ     b ← b + r·z     w = A⁻¹·b
//
// A begins as Ridge times the identity, so that it can be solved before all
// features were seen. Learn costs the square of the number of features, Solve the
// cube; Recursive keeps the inverse instead.
//
// Bradtke and Barto, Linear Least-Squares Algorithms for Temporal Difference
// Learning, 1996; Boyan, Technical Update: Least-Squares TD, 2002; Sutton and
// Barto 2018, §9.8.
type LSTD[S any] struct {
	V      *Linear[S]
	Lambda float64
	A      [][]float64
	B      []float64

	z     []float64
	gamma float64
	x, x1 Sparse
}

// NewLSTD begins with A = ridge·I.
func NewLSTD[S any](v *Linear[S], lambda, ridge float64) *LSTD[S] {
	n := len(v.W)
	l := &LSTD[S]{V: v, Lambda: lambda, A: square(n), B: make([]float64, n), z: make([]float64, n)}
	for i := range l.A {
		l.A[i][i] = ridge
	}
	return l
}

// Begin forgets the trace.
func (l *LSTD[S]) Begin() { l.gamma = 0 }

// Learn adds one transition to the sums.
func (l *LSTD[S]) Learn(s S, r, gamma float64, next S, rho float64) {
	l.see(s, gamma, next, rho)
	for i, z := range l.z {
		if z == 0 {
			continue
		}
		l.x.AddTo(l.A[i], z)
		l.x1.AddTo(l.A[i], -gamma*z)
		l.B[i] += r * z
	}
}

// see computes the features of both states and the trace.
func (l *LSTD[S]) see(s S, gamma float64, next S, rho float64) {
	l.V.Features.Of(s, &l.x)
	l.x1.Reset()
	if gamma != 0 {
		l.V.Features.Of(next, &l.x1)
	}
	decay(l.z, &l.x, l.gamma*l.Lambda, Accumulating, 0)
	scale(l.z, rho)
	l.gamma = gamma
}

// Solve sets the weights to A⁻¹·b.
func (l *LSTD[S]) Solve() error {
	w, err := solve(l.A, l.B)
	if err == nil {
		copy(l.V.W, w)
	}
	return err
}

// Recursive is LSTD that keeps A⁻¹, by the formula of Sherman and Morrison, so
// that the weights are right after every step:
//
//	A⁻¹ ← A⁻¹ − (A⁻¹·z)·(dᵀ·A⁻¹)/(1 + d·A⁻¹·z)     d = φ − γφ′
//	w   ← w + A⁻¹·z·(r − d·w)                      with the new inverse
//
// Sutton and Barto 2018, §9.8.
type Recursive[S any] struct {
	LSTD[S]
	inverse   [][]float64
	left, row []float64
}

// NewRecursive begins with A = ridge·I; ridge must be above zero.
func NewRecursive[S any](v *Linear[S], lambda, ridge float64) *Recursive[S] {
	n := len(v.W)
	l := &Recursive[S]{LSTD: LSTD[S]{V: v, Lambda: lambda, z: make([]float64, n)}, inverse: square(n)}
	l.left, l.row = make([]float64, n), make([]float64, n)
	for i := range l.inverse {
		l.inverse[i][i] = 1 / ridge
	}
	return l
}

// Learn adds one transition.
func (l *Recursive[S]) Learn(s S, r, gamma float64, next S, rho float64) {
	l.see(s, gamma, next, rho)
	clear(l.row) // dᵀ·A⁻¹
	for k, i := range l.x.Index {
		axpy(l.row, l.x.Value[k], l.inverse[i])
	}
	for k, i := range l.x1.Index {
		axpy(l.row, -gamma*l.x1.Value[k], l.inverse[i])
	}
	for i := range l.left {
		l.left[i] = dot(l.inverse[i], l.z) // A⁻¹·z
	}
	denominator := 1 + dot(l.row, l.z)
	delta := r - l.x.Dot(l.V.W) + gamma*l.x1.Dot(l.V.W)
	for i, left := range l.left {
		axpy(l.inverse[i], -left/denominator, l.row)
		l.V.W[i] += left / denominator * delta
	}
}

func axpy(y []float64, a float64, x []float64) {
	if a == 0 {
		return
	}
	for i := range y {
		y[i] += a * x[i]
	}
}

package approx

import (
	"math"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
)

// The gradient of Σ c·y agrees with finite differences, in weights and inputs.
func TestMLPGradient(t *testing.T) {
	for _, bend := range []Bend{ReLU, Tanh} {
		n := NewMLP(bend, 3, 17, 5, 2)
		n.Orthogonal(stream(1), 1)
		const rows = 7
		p := n.NewPass(rows)
		rng := stream(2)
		for _, m := range []kernel.Matrix{p.Input(rows), p.OutputGrad(rows)} {
			for i := range m.Data {
				m.Data[i] = float32(rng.NormFloat64())
			}
		}
		loss := func() (sum float64) {
			y := n.Forward(p, rows)
			for i, c := range p.OutputGrad(rows).Data {
				sum += float64(c) * float64(y.Data[i])
			}
			return sum
		}
		loss()
		grad := make([]float32, len(n.W))
		n.BackwardInput(p, rows, grad)
		x, dx := p.Input(rows).Data, append([]float32(nil), p.InputGrad(rows).Data...)
		check := func(what string, w, g []float32) {
			for i := range w {
				const h = 2e-3
				old := w[i]
				w[i] = old + h
				up := loss()
				w[i] = old - h
				down := loss()
				w[i] = old
				if d := (up - down) / (2 * h); math.Abs(d-float64(g[i])) > 3e-2*(1+math.Abs(d)) {
					t.Errorf("bend %d: %s %d: gradient %g, difference %g", bend, what, i, g[i], d)
				}
			}
		}
		check("input", x, dx)
		if bend == Tanh { // a kink of ReLU may lie within a step of a weight
			check("weight", n.W, grad)
		}
	}
}

func TestReLU(t *testing.T) {
	x := []float32{-1, 0, 2, float32(math.Copysign(0, -1)), -1e-40, 1e-40}
	dy := []float32{1, 1, 1, 1, 1, 1}
	ReLU.forward(x)
	ReLU.backward(dy, x, nil)
	for i, want := range [][2]float32{{0, 0}, {0, 0}, {2, 1}, {0, 0}, {0, 0}, {1e-40, 1}} {
		if x[i] != want[0] || dy[i] != want[1] {
			t.Errorf("element %d: %g with slope %g, want %g", i, x[i], dy[i], want)
		}
	}
}

// Orthogonal weights: the shorter side is orthonormal times the gain.
func TestOrthogonal(t *testing.T) {
	n := NewMLP(Tanh, 4, 16, 3)
	n.Orthogonal(stream(1), .5)
	product := NewRows(4, 4)
	w := n.layers[0].w
	kernel.MatMulT(product, w, w, false)
	for i := range 4 {
		for j := range 4 {
			want := 0.
			if i == j {
				want = 2
			}
			if got := float64(product.Row(i)[j]); math.Abs(got-want) > 1e-5 {
				t.Errorf("W·Wᵀ[%d, %d] = %g, want %g", i, j, got, want)
			}
		}
	}
}

// Adam on a chunked batch equals Adam written out, and does not depend on the
// number of cores.
func TestAdam(t *testing.T) {
	run := func(threads int) []float32 {
		defer kernel.SetThreads(kernel.Threads())
		kernel.SetThreads(threads)
		w := make([]float32, 40000)
		a := NewAdam(w, .01, 3)
		a.MaxNorm = 2
		for range 4 {
			a.Step(3, func(chunk int, grad []float32) {
				for i := range grad {
					grad[i] += float32(math.Sin(float64(i * (chunk + 1))))
				}
			})
		}
		return w
	}
	one, two := run(1), run(2)
	m, v, w := make([]float64, len(one)), make([]float64, len(one)), make([]float64, len(one))
	g := make([]float64, len(one))
	var norm float64
	for i := range g {
		g[i] = math.Sin(float64(i)) + math.Sin(float64(2*i)) + math.Sin(float64(3*i))
		norm += g[i] * g[i]
	}
	for k := 1.; k <= 4; k++ {
		for i := range g {
			c := g[i] * 2 / math.Sqrt(norm)
			m[i] = .9*m[i] + .1*c
			v[i] = .999*v[i] + .001*c*c
			w[i] -= .01 * m[i] / (1 - math.Pow(.9, k)) / (math.Sqrt(v[i]/(1-math.Pow(.999, k))) + 1e-8)
		}
	}
	for i := range w {
		if one[i] != two[i] {
			t.Fatalf("weight %d depends on the number of cores: %g and %g", i, one[i], two[i])
		}
		if math.Abs(float64(one[i])-w[i]) > 2e-4 {
			t.Fatalf("weight %d: %g, want %g", i, one[i], w[i])
		}
	}
}

// A network learns a function of a state.
func TestNetworkLearns(t *testing.T) {
	v := NewNetwork(stream(1), 1, func(s float64, x []float64) { x[0] = s }, Tanh, []int{16}, .01)
	rng := stream(2)
	for range 3000 {
		s := rng.Float64()*2 - 1
		v.Learn(s, s*s-v.At(s))
	}
	for _, s := range []float64{-.8, -.3, 0, .5, .9} {
		if e := math.Abs(v.At(s) - s*s); e > .1 {
			t.Errorf("v(%g) = %g, want %g", s, v.At(s), s*s)
		}
	}
	if n := testing.AllocsPerRun(10, func() { v.Learn(.5, .1) }); n > 0 {
		t.Errorf("%g allocations in a step", n)
	}
}

// A slow copy that an optimiser takes along is where Follow would bring it.
func TestSlowCopy(t *testing.T) {
	w, slow := make([]float32, 40000), make([]float32, 40000)
	want := make([]float32, len(w))
	a := NewAdam(w, .01, 1)
	a.Slow, a.Tau = slow, .1
	for range 3 {
		a.Step(1, func(_ int, grad []float32) {
			for i := range grad {
				grad[i] += float32(math.Sin(float64(i)))
			}
		})
		Follow(want, w, .1)
	}
	if !slices.Equal(slow, want) || slow[1] == 0 || slow[39999] == 0 {
		t.Error("the slow copy is not where it should be")
	}
}

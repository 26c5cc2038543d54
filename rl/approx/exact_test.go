package approx

import (
	"math"
	"testing"

	"github.com/rotor-lm/rotor/rl/world"
)

func open(t testing.TB, name string, options ...string) *world.World {
	t.Helper()
	w, err := world.Open(name, options...)
	if err != nil {
		t.Fatal(err)
	}
	return w
}

// zhao is the 5×5 world under the uniform policy, as in the book's figure 8.6.
func zhao(t testing.TB) (*world.Model, *Process) {
	t.Helper()
	w := open(t, "zhao5x5", "gamma=0.9")
	p, err := NewProcess(w.Model, Uniform(25, 5).Probability)
	if err != nil {
		t.Fatal(err)
	}
	return w.Model, p
}

func polynomial(degree int) Features[int] {
	return Tabulate(Cells(5, NewPolynomial(Square(2, 0, 4), degree)), 25)
}

// The exact solution for the three sets of polynomial features.
func TestFixedOnZhao(t *testing.T) {
	_, p := zhao(t)
	for i, want := range []struct{ rmse, best float64 }{{.2228, .2215}, {.1935, .1919}, {.1251, .1246}} {
		phi := Matrix(polynomial(i+1), 25)
		f, err := p.Fixed(phi)
		if err != nil {
			t.Fatal(err)
		}
		flat := *p // all states alike
		flat.D = make([]float64, 25)
		for s := range flat.D {
			flat.D[s] = 1. / 25
		}
		w, err := flat.Project(phi, f.V)
		if err != nil {
			t.Fatal(err)
		}
		if best := RMSE(phi, w, f.V); math.Abs(f.RMSE-want.rmse) > 1e-3 || math.Abs(best-want.best) > 1e-3 {
			t.Errorf("polynomial %d: error %.4f, best %.4f, want %.4f, %.4f", i+1, f.RMSE, best, want.rmse, want.best)
		}
		if i == 0 {
			near(t, "w*", f.W, []float64{-3.5200, .4186, -.0930}, 1e-3)
		}
		pbe, err := f.PBE(f.W)
		if err != nil || math.Abs(pbe) > 1e-20 {
			t.Errorf("polynomial %d: projected Bellman error %g at w*, %v", i+1, pbe, err)
		}
		if f.Best > f.Error || f.Error > f.Bound {
			t.Errorf("polynomial %d: want best %g ≤ error %g ≤ bound %g", i+1, f.Best, f.Error, f.Bound)
		}
	}
}

func TestZhaoUniformValues(t *testing.T) {
	_, p := zhao(t)
	v, err := p.Values()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "first row of figure 8.6b", v[:5], []float64{-3.8463, -3.8138, -3.6442, -3.1209, -3.2350}, 5e-5)
	near(t, "last row of figure 8.6b", v[20:], []float64{-4.4589, -4.1608, -3.3858, -3.3634, -3.4532}, 5e-5)
}

// The book's 2×2 example of a stationary distribution, ε = 0.5.
func TestStationary(t *testing.T) {
	turned := [][]float64{{.3, .1, .1, 0}, {.1, .3, 0, .1}, {.6, 0, .3, .1}, {0, .6, .6, .8}}
	P := square(4)
	for i := range 4 {
		for j := range 4 {
			P[j][i] = turned[i][j]
		}
	}
	d, err := Stationary(P)
	if err != nil {
		t.Fatal(err)
	}
	near(t, "d", d, []float64{.0345, .1084, .1330, .7241}, 5e-5)
	if _, err := Stationary([][]float64{{1, 0}, {0, 1}}); err == nil {
		t.Error("two states that never meet have no single distribution")
	}
}

// Features that can tell every state make no error; the stationary distribution
// of an episodic walk starts anew at the ends.
func TestFixedOneHotIsExact(t *testing.T) {
	_, p := zhao(t)
	f, err := p.Fixed(Matrix(OneHot(25), 25))
	if err != nil {
		t.Fatal(err)
	}
	near(t, "w* of a table", f.W, f.V, 1e-9)

	w := open(t, "walk5")
	walk, err := NewProcess(w.Model, Uniform(7, 1).Probability)
	if err != nil {
		t.Fatal(err)
	}
	v, err := walk.Values()
	if err != nil {
		t.Fatal(err)
	}
	near(t, "walk", v, []float64{0, 1. / 6, 2. / 6, 3. / 6, 4. / 6, 5. / 6, 0}, 1e-12)
	if walk.D[0] != 0 || math.Abs(walk.D[3]-3*walk.D[1]) > 1e-12 {
		t.Errorf("visits to the walk: %v, want 0 1 2 3 2 1 0 in proportion", walk.D)
	}
}

// Differential values solve their equation, with r̄ = d·r.
func TestDifferentialValues(t *testing.T) {
	_, p := zhao(t)
	v, err := p.Differential()
	if err != nil {
		t.Fatal(err)
	}
	if c := dot(p.D, v); math.Abs(c) > 1e-12 {
		t.Errorf("d·v = %g, want 0", c)
	}
	for s := range v {
		if e := p.R[s] - p.Average() + dot(p.P[s], v) - v[s]; math.Abs(e) > 1e-9 {
			t.Errorf("state %d: error of the Bellman equation %g", s, e)
		}
	}
}

// On Baird's example TD(0) explodes and the gradient methods do not.
func TestBairdExpected(t *testing.T) {
	m := Baird{}.Process().Moments(Matrix(Baird{}, 7))
	w := Baird{}.Weights()
	for range 1000 { // figure 11.2, right
		m.TD0(w, .01)
	}
	if w[7] > -100 && w[7] < 100 {
		t.Errorf("semi-gradient dynamic programming leaves w_8 at %g: should diverge", w[7])
	}
	w, u := Baird{}.Weights(), make([]float64, 8)
	for range 1000 { // figure 11.5, right: the error falls toward zero, w does not
		m.Gradient(TDC, w, u, .005*7, .05*7)
	}
	error0 := pbe(t, m, Baird{}.Weights())
	if e := pbe(t, m, w); !(e < error0/100) {
		t.Errorf("TDC: projected error %g after 1000 sweeps, began with %g", e, error0)
	}
	w, u = Baird{}.Weights(), make([]float64, 8)
	for range 3000 {
		m.Gradient(GTD2, w, u, .005*7, .05*7)
	}
	if e := pbe(t, m, w); !(e < error0/100) {
		t.Errorf("GTD2: projected error %g after 3000 sweeps, began with %g", e, error0)
	}
}

// pbe is the projected error; C of Baird's eight features is singular, so a grain
// of the identity is added.
func pbe(t *testing.T, m Moments, w []float64) float64 {
	t.Helper()
	c := square(8)
	for i := range c {
		copy(c[i], m.C[i])
		c[i][i] += 1e-9
	}
	m.C = c
	e, err := m.PBE(w)
	if err != nil {
		t.Fatal(err)
	}
	return e
}

package approx

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

func dense(f Features[[]float64], x ...float64) []float64 {
	var phi Sparse
	f.Of(x, &phi)
	y := make([]float64, f.Len())
	phi.AddTo(y, 1)
	return y
}

func near(t *testing.T, what string, got, want []float64, tolerance float64) {
	t.Helper()
	if len(got) != len(want) {
		t.Fatalf("%s: %d numbers, want %d", what, len(got), len(want))
	}
	for i := range got {
		if !(math.Abs(got[i]-want[i]) <= tolerance) {
			t.Fatalf("%s: element %d is %g, want %g within %g\n got %v\nwant %v", what, i, got[i], want[i], tolerance, got, want)
		}
	}
}

func TestPolynomial(t *testing.T) {
	f := NewPolynomial(Square(2, -1, 1), 3)
	const x, y = .5, -.25
	near(t, "Zhao's order", dense(f, x, y), []float64{1, x, y, x * x, y * y, x * y, x * x * x, y * y * y, x * x * y, x * y * y}, 1e-15)
	for degree, n := range []int{1, 3, 6, 10, 15} {
		if got := NewPolynomial(Square(2, 0, 4), degree).Len(); got != n {
			t.Errorf("degree %d has %d features, want %d", degree, got, n)
		}
	}
}

func TestFourier(t *testing.T) {
	f := NewFourier(Box{[]float64{0, 10}, []float64{1, 20}}, 2)
	x, y := .3, .7
	var want []float64
	for a := range 3 {
		for b := range 3 {
			want = append(want, math.Cos(math.Pi*(float64(a)*x+float64(b)*y)))
		}
	}
	near(t, "cosines", dense(f, x, 10+10*y), want, 1e-12)
	near(t, "step sizes", f.Rates(1)[:5], []float64{1, 1, .5, 1, 1 / math.Sqrt2}, 1e-15)
}

func TestRadial(t *testing.T) {
	f := NewRadial(Square(2, 0, 1), 3, .2)
	at := dense(f, .5, .5)
	if at[4] != 1 {
		t.Errorf("a bell is %g at its centre, want 1", at[4])
	}
	if want := math.Exp(-.25 / .08); math.Abs(at[1]-want) > 1e-15 {
		t.Errorf("half a box away: %g, want %g", at[1], want)
	}
	f.Normalised = true
	var sum float64
	for _, v := range dense(f, .13, .81) {
		sum += v
	}
	if math.Abs(sum-1) > 1e-12 {
		t.Errorf("normalised bells add to %g", sum)
	}
}

// One tile of every grid is lit; states a grid's shift apart differ in one tile;
// states a whole tile apart share none.
func TestTiles(t *testing.T) {
	const tilings, n = 8, 5
	f, err := NewTiles(Square(2, 0, 1), tilings, []int{n, n}, 0)
	if err != nil {
		t.Fatal(err)
	}
	shared := func(ax, ay, bx, by float64) (k int) {
		a, b := dense(f, ax, ay), dense(f, bx, by)
		for i := range a {
			if a[i] == 1 && b[i] == 1 {
				k++
			}
		}
		return k
	}
	rng := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		x, y := rng.Float64()*.7, rng.Float64()
		if got := shared(x, y, x, y); got != tilings {
			t.Fatalf("(%g, %g) lights %d tiles, want %d", x, y, got, tilings)
		}
		if got := shared(x, y, x+1./n/tilings, y); got != tilings-1 {
			t.Fatalf("one shift from (%g, %g): %d tiles in common, want %d", x, y, got, tilings-1)
		}
		if got := shared(x, y, x+1./n, y); got != 0 {
			t.Fatalf("one tile from (%g, %g): %d tiles in common, want none", x, y, got)
		}
	}
	beyond, edge := dense(f, 7, .5), dense(f, 1, .5)
	near(t, "beyond the box", beyond, edge, 0)
}

// Hashing keeps the number of lit tiles and spreads them over all weights.
func TestHashedTiles(t *testing.T) {
	f, err := NewTiles(Square(4, 0, 1), 8, []int{20, 20, 20, 20}, 512)
	if err != nil {
		t.Fatal(err)
	}
	rng := rand.New(rand.NewPCG(1, 2))
	seen := make([]float64, f.Len())
	for range 2000 {
		phi := dense(f, rng.Float64(), rng.Float64(), rng.Float64(), rng.Float64())
		var sum float64
		for i, v := range phi {
			sum += v
			seen[i] += v
		}
		if sum != 8 {
			t.Fatalf("%g tiles lit, want 8", sum)
		}
	}
	if least := slices.Min(seen); least == 0 {
		t.Error("some weights are never used")
	}
	for _, bad := range []func() (*Tiles, error){
		func() (*Tiles, error) { return NewTiles(Square(2, 0, 1), 0, []int{1, 1}, 0) },
		func() (*Tiles, error) { return NewTiles(Square(2, 0, 1), 1, []int{1}, 0) },
		func() (*Tiles, error) { return NewTiles(Square(2, 0, 1), 1, []int{1, 0}, 0) },
		func() (*Tiles, error) { return NewTiles(Square(2, 0, 1), 1, []int{1 << 20, 1 << 20}, 0) },
	} {
		if _, err := bad(); err == nil {
			t.Error("tiles that do not fit were accepted")
		}
	}
}

func TestAggregate(t *testing.T) {
	f := Aggregate{First: 1, Size: 100, Groups: 10}
	var phi Sparse
	for s, want := range map[int]int{0: -1, 1: 0, 100: 0, 101: 1, 1000: 9, 1001: -1} {
		f.Of(s, &phi)
		if want < 0 && len(phi.Index) != 0 || want >= 0 && !slices.Equal(phi.Index, []int{want}) {
			t.Errorf("state %d is in groups %v, want %d", s, phi.Index, want)
		}
	}
}

func TestBlocks(t *testing.T) {
	f := Blocks(Tabulate(OneHot(3), 3), 2)
	var phi Sparse
	f.Of(rl.Pair[int, int]{State: 2, Action: 1}, &phi)
	if f.Len() != 6 || !slices.Equal(phi.Index, []int{5}) {
		t.Errorf("state 2, action 1 lights %v of %d", phi.Index, f.Len())
	}
}

// Goroutines may share features: what they need they write into their own vector,
// also where one set sees another's sight, and without allocating.
func TestFeaturesAreShared(t *testing.T) {
	first := On(2, func(x []float64, y []float64) { y[0], y[1] = x[0]+x[1], x[0]-x[1] }, NewFourier(Square(2, -8, 8), 3))
	f := Blocks(Cells(5, first), 3)
	pair := func(n int) rl.Pair[int, int] { return rl.Pair[int, int]{State: n % 25, Action: n / 25} }
	var phi Sparse
	want := make([]Sparse, 75)
	for n := range want {
		f.Of(pair(n), &want[n])
	}
	for n := range want {
		x, y := float64(n%5), float64(n%25/5)
		near(t, "by hand", want[n].Value, dense(NewFourier(Square(2, -8, 8), 3), x+y, x-y), 1e-12)
	}
	rl.Each(4, func(g int) {
		var phi Sparse
		for k := range 20000 {
			n := (k*7 + g*31) % 75
			f.Of(pair(n), &phi)
			if !slices.Equal(phi.Index, want[n].Index) || !slices.Equal(phi.Value, want[n].Value) {
				t.Errorf("goroutine %d: features of pair %d were disturbed", g, n)
				return
			}
		}
	})
	f.Of(pair(0), &phi)
	if n := testing.AllocsPerRun(100, func() { f.Of(pair(3), &phi) }); n != 0 {
		t.Errorf("%g allocations", n)
	}
}

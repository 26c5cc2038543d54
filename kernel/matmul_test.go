package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
)

// each runs a test once with every kind of kernels that this machine has.
func each(t *testing.T, f func(t *testing.T)) {
	old := active
	defer func() { active = old }()
	for _, v := range variants {
		t.Run(v.name, func(t *testing.T) {
			active = v
			f(t)
		})
	}
}

// random returns n numbers in (−1, 1) that begin at an address that is a multiple of nothing.
func random(rng *rand.Rand, n int) []float32 {
	x := make([]float32, n+3)[1+rng.IntN(3):][:n:n]
	for i := range x {
		x[i] = 2*rng.Float32() - 1
	}
	return x
}

func randomMatrix(rng *rand.Rand, rows, cols int) Matrix {
	stride := cols + rng.IntN(4)
	if rng.IntN(8) == 0 {
		stride = (cols + 1023) &^ 1023 // rows in the same places of the cache
	}
	return Matrix{Data: random(rng, max(0, (rows-1)*stride+cols)), Rows: rows, Cols: cols, Stride: stride}
}

func (m Matrix) at(i, j int) float64 { return float64(m.Data[i*m.Stride+j]) }

func (m Matrix) turn() Matrix {
	r := Matrix{Data: make([]float32, m.Rows*m.Cols), Rows: m.Cols, Cols: m.Rows, Stride: m.Rows}
	for i := range m.Rows {
		for j := range m.Cols {
			r.Data[j*r.Stride+i] = m.Data[i*m.Stride+j]
		}
	}
	return r
}

func (m Matrix) clone() Matrix {
	m.Data = append([]float32(nil), m.Data...)
	return m
}

// expected is what a product should be, by the definition in double precision, and the size of what was summed.
type expected struct {
	old       Matrix // c before
	sum, size []float64
}

func expect(old, a, b Matrix, add bool) expected {
	e := expected{old, make([]float64, a.Rows*b.Cols), make([]float64, a.Rows*b.Cols)}
	for i := range a.Rows {
		sum, size := e.sum[i*b.Cols:(i+1)*b.Cols], e.size[i*b.Cols:(i+1)*b.Cols]
		for j := range sum {
			if add {
				sum[j], size[j] = old.at(i, j), math.Abs(old.at(i, j))
			}
		}
		for k, x := range a.Row(i) {
			for j, y := range b.Row(k) {
				sum[j] += float64(x) * float64(y)
				size[j] += math.Abs(float64(x) * float64(y))
			}
		}
	}
	return e
}

// check checks a product, and that nothing between its rows changed.
func (e expected) check(t *testing.T, what string, c Matrix) {
	t.Helper()
	for i, x := range c.Data {
		if i%c.Stride >= c.Cols && math.Float32bits(x) != math.Float32bits(e.old.Data[i]) {
			t.Fatalf("%s wrote outside its columns", what)
		}
	}
	for i := range c.Rows {
		for j := range c.Cols {
			got, want, size := c.at(i, j), e.sum[i*c.Cols+j], e.size[i*c.Cols+j]
			if got == want || math.IsNaN(got) && math.IsNaN(want) { // infinities too
				continue
			}
			if d := math.Abs(got - want); !(d <= 1e-6*size+1e-30) || math.IsInf(size, 0) {
				t.Fatalf("%s: c[%d,%d] is %g, want %g", what, i, j, got, want)
			}
		}
	}
}

var sizes = [][3]int{
	{1, 1, 1},
	{0, 3, 2},
	{3, 0, 2},
	{3, 2, 0},
	{1, 33, 5},
	{14, 32, 4},
	{15, 31, 7},
	{29, 65, 33},
	{7, 8, 64},
	{64, 64, 64},
	{43, 16, 17},
	{100, 17, 3},
	{5, 100, 1030},
	{31, 40, 2100},
	{130, 70, 50},
	{200, 130, 1},
	{1, 300, 70},
}

func shapes(rng *rand.Rand) [][3]int {
	list := sizes
	for range 8 {
		list = append(list, [3]int{rng.IntN(70), rng.IntN(70), rng.IntN(70)})
	}
	return list
}

// Every product, in every size, is what the definition says.
func TestProducts(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(1, 2))
		for _, s := range shapes(rng) {
			for _, add := range []bool{false, true} {
				m, n, k := s[0], s[1], s[2]
				a, b := randomMatrix(rng, m, k), randomMatrix(rng, k, n)
				c := randomMatrix(rng, m, n)
				at, bt := a.turn(), b.turn()
				want := expect(c, a, b, add)
				run := func(name string, f func(c Matrix)) {
					got := c.clone()
					f(got)
					want.check(t, fmt.Sprintf("%s %v add=%t", name, s, add), got)
				}
				run("MatMul", func(c Matrix) { MatMul(c, a, b, add) })
				run("SerialMatMul", func(c Matrix) { SerialMatMul(c, a, b, add) })
				run("MatMulT", func(c Matrix) { MatMulT(c, a, bt, add) })
				run("SerialMatMulT", func(c Matrix) { SerialMatMulT(c, a, bt, add) })
				run("TMatMul", func(c Matrix) { TMatMul(c, at, b, add) })
				run("SerialTMatMul", func(c Matrix) { SerialTMatMul(c, at, b, add) })
				run("Pack", func(c Matrix) { Pack(bt).Mul(c, a, add) })
				run("PackT", func(c Matrix) { PackT(b).SerialMul(c, a, add) })
				run("MulT", func(c Matrix) { Pack(b).MulT(c, a, add) })
				run("PackT MulT", func(c Matrix) { PackT(bt).SerialMulT(c, a, add) })
			}
		}
	})
}

// NaNs and infinities spoil what they must by the definition, and nothing else.
func TestProductsOfOddNumbers(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(25, 26))
		for range 30 {
			m, n, k := 1+rng.IntN(40), 1+rng.IntN(80), 1+rng.IntN(40)
			a, b, c := randomMatrix(rng, m, k), randomMatrix(rng, k, n), randomMatrix(rng, m, n)
			for _, x := range []Matrix{a, b, c} {
				for range 2 {
					x.Data[rng.IntN(len(x.Data))] = odd[rng.IntN(8)]
				}
			}
			want := expect(c, a, b, true)
			run := func(name string, f func(c Matrix)) {
				got := c.clone()
				f(got)
				want.check(t, name, got)
			}
			run("MatMul", func(c Matrix) { MatMul(c, a, b, true) })
			run("MatMulT", func(c Matrix) { MatMulT(c, a, b.turn(), true) })
			run("TMatMul", func(c Matrix) { TMatMul(c, a.turn(), b, true) })
			run("Mul", func(c Matrix) { PackT(b).Mul(c, a, true) })
			run("MulT", func(c Matrix) { Pack(b).MulT(c, a, true) })
		}
	})
}

// A weight in two bytes multiplies as its widened numbers do.
func TestPackHalf(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(3, 4))
		for _, s := range shapes(rng) {
			for kind, convert := range []func([]uint16, []float32){ToBF16, ToF16} {
				kind := Half(kind)
				m, n, k := s[0], s[1], s[2]
				h, ht := make([]uint16, n*k), make([]uint16, n*k)
				convert(h, random(rng, n*k))
				for i := range n {
					for j := range k {
						ht[j*n+i] = h[i*k+j]
					}
				}
				w := Matrix{Data: make([]float32, n*k), Rows: n, Cols: k, Stride: k}
				p := PackHalf(h, n, k, kind)
				p.Unpack(w)
				wide := make([]float32, n*k)
				p.kind.widen(wide, h)
				for i := range wide {
					if wide[i] != w.Data[i] {
						t.Fatalf("Unpack %v: number %d is %g, want %g", s, i, w.Data[i], wide[i])
					}
				}
				a, dy := randomMatrix(rng, m, k), randomMatrix(rng, m, n)
				c, dx := randomMatrix(rng, m, n), randomMatrix(rng, m, k)
				forward, back := expect(c, a, w.turn(), true), expect(dx, dy, w, false)
				for _, p := range []*Packed{p, PackHalfT(ht, k, n, kind)} {
					got := c.clone()
					p.Mul(got, a, true)
					forward.check(t, fmt.Sprint("Mul ", s), got)
					got = dx.clone()
					p.MulT(got, dy, false)
					back.check(t, fmt.Sprint("MulT ", s), got)
				}
			}
		}
	})
}

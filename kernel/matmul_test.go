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

// product checks that c, which was old, is a·b, plus old if add is true, and that nothing between its rows changed.
func checkProduct(t *testing.T, what string, c, old, a, b Matrix, add bool) {
	t.Helper()
	for i, x := range c.Data {
		if i%c.Stride >= c.Cols && x != old.Data[i] {
			t.Fatalf("%s wrote outside its columns", what)
		}
	}
	for i := range c.Rows {
		for j := range c.Cols {
			var s, size float64
			if add {
				s, size = old.at(i, j), math.Abs(old.at(i, j))
			}
			for k := range a.Cols {
				s += a.at(i, k) * b.at(k, j)
				size += math.Abs(a.at(i, k) * b.at(k, j))
			}
			got := c.at(i, j)
			if got == s || math.IsNaN(got) && math.IsNaN(s) { // infinities too
				continue
			}
			if d := math.Abs(got - s); !(d <= 1e-6*size+1e-30) || math.IsInf(size, 0) {
				t.Fatalf("%s: c[%d,%d] is %g, want %g", what, i, j, c.at(i, j), s)
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
				run := func(name string, f func(c Matrix)) {
					got := c.clone()
					f(got)
					checkProduct(t, fmt.Sprintf("%s %v add=%t", name, s, add), got, c, a, b, add)
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
			run := func(name string, f func(c Matrix)) {
				got := c.clone()
				f(got)
				for i := range got.Data { // between the rows: NaN is not itself
					if i%c.Stride >= c.Cols {
						got.Data[i], c.Data[i] = 0, 0
					}
				}
				checkProduct(t, name, got, c, a, b, true)
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
				for _, p := range []*Packed{p, PackHalfT(ht, k, n, kind)} {
					got := c.clone()
					p.Mul(got, a, true)
					checkProduct(t, fmt.Sprint("Mul ", s), got, c, a, w.turn(), true)
					got = dx.clone()
					p.MulT(got, dy, false)
					checkProduct(t, fmt.Sprint("MulT ", s), got, dx, dy, w, false)
				}
			}
		}
	})
}

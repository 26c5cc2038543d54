package kernel

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/quant"
)

// Every kind of kernels rounds activations to the same bytes.
func TestRoundGroups(t *testing.T) {
	rng := rand.New(rand.NewPCG(15, 16))
	for _, v := range variants {
		for n := range 200 {
			checkRounding(t, v, rng, n%5, n%3 == 0)
		}
	}
}

func checkRounding(t *testing.T, v *kernels, rng *rand.Rand, groups int, special bool) {
	t.Helper()
	x := random(rng, groups*width)
	scale := float32(math.Exp2(float64(rng.IntN(300) - 160)))
	for i := range x {
		x[i] *= scale
		if special && rng.IntN(20) == 0 {
			x[i] = odd[rng.IntN(len(odd))]
		}
	}
	zero := rng.IntN(129)
	got, want := make([]byte, groups*roundedGroup), make([]byte, groups*roundedGroup)
	v.roundGroups(got, x, zero)
	roundGroups(want, x, zero)
	for g := range groups {
		a, b := got[g*roundedGroup:(g+1)*roundedGroup], want[g*roundedGroup:(g+1)*roundedGroup]
		if isNaN(b[32:36]) && isNaN(a[32:36]) {
			continue
		}
		if !bytes.Equal(a, b) {
			t.Fatalf("%s rounds %g to\n%d, want\n%d", v.name, x[g*width:(g+1)*width], a, b)
		}
	}
}

func isNaN(b []byte) bool { return b[3]&0x7f == 0x7f && b[2]&0x80 > 0 && (b[2]&0x7f|b[1]|b[0]) > 0 }

// A product of rounded activations is that of the rounded numbers, and near the exact one; and every row's is what it
// would be alone, bit for bit, on any number of threads.
func TestMulRounded(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(17, 18))
		for _, f := range quant.Formats() {
			for _, s := range [][3]int{{1, 32, 1}, {2, 5, 2}, {3, 96, 3}, {17, 70, 2}, {70, 33, 4}, {600, 64, 17}} {
				checkMulRounded(t, rng, f, s[0], s[1], s[2]*max(64, f.Block))
				if f.Block == 256 {
					break
				}
			}
		}
	})
}

func checkMulRounded(t *testing.T, rng *rand.Rand, f quant.Format, m, out, in int) {
	t.Helper()
	what := fmt.Sprint(f.Name, " ", m, out, in)
	data, w := randomBlocks(rng, f, out, in)
	p, _ := PackBlocks(data, out, in, f, nil)
	a, c := randomMatrix(rng, m, in), randomMatrix(rng, m, out)
	for i := range m { // as in a model, a few groups are much larger than the rest, in some rows
		if g := rng.IntN(2 * in / width); g < in/width {
			for j := range width {
				a.Row(i)[g*width+j] *= 30
			}
		}
	}
	old := c.clone()
	p.MulRounded(c, a)
	if _, ok := p.q.(strips); !ok {
		p.Mul(old, a, false)
		same(t, what, c, old)
		return
	}
	near := a.clone() // a as it is rounded
	for i := range m {
		nearRow(t, what, near.Row(i))
	}
	e := expect(old, near, w.turn(), false)
	for i := range e.size { // of levels before their zero is taken off
		e.size[i] *= 16
	}
	e.check(t, what, c)
	for _, threads := range []int{1, 3} {
		before := Threads()
		SetThreads(threads)
		i := rng.IntN(m)
		alone := Matrix{Data: make([]float32, out), Rows: 1, Cols: out, Stride: out}
		p.MulRounded(alone, Matrix{Data: a.Row(i), Rows: 1, Cols: in, Stride: in})
		SetThreads(before)
		same(t, what+" alone", alone, Matrix{Data: c.Row(i), Rows: 1, Cols: out, Stride: out})
	}
}

// nearRow makes of a row what it is rounded to: to 1/127 of the largest number of each 32, and where that number,
// squared, is more than twice its mean, to a 254th of that.
func nearRow(t *testing.T, what string, x []float32) {
	t.Helper()
	round := func(x []float32) (near, scales []float32) {
		groups := make([]byte, len(x)/width*roundedGroup)
		roundGroups(groups, x, 0)
		for j := range x {
			g := groups[j/width*roundedGroup:]
			scale := float32(scaleOf(g))
			near, scales = append(near, scale*float32(int8(g[j%width]))), append(scales, scale)
		}
		return near, scales
	}
	near, scales := round(x)
	mean := 0.0
	for _, s := range scales {
		mean += float64(s) * float64(s) / float64(len(x))
	}
	left := make([]float32, len(x))
	for j := range x {
		if s := float64(scales[j]); s*s > 2*mean {
			left[j] = x[j] - near[j]
			scales[j] /= 254
		}
	}
	again, _ := round(left)
	for j := range x {
		y := near[j] + again[j]
		if d := math.Abs(float64(y - x[j])); d > 0.501*float64(scales[j]) {
			t.Fatalf("%s: %g is rounded to %g, by more than half of %g", what, x[j], y, scales[j])
		}
		x[j] = y
	}
}

// What is not finite is not hidden.
func TestMulRoundedOfOddNumbers(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(19, 20))
		f, err := quant.Named("Q4_1")
		if err != nil {
			t.Fatal(err)
		}
		data, _ := randomBlocks(rng, f, 32, 64)
		p, _ := PackBlocks(data, 32, 64, f, nil)
		for _, x := range []float64{math.NaN(), math.Inf(1), math.Inf(-1)} {
			a := Matrix{Data: random(rng, 128), Rows: 2, Cols: 64, Stride: 64}
			a.Data[64+rng.IntN(64)] = float32(x)
			c := Matrix{Data: make([]float32, 64), Rows: 2, Cols: 32, Stride: 32}
			p.MulRounded(c, a)
			for i := range 64 {
				if finite(c.Data[i]) != (i < 32) {
					t.Fatalf("with %g in row 1, number %d is %g", x, i, c.Data[i])
				}
			}
		}
	})
}

// FuzzBlocks compares every kind of kernels with the portable ones.
func FuzzBlocks(f *testing.F) {
	f.Add(uint64(1), uint8(7), uint8(33), uint8(2), uint8(0))
	f.Add(uint64(2), uint8(1), uint8(5), uint8(1), uint8(4))
	f.Fuzz(func(t *testing.T, seed uint64, m, out, groups, format uint8) {
		list := quant.Formats()
		q := list[int(format)%len(list)]
		each(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 21))
			checkRounding(t, active, rng, int(groups%8), seed%2 == 0)
			checkMulRounded(t, rng, q, 1+int(m%20), 1+int(out), (1+int(groups%5))*max(64, q.Block))
		})
	})
}

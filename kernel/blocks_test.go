package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"testing"

	"github.com/rotor-lm/rotor/quant"
)

// randomBlocks returns a weight [rows, cols] in random blocks of a format, and its numbers: all bits occur, but for
// scales that are no numbers or very large.
func randomBlocks(rng *rand.Rand, f quant.Format, rows, cols int) ([]byte, Matrix) {
	data := make([]byte, f.Size(rows*cols))
	w := Matrix{Data: make([]float32, rows*cols), Rows: rows, Cols: cols, Stride: cols}
	for i := range rows * cols / f.Block {
		block, x := data[i*f.Bytes:(i+1)*f.Bytes], w.Data[i*f.Block:(i+1)*f.Block]
		for sane := false; !sane; {
			for j := range block {
				block[j] = byte(rng.Uint32())
			}
			f.Decode(x, block)
			sane = true
			for _, v := range x {
				sane = sane && math.Abs(float64(v)) < 1e4
			}
		}
	}
	return data, w
}

// A weight in blocks of any format multiplies, both ways, exactly as its decoded numbers do.
func TestPackBlocks(t *testing.T) {
	each(t, func(t *testing.T) {
		rng := rand.New(rand.NewPCG(11, 12))
		for _, f := range quant.Formats() {
			for _, s := range [][3]int{{1, 32, 1}, {3, 5, 2}, {17, 70, 3}, {40, 33, 9}, {2, 1030, 1}} {
				m, out, in := s[0], s[1], s[2]*max(f.Block, 64)
				if s[2] == 9 {
					in = max(9*f.Block, 1088) // more than one run of K
				}
				data, w := randomBlocks(rng, f, out, in)
				p, _ := PackBlocks(data, out, in, f, nil)
				what := fmt.Sprint(f.Name, " ", m, out, in)
				same(t, what+" Unpack", unpacked(p), w)
				row := make([]float32, in)
				p.Row(row, out-1)
				same(t, what+" Row", Matrix{Data: row, Rows: 1, Cols: in, Stride: in}, Matrix{Data: w.Row(out - 1), Rows: 1, Cols: in, Stride: in})
				dense, a, dy := Pack(w), randomMatrix(rng, m, in), randomMatrix(rng, m, out)
				for _, add := range []bool{false, true} {
					got, want := randomMatrix(rng, m, out), Matrix{}
					want = got.clone()
					p.Mul(got, a, add)
					dense.Mul(want, a, add)
					same(t, what+" Mul", got, want)
					got = randomMatrix(rng, m, in)
					want = got.clone()
					p.SerialMulT(got, dy, add)
					dense.MulT(want, dy, add)
					same(t, what+" MulT", got, want)
				}
			}
		}
	})
}

func unpacked(p *Packed) Matrix {
	out, in := p.Dims()
	w := Matrix{Data: make([]float32, out*in), Rows: out, Cols: in, Stride: in}
	p.Unpack(w)
	return w
}

func same(t *testing.T, what string, got, want Matrix) {
	t.Helper()
	for i := range want.Rows {
		for j, x := range want.Row(i) {
			if y := got.Row(i)[j]; x != y {
				t.Fatalf("%s: [%d, %d] is %g, want %g", what, i, j, y, x)
			}
		}
	}
}

// A weight stays as small as its file.
func TestPackBlocksTakesNoMore(t *testing.T) {
	rng := rand.New(rand.NewPCG(13, 14))
	for _, f := range quant.Formats() {
		data, _ := randomBlocks(rng, f, 64, 256)
		if p, _ := PackBlocks(data, 64, 256, f, nil); p.Bytes() > len(data) {
			t.Errorf("%s: %d bytes in the file, %d in memory", f.Name, len(data), p.Bytes())
		}
	}
}

package quant

import (
	"math/rand/v2"
	"testing"
)

// Blocks that are taken apart are what they are decoded to.
func TestAffine(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for name := range affine {
		f, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		a, _ := f.Affine()
		for range 200 {
			block, x := make([]byte, f.Bytes), make([]float32, f.Block)
			for i := range block {
				block[i] = byte(rng.Uint32())
			}
			f.Decode(x, block)
			var q [8]uint32
			d, m := a.Split(&q, block)
			for i, want := range x {
				level := int(q[i/4] >> (i % 4 * 8) & 255)
				if level>>a.Bits != 0 {
					t.Fatalf("%s: level %d in %d bits", name, level, a.Bits)
				}
				got := float32(widen(d)*float32(level-a.Zero)) + widen(m)
				if got != want && want == want {
					t.Fatalf("%s: number %d is %g, want %g", name, i, got, want)
				}
			}
		}
	}
}

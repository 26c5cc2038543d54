package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
)

// The weights of SmolLM2-135M, [N, K].
var smol = [][2]int{{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {49152, 576}}

func BenchmarkProducts(b *testing.B) {
	rng := rand.New(rand.NewPCG(5, 6))
	for _, m := range []int{256, 1024} {
		for _, s := range smol {
			n, k := s[0], s[1]
			x := Matrix{random(rng, m*(k+16)), m, k, k + 16}
			y := Matrix{random(rng, m*(n+16)), m, n, n + 16}
			w := Matrix{random(rng, n*k), n, k, k}
			p := Pack(w)
			for _, f := range []struct {
				name string
				run  func()
			}{
				{"Mul", func() { p.Mul(y, x, false) }},
				{"MulT", func() { p.MulT(x, y, false) }},
				{"MatMulT", func() { MatMulT(y, x, w, false) }},
				{"MatMul", func() { MatMul(x, y, w, false) }},
				{"TMatMul", func() { TMatMul(w, y, x, false) }},
			} {
				b.Run(fmt.Sprintf("%s/M=%d/N=%d/K=%d", f.name, m, n, k), func(b *testing.B) {
					flops := 2 * float64(m*n*k)
					for b.Loop() {
						f.run()
					}
					b.ReportMetric(flops*float64(b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
				})
			}
		}
	}
}

package kernel

import (
	"fmt"
	"math/rand/v2"
	"testing"
	"time"

	"github.com/rotor-lm/rotor/quant"
)

// The best of many runs: how many 10⁹ operations, and bytes of the weight, a second.
func BenchmarkMulRounded(b *testing.B) {
	rng := rand.New(rand.NewPCG(22, 23))
	for _, name := range []string{"Q4_1", "Q8_0"} {
		f, err := quant.Named(name)
		if err != nil {
			b.Fatal(err)
		}
		for _, s := range [][3]int{{1, 576, 576}, {1, 1536, 576}, {1, 576, 1536}, {1, 49152, 576}, {8, 1536, 576}, {512, 1536, 576}, {512, 576, 1536}} {
			m, out, in := s[0], s[1], s[2]
			data, _ := randomBlocks(rng, f, out, in)
			p, _ := PackBlocks(data, out, in, f, nil)
			x, c := randomMatrix(rng, m, in), randomMatrix(rng, m, out)
			b.Run(fmt.Sprintf("%s/%dx%dx%d", name, m, out, in), func(b *testing.B) {
				best := time.Hour
				for b.Loop() {
					start := time.Now()
					p.MulRounded(c, x)
					best = min(best, time.Since(start))
				}
				b.ReportMetric(2*float64(m)*float64(out)*float64(in)/float64(best.Nanoseconds()), "Gop/s")
				b.ReportMetric(float64(p.Bytes())/float64(best.Nanoseconds()), "GB/s")
				b.ReportMetric(float64(best.Nanoseconds())/1e3, "best-µs")
			})
		}
	}
}

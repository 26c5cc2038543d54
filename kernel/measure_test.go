package kernel

import (
	"fmt"
	"os"
	"testing"
	"time"
)

// The weights of SmolLM2-135M, [N, K].
var smol = [][2]int{{576, 576}, {192, 576}, {1536, 576}, {576, 1536}, {49152, 576}}

func TestMeasureProducts(t *testing.T) {
	for _, r := range MeasureProducts(3, 40, 50, time.Millisecond) {
		if r.Name == "" || r.GFLOPS <= 0 || r.Seconds <= 0 {
			t.Errorf("no rate: %+v", r)
		}
	}
}

// With ROTOR_LONG=1 this prints the share of the machine's peak that products of a model's shapes reach.
func TestShareOfPeak(t *testing.T) {
	if os.Getenv("ROTOR_LONG") == "" {
		t.Skip("ROTOR_LONG=1 measures")
	}
	defer SetThreads(0)
	peak := MeasurePeak(time.Second / 2)
	t.Logf("%+v", peak)
	each(t, func(t *testing.T) {
		if active == &portable {
			return
		}
		for _, threads := range []int{1, 2} {
			SetThreads(threads)
			for _, m := range []int{256, 1024} {
				for _, s := range smol {
					for _, r := range MeasureProducts(m, s[0], s[1], time.Second/3) {
						t.Logf("%d threads  M=%-5d N=%-5d K=%-5d %-12s %6.1f GFLOP/s %3.0f %%", threads, m, s[0], s[1], r.Name,
							r.GFLOPS, 100*r.GFLOPS/float64(threads)/peak.One)
					}
				}
			}
		}
	})
}

func BenchmarkProducts(b *testing.B) {
	for _, s := range smol[:4] {
		x, y, w := big(256, s[1]), big(256, s[0]), big(s[0], s[1])
		p := Pack(w)
		for name, f := range map[string]func(){
			"Mul":     func() { p.Mul(y, x, false) },
			"MulT":    func() { p.MulT(x, y, false) },
			"MatMulT": func() { MatMulT(y, x, w, false) },
			"MatMul":  func() { MatMul(x, y, w, false) },
			"TMatMul": func() { TMatMul(w, y, x, false) },
		} {
			b.Run(fmt.Sprintf("%s/256x%dx%d", name, s[0], s[1]), func(b *testing.B) {
				for b.Loop() {
					f()
				}
				b.ReportMetric(2*256*float64(s[0]*s[1]*b.N)/float64(b.Elapsed().Nanoseconds()), "GFLOP/s")
			})
		}
	}
}

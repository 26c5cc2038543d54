package kernel

import "time"

// ProductRate is how fast one kind of matrix product ran, at best.
type ProductRate struct {
	Name    string  // the function
	GFLOPS  float64 // 10⁹ operations a second
	Seconds float64 // one product took
}

// MeasureProducts measures every kind of product of m rows with a weight [n, k], for about the time d each: the
// forward product of a packed and of a dense weight, the backward product of both, and the gradient of the weight.
// Everything but the one packing of Pack is in the time.
func MeasureProducts(m, n, k int, d time.Duration) []ProductRate {
	const pad = 16 // rows a power of two apart would fight for the same places in the cache
	fill := func(rows, cols int) Matrix {
		x := Matrix{Data: aligned(rows * (cols + pad)), Rows: rows, Cols: cols, Stride: cols + pad}
		for i := range x.Data {
			x.Data[i] = float32(i%7) - 3
		}
		return x
	}
	x, y, w := fill(m, k), fill(m, n), fill(n, k)
	p := Pack(w)
	rates := []ProductRate{{Name: "Packed.Mul"}, {Name: "Packed.MulT"}, {Name: "MatMulT"}, {Name: "MatMul"}, {Name: "TMatMul"}}
	work := 2 * float64(m) * float64(n) * float64(k)
	for i, f := range []func(){
		func() { p.Mul(y, x, false) },
		func() { p.MulT(x, y, false) },
		func() { MatMulT(y, x, w, false) },
		func() { MatMul(x, y, w, false) },
		func() { TMatMul(w, y, x, false) },
	} {
		f() // makes the buffers
		r := &rates[i]
		for end := time.Now().Add(d); r.GFLOPS == 0 || time.Now().Before(end); {
			r.GFLOPS = max(r.GFLOPS, rate(work, f))
		}
		r.Seconds = work / r.GFLOPS / 1e9
	}
	return rates
}

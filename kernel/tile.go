package kernel

// tile computes C[r, j] (+)= Σ_k A[r, k]·B[k, j] for a few rows and at most 32 columns.
func tile(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, k, rows, cols int, add bool) {
	var sum [width]float32
	for r := range rows {
		clear(sum[:])
		for i, x := range a[r*lda : r*lda+k] {
			for j, y := range b[i*ldb : i*ldb+cols] {
				sum[j] += x * y
			}
		}
		y := c[r*ldc : r*ldc+cols]
		for j := range y {
			if add {
				sum[j] += y[j]
			}
			y[j] = sum[j]
		}
	}
}

// transpose computes dst[j, i] = src[i, j].
func transpose(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	for i := range rows {
		for j, x := range src[i*lds : i*lds+cols] {
			dst[j*ldd+i] = x
		}
	}
}

// panel copies rows of up to 32 numbers to rows of 32 and fills up with zeros.
func panel(dst []float32, src []float32, lds, rows, cols int) {
	for i := range rows {
		y := dst[i*width : (i+1)*width]
		clear(y[copy(y, src[i*lds:i*lds+cols]):])
	}
}

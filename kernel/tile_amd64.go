//go:build !noasm

package kernel

import "unsafe"

func flag(b bool) int {
	if b {
		return 1
	}
	return 0
}

func tile16(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, k, rows, cols int, add bool) {
	tileAVX512(unsafe.SliceData(c), ldc, unsafe.SliceData(a), lda, unsafe.SliceData(b), ldb, k, rows, cols, flag(add))
}

func tile8(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, k, rows, cols int, add bool) {
	for at := 0; at < cols; at += 16 {
		n := cols - at
		if n >= 16 {
			tileAVX2(&c[at], ldc, unsafe.SliceData(a), lda, &b[at], ldb, k, rows, 16, flag(add))
			continue
		}
		var t [6 * 16]float32
		tileAVX2(&t[0], 16, unsafe.SliceData(a), lda, &b[at], ldb, k, rows, 16, 0)
		for r := range rows {
			x, y := t[r*16:r*16+n], c[r*ldc+at:r*ldc+cols]
			if add {
				axpy(y, x, 1)
			} else {
				copy(y, x)
			}
		}
	}
}

func transpose16(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	for i := 0; i < rows && cols > 0; i += 16 {
		transposeAVX512(&dst[i], ldd, &src[i*lds], lds, min(16, rows-i), cols)
	}
}

func transpose8(dst []float32, ldd int, src []float32, lds, rows, cols int) {
	m, n := rows&^7, cols&^7
	for i := 0; i < m && n > 0; i += 8 {
		transposeAVX2(&dst[i], ldd, &src[i*lds], lds, 8, n)
	}
	if m < rows {
		transpose(dst[min(m, len(dst)):], ldd, src[m*lds:], lds, rows-m, cols)
	}
	if n < cols {
		transpose(dst[n*ldd:], ldd, src[n:], lds, m, cols-n)
	}
}

func panel16(dst []float32, src []float32, lds, rows, cols int) {
	if rows > 0 {
		panelAVX512(&dst[0], &src[0], lds, rows, cols)
	}
}

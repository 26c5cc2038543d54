package kernel

import "unsafe"

// aligned returns n zeros that begin on a cache line.
func aligned(n int) []float32 {
	if n == 0 {
		return nil
	}
	b := make([]float32, n+15)
	huge(b)
	at := int(-uintptr(unsafe.Pointer(&b[0]))/4) & 15
	return b[at : at+n : at+n]
}

// Package kernel holds the loops over slices of numbers that everything else is made of: matrix products, dot
// products, exponentials, norms, rotations, and the pool of goroutines that share them out.
//
// Each kernel is a portable Go loop, which is its specification, and beside it a version for AVX2 with FMA and one for
// AVX-512, which the program in _asm writes. The processor is asked once at start; ROTOR_KERNEL=portable, avx2 or
// avx512 forces a choice, and the build tag noasm leaves all assembly out.
//
// Results do not depend on the number of threads: work is cut by shape alone and every sum is taken in one order.
// They do depend, in the last bits, on the kind of kernel.
//
// Slices of one call have the length of the first argument, or are longer. A destination may be one of the sources
// unless the function says otherwise, but may not overlap it in part.
package kernel

//go:generate go run ./_asm -out .

package data

import (
	"hash/fnv"
	"math/bits"
	"math/rand/v2"
)

// permutation returns the numbers below n in an order that depends on the seed,
// the name of the purpose and its turn, and on nothing that happened before. It
// uses dst's memory where that is large enough.
//
// Durstenfeld, Algorithm 235: Random permutation, 1964. Written out, so that the
// order of a resumed run does not hang on a library's version.
func permutation(dst []int32, n int, seed uint64, purpose string, turn int) []int32 {
	if cap(dst) < n {
		dst = make([]int32, n)
	}
	dst = dst[:n]
	for i := range dst {
		dst[i] = int32(i)
	}
	h := fnv.New64a()
	_, _ = h.Write([]byte(purpose))
	rng := rand.NewPCG(seed, h.Sum64()+uint64(turn))
	for i := n - 1; i > 0; i-- {
		j, _ := bits.Mul64(rng.Uint64(), uint64(i+1))
		dst[i], dst[j] = dst[j], dst[i]
	}
	return dst
}

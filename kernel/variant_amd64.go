//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// machine returns the assembly kernels that this processor can run, the slowest first.
func machine() []*kernels {
	var list []*kernels
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasBMI2 && hasF16C() {
		list = append(list, avx2())
		if x.HasAVX512F && x.HasAVX512BW && x.HasAVX512DQ && x.HasAVX512VL {
			list = append(list, avx512())
		}
	}
	return list
}

func avx2() *kernels {
	v := portable
	v.name, v.height, v.grain = "avx2", 6, 16
	v.tile, v.transpose, v.fetch = tile8, transpose8, fetchLines
	v.fmaPeak, v.fmaRound, v.readPeak = fmaPeakAVX2, 12*8*2, readPeakAVX2
	loopsAVX2(&v)
	v.fromBF16, v.fromF16 = eights(fromBF16AVX2, fromBF16), eights(fromF16AVX2, fromF16)
	v.toBF16, v.toF16 = eights(toBF16AVX2, toBF16), eights(toF16AVX2, toF16)
	v.tall, v.roundGroups = 4, roundGroupsAVX2
	blocksAVX2(&v)
	return &v
}

func avx512() *kernels {
	v := *avx2()
	v.name, v.height, v.grain = "avx512", 14, 1
	v.tile, v.transpose, v.panel = tile16, transpose16, panel16
	v.fmaPeak, v.fmaRound, v.readPeak = fmaPeakAVX512, 12*16*2, readPeakAVX512
	loopsAVX512(&v)
	v.fromBF16, v.toBF16, v.fromF16, v.toF16 = fromBF16AVX512, toBF16AVX512, fromF16AVX512, toF16AVX512
	if cpu.X86.HasAVX512VNNI {
		v.tall = 6
		blocksAVX512(&v)
	}
	return &v
}

// eights completes a conversion that does eight numbers at a time and leaves the rest.
func eights[D, S any](fast, slow func(dst []D, src []S)) func(dst []D, src []S) {
	return func(dst []D, src []S) {
		fast(dst, src)
		if n := len(dst) &^ 7; n < len(dst) {
			slow(dst[n:], src[n:])
		}
	}
}

//go:build !noasm

package kernel

import "golang.org/x/sys/cpu"

// machine returns the assembly kernels that this processor can run, the slowest first.
func machine() []*kernels {
	var list []*kernels
	x := &cpu.X86
	if x.HasAVX2 && x.HasFMA && x.HasBMI2 {
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
	v.tile, v.transpose = tile8, transpose8
	return &v
}

func avx512() *kernels {
	v := *avx2()
	v.name, v.height, v.grain = "avx512", 14, 1
	v.tile, v.transpose, v.panel = tile16, transpose16, panel16
	return &v
}

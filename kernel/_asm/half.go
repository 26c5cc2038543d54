package main

// halves converts between numbers of four bytes and of two, 16 or 8 at a time.
func halves(a *asm) {
	for _, wide := range []bool{true, false} {
		v := vec{asm: a, wide: wide}
		convert := func(name, doc, dst, src string, in, out int, load, body, store func()) {
			v.function(doc, name+v.suffix()+"(dst []"+dst+", src []"+src+")", 48)
			a.op("MOVQ dst_base+0(FP), DI\nMOVQ dst_len+8(FP), CX\nMOVQ src_base+24(FP), SI")
			full, rest, end := a.fresh("full"), a.fresh("rest"), a.fresh("end")
			if wide {
				a.op("MOVL $-1, AX\nKMOVW AX, K1")
			}
			a.label(full)
			a.op("SUBQ $%d, CX\nJLT %s", v.lanes(), rest)
			load()
			body()
			store()
			a.op("ADDQ $%d, DI\nADDQ $%d, SI\nJMP %s", out*v.lanes(), in*v.lanes(), full)
			a.label(rest)
			if wide { // the others leave the rest to the caller
				a.op("ADDQ $16, CX\nJEQ %s", end)
				v.mask()
				load()
				body()
				store()
				a.label(end)
			}
			a.op("VZEROUPPER\nRET")
		}
		loadHalf := func() {
			if wide {
				a.op("VPMOVZXWD.Z (SI), K1, Z0")
			} else {
				a.op("VPMOVZXWD (SI), Y0")
			}
		}
		loadFloat := func() {
			if wide {
				a.op("VMOVUPS.Z (SI), K1, Z0")
			} else {
				a.op("VMOVUPS (SI), Y0")
			}
		}
		storeFloat := func() {
			if wide {
				a.op("VMOVUPS Z0, K1, (DI)")
			} else {
				a.op("VMOVUPS Y0, (DI)")
			}
		}
		storeHalf := func() { // the low half of every number
			if wide {
				a.op("VPMOVDW Z0, K1, (DI)")
			} else {
				a.op("VEXTRACTI128 $1, Y0, X1\nVPACKUSDW X1, X0, X0\nVMOVDQU X0, (DI)")
			}
		}
		convert("fromBF16", "widens bfloat16.", "float32", "uint16", 2, 4, loadHalf, func() {
			a.op("VPSLLD $16, %s, %s", v.r(0), v.r(0))
		}, storeFloat)
		convert("toBF16", "rounds to bfloat16, to nearest even; a NaN stays one.", "uint16", "float32", 4, 2, loadFloat, func() {
			a.op("VPSRLD $16, %s, %s", v.r(0), v.r(1))
			v.bits("AND", 2, 1, uint32(1))
			v.do("VPADDD", uint32(0x7fff), 2, 2)
			v.do("VPADDD", 0, 2, 2)
			a.op("VPSRLD $16, %s, %s", v.r(2), v.r(2))
			v.bits("OR", 1, 1, uint32(0x40))
			if wide {
				a.op("VCMPPS $3, Z0, Z0, K2\nVMOVAPS Z2, Z0\nVMOVAPS Z1, K2, Z0")
			} else {
				a.op("VCMPPS $3, Y0, Y0, Y3\nVBLENDVPS Y3, Y1, Y2, Y0")
			}
		}, storeHalf)
		convert("fromF16", "widens binary16.", "float32", "uint16", 2, 4, func() {
			if wide {
				loadHalf()
				a.op("VPMOVDW Z0, Y0\nVCVTPH2PS Y0, Z0")
			} else {
				a.op("VCVTPH2PS (SI), Y0")
			}
		}, func() {}, storeFloat)
		convert("toF16", "rounds to binary16, to nearest even.", "uint16", "float32", 4, 2, loadFloat, func() {}, func() {
			if wide {
				a.op("VCVTPS2PH $0, Z0, Y0\nVPMOVZXWD Y0, Z0")
				storeHalf()
			} else {
				a.op("VCVTPS2PH $0, Y0, (DI)")
			}
		})
	}
	a.function("tells the processor that a loop waits.", "pause()", 0)
	a.op("PAUSE\nRET")
	a.function("says whether the processor converts binary16.", "hasF16C() bool", 1)
	a.op("MOVL $1, AX\nXORL CX, CX\nCPUID\nSHRL $29, CX\nANDL $1, CX\nMOVB CX, ret+0(FP)\nRET")
	a.data()
}

package main

// peaks is loops that only keep one unit of the processor busy, to measure what the machine can do at all.
func peaks(a *asm) {
	for _, wide := range []bool{true, false} {
		v := vec{asm: a, wide: wide}
		v.function("runs n rounds of 12 independent multiplications with addition.", "fmaPeak"+v.suffix()+"(n int)", 8)
		a.op("MOVQ n+0(FP), CX")
		for i := range 14 {
			v.bits("XOR", i, i, i)
		}
		loop := a.fresh("round")
		a.label(loop)
		for i := range 12 {
			v.fma(i, 12, 13)
		}
		a.op("DECQ CX\nJNE %s\nVZEROUPPER\nRET", loop)

		v.function("reads x, whose length is a multiple of 256.", "readPeak"+v.suffix()+"(x []float32)", 24)
		a.op("MOVQ x_base+0(FP), SI\nMOVQ x_len+8(FP), CX")
		loop = a.fresh("read")
		a.label(loop)
		for i := range 16 {
			v.op("VMOVUPS %d(SI), %s", 4*v.lanes()*i, v.r(i%8))
		}
		a.op("ADDQ $%d, SI\nSUBQ $%d, CX\nJGT %s\nVZEROUPPER\nRET", 64*v.lanes(), 16*v.lanes(), loop)
	}
}

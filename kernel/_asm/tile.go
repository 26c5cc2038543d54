package main

import "fmt"

// The innermost loop of every matrix product: a tile of C, held in registers, gains the product of some rows of A,
// taken from where they lie by broadcasts, and a panel of B, [K][32].
//
//	C[r, :] (+)= Σ_k A[r, k]·B[k, :]
//
// AVX-512: up to 14 rows of 32 columns, 28 accumulators; AVX2: up to 6 rows of 16 columns, 12 accumulators.
//
// Registers: DI, SI the tile of C and its row's length; R8, R13 rows 0 and 8 of A, R9 to R12 one, three, five and
// seven of its rows' lengths; BX, DX a row of B and its length; CX counts.
func tiles(a *asm) {
	const signature = "(c *float32, ldc int, a *float32, lda int, b *float32, ldb int, k, rows, cols, add int)"
	a.function("computes a tile of up to 14 rows and 32 columns.", "tileAVX512"+signature, 80)
	tileArguments(a)
	a.op("MOVQ cols+64(FP), R15\nMOVL $-1, AX\nBZHIL R15, AX, AX\nKMOVW AX, K1\nSHRL $16, AX\nKMOVW AX, K2")
	a.op("CMPQ R15, $16\nMOVQ rows+56(FP), R15\nJLE narrow")
	for rows := 14; rows >= 1; rows-- {
		a.op("CMPQ R15, $%d\nJEQ wide%d", rows, rows)
	}
	a.op("RET")
	a.label("narrow")
	for rows := 14; rows >= 1; rows-- {
		a.op("CMPQ R15, $%d\nJEQ narrow%d", rows, rows)
	}
	a.op("RET")
	for rows := 14; rows >= 1; rows-- {
		a.label(fmt.Sprintf("wide%d", rows))
		tileAVX512(a, rows, 2)
		a.label(fmt.Sprintf("narrow%d", rows))
		tileAVX512(a, rows, 1)
	}
	a.function("computes a tile of up to 6 rows and 16 columns; cols must be 16.", "tileAVX2"+signature, 80)
	tileArguments(a)
	a.op("MOVQ rows+56(FP), R15")
	for rows := 6; rows >= 1; rows-- {
		a.op("CMPQ R15, $%d\nJEQ rows%d", rows, rows)
	}
	a.op("RET")
	for rows := 6; rows >= 1; rows-- {
		a.label(fmt.Sprintf("rows%d", rows))
		tileAVX2(a, rows)
	}
}

func tileArguments(a *asm) {
	a.op(`MOVQ c+0(FP), DI
		MOVQ ldc+8(FP), SI
		MOVQ a+16(FP), R8
		MOVQ lda+24(FP), R9
		MOVQ b+32(FP), BX
		MOVQ ldb+40(FP), DX
		MOVQ k+48(FP), CX
		SHLQ $2, SI
		SHLQ $2, R9
		SHLQ $2, DX
		LEAQ (R9)(R9*2), R10
		LEAQ (R9)(R9*4), R11
		LEAQ (R10)(R9*4), R12
		LEAQ (R8)(R9*8), R13`)
}

// rowA is the address of column k of row r of A.
func rowA(r, k int) string {
	base := "R8"
	if r >= 8 {
		base = "R13"
	}
	index := []string{"", "(R9*1)", "(R9*2)", "(R10*1)", "(R9*4)", "(R11*1)", "(R10*2)", "(R12*1)"}[r%8]
	return fmt.Sprintf("%d(%s)%s", 4*k, base, index)
}

// unrolled prints the loop over k, four at a time and then one at a time.
func unrolled(a *asm, rows int, step func(k int)) {
	loop, rest, one, end := a.fresh("loop"), a.fresh("rest"), a.fresh("one"), a.fresh("end")
	advance := func(n int) {
		a.op("ADDQ $%d, R8", 4*n)
		if rows > 8 {
			a.op("ADDQ $%d, R13", 4*n)
		}
	}
	a.op("SUBQ $4, CX\nJLT %s\nPCALIGN $32", rest)
	a.label(loop)
	for k := range 4 {
		step(k)
	}
	advance(4)
	a.op("SUBQ $4, CX\nJGE %s", loop)
	a.label(rest)
	a.op("ADDQ $4, CX\nJEQ %s", end)
	a.label(one)
	step(0)
	advance(1)
	a.op("DECQ CX\nJNE %s", one)
	a.label(end)
}

// claim asks for the lines of the tile of C, which will be written at the end.
func claim(a *asm, rows, lines int) {
	if rows <= 2 {
		return
	}
	a.op("MOVQ DI, AX")
	for range rows {
		a.op("BYTE $0x0F; BYTE $0x0D; BYTE $0x08 // PREFETCHW (AX)")
		if lines > 1 {
			a.op("BYTE $0x0F; BYTE $0x0D; BYTE $0x48; BYTE $0x40 // PREFETCHW 64(AX)")
		}
		a.op("ADDQ SI, AX")
	}
}

func tileAVX512(a *asm, rows, vectors int) {
	for z := range rows * vectors {
		a.op("VPXORD Z%d, Z%d, Z%d", z, z, z)
	}
	claim(a, rows, vectors)
	unrolled(a, rows, func(k int) {
		for v := range vectors {
			a.op("VMOVUPS.Z %d(BX), K%d, Z%d", 64*v, v+1, 28+v)
		}
		for v := range vectors {
			a.op("PREFETCHT0 %d(BX)", 2048+64*v)
		}
		for r := range rows {
			x := 30 + r%2
			a.op("VBROADCASTSS %s, Z%d", rowA(r, k), x)
			for v := range vectors {
				a.op("VFMADD231PS Z%d, Z%d, Z%d", 28+v, x, r*vectors+v)
			}
		}
		a.op("ADDQ DX, BX")
	})
	store := a.fresh("store")
	a.op("CMPQ add+72(FP), $0\nJEQ %s\nMOVQ DI, AX", store)
	for r := range rows {
		for v := range vectors {
			z := r*vectors + v
			a.op("VADDPS.Z %d(AX), Z%d, K%d, Z%d", 64*v, z, v+1, z)
		}
		a.op("ADDQ SI, AX")
	}
	a.label(store)
	for r := range rows {
		for v := range vectors {
			a.op("VMOVUPS Z%d, K%d, %d(DI)", r*vectors+v, v+1, 64*v)
		}
		a.op("ADDQ SI, DI")
	}
	a.op("VZEROUPPER\nRET")
}

func tileAVX2(a *asm, rows int) {
	for y := range rows * 2 {
		a.op("VXORPS Y%d, Y%d, Y%d", y, y, y)
	}
	claim(a, rows, 1)
	unrolled(a, rows, func(k int) {
		a.op("VMOVUPS (BX), Y12\nVMOVUPS 32(BX), Y13\nPREFETCHT0 2048(BX)")
		for r := range rows {
			x := 14 + r%2
			a.op("VBROADCASTSS %s, Y%d", rowA(r, k), x)
			a.op("VFMADD231PS Y12, Y%d, Y%d\nVFMADD231PS Y13, Y%d, Y%d", x, 2*r, x, 2*r+1)
		}
		a.op("ADDQ DX, BX")
	})
	store := a.fresh("store")
	a.op("CMPQ add+72(FP), $0\nJEQ %s\nMOVQ DI, AX", store)
	for r := range rows {
		a.op("VADDPS (AX), Y%d, Y%d\nVADDPS 32(AX), Y%d, Y%d\nADDQ SI, AX", 2*r, 2*r, 2*r+1, 2*r+1)
	}
	a.label(store)
	for r := range rows {
		a.op("VMOVUPS Y%d, (DI)\nVMOVUPS Y%d, 32(DI)\nADDQ SI, DI", 2*r, 2*r+1)
	}
	a.op("VZEROUPPER\nRET")
}

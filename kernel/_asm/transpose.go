package main

// Transposing in registers: 16×16 blocks for AVX-512, 8×8 for AVX2, by rounds of shuffles that double the length of
// what belongs together.
//
// Registers: DI, SI the destination and its row's length; R8, R13 rows 0 and 8 of the source, R9 to R12 one, three,
// five and seven of its rows' lengths; CX columns left; R15 rows.
func transposes(a *asm) {
	const signature = "(dst *float32, ldd int, src *float32, lds, rows, cols int)"
	a.function("computes dst[j, i] = src[i, j] for up to 16 rows of src and any number of columns.", "transposeAVX512"+signature, 48)
	transposeArguments(a)
	a.op("MOVL $-1, AX\nBZHIL R15, AX, AX\nKMOVW AX, K1") // as many numbers of a row of dst as there are rows of src
	a.op("SUBQ $16, CX\nJLT tail")
	a.label("block")
	a.op("CMPQ R15, $16\nJLT fewer")
	for r := range 16 {
		a.op("VMOVUPS %s, Z%d", rowA(r, 0), r)
	}
	a.op("JMP loaded")
	a.label("fewer")
	for r := range 15 {
		a.op("VMOVUPS %s, Z%d", rowA(r, 0), r)
		a.op("CMPQ R15, $%d\nJEQ loaded", r+1)
	}
	a.label("loaded")
	shuffle16(a)
	for c := range 16 {
		a.op("VMOVUPS Z%d, K1, (DI)\nADDQ SI, DI", c)
	}
	a.op("ADDQ $64, R8\nADDQ $64, R13\nSUBQ $16, CX\nJGE block")
	a.label("tail")
	a.op("ADDQ $16, CX\nJEQ end\nMOVL $-1, AX\nBZHIL CX, AX, AX\nKMOVW AX, K2")
	for r := range 16 {
		a.op("VMOVUPS.Z %s, K2, Z%d", rowA(r, 0), r)
		a.op("CMPQ R15, $%d\nJEQ last", r+1)
	}
	a.label("last")
	shuffle16(a)
	for c := range 15 {
		a.op("VMOVUPS Z%d, K1, (DI)\nADDQ SI, DI\nDECQ CX\nJEQ end", c)
	}
	a.label("end")
	a.op("VZEROUPPER\nRET")

	a.function("computes dst[j, i] = src[i, j] for 8 rows of src and a multiple of 8 columns.", "transposeAVX2"+signature, 48)
	transposeArguments(a)
	a.label("block")
	for r := range 8 {
		a.op("VMOVUPS %s, Y%d", rowA(r, 0), r)
	}
	shuffle8(a)
	for c := range 8 {
		a.op("VMOVUPS Y%d, (DI)\nADDQ SI, DI", 8+c)
	}
	a.op("ADDQ $32, R8\nSUBQ $8, CX\nJNE block\nVZEROUPPER\nRET")

	a.function("copies rows of up to 32 numbers to rows of 32, filling up with zeros.", "panelAVX512(dst, src *float32, lds, rows, cols int)", 40)
	a.op(`MOVQ dst+0(FP), DI
		MOVQ src+8(FP), BX
		MOVQ lds+16(FP), DX
		SHLQ $2, DX
		MOVQ rows+24(FP), CX
		MOVQ cols+32(FP), R15
		MOVL $-1, AX
		BZHIL R15, AX, AX
		KMOVW AX, K1
		SHRL $16, AX
		KMOVW AX, K2`)
	a.label("row")
	a.op(`VMOVUPS.Z (BX), K1, Z0
		VMOVUPS.Z 64(BX), K2, Z1
		ADDQ DX, BX
		VMOVUPS Z0, (DI)
		VMOVUPS Z1, 64(DI)
		ADDQ $128, DI
		DECQ CX
		JNE row
		VZEROUPPER
		RET`)
	fetches(a)
}

// fetches asks for what will soon be read.
func fetches(a *asm) {
	a.function("asks for n bytes from p, which will soon be read, to be brought into L2.", "fetchLines(p unsafe.Pointer, n int)", 16)
	a.op("MOVQ p+0(FP), SI\nMOVQ n+8(FP), CX")
	a.label("line")
	a.op("PREFETCHT1 (SI)\nADDQ $64, SI\nSUBQ $64, CX\nJGT line\nRET")
}

func transposeArguments(a *asm) {
	a.op(`MOVQ dst+0(FP), DI
		MOVQ ldd+8(FP), SI
		MOVQ src+16(FP), R8
		MOVQ lds+24(FP), R9
		MOVQ rows+32(FP), R15
		MOVQ cols+40(FP), CX
		SHLQ $2, SI
		SHLQ $2, R9
		LEAQ (R9)(R9*2), R10
		LEAQ (R9)(R9*4), R11
		LEAQ (R10)(R9*4), R12
		LEAQ (R8)(R9*8), R13`)
}

// shuffle16 transposes Z0 to Z15, using Z16 to Z31.
func shuffle16(a *asm) {
	for i := range 8 { // neighbours
		a.op("VUNPCKLPS Z%d, Z%d, Z%d\nVUNPCKHPS Z%d, Z%d, Z%d", 2*i+1, 2*i, 16+2*i, 2*i+1, 2*i, 17+2*i)
	}
	for i := 0; i < 16; i += 4 { // fours: lane l of Z(i+c) becomes column 4l+c of rows i to i+3
		for c := range 4 {
			a.op("VUNPCK%sPD Z%d, Z%d, Z%d", []string{"L", "H"}[c%2], 16+i+c/2+2, 16+i+c/2, i+c)
		}
	}
	for c := range 4 { // then lanes
		for h := range 2 {
			a.op("VSHUFF32X4 $0x88, Z%d, Z%d, Z%d", 8*h+4+c, 8*h+c, 16+4*c+2*h)
			a.op("VSHUFF32X4 $0xdd, Z%d, Z%d, Z%d", 8*h+4+c, 8*h+c, 17+4*c+2*h)
		}
	}
	for c := range 4 {
		for l := range 4 {
			a.op("VSHUFF32X4 $%s, Z%d, Z%d, Z%d", []string{"0x88", "0xdd"}[l/2], 16+4*c+2+l%2, 16+4*c+l%2, 4*l+c)
		}
	}
}

// shuffle8 transposes Y0 to Y7 into Y8 to Y15.
func shuffle8(a *asm) {
	for i := range 4 {
		a.op("VUNPCKLPS Y%d, Y%d, Y%d\nVUNPCKHPS Y%d, Y%d, Y%d", 2*i+1, 2*i, 8+2*i, 2*i+1, 2*i, 9+2*i)
	}
	for i := 0; i < 8; i += 4 {
		for c := range 4 {
			a.op("VUNPCK%sPD Y%d, Y%d, Y%d", []string{"L", "H"}[c%2], 8+i+c/2+2, 8+i+c/2, i+c)
		}
	}
	for c := range 4 {
		for l := range 2 {
			a.op("VPERM2F128 $%s, Y%d, Y%d, Y%d", []string{"0x20", "0x31"}[l], 4+c, c, 8+4*l+c)
		}
	}
}

package main

import "fmt"

// Weights in blocks, 32 rows side by side: package kernel's form.go has the drawing of a group. A vector is 16 rows or
// 8, a lane a row; one that holds levels has four columns of each.
//
// Registers: BX the scales of the first group, R13 its levels, both at the first of the rows that are treated; AX how far
// from there the present group is; CX counts groups.
type form struct {
	name  string
	bits  int
	zero  int
	least bool
}

var forms = []form{
	{"Q4_0", 4, 8, false},
	{"Q4_1", 4, 0, true},
	{"Q5_0", 5, 16, false},
	{"Q5_1", 5, 0, true},
	{"Q8_0", 8, 128, false},
}

// levels is where they begin, bytes the size of a group.
func (f form) levels() int {
	if f.least {
		return 128
	}
	return 64
}

func (f form) bytes() int { return f.levels() + 128*f.bits }

func blocks(a *asm) {
	for _, wide := range []bool{true, false} {
		v := vec{asm: a, wide: wide}
		for _, f := range forms {
			f.decode(v)
			f.dot(v)
		}
	}
	rounding(a)
	a.data()
}

// columns leaves in register lo the levels of columns 4c … 4c+3 of the rows, in hi those of the columns 16 further.
func (f form) columns(v vec, rows, c, lo, hi, t int) {
	at := rows * 4 * v.lanes()
	v.op("%s %d(R13)(AX*1), %s", v.loadInts(), 128*c+at, v.r(lo))
	if f.bits == 8 {
		v.op("%s %d(R13)(AX*1), %s", v.loadInts(), 128*(c+4)+at, v.r(hi))
		return
	}
	v.op("VPSRLD $4, %s, %s", v.r(lo), v.r(hi))
	v.bits("AND", lo, lo, uint32(0x0f0f0f0f))
	v.bits("AND", hi, hi, uint32(0x0f0f0f0f))
	if f.bits == 5 {
		for i, r := range []int{lo, hi} { // bit 8b + n of the word to bit 8b + 4
			v.op("%s %d(R13)(AX*1), %s", v.loadInts(), 512+at, v.r(t))
			if n := c + 4*i; n < 4 {
				v.op("VPSLLD $%d, %s, %s", 4-n, v.r(t), v.r(t))
			} else if n > 4 {
				v.op("VPSRLD $%d, %s, %s", n-4, v.r(t), v.r(t))
			}
			v.bits("AND", t, t, uint32(0x10101010))
			v.bits("OR", r, r, t)
		}
	}
}

func (v vec) loadInts() string {
	if v.wide {
		return "VMOVDQU32"
	}
	return "VMOVDQU"
}

// scales leaves the scales of the rows in register d and the minima in m.
func (f form) scales(v vec, rows, d, m int) {
	at := rows * 2 * v.lanes()
	v.op("VCVTPH2PS %d(BX)(AX*1), %s", at, v.r(d))
	if f.least {
		v.op("VCVTPH2PS %d(BX)(AX*1), %s", 64+at, v.r(m))
	}
}

// decode prints the function that writes groups out as numbers.
func (f form) decode(v vec) {
	v.function("writes groups of "+f.name+" as numbers, [32 columns][32 rows] each.", "decode"+f.name+v.suffix()+"(dst *float32, w *byte, groups int)", 24)
	v.op("MOVQ dst+0(FP), DI\nMOVQ w+8(FP), BX\nMOVQ groups+16(FP), CX\nLEAQ %d(BX), R13\nXORQ AX, AX", f.levels())
	const lo, hi, d, m, x, t, mask, zero = 0, 1, 2, 3, 4, 5, 6, 7
	v.set(mask, uint32(0xff))
	v.set(zero, uint32(f.zero))
	loop := v.fresh("group")
	v.label(loop)
	for rows := range 32 / v.lanes() {
		f.scales(v, rows, d, m)
		for c := range 4 {
			f.columns(v, rows, c, lo, hi, t)
			for i, r := range []int{lo, hi} {
				for b := range 4 {
					switch b {
					case 0:
						v.bits("AND", x, r, mask)
					case 3:
						v.op("VPSRLD $24, %s, %s", v.r(r), v.r(x))
					default:
						v.op("VPSRLD $%d, %s, %s", 8*b, v.r(r), v.r(x))
						v.bits("AND", x, x, mask)
					}
					if f.zero != 0 {
						v.do("VPSUBD", zero, x, x)
					}
					v.do("VCVTDQ2PS", x, x)
					if f.least {
						v.do("VFMADD213PS", m, d, x) // x = x·d + m: the product is exact
					} else {
						v.mul(x, x, d)
					}
					v.op("VMOVUPS %s, %d(DI)", v.r(x), (16*i+4*c+b)*128+rows*4*v.lanes())
				}
			}
		}
	}
	v.op("ADDQ $4096, DI\nADDQ $%d, AX\nDECQ CX\nJNE %s\nVZEROUPPER\nRET", f.bytes(), loop)
}

// Where a group of rounded activations has what.
const (
	groupSize = 64
	scaleAt   = 32
	sumAt     = 36
	offsetAt  = 40
)

// dot prints the function that multiplies a panel with rows of rounded activations: for each number of rows its own
// loop.
func (f form) dot(v vec) {
	tall := 4
	if v.wide {
		tall = 6
	}
	v.function(fmt.Sprintf("multiplies up to %d rows of rounded activations with a panel of %s.", tall, f.name),
		"dot"+f.name+v.suffix()+"(c *float32, ldc int, a *byte, lda int, w *byte, at *int32, groups, rows int)", 64)
	v.op(`MOVQ c+0(FP), DI
		MOVQ ldc+8(FP), SI
		MOVQ lda+24(FP), R9
		MOVQ w+32(FP), BX
		MOVQ rows+56(FP), R15
		SHLQ $2, SI
		LEAQ (R9)(R9*2), R10
		LEAQ (R9)(R9*4), R11
		LEAQ %d(BX), R13`, f.levels())
	labels := make([]string, tall+1)
	for rows := tall; rows >= 1; rows-- {
		labels[rows] = v.fresh("rows")
		v.op("CMPQ R15, $%d\nJEQ %s", rows, labels[rows])
	}
	v.op("RET")
	for rows := tall; rows >= 1; rows-- {
		v.label(labels[rows])
		if v.wide {
			f.dotAVX512(v, rows)
		} else {
			f.dotAVX2(v, rows)
		}
	}
}

// dotAVX512 keeps all 32 rows of W, as two halves: levels in Z0 … Z7, sums of integers in Z20 …, of products in Z8 ….
func (f form) dotAVX512(v vec, rows int) {
	const d, m, t, scaled = 26, 27, 28, 29
	for i := range 2 * rows {
		v.op("VPXORD Z%d, Z%d, Z%d", 8+i, 8+i, 8+i)
	}
	v.op("MOVQ a+16(FP), R8\nMOVQ at+40(FP), R12\nMOVQ groups+48(FP), CX")
	loop := v.fresh("group")
	v.label(loop)
	v.op("MOVLQSX (R12), AX")
	for half := range 2 {
		for c := range 4 {
			f.columns(v, half, c, c, c+4, t)
		}
		f.scales(v, half, d, m)
		for r := range rows {
			v.op("VPBROADCASTD %s, Z%d", rowByte(r, offsetAt), 20+r)
		}
		for u := range 8 {
			for r := range rows {
				v.op("VPDPBUSD.BCST %s, Z%d, Z%d", rowByte(r, 4*u), u, 20+r)
			}
		}
		for r := range rows {
			v.op("VMULPS.BCST %s, Z%d, Z%d", rowByte(r, scaleAt), d, scaled)
			v.op("VCVTDQ2PS Z%d, Z%d", 20+r, 20+r)
			v.op("VFMADD231PS Z%d, Z%d, Z%d", 20+r, scaled, 8+2*r+half)
			if f.least {
				v.op("VFMADD231PS.BCST %s, Z%d, Z%d", rowByte(r, sumAt), m, 8+2*r+half)
			}
		}
	}
	v.op("ADDQ $%d, R8\nADDQ $4, R12\nDECQ CX\nJNE %s", groupSize, loop)
	for r := range rows {
		v.op("VMOVUPS Z%d, (DI)\nVMOVUPS Z%d, 64(DI)", 8+2*r, 9+2*r)
		if r+1 < rows {
			v.op("ADDQ SI, DI")
		}
	}
	v.op("VZEROUPPER\nRET")
}

// dotAVX2 treats 8 rows of W at a time, or more if there are few of the activations: sums of integers in Y4 …, of
// products behind them. Products of a level and an activation are added in pairs, in 16 bits: of four bits, all eight
// pairs of a lane fit; of eight, none would, so there |q|·(±a) is taken.
func (f form) dotAVX2(v vec, rows int) {
	const lo, hi, t, w, d, m, ones = 0, 1, 2, 3, 12, 13, 14
	many := map[int]int{1: 4, 2: 2, 3: 1, 4: 1}[rows] // vectors at a time
	sum := func(r, i int) int { return 4 + rows + r*many + i }
	v.set(ones, uint32(0x00010001))
	v.op("MOVQ $%d, DX", 4/many)
	pass, loop := v.fresh("pass"), v.fresh("group")
	v.label(pass)
	for r := range rows {
		for i := range many {
			v.bits("XOR", sum(r, i), sum(r, i), sum(r, i))
		}
	}
	v.op("MOVQ a+16(FP), R8\nMOVQ at+40(FP), R12\nMOVQ groups+48(FP), CX")
	v.label(loop)
	v.op("MOVLQSX (R12), AX")
	for i := range many {
		f.scales(v, i, d, m)
		for c := range 4 {
			f.columns(v, i, c, lo, hi, t)
			for u, q := range []int{lo, hi} {
				if f.bits == 8 {
					v.bits("XOR", q, q, uint32(0x80808080))
					v.do("VPABSB", q, w)
				}
				for r := range rows {
					f.pairs(v, q, 4+r, rowByte(r, 4*(c+4*u)), c == 0 && u == 0)
				}
			}
		}
		for r := range rows {
			if f.bits == 4 {
				v.do("VPMADDWD", ones, 4+r, 4+r)
			}
			if f.bits != 8 {
				v.op("VPBROADCASTD %s, Y%d", rowByte(r, offsetAt), t)
				v.do("VPADDD", t, 4+r, 4+r)
			}
			v.do("VCVTDQ2PS", 4+r, 4+r)
			v.op("VBROADCASTSS %s, Y%d", rowByte(r, scaleAt), t)
			v.mul(t, t, d)
			v.fma(sum(r, i), 4+r, t)
			if f.least {
				v.op("VBROADCASTSS %s, Y%d", rowByte(r, sumAt), t)
				v.fma(sum(r, i), t, m)
			}
		}
	}
	v.op("ADDQ $%d, R8\nADDQ $4, R12\nDECQ CX\nJNE %s", groupSize, loop)
	v.op("MOVQ DI, AX")
	for r := range rows {
		for i := range many {
			v.op("VMOVUPS Y%d, %d(AX)", sum(r, i), 32*i)
		}
		if r+1 < rows {
			v.op("ADDQ SI, AX")
		}
	}
	v.op("ADDQ $%d, DI\nADDQ $%d, BX\nADDQ $%d, R13", 32*many, 16*many, 32*many)
	v.op("DECQ DX\nJNE %s\nVZEROUPPER\nRET", pass)
}

// pairs adds the products of the levels in q with four activations to the sums in acc. Of eight bits, |q| is in Y3.
func (f form) pairs(v vec, q, acc int, activations string, first bool) {
	const t, w, ones = 2, 3, 14
	v.op("VPBROADCASTD %s, Y%d", activations, t)
	if f.bits == 8 {
		v.do("VPSIGNB", q, t, t)
		q = w
	}
	into := t
	if first {
		into = acc
	}
	v.do("VPMADDUBSW", t, q, into)
	if f.bits == 4 {
		if !first {
			v.do("VPADDW", t, acc, acc)
		}
		return
	}
	v.do("VPMADDWD", ones, into, into)
	if !first {
		v.do("VPADDD", t, acc, acc)
	}
}

// rowByte is the address of a byte of the present group of row r of the activations.
func rowByte(r, at int) string {
	return fmt.Sprintf("%d(R8)%s", at, []string{"", "(R9*1)", "(R9*2)", "(R10*1)", "(R9*4)", "(R11*1)"}[r])
}

// rounding rounds activations to eight bits, 32 at a time: form.go says how.
func rounding(a *asm) {
	v := vec{asm: a}
	v.function("rounds 32 numbers at a time to eight bits.", "roundGroupsAVX2(dst []byte, src []float32, zero int)", 56)
	v.op("MOVQ dst_base+0(FP), DI\nMOVQ src_base+24(FP), SI\nMOVQ src_len+32(FP), CX\nMOVQ zero+48(FP), AX\nNEGQ AX\nMOVQ AX, X15\nVPBROADCASTD X15, X15")
	v.op("SUBQ $32, CX\nJLT end")
	v.label("group")
	for i := range 4 {
		v.load("SI", 32*i, i)
		v.bits("AND", 4+i, i, uint32(0x7fffffff))
	}
	v.do("VPMAXUD", 5, 4, 4)
	v.do("VPMAXUD", 7, 6, 6)
	v.do("VPMAXUD", 6, 4, 4)
	v.op("VEXTRACTI128 $1, Y4, X5\nVPMAXUD X5, X4, X4\nVPSHUFD $0x4e, X4, X5\nVPMAXUD X5, X4, X4\nVPSHUFD $0xb1, X4, X5\nVPMAXUD X5, X4, X4")
	v.op("VDIVPS %s, X4, X5", v.constant(0x42fe0000)) // 127
	v.op("VMOVUPS %s, X6\nVDIVPS X5, X6, X6", v.constant(0x3f800000))
	v.op("VCMPPS $13, %s, X5, X7\nVANDPS X7, X6, X6", v.constant(0x00800000)) // too small: zeros
	v.op("VSUBPS X4, X4, X4\nVADDPS X4, X5, X5")                              // NaN unless finite
	v.op("VBROADCASTSS X6, Y6")
	for i := range 4 {
		v.mul(i, i, 6)
		v.do("VCVTPS2DQ", i, i)
	}
	v.do("VPADDD", 1, 0, 8)
	v.do("VPADDD", 3, 2, 9)
	v.do("VPACKSSDW", 1, 0, 0)
	v.do("VPACKSSDW", 3, 2, 2)
	v.do("VPACKSSWB", 2, 0, 0)
	v.op("VMOVDQU order<>(SB), Y1\nVPERMD Y0, Y1, Y0\nVMOVDQU Y0, (DI)")
	v.op("VPHADDD Y9, Y8, Y8\nVEXTRACTI128 $1, Y8, X9\nVPADDD X9, X8, X8\nVPHADDD X8, X8, X8\nVPHADDD X8, X8, X9") // halves, and all
	v.op("VCVTDQ2PS X9, X0\nVMULPS X5, X0, X0")
	v.op("VPMULLD X15, X8, X8\nVPMULLD X15, X9, X9")
	v.op("VMOVSS X5, 32(DI)\nVMOVSS X0, 36(DI)\nVMOVD X9, 40(DI)\nVMOVQ X8, 44(DI)")
	v.op("ADDQ $128, SI\nADDQ $64, DI\nSUBQ $32, CX\nJGE group")
	v.label("end")
	v.op("VZEROUPPER\nRET")
	for i, lane := range []int{0, 4, 1, 5, 2, 6, 3, 7} { // undoes the order of packing
		fmt.Fprintf(a, "DATA order<>+%d(SB)/4, $%d\n", 4*i, lane)
	}
	fmt.Fprint(a, "GLOBL order<>(SB), RODATA|NOPTR, $32\n")
}

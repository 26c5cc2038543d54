package main

import (
	"fmt"
	"maps"
	"math"
	"slices"
	"strings"
)

// vec prints a loop over slices for one kind of processor: vectors of 16 numbers in Z0 … Z31, or of 8 in Y0 … Y15.
// Loops use the first 15 registers of either.
type vec struct {
	*asm
	wide   bool
	masked bool // the last vector, in which only some numbers count: those of K1, or of Y15
}

// pointers are the registers that walk along the slices.
var pointers = []string{"DI", "SI", "R8", "R9", "R10", "R11"}

func (v vec) lanes() int {
	if v.wide {
		return 16
	}
	return 8
}

func (v vec) suffix() string {
	if v.wide {
		return "AVX512"
	}
	return "AVX2"
}

// r names vector register i.
func (v vec) r(i int) string {
	if v.wide {
		return fmt.Sprintf("Z%d", i)
	}
	return fmt.Sprintf("Y%d", i)
}

// operand is a register's number, or a constant in memory.
func (v vec) operand(x any) string {
	switch x := x.(type) {
	case int:
		return v.r(x)
	case float64:
		return v.constant(math.Float32bits(float32(x)))
	case uint32:
		return v.constant(x)
	}
	panic(fmt.Sprintf("operand %v", x))
}

// constant returns the address of a vector that repeats the given bits.
func (a *asm) constant(bits uint32) string {
	if a.constants == nil {
		a.constants = map[uint32]bool{}
	}
	a.constants[bits] = true
	return fmt.Sprintf("all%08x<>(SB)", bits)
}

// data prints the constants that were asked for.
func (a *asm) data() {
	for _, bits := range slices.Sorted(maps.Keys(a.constants)) {
		fmt.Fprintln(a)
		for at := 0; at < 64; at += 8 {
			fmt.Fprintf(a, "DATA all%08x<>+%d(SB)/8, $0x%08x%08x\n", bits, at, bits, bits)
		}
		fmt.Fprintf(a, "GLOBL all%08x<>(SB), RODATA|NOPTR, $64\n", bits)
	}
	fmt.Fprintln(a)
	for at := 0; at < 64; at += 8 {
		fmt.Fprintf(a, "DATA masks<>+%d(SB)/8, $%d\n", at, []int{-1, 0}[at/32])
	}
	fmt.Fprint(a, "GLOBL masks<>(SB), RODATA|NOPTR, $64\n")
}

// do prints an instruction with its operands in Go's order, the destination last.
func (v vec) do(name string, operands ...any) {
	list := make([]string, len(operands))
	for i, x := range operands {
		list[i] = v.operand(x)
	}
	v.op("%s %s", name, strings.Join(list, ", "))
}

func (v vec) set(dst int, x any)       { v.do("VMOVUPS", x, dst) }
func (v vec) add(dst, x int, y any)    { v.do("VADDPS", y, x, dst) }
func (v vec) sub(dst, x int, y any)    { v.do("VSUBPS", y, x, dst) } // x − y
func (v vec) mul(dst, x int, y any)    { v.do("VMULPS", y, x, dst) }
func (v vec) div(dst, x int, y any)    { v.do("VDIVPS", y, x, dst) }
func (v vec) fma(dst, x int, y any)    { v.do("VFMADD231PS", y, x, dst) }  // dst += x·y
func (v vec) fnma(dst, x int, y any)   { v.do("VFNMADD231PS", y, x, dst) } // dst −= x·y
func (v vec) horner(dst, x int, c any) { v.do("VFMADD213PS", c, x, dst) }  // dst = dst·x + c
func (v vec) sqrt(dst, x int)          { v.do("VSQRTPS", x, dst) }
func (v vec) bits(name string, dst, x int, y any) { // a logical operation: AND, OR, XOR, ANDN
	if v.wide {
		v.do("VP"+name+"D", y, x, dst)
	} else {
		v.do("V"+name+"PS", y, x, dst)
	}
}

// round computes the nearest integer, ties to even.
func (v vec) round(dst, x int) {
	if v.wide {
		v.op("VRNDSCALEPS $8, %s, %s", v.r(x), v.r(dst))
	} else {
		v.op("VROUNDPS $8, %s, %s", v.r(x), v.r(dst))
	}
}

// atMost and atLeast bound x, a NaN excepted: with a NaN, the instructions return their last source.
func (v vec) atMost(x, t int, bound float64) {
	v.set(t, bound)
	v.do("VMINPS", x, t, x)
}

func (v vec) atLeast(x, t int, bound float64) {
	v.set(t, bound)
	v.do("VMAXPS", x, t, x)
}

// choose computes dst = y where |x| < bound, and leaves the rest of dst alone. It spoils t.
func (v vec) choose(dst, y, x, t int, bound float64) {
	v.bits("AND", t, x, uint32(0x7fffffff))
	if v.wide {
		v.op("VCMPPS $1, %s, %s, K2", v.operand(bound), v.r(t)) // t < bound
		v.op("VMOVAPS %s, K2, %s", v.r(y), v.r(dst))
	} else {
		v.op("VCMPPS $1, %s, %s, %s", v.operand(bound), v.r(t), v.r(t))
		v.op("VBLENDVPS %s, %s, %s, %s", v.r(t), v.r(y), v.r(dst), v.r(dst))
	}
}

// chooseNegative computes dst = y where x is negative.
func (v vec) chooseNegative(dst, y, x int) {
	if v.wide {
		v.op("VPMOVD2M %s, K2\nVMOVAPS %s, K2, %s", v.r(x), v.r(y), v.r(dst))
	} else {
		v.op("VBLENDVPS %s, %s, %s, %s", v.r(x), v.r(y), v.r(dst), v.r(dst))
	}
}

// keep clears the numbers that do not count.
func (v vec) keep(x int) {
	switch {
	case !v.masked:
	case v.wide:
		v.op("VMOVAPS.Z %s, K1, %s", v.r(x), v.r(x))
	default:
		v.op("VANDPS Y15, %s, %s", v.r(x), v.r(x))
	}
}

// greater computes acc = max(acc, x) and passes over NaNs and over what does not count.
func (v vec) greater(acc, x int) {
	if v.masked && v.wide {
		v.op("VMAXPS %s, %s, K1, %s", v.r(acc), v.r(x), v.r(acc))
		return
	}
	if v.masked {
		v.op("VBLENDVPS Y15, %s, %s, %s", v.r(x), v.r(acc), v.r(x))
	}
	v.do("VMAXPS", acc, x, acc)
}

func (v vec) load(pointer string, at, r int) {
	switch {
	case !v.masked:
		v.op("VMOVUPS %d(%s), %s", at, pointer, v.r(r))
	case v.wide:
		v.op("VMOVUPS.Z %d(%s), K1, %s", at, pointer, v.r(r))
	default:
		v.op("VMASKMOVPS %d(%s), Y15, %s", at, pointer, v.r(r))
	}
}

func (v vec) store(r int, pointer string) {
	switch {
	case !v.masked:
		v.op("VMOVUPS %s, (%s)", v.r(r), pointer)
	case v.wide:
		v.op("VMOVUPS %s, K1, (%s)", v.r(r), pointer)
	default:
		v.op("VMASKMOVPS %s, Y15, (%s)", v.r(r), pointer)
	}
}

// mask makes the mask of the CX numbers that are left.
func (v vec) mask() {
	if v.wide {
		v.op("MOVL $-1, AX\nBZHIL CX, AX, AX\nKMOVW AX, K1")
	} else {
		v.op("LEAQ masks<>+32(SB), AX\nSHLQ $2, CX\nSUBQ CX, AX\nSHRQ $2, CX\nVMOVUPS (AX), Y15")
	}
}

// A loop runs over slices of one length. A slice's name is followed by + if it is written, and by = if it is written
// and not read. Slice i is in register i, scalar i in register 14−i.
type loop struct {
	name, doc string
	slices    string
	scalars   string
	body      func(v vec)
}

func (l loop) open(v vec, result string) (names []string, slices []string) {
	slices = strings.Fields(l.slices)
	for _, s := range slices {
		names = append(names, strings.TrimRight(s, "+="))
	}
	scalars := strings.Fields(l.scalars)
	if v.wide {
		loops = append(loops, l.name)
	}
	signature := fmt.Sprintf("%s%s(%s []float32", l.name, v.suffix(), strings.Join(names, ", "))
	if len(scalars) > 0 {
		signature += ", " + strings.Join(scalars, ", ") + " float32"
	}
	size := 24*len(names) + 4*len(scalars)
	if result != "" {
		size = (size+7)&^7 + 4
	}
	v.function(l.doc, signature+")"+result, size)
	for i, s := range names {
		v.op("MOVQ %s_base+%d(FP), %s", s, 24*i, pointers[i])
	}
	v.op("MOVQ %s_len+8(FP), CX", names[0])
	for i, s := range scalars {
		v.op("VBROADCASTSS %s+%d(FP), %s", s, 24*len(names)+4*i, v.r(14-i))
	}
	return names, slices
}

// elementwise prints a loop that treats every number alike. The body leaves what is to be written in its slice's
// register.
func (l loop) elementwise(a *asm) {
	for _, wide := range []bool{true, false} {
		v := vec{asm: a, wide: wide}
		names, slices := l.open(v, "")
		step := func(v vec) {
			for i, s := range slices {
				if !strings.HasSuffix(s, "=") {
					v.load(pointers[i], 0, i)
				}
			}
			l.body(v)
			for i, s := range slices {
				if strings.ContainsAny(s, "+=") {
					v.store(i, pointers[i])
				}
			}
		}
		full, rest, end := a.fresh("full"), a.fresh("rest"), a.fresh("end")
		a.op("SUBQ $%d, CX\nJLT %s\nPCALIGN $32", v.lanes(), rest)
		a.label(full)
		step(v)
		for i := range names {
			a.op("ADDQ $%d, %s", 4*v.lanes(), pointers[i])
		}
		a.op("SUBQ $%d, CX\nJGE %s", v.lanes(), full)
		a.label(rest)
		a.op("ADDQ $%d, CX\nJEQ %s", v.lanes(), end)
		v.mask()
		v.masked = true
		step(v)
		a.label(end)
		a.op("VZEROUPPER\nRET")
	}
}

// acc is the first of the four registers in which a reduction gathers.
const acc = 8

// reduction prints a loop that gathers one number. The body, told the register, gathers there.
func (l loop) reduction(a *asm, start float64, body func(v vec, acc int), join func(v vec, dst, x int)) {
	for _, wide := range []bool{true, false} {
		v := vec{asm: a, wide: wide}
		_, slices := l.open(v, " float32")
		for i := range 4 {
			v.set(acc+i, start)
		}
		step := func(v vec, u int) {
			for i, s := range slices {
				if !strings.HasSuffix(s, "=") {
					v.load(pointers[i], 0, i)
				}
			}
			body(v, acc+u)
			for i, s := range slices {
				if strings.ContainsAny(s, "+=") {
					v.store(i, pointers[i])
				}
			}
			for i := range slices {
				a.op("ADDQ $%d, %s", 4*v.lanes(), pointers[i])
			}
		}
		four, rest, one, last, end := a.fresh("four"), a.fresh("rest"), a.fresh("one"), a.fresh("last"), a.fresh("end")
		a.op("SUBQ $%d, CX\nJLT %s\nPCALIGN $32", 4*v.lanes(), rest)
		a.label(four)
		for u := range 4 {
			step(v, u)
		}
		a.op("SUBQ $%d, CX\nJGE %s", 4*v.lanes(), four)
		a.label(rest)
		a.op("ADDQ $%d, CX\nJLT %s", 3*v.lanes(), last)
		a.label(one)
		step(v, 0)
		a.op("SUBQ $%d, CX\nJGE %s", v.lanes(), one)
		a.label(last)
		a.op("ADDQ $%d, CX\nJEQ %s", v.lanes(), end)
		v.mask()
		v.masked = true
		step(v, 1)
		v.masked = false
		a.label(end)
		for _, d := range []int{2, 1} { // fold the four, then halves of a vector
			for i := range d {
				join(v, acc+i, acc+i+d)
			}
		}
		if wide {
			a.op("VEXTRACTF32X8 $1, Z%d, Y%d", acc, acc+1)
			v.wide = false
			join(v, acc, acc+1)
		}
		a.op("VEXTRACTF128 $1, Y%d, X%d", acc, acc+1)
		join(v, acc, acc+1)
		a.op("VPERMILPS $0x4e, Y%d, Y%d", acc, acc+1)
		join(v, acc, acc+1)
		a.op("VPERMILPS $0xb1, Y%d, Y%d", acc, acc+1)
		join(v, acc, acc+1)
		a.op("VMOVSS X%d, ret+%d(FP)\nVZEROUPPER\nRET", acc, (24*len(slices)+4*len(strings.Fields(l.scalars))+7)&^7)
	}
}

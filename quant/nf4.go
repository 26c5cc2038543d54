package quant

import (
	"encoding/binary"
	"math"
)

// NF4: 64 numbers in 36 bytes, x = a·t_q, where a is the greatest absolute value
// of the block and t the "normal float" of four bits: the means of quantiles of
// a normal distribution, so that each of the 16 levels is about as frequent.
//
//	0            4                                36
//	├─ a ────────┼─ q ────────────────────────────┤   a f32; byte j: hi q_{2j}, lo q_{2j+1}
//
// The high half comes first, as in bitsandbytes. That library keeps the scales
// of all blocks in an array of their own, which may be quantised once more; here
// each stands before its block.
//
// Dettmers et al., QLoRA: Efficient Finetuning of Quantized LLMs, 2023,
// arXiv:2305.14314, §3 and appendix E.
func init() {
	register(Format{Name: "NF4", Block: 64, Bytes: 36, decode: decodeNF4, encode: encodeNF4})
}

var tableNF4 = [16]float32{
	-1, -0.6961928009986877, -0.5250730514526367, -0.39491748809814453,
	-0.28444138169288635, -0.18477343022823334, -0.09105003625154495, 0,
	0.07958029955625534, 0.16093020141124725, 0.24611230194568634, 0.33791524171829224,
	0.44070982933044434, 0.5626170039176941, 0.7229568362236023, 1,
}

func decodeNF4(dst []float32, src []byte) {
	a := math.Float32frombits(binary.LittleEndian.Uint32(src))
	for j, q := range src[4:] {
		dst[2*j] = a * tableNF4[q>>4]
		dst[2*j+1] = a * tableNF4[q&15]
	}
}

func encodeNF4(dst []byte, src []float32) {
	a := abs(farthest(src))
	binary.LittleEndian.PutUint32(dst, math.Float32bits(a))
	for j := range 32 {
		dst[4+j] = closest(src[2*j], a, &tableNF4)<<4 | closest(src[2*j+1], a, &tableNF4)
	}
}

package gguf

import (
	"fmt"

	"github.com/rotor-lm/rotor/checkpoint"
)

// elementType is what a number in the file stands for.
type elementType struct {
	name         checkpoint.DType
	block, bytes int
}

// types are the element types that are read, under their numbers in ggml.h.
var types = map[uint32]elementType{
	24: {"I8", 1, 1}, 25: {"I16", 1, 2}, 26: {"I32", 1, 4}, 27: {"I64", 1, 8},
}

// blocks are the types of package quant.
var blocks = map[uint32]checkpoint.DType{
	2: "Q4_0", 3: "Q4_1", 6: "Q5_0", 7: "Q5_1", 8: "Q8_0",
	10: "Q2_K", 11: "Q3_K", 12: "Q4_K", 13: "Q5_K", 14: "Q6_K", 20: "IQ4_NL", 39: "MXFP4",
}

// others are the types that are known and not read.
var others = map[uint32]string{
	9: "Q8_1", 15: "Q8_K", 16: "IQ2_XXS", 17: "IQ2_XS", 18: "IQ3_XXS", 19: "IQ1_S", 21: "IQ3_S",
	22: "IQ2_S", 23: "IQ4_XS", 29: "IQ1_M", 34: "TQ1_0", 35: "TQ2_0", 40: "NVFP4",
}

func init() {
	for number, name := range map[uint32]checkpoint.DType{0: checkpoint.F32, 1: checkpoint.F16, 28: checkpoint.F64, 30: checkpoint.BF16} {
		types[number] = elementType{name, 1, name.Size()}
	}
	for number, name := range blocks {
		f, ok := name.Blocks()
		if !ok {
			panic("gguf: package quant has no " + string(name))
		}
		types[number] = elementType{name, f.Block, f.Bytes}
	}
}

func unread(number uint32) string {
	if name, ok := others[number]; ok {
		return fmt.Sprintf("type %s is not read: requantise the model, to Q4_K for instance", name)
	}
	return fmt.Sprintf("type %d is not known", number)
}

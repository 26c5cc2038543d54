package export

import (
	"fmt"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/quant"
)

// choose says of which type a tensor of a GGUF file is, and why it is not the
// one that was asked for. The rules are those of llama.cpp's own quantiser,
// without its mixtures:
//
//   - Norms, biases and positions stay in F32.
//   - The head is Q6_K where the matrices have fewer bits, for it counts more than
//     any other matrix. Where there is none the embedding is the head.
//   - A row that does not divide into blocks of 256 takes a format of 32 with
//     about as many bits, and one that does not divide into those either F16.
func (o Options) choose(name string, shape []int, have checkpoint.DType, tied bool) (d checkpoint.DType, why string) {
	if gguf.Vector(name, shape) {
		return checkpoint.F32, ""
	}
	head := name == "output.weight" || tied && name == "token_embd.weight"
	switch {
	case head && o.Output != "":
		d = o.Output
	case name == "token_embd.weight" && !tied && o.Embedding != "":
		d = o.Embedding
	case o.Type == "" && have == checkpoint.F64:
		return checkpoint.F32, "F64 is for no weights of llama.cpp's"
	case o.Type == "":
		d = have
	case head && coarse(o.Type):
		d, why = "Q6_K", "the head"
	default:
		d = o.Type
	}
	cols := shape[len(shape)-1]
	for {
		f, blocks := d.Blocks()
		if !blocks || cols%f.Block == 0 {
			return d, why
		}
		next, ok := smaller[d]
		if !ok {
			next = checkpoint.F16
		}
		d, why = next, fmt.Sprintf("rows of %d are no whole blocks of %s", cols, d)
	}
}

// smaller is a format of small blocks in the place of one of large ones.
var smaller = map[checkpoint.DType]checkpoint.DType{
	"Q2_K": "Q4_0", "Q3_K": "Q4_0", "Q4_K": "Q5_0", "Q5_K": "Q5_1", "Q6_K": "Q8_0",
}

// coarse reports whether a type has fewer bits than Q6_K.
func coarse(d checkpoint.DType) bool {
	f, ok := d.Blocks()
	six, _ := quant.Named("Q6_K")
	return ok && f.Bytes*six.Block < six.Bytes*f.Block
}

// Types are the names that a format knows for types of weights.
func Types(format string) []string {
	list := []string{"F32", "F16", "BF16"}
	if format != GGUF {
		return list
	}
	for _, f := range quant.Formats() {
		if f.Encodes() && f.Name != "NF4" { // which llama.cpp does not have
			list = append(list, f.Name)
		}
	}
	return list
}

// ParseType reads a name of a type, in capitals or not.
func ParseType(format, name string) (checkpoint.DType, error) {
	for _, t := range Types(format) {
		if strings.EqualFold(t, name) {
			return checkpoint.DType(t), nil
		}
	}
	return "", fmt.Errorf("type %q cannot be written as %s; there are %s", name, format, strings.Join(Types(format), ", "))
}

// fileType is the number by which llama.cpp calls a file's type.
func fileType(d checkpoint.DType) (uint32, bool) {
	n, ok := map[checkpoint.DType]uint32{
		"F32": 0, "F16": 1, "Q4_0": 2, "Q4_1": 3, "Q8_0": 7, "Q5_0": 8, "Q5_1": 9, "Q2_K": 10, "Q3_K": 11,
		"Q4_K": 14, "Q5_K": 16, "Q6_K": 18, "IQ4_NL": 25, "BF16": 32, "MXFP4": 38,
	}[d]
	return n, ok
}

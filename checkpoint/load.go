package checkpoint

import (
	"fmt"
	"iter"

	"github.com/rotor-lm/rotor/quant"
	"github.com/rotor-lm/rotor/tensor"
)

// Options of Load. The zero value is strict and copies nothing that it need not.
type Options struct {
	// Spare admits tensors of the file that the model does not have: the second
	// name of a tied head, masks that old files carry. Nil admits none.
	Spare func(name string) bool
	// Name gives the name in the file of a tensor of the model. Nil leaves it.
	Name func(name string) string
	// Wide widens two-byte weights and those in blocks to float32. Vectors, such as
	// scales and biases, are widened in any case.
	Wide bool
	// Copy copies every tensor, so that src may be closed afterwards.
	Copy bool
}

// Load fills every tensor of a model from src, or none: it compares all names
// and shapes first, and a mismatch is an error that names the tensors.
//
// A frozen weight in F32, BF16, F16 or blocks is not copied: it lies in the
// mapped file until it is packed, or longer, and src must stay open as long as the
// model lives. A trainable one is copied, widened to float32.
func Load(params iter.Seq2[string, *tensor.Tensor], src Source, o Options) (Report, error) {
	named := func(yield func(string, *tensor.Tensor) bool) {
		for name, t := range params {
			if o.Name != nil {
				name = o.Name(name)
			}
			if !yield(name, t) {
				return
			}
		}
	}
	shapes := func(yield func(string, []int) bool) {
		for name, t := range named {
			if !yield(name, t.Shape) {
				return
			}
		}
	}
	r, err := Match(shapes, src, o.Spare)
	if err == nil {
		err = r.Err()
	}
	if err != nil {
		return r, err
	}
	for name := range named {
		info, _ := src.Info(name)
		if _, ok := info.DType.Blocks(); !ok && info.DType.Size() == 0 {
			return r, fmt.Errorf("checkpoint: tensor %q holds %s: want F32, F16, BF16, F64 or blocks of package quant", name, info.DType)
		}
	}
	for name, t := range named {
		if err := fill(t, name, src, o); err != nil {
			return r, fmt.Errorf("checkpoint: %w", err)
		}
	}
	return r, nil
}

func fill(t *tensor.Tensor, name string, src Source, o Options) error {
	info, _ := src.Info(name)
	half := info.DType == BF16 || info.DType == F16
	if format, ok := info.DType.Blocks(); ok && len(t.Shape) > 1 && t.Cols()%format.Block == 0 && !t.Learns() && !o.Wide {
		return fillBlocks(t, name, src, format, o)
	}
	_, blocks := info.DType.Blocks()
	if blocks || t.Learns() || o.Copy && !half || half && (o.Wide || len(t.Shape) == 1) || info.DType == F64 {
		data := make([]float32, info.Len())
		if err := src.ReadF32(name, data); err != nil {
			return err
		}
		t.Fill(data, nil)
		Release(src, name)
		return nil
	}
	raw, err := src.Raw(name)
	if err != nil {
		return err
	}
	release := func() { Release(src, name) }
	if !half {
		t.Fill(numbers[float32](raw), release)
		return nil
	}
	data, d := numbers[uint16](raw), tensor.BF16
	if info.DType == F16 {
		d = tensor.F16
	}
	if o.Copy {
		data = append([]uint16(nil), data...)
		release()
		release = nil
	}
	t.FillHalf(data, d, release)
	return nil
}

// fillBlocks leaves a matrix in its blocks.
func fillBlocks(t *tensor.Tensor, name string, src Source, f quant.Format, o Options) error {
	raw, err := src.Raw(name)
	if err != nil {
		return err
	}
	release := func() { Release(src, name) }
	if o.Copy {
		raw = append([]byte(nil), raw...)
		release()
		release = nil
	}
	t.FillBlocks(raw, f, release)
	return nil
}

package gguf

import "github.com/rotor-lm/rotor/checkpoint"

// undo gives the bytes that are handed out of a tensor, from those in the file.
func (t *entry) undo(raw []byte) ([]byte, error) {
	if t.heads > 0 {
		raw = unpair(raw, t.Shape[0], t.heads)
	}
	if !t.change.values() {
		return raw, nil
	}
	x := make([]float32, t.Len())
	if err := checkpoint.Widen(x, raw, t.stored.DType); err != nil {
		return nil, err
	}
	if t.turned {
		x = transpose(x, t.Shape[1], t.Shape[0])
	}
	for i := range x {
		x[i] -= t.plus
	}
	return checkpoint.Narrow(nil, x, checkpoint.F32)
}

// wrap is the other direction: a tensor of Hugging Face's as the file has it.
func (c change) wrap(t Tensor) Tensor {
	if c.heads > 0 {
		t = c.pairRows(t)
	}
	if c.turned {
		t = turnOver(t)
	}
	if c.plus != 0 {
		read := t.Rows
		t.Raw = nil
		t.Rows = func(dst []float32, at int) error {
			err := read(dst, at)
			for i := range dst {
				dst[i] += c.plus
			}
			return err
		}
	}
	return t
}

// pairRows gives a tensor's rows the order of the file.
func (c change) pairRows(t Tensor) Tensor {
	read, raw, rows := t.Rows, t.Raw, t.Shape[0]
	cols, from := (checkpoint.Info{Shape: t.Shape[1:]}).Len(), make([]int, rows)
	pairs(1, rows, c.heads, func(half, pair, _ int) { from[pair] = half })
	t.Rows = func(dst []float32, at int) error {
		for i := range len(dst) / cols {
			if err := read(dst[i*cols:][:cols], from[at/cols+i]*cols); err != nil {
				return err
			}
		}
		return nil
	}
	if raw != nil {
		t.Raw = func() ([]byte, error) {
			b, err := raw()
			if err != nil {
				return nil, err
			}
			return pair(b, rows, c.heads), nil
		}
	}
	return t
}

// turnOver is the transpose of a matrix. It is in memory whole while it is read.
func turnOver(t Tensor) Tensor {
	read, rows, cols := t.Rows, t.Shape[0], t.Shape[1]
	t.Shape, t.Raw = []int{cols, rows}, nil
	var all []float32
	t.Rows = func(dst []float32, at int) error {
		if all == nil {
			x := make([]float32, rows*cols)
			if err := read(x, 0); err != nil {
				return err
			}
			all = transpose(x, rows, cols)
		}
		if copy(dst, all[at:]); at+len(dst) == len(all) {
			all = nil
		}
		return nil
	}
	return t
}

// unpair undoes a change of the order of rows. Hugging Face's rotary encoding
// turns rows i and i + D/2 of a head of D rows together, and llama.cpp's rows 2i
// and 2i + 1; the file has the rows where the latter wants them.
//
//	row D·h + s·D/2 + i   ←   row D·h + 2·i + s        s = 0, 1
func unpair[T any](x []T, rows, heads int) []T {
	out := make([]T, len(x))
	pairs(len(x)/rows, rows, heads, func(half, pair, n int) { copy(out[half:][:n], x[pair:]) })
	return out
}

// pair is unpair backwards.
func pair[T any](x []T, rows, heads int) []T {
	out := make([]T, len(x))
	pairs(len(x)/rows, rows, heads, func(half, pair, n int) { copy(out[pair:][:n], x[half:]) })
	return out
}

// pairs calls f for every row of size elements: where it begins by halves and
// where by pairs.
func pairs(size, rows, heads int, f func(half, pair, size int)) {
	d := rows / heads
	for h := range heads {
		for s := range 2 {
			for i := range d / 2 {
				f((h*d+s*d/2+i)*size, (h*d+2*i+s)*size, size)
			}
		}
	}
}

// transpose turns a matrix [rows, cols] over.
func transpose(x []float32, rows, cols int) []float32 {
	y := make([]float32, len(x))
	for i := range rows {
		for j := range cols {
			y[j*rows+i] = x[i*cols+j]
		}
	}
	return y
}

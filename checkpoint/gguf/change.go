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
	if err := checkpoint.Widen(x, raw, t.stored); err != nil {
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

// do is the other direction: the values in the file, from those of a tensor of
// Hugging Face's of that shape.
func (c change) do(x []float32, shape []int) []float32 {
	if c.heads > 0 {
		x = pair(x, shape[0], c.heads)
	}
	if c.turned {
		x = transpose(x, shape[0], shape[1])
	}
	if c.plus == 0 {
		return x
	}
	y := make([]float32, len(x))
	for i, v := range x {
		y[i] = v + c.plus
	}
	return y
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

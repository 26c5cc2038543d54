package cache

import (
	"fmt"

	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

// memory is what the cache keeps of one layer.
type memory struct {
	cache        *Cache
	heads        int // G
	kWidth       int // D, of a key
	vWidth       int // E, of a value
	keys, values []float32
	k, v         *tensor.Tensor // [S, G, D], [S, G, E]: the same, with a shape
	spans        []op.Span
}

// Extend keeps the keys and values of this pass, and returns those of every
// sequence that has rows in it. They are not copied: attention reads them where
// they are kept.
//
// Shapes: k [T, G, D], v [T, G, E].
func (m *memory) Extend(p *nn.Pass, k, v *tensor.Tensor) op.Keys {
	if k.NeedsGrad() || v.NeedsGrad() {
		panic("cache: a pass that is trained cannot use a memory of earlier ones")
	}
	if m.k == nil {
		m.shape(k, v)
	}
	if k.Shape[1] != m.heads || k.Shape[2] != m.kWidth || v.Shape[2] != m.vWidth {
		panic(fmt.Sprintf("cache: keys %v and values %v in a layer that keeps %v and %v", k.Shape, v.Shape, m.k.Shape, m.v.Shape))
	}
	m.spans = m.spans[:0]
	kw, vw := m.heads*m.kWidth, m.heads*m.vWidth
	for _, s := range p.Spans {
		row, visible := m.cache.place(s)
		copy(m.keys[row*kw:], k.Data[s.Row*kw:(s.Row+s.Len)*kw])
		copy(m.values[row*vw:], v.Data[s.Row*vw:(s.Row+s.Len)*vw])
		m.spans = append(m.spans, visible)
	}
	return op.Keys{Part: op.Part{K: m.k, V: m.v, Spans: m.spans}}
}

// shape learns the sizes of the layer from the first keys that come.
func (m *memory) shape(k, v *tensor.Tensor) {
	m.heads, m.kWidth, m.vWidth = k.Shape[1], k.Shape[2], v.Shape[2]
	m.resize(m.cache.rows)
}

// resize gives the layer storage of so many rows, with what it has.
func (m *memory) resize(rows int) {
	if m.heads == 0 {
		return // not yet seen
	}
	keys, values := m.keys, m.values
	m.keys, m.values = make([]float32, rows*m.heads*m.kWidth), make([]float32, rows*m.heads*m.vWidth)
	copy(m.keys, keys)
	copy(m.values, values)
	m.k, m.v = tensor.From(m.keys, rows, m.heads, m.kWidth), tensor.From(m.values, rows, m.heads, m.vWidth)
}

func (m *memory) move(to, from, rows int) {
	kw, vw := m.heads*m.kWidth, m.heads*m.vWidth
	copy(m.keys[to*kw:], m.keys[from*kw:(from+rows)*kw])
	copy(m.values[to*vw:], m.values[from*vw:(from+rows)*vw])
}

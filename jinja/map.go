package jinja

import (
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
)

// A Map is Python's dict: values by keys, in the order in which the keys came.
// Keys are texts, numbers, true, false, nil and tuples of these; 1, 1.0 and true
// are one key.
type Map struct {
	at     map[any]int // of a key in its one form
	keys   []any
	values []any
}

// NewMap returns a map of keys and values in turn.
func NewMap(pairs ...any) *Map {
	m := &Map{at: map[any]int{}}
	for i := 0; i+1 < len(pairs); i += 2 {
		m.Set(pairs[i], pairs[i+1])
	}
	return m
}

// Len is the number of keys.
func (m *Map) Len() int { return len(m.keys) }

// Get is the value of a key.
func (m *Map) Get(key any) (any, bool) {
	if !hashable(key) {
		return nil, false
	}
	i, ok := m.at[unique(key)]
	if !ok {
		return nil, false
	}
	return m.values[i], true
}

// Set gives a key a value. A new key comes last.
func (m *Map) Set(key, value any) {
	u := unique(key)
	if i, ok := m.at[u]; ok {
		m.values[i] = value
		return
	}
	m.at[u] = len(m.keys)
	m.keys, m.values = append(m.keys, key), append(m.values, value)
}

// Delete takes a key out.
func (m *Map) Delete(key any) {
	i, ok := m.at[unique(key)]
	if !ok {
		return
	}
	m.keys, m.values = slices.Delete(m.keys, i, i+1), slices.Delete(m.values, i, i+1)
	delete(m.at, unique(key))
	for _, k := range m.keys[i:] {
		m.at[unique(k)]--
	}
}

// All yields keys and values in their order.
func (m *Map) All() iter.Seq2[any, any] {
	return func(yield func(any, any) bool) {
		for i, k := range m.keys {
			if !yield(k, m.values[i]) {
				return
			}
		}
	}
}

// Clone is a map of its own with the same keys and values.
func (m *Map) Clone() *Map {
	c := NewMap()
	for k, v := range m.All() {
		c.Set(k, v)
	}
	return c
}

func hashable(key any) bool {
	switch k := key.(type) {
	case nil, string, bool, int, float64, undefined:
		return true
	case Tuple:
		for _, x := range k {
			if !hashable(x) {
				return false
			}
		}
		return true
	}
	return false
}

// tupleKey is a tuple of keys, written so that equal ones are written alike.
type tupleKey string

// unique is the one form of a key: equal keys have equal ones.
func unique(key any) any {
	switch k := key.(type) {
	case bool:
		if k {
			return 1
		}
		return 0
	case float64:
		if i := int(k); float64(i) == k && k > -1e18 && k < 1e18 {
			return i
		}
	case undefined:
		return undefined{}
	case Tuple:
		var b strings.Builder
		spell(&b, k, 0)
		return tupleKey(b.String())
	}
	return key
}

func spell(b *strings.Builder, key any, depth int) {
	if depth > deepestJSON {
		fail(0, "a key of more than %d tuples within each other", deepestJSON)
	}
	if t, ok := key.(Tuple); ok {
		b.WriteByte('(')
		for _, x := range t {
			spell(b, x, depth+1)
		}
		b.WriteByte(')')
		return
	}
	s := fmt.Sprint(unique(key))
	fmt.Fprintf(b, "%T%d:%s", unique(key), len(s), s)
}

// deepestJSON bounds lists within lists.
const deepestJSON = 500

// Decode reads one JSON value, with the order of the keys of objects: as maps,
// lists, texts, ints, floats, bools and nil.
func Decode(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	v, err := decode(d, 0)
	if err != nil {
		return nil, err
	}
	if d.More() {
		return nil, fmt.Errorf("something follows the value")
	}
	return v, nil
}

func decode(d *json.Decoder, depth int) (any, error) {
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	if depth > deepestJSON {
		return nil, fmt.Errorf("more than %d lists within each other", deepestJSON)
	}
	switch t := t.(type) {
	case json.Number:
		return number(t.String())
	case json.Delim:
		if t == '[' {
			list := List{}
			for d.More() {
				v, err := decode(d, depth+1)
				if err != nil {
					return nil, err
				}
				list = append(list, v)
			}
			_, err := d.Token()
			return list, err
		}
		m := NewMap()
		for d.More() {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decode(d, depth+1)
			if err != nil {
				return nil, err
			}
			m.Set(key, v)
		}
		_, err := d.Token()
		return m, err
	}
	return t, nil // a text, a bool or nil
}

// number is an int, or a float where it is written as one.
func number(s string) (any, error) {
	if !strings.ContainsAny(s, ".eE") {
		i, err := parseInt(s, 10)
		if err != nil {
			return nil, fmt.Errorf("the number %s has more than 64 bits", clip(s))
		}
		return i, nil
	}
	return parseFloat(s), nil
}

// MarshalJSON writes the keys in their order.
func (m *Map) MarshalJSON() (text []byte, err error) {
	defer func() {
		if f, ok := recover().(failure); ok {
			err = fmt.Errorf("jinja: %s", f.message)
		}
	}()
	return []byte(encode(nil, m)), nil
}

// UnmarshalJSON is [Decode] of an object.
func (m *Map) UnmarshalJSON(text []byte) error {
	v, err := Decode(text)
	if err != nil {
		return err
	}
	o, ok := v.(*Map)
	if !ok {
		return fmt.Errorf("want a JSON object, and have %s", clip(string(text)))
	}
	*m = *o
	return nil
}

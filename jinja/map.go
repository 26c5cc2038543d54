package jinja

import (
	"encoding/json"
	"fmt"
	"iter"
	"strconv"
	"strings"
)

// A Map is Python's dict: values by keys, in the order in which the keys came.
// Keys are texts, numbers, true, false and nil; 1, 1.0 and true are one key.
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
	switch key.(type) {
	case nil, string, bool, int, float64:
		return true
	}
	return false
}

// unique is the one form of a key: equal keys have equal ones.
func unique(key any) any {
	switch k := key.(type) {
	case bool:
		i, _ := whole(k)
		return i
	case float64:
		if i := int(k); float64(i) == k && k > -1e18 && k < 1e18 {
			return i
		}
	}
	return key
}

// deepestValue bounds lists within lists.
const deepestValue = 500

// Decode reads one JSON value, with the order of the keys of objects: as maps,
// lists, texts, ints, floats, bools and nil.
func Decode(text []byte) (any, error) {
	d := json.NewDecoder(strings.NewReader(string(text)))
	d.UseNumber()
	v, err := decode(d, 0)
	if err == nil && d.More() {
		return nil, fmt.Errorf("something follows the value")
	}
	return v, err
}

func decode(d *json.Decoder, depth int) (v any, err error) {
	if v, err = d.Token(); err != nil {
		return nil, err
	}
	if n, ok := v.(json.Number); ok {
		return number(n.String())
	}
	bracket, ok := v.(json.Delim)
	if !ok {
		return v, nil // a text, a bool or nil
	}
	if depth > deepestValue {
		return nil, fmt.Errorf("more than %d lists within each other", deepestValue)
	}
	list, m := List{}, NewMap()
	for d.More() {
		var key any
		if bracket == '{' {
			if key, err = d.Token(); err != nil {
				return nil, err
			}
		}
		if v, err = decode(d, depth+1); err != nil {
			return nil, err
		}
		if bracket == '{' {
			m.Set(key, v)
		} else {
			list = append(list, v)
		}
	}
	_, err = d.Token()
	if bracket == '{' {
		return m, err
	}
	return list, err
}

// number is an int, or a float where it is written as one; a float that is too
// large is infinite, as in Python.
func number(s string) (any, error) {
	if strings.ContainsAny(s, ".eE") {
		f, _ := strconv.ParseFloat(s, 64)
		return f, nil
	}
	i, err := strconv.Atoi(s)
	if err != nil {
		return nil, fmt.Errorf("the number %s has more than 64 bits", clip(s))
	}
	return i, nil
}

// MarshalJSON writes the keys in their order.
func (m *Map) MarshalJSON() (text []byte, err error) {
	defer func() {
		if f, ok := recover().(failure); ok {
			err = fmt.Errorf("jinja: %s", f.message)
		}
	}()
	return []byte(encode(m)), nil
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

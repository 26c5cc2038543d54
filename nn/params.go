package nn

import (
	"fmt"
	"iter"
	"reflect"
	"strconv"

	"github.com/rotor-lm/rotor/tensor"
)

// Params yields every tensor of m under its checkpoint name, in the order of
// the fields. A tensor that stands in two places is yielded once, under the
// first name.
func Params(m any) iter.Seq2[string, *tensor.Tensor] {
	return func(yield func(string, *tensor.Tensor) bool) {
		w := paramWalk{yield: yield, seen: map[*tensor.Tensor]bool{}}
		w.walk("", reflect.ValueOf(m))
	}
}

type paramWalk struct {
	yield func(string, *tensor.Tensor) bool
	seen  map[*tensor.Tensor]bool
}

// walk reports whether to go on.
func (w *paramWalk) walk(path string, v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return true
		}
		if v.Type() == tensorType {
			t := v.Interface().(*tensor.Tensor)
			if w.seen[t] {
				return true
			}
			w.seen[t] = true
			return w.yield(path, t)
		}
		return w.walk(path, v.Elem())
	case reflect.Slice:
		for i := range v.Len() {
			if !w.walk(join(path, strconv.Itoa(i)), v.Index(i)) {
				return false
			}
		}
	case reflect.Struct:
		for i := range v.NumField() {
			name, ok := v.Type().Field(i).Tag.Lookup("w")
			if ok && !w.walk(join(path, name), exported(v, i)) {
				return false
			}
		}
	}
	return true
}

var tensorType = reflect.TypeFor[*tensor.Tensor]()

// exported returns field i of v. A tag on a field that reflection may not read
// is a mistake in the struct, found at the first walk.
func exported(v reflect.Value, i int) reflect.Value {
	if f := v.Type().Field(i); !f.IsExported() {
		panic(fmt.Sprintf("nn: field %s of %s has a tag w and is not exported", f.Name, v.Type()))
	}
	return v.Field(i)
}

func join(path, name string) string {
	switch {
	case path == "":
		return name
	case name == "":
		return path
	}
	return path + "." + name
}

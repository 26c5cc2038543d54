package nn

import (
	"fmt"
	"reflect"
	"strconv"

	"github.com/rotor-lm/rotor/tensor"
)

// Rewriter says what should stand at each named site of a model. It answers
// with what it was given to leave a site as it is.
type Rewriter interface {
	Layer(path string, l Layer) Layer
	Embedder(path string, e Embedder) Embedder
	Memory(path string, m Memory) Memory
}

// Keep leaves every site as it is. Rewriters embed it and override what they
// are about.
type Keep struct{}

func (Keep) Layer(_ string, l Layer) Layer          { return l }
func (Keep) Embedder(_ string, e Embedder) Embedder { return e }
func (Keep) Memory(_ string, m Memory) Memory       { return m }

// Rewrite returns a copy of m in which r has had its say at every site, leaves
// first. The copy shares every tensor with m, and m is not touched.
//
// What stands at two sites is rewritten once, under its first path, so that
// what was tied stays tied. A replacement that does not fit its field, such as
// a plain Layer where a Projection must stand, is an error that names the path.
func Rewrite[M any](m M, r Rewriter) (M, error) {
	w := rewriteWalk{r: r, done: map[key]reflect.Value{}}
	out := w.value("", reflect.ValueOf(&m).Elem())
	return out.Interface().(M), w.err
}

// MapTensors returns a copy of m in which f has replaced every tensor, each
// once. Where f returns its argument, the copy shares the tensor with m.
func MapTensors[M any](m M, f func(path string, t *tensor.Tensor) *tensor.Tensor) M {
	w := rewriteWalk{r: Keep{}, tensor: f, done: map[key]reflect.Value{}}
	return w.value("", reflect.ValueOf(&m).Elem()).Interface().(M)
}

type rewriteWalk struct {
	r      Rewriter
	tensor func(path string, t *tensor.Tensor) *tensor.Tensor
	done   map[key]reflect.Value
	err    error
}

// key identifies what has been rewritten: what a pointer points to, as it
// stands at a kind of site, or at none.
type key struct {
	pointer uintptr
	typ     reflect.Type
	site    reflect.Type
}

var (
	layerType      = reflect.TypeFor[Layer]()
	projectionType = reflect.TypeFor[Projection]()
	embedderType   = reflect.TypeFor[Embedder]()
	memoryType     = reflect.TypeFor[Memory]()
)

// value returns the rewritten form of v, of v's own type.
func (w *rewriteWalk) value(path string, v reflect.Value) reflect.Value {
	switch v.Kind() {
	case reflect.Pointer:
		if v.IsNil() {
			return v
		}
		k := key{pointer: v.Pointer(), typ: v.Type()}
		if r, ok := w.done[k]; ok {
			return r
		}
		r := w.pointer(path, v)
		w.done[k] = r
		return r
	case reflect.Interface:
		if v.IsNil() {
			return v
		}
		return w.site(path, v)
	case reflect.Slice:
		r := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		for i := range v.Len() {
			r.Index(i).Set(w.value(join(path, strconv.Itoa(i)), v.Index(i)))
		}
		return r
	case reflect.Struct:
		r := reflect.New(v.Type()).Elem()
		r.Set(v)
		for i := range v.NumField() {
			if name, ok := v.Type().Field(i).Tag.Lookup("w"); ok {
				r.Field(i).Set(w.value(join(path, name), exported(v, i)))
			}
		}
		return r
	}
	return v
}

func (w *rewriteWalk) pointer(path string, v reflect.Value) reflect.Value {
	if v.Type() == tensorType {
		if w.tensor == nil {
			return v
		}
		return reflect.ValueOf(w.tensor(path, v.Interface().(*tensor.Tensor)))
	}
	if v.Elem().Kind() != reflect.Struct {
		return v
	}
	r := reflect.New(v.Type().Elem())
	r.Elem().Set(w.value(path, v.Elem()))
	return r
}

// site rewrites what stands in an interface, and asks the rewriter if the
// interface is one of the sites.
func (w *rewriteWalk) site(path string, v reflect.Value) reflect.Value {
	k := key{site: v.Type()}
	if e := v.Elem(); e.Kind() == reflect.Pointer {
		k.pointer, k.typ = e.Pointer(), e.Type()
		if r, ok := w.done[k]; ok {
			return r
		}
	}
	inner := reflect.New(v.Type()).Elem()
	inner.Set(w.value(path, v.Elem()))
	var replaced any
	switch v.Type() {
	case layerType, projectionType:
		replaced = w.r.Layer(path, inner.Interface().(Layer))
	case embedderType:
		replaced = w.r.Embedder(path, inner.Interface().(Embedder))
	case memoryType:
		replaced = w.r.Memory(path, inner.Interface().(Memory))
	default:
		return inner
	}
	r := reflect.New(v.Type()).Elem()
	if replaced == nil || !reflect.TypeOf(replaced).AssignableTo(v.Type()) {
		if w.err == nil {
			w.err = fmt.Errorf("nn: %s: a %T cannot stand where a %s must", path, replaced, v.Type())
		}
		return inner
	}
	r.Set(reflect.ValueOf(replaced))
	if k.pointer != 0 {
		w.done[k] = r
	}
	return r
}

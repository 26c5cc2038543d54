package kernel

import (
	"reflect"
	"unsafe"
)

// setUnexported copies field i of a struct, which reflection may not read.
func setUnexported(dst, from reflect.Value, i int) {
	p := reflect.New(from.Type()).Elem()
	p.Set(from)
	dst.Set(reflect.NewAt(dst.Type(), unsafe.Pointer(p.Field(i).UnsafeAddr())).Elem())
}

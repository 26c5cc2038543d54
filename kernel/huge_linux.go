package kernel

import (
	"runtime"
	"unsafe"

	"golang.org/x/sys/unix"
)

// huge asks for large pages under the memory of b, which should not have been touched yet: reads from memory gain
// about a third. It is a wish, and a system that does not grant it does no harm. Large pages that b shares with its
// neighbours are named whole: weights lie side by side.
func huge[T any](b []T) {
	const large, least = 2 << 20, 256 << 10
	size := uintptr(len(b)) * unsafe.Sizeof(*new(T))
	if size < least {
		return
	}
	begin := uintptr(unsafe.Pointer(unsafe.SliceData(b)))
	end := (begin + size + large - 1) &^ (large - 1)
	begin &^= large - 1
	_, _, _ = unix.Syscall(unix.SYS_MADVISE, begin, end-begin, unix.MADV_HUGEPAGE)
	runtime.KeepAlive(b)
}

//go:build unix

package mapped

import (
	"os"
	"syscall"

	"golang.org/x/sys/unix"
)

// mapping is a file in the address space.
type mapping struct{ data []byte }

// Open maps a file, or reads it piece by piece if that is refused. It owns file.
func Open(file *os.File) (View, error) {
	st, err := file.Stat()
	if err != nil {
		_ = file.Close()
		return nil, err
	}
	n := st.Size()
	if int64(int(n)) != n {
		return Read(file), nil
	}
	data, err := syscall.Mmap(int(file.Fd()), 0, int(n), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		return Read(file), nil
	}
	return &mapping{data}, file.Close()
}

func (m *mapping) Bytes(at, n int64) ([]byte, error) {
	return m.data[at : at+n : at+n], nil
}

// Release drops the whole pages inside the range; those at its ends may hold
// a neighbour's bytes.
func (m *mapping) Release(at, n int64) {
	page := int64(os.Getpagesize())
	begin, end := (at+page-1)/page*page, (at+n)/page*page
	if begin < end {
		_ = unix.Madvise(m.data[begin:end], unix.MADV_DONTNEED)
	}
}

func (m *mapping) Close() error {
	data := m.data
	m.data = nil
	if data == nil {
		return nil
	}
	return syscall.Munmap(data)
}

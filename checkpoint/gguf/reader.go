package gguf

import (
	"bufio"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

// Bounds of what is read into memory.
const (
	maxHeader = 1 << 28 // bytes before the weights
	maxString = 1 << 24 // bytes of a string
)

// reader reads the head of a file. After an error it reads zeros.
type reader struct {
	in   *bufio.Reader
	at   int64 // how far it has come
	size int64 // of what it may read
	err  error
}

func newReader(in io.Reader, size int64) *reader {
	return &reader{in: bufio.NewReaderSize(in, 1<<16), size: min(size, maxHeader)}
}

func (r *reader) fail(format string, args ...any) {
	if r.err == nil {
		r.err = fmt.Errorf(format, args...)
	}
}

// left reports whether n more elements of at least size bytes each can be there.
func (r *reader) left(n uint64, size int64) bool {
	return r.err == nil && n <= uint64((r.size-r.at)/size)
}

var errShort = errors.New("the file is cut short")

func (r *reader) bytes(b []byte) {
	if !r.left(uint64(len(b)), 1) {
		r.fail("%d bytes at %d: %w", len(b), r.at, r.end())
	}
	if r.err != nil {
		clear(b)
		return
	}
	if _, err := io.ReadFull(r.in, b); err != nil {
		r.fail("reading at %d: %w", r.at, err)
		clear(b)
	}
	r.at += int64(len(b))
}

// end says why there is no more to read.
func (r *reader) end() error {
	if r.size == maxHeader {
		return fmt.Errorf("beyond the %d bytes that are read of notes and names", maxHeader)
	}
	return errShort
}

func (r *reader) u32() uint32 {
	var b [4]byte
	r.bytes(b[:])
	return binary.LittleEndian.Uint32(b[:])
}

func (r *reader) u64() uint64 {
	var b [8]byte
	r.bytes(b[:])
	return binary.LittleEndian.Uint64(b[:])
}

func (r *reader) text() string {
	n := r.u64()
	switch {
	case r.err != nil:
		return ""
	case n > maxString:
		r.fail("a string of %d bytes at %d; at most %d are read", n, r.at-8, maxString)
		return ""
	case !r.left(n, 1):
		r.fail("a string of %d bytes at %d: %w", n, r.at-8, r.end())
		return ""
	}
	b := make([]byte, n)
	r.bytes(b)
	return string(b)
}

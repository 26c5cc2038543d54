package data

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode"
	"unicode/utf8"
)

func init() {
	Register(Format{Name: "text", Ext: []string{".txt", ".text", ".md"}, Read: readText})
}

// block is how much of a text file is in memory at once.
const block = 1 << 20

// readText yields a file as one text, in parts: a long one never lies in memory
// whole. It is parted behind a line end that has no white space on either side,
// where no tokenizer's piece reaches across, so that the tokens of the parts are
// those of the whole.
func readText(path string) iter.Seq2[Record, error] {
	return reading(path, func(r *bufio.Reader) iter.Seq2[Record, error] { return parts(path, r, block) })
}

func parts(path string, r *bufio.Reader, size int) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		at := Place{File: path}
		var held []byte
		for {
			n := len(held)
			held = append(held, make([]byte, size)...)
			got, err := io.ReadFull(r, held[n:])
			held = held[:n+got]
			last := errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF)
			if err != nil && !last {
				yield(Record{}, fmt.Errorf("%s: %w", at, err))
				return
			}
			cut := len(held)
			if !last {
				cut = seam(held)
			}
			if cut == 0 && !last {
				if len(held) < maxRecord {
					continue // no seam yet: read on
				}
				cut = lastRune(held)
			}
			if !utf8.Valid(held[:cut]) {
				yield(Record{}, fmt.Errorf("%s: %w", at, errEncoding))
				return
			}
			if cut > 0 || n > 0 {
				rec := Record{Place: at, Columns: map[string]any{"text": string(held[:cut])}, More: !last}
				if !yield(rec, nil) {
					return
				}
			}
			if last {
				return
			}
			held = append(held[:0], held[cut:]...)
		}
	}
}

// seam is the place behind the last line end between two characters that are no
// white space; zero where there is none.
func seam(b []byte) int {
	for i := len(b) - 2; i > 0; i-- {
		if b[i] != '\n' || !utf8.FullRune(b[i+1:]) {
			continue
		}
		before, _ := utf8.DecodeLastRune(b[:i])
		after, _ := utf8.DecodeRune(b[i+1:])
		if !unicode.IsSpace(before) && !unicode.IsSpace(after) {
			return i + 1
		}
	}
	return 0
}

// lastRune is where the last character of a text without line ends begins.
func lastRune(b []byte) int {
	cut := len(b) - 1
	for cut > len(b)-utf8.UTFMax && !utf8.RuneStart(b[cut]) {
		cut--
	}
	return cut
}

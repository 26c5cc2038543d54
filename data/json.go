package data

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
)

func init() {
	Register(Format{Name: "JSON", Ext: []string{".json"}, Read: readJSON})
}

// readJSON yields a record for every object of a list: [{…}, {…}]. Its lines
// are those of the objects' beginnings. A file that is no list is read as JSONL,
// since many carry that name.
func readJSON(path string) iter.Seq2[Record, error] {
	return reading(path, func(r *bufio.Reader) iter.Seq2[Record, error] {
		if first(r) == '[' {
			return jsonList(path, r)
		}
		return jsonLines(path, r)
	})
}

// first is the first byte that is not white space, as far as the buffer sees.
func first(r *bufio.Reader) byte {
	head, _ := r.Peek(1 << 12)
	for _, c := range head {
		if c != ' ' && c != '\n' && c != '\r' && c != '\t' {
			return c
		}
	}
	return 0
}

func jsonList(path string, r *bufio.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := &bounded{r: r, line: 1, room: maxRecord}
		fail := func(line int, err error) {
			at := Place{path, line}
			if errors.Is(err, bufio.ErrTooLong) {
				err = tooLong(at)
			} else {
				err = fmt.Errorf("%s: no list of JSON objects: %w", at, plain(err))
			}
			yield(Record{}, err)
		}
		d := json.NewDecoder(in)
		d.UseNumber()
		if _, err := d.Token(); err != nil {
			fail(1, err)
			return
		}
		for d.More() {
			var raw json.RawMessage
			if err := d.Decode(&raw); err != nil {
				fail(in.lineAt(d.InputOffset()), err)
				return
			}
			line := in.lineAt(d.InputOffset() - int64(len(raw)))
			columns, err := object(raw)
			if err != nil {
				fail(line, err)
				return
			}
			if !yield(Record{Place: Place{path, line}, Columns: columns}, nil) {
				return
			}
			in.room = maxRecord
		}
		if _, err := d.Token(); err != nil {
			fail(in.lineAt(d.InputOffset()), err)
			return
		}
		if _, err := d.Token(); !errors.Is(err, io.EOF) {
			fail(in.lineAt(d.InputOffset()), errors.New("something follows the closing ]"))
		}
	}
}

// bounded hands out what a reader gives until its room is used up, and knows on
// which line an offset lies.
type bounded struct {
	r      io.Reader
	room   int
	read   int64
	breaks []int64 // offsets of line ends not yet passed
	line   int
}

func (b *bounded) Read(p []byte) (int, error) {
	if b.room == 0 {
		return 0, bufio.ErrTooLong
	}
	n, err := b.r.Read(p[:min(len(p), b.room)])
	for i, c := range p[:n] {
		if c == '\n' {
			b.breaks = append(b.breaks, b.read+int64(i))
		}
	}
	b.room -= n
	b.read += int64(n)
	return n, err
}

// lineAt is the line of what stands at or behind an offset. Offsets only grow.
func (b *bounded) lineAt(offset int64) int {
	for len(b.breaks) > 0 && b.breaks[0] < offset {
		b.breaks = b.breaks[1:]
		b.line++
	}
	return b.line
}

package data

import (
	"bufio"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"iter"
	"path/filepath"
	"strings"
	"unicode/utf8"
)

func init() {
	Register(Format{Name: "CSV", Ext: []string{".csv", ".tsv"}, Read: readCSV})
}

// readCSV yields a record for every row. The first row names the columns; fields
// are separated by commas, or tabs in a .tsv, and may be quoted and hold line ends.
//
// Shafranovich, Common Format and MIME Type for CSV Files, 2005. RFC 4180.
func readCSV(path string) iter.Seq2[Record, error] {
	comma := ','
	if strings.EqualFold(filepath.Ext(path), ".tsv") {
		comma = '\t'
	}
	return reading(path, func(r *bufio.Reader) iter.Seq2[Record, error] { return rows(path, r, comma) })
}

func rows(path string, r io.Reader, comma rune) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		in := &bounded{r: r, room: maxRecord}
		c := csv.NewReader(in)
		c.Comma = comma
		names, err := c.Read()
		if errors.Is(err, io.EOF) {
			return
		}
		if err == nil {
			err = header(names)
		}
		if err != nil {
			yield(Record{}, broken(path, 1, err))
			return
		}
		for line := 1; ; {
			in.room = maxRecord
			in.breaks = in.breaks[:0]
			fields, err := c.Read()
			if errors.Is(err, io.EOF) {
				return
			}
			if err == nil {
				line, _ = c.FieldPos(0)
				err = valid(names, fields)
			}
			if err != nil {
				yield(Record{}, broken(path, line, err)) // of a row too long we know only what it follows
				return
			}
			columns := make(map[string]any, len(names))
			for i, name := range names {
				columns[name] = fields[i]
			}
			if !yield(Record{Place: Place{path, line}, Columns: columns}, nil) {
				return
			}
		}
	}
}

// header checks the row that names the columns.
func header(names []string) error {
	seen := map[string]bool{}
	for i, name := range names {
		name = strings.TrimSpace(name)
		names[i] = name
		switch {
		case name == "":
			return fmt.Errorf("column %d has no name: the first row must name the columns", i+1)
		case seen[name]:
			return fmt.Errorf("the column %.60q is there twice: rename one", name)
		}
		seen[name] = true
	}
	return valid(names, names)
}

func valid(names, fields []string) error {
	for i, f := range fields {
		if !utf8.ValidString(f) {
			return fmt.Errorf("column %q: %w", names[i], errEncoding)
		}
	}
	return nil
}

// broken says where a row is wrong and what to do.
func broken(path string, line int, err error) error {
	var parse *csv.ParseError
	if errors.As(err, &parse) {
		line = parse.StartLine
		switch {
		case errors.Is(err, csv.ErrFieldCount):
			err = fmt.Errorf("the row has another number of fields than the first row has names: quote fields that hold the separator: %w", parse.Err)
		default:
			err = fmt.Errorf("%w: put a field with quotes in quotes, and write each of them twice", parse.Err)
		}
	}
	at := Place{path, line}
	if errors.Is(err, bufio.ErrTooLong) {
		return tooLong(at)
	}
	return fmt.Errorf("%s: %w", at, err)
}

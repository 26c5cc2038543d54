package data

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"iter"
	"unicode/utf8"
)

func init() {
	Register(Format{Name: "JSONL", Ext: []string{".jsonl", ".ndjson"}, Read: readJSONL})
}

// readJSONL yields a record for every line, which is one JSON object.
//
// Ward, JSON Lines. jsonlines.org.
func readJSONL(path string) iter.Seq2[Record, error] {
	return reading(path, func(r *bufio.Reader) iter.Seq2[Record, error] { return jsonLines(path, r) })
}

func jsonLines(path string, r *bufio.Reader) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		var buf []byte
		for at := (Place{path, 1}); ; at.Line++ {
			line, err := readLine(r, buf[:0])
			switch {
			case errors.Is(err, io.EOF):
				return
			case errors.Is(err, bufio.ErrTooLong):
				yield(Record{}, tooLong(at))
				return
			case err != nil:
				yield(Record{}, fmt.Errorf("%s: %w", at, err))
				return
			}
			columns, err := object(line)
			if err != nil {
				err = fmt.Errorf("%s: %w", at, err)
			}
			if !yield(Record{Place: at, Columns: columns}, err) || err != nil {
				return
			}
			buf = line
		}
	}
}

// readLine appends the next line to buf, without its end. An end of file after
// the last line is io.EOF.
func readLine(r *bufio.Reader, buf []byte) ([]byte, error) {
	for {
		part, err := r.ReadSlice('\n')
		buf = append(buf, part...)
		switch {
		case len(buf) > maxRecord:
			return nil, bufio.ErrTooLong
		case errors.Is(err, bufio.ErrBufferFull):
			continue
		case errors.Is(err, io.EOF) && len(buf) == 0:
			return nil, io.EOF
		case err != nil && !errors.Is(err, io.EOF):
			return nil, err
		}
		buf = bytes.TrimSuffix(buf, []byte("\n"))
		return bytes.TrimSuffix(buf, []byte("\r")), nil
	}
}

// object reads one line.
func object(line []byte) (map[string]any, error) {
	switch {
	case len(bytes.TrimSpace(line)) == 0:
		return nil, errors.New("the line is empty: every line of JSONL is one object; delete it")
	case !utf8.Valid(line):
		return nil, errEncoding
	}
	d := json.NewDecoder(bytes.NewReader(line))
	var raw map[string]json.RawMessage
	if err := d.Decode(&raw); err != nil {
		return nil, fmt.Errorf("not one JSON object: %w; mend or delete the line: %s", plain(err), excerpt(line))
	}
	if raw == nil {
		return nil, errors.New(`the line is null, not an object such as {"text": "…"}; delete it`)
	}
	columns := make(map[string]any, len(raw))
	for name, text := range raw {
		columns[name] = value(text)
	}
	if rest := line[d.InputOffset():]; len(bytes.TrimSpace(rest)) > 0 {
		return nil, fmt.Errorf("something follows the object: %s: put every object on a line of its own", excerpt(rest))
	}
	return columns, nil
}

// value is what a column holds. A list or an object stays as it is written: the
// order of keys in it may count.
func value(text json.RawMessage) any {
	if text[0] == '[' || text[0] == '{' {
		return text
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	var v any
	if d.Decode(&v) != nil {
		return text // it was read once, as a part of the line
	}
	return v
}

// plain gives the end of a text, and a wrong type, words that fit a line.
func plain(err error) error {
	var wrong *json.UnmarshalTypeError
	switch {
	case errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, io.EOF):
		return errors.New("it ends too early")
	case errors.As(err, &wrong):
		return fmt.Errorf("it is a JSON %s", wrong.Value)
	}
	return err
}

// excerpt quotes the beginning of a line.
func excerpt(line []byte) string {
	const most = 60
	r := []rune(string(line[:min(len(line), 4*most)]))
	if len(r) > most {
		return string(r[:most]) + "…"
	}
	return string(r)
}

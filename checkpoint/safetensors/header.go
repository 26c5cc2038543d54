package safetensors

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"slices"
	"unicode/utf8"

	"github.com/rotor-lm/rotor/checkpoint"
)

// maxHeader is the limit that the reference implementation sets.
const maxHeader = 100_000_000

// maxName bounds a name, so that an error that quotes it can be read.
const maxName = 4096

// maxRank bounds the length of a shape. No model comes near it.
const maxRank = 64

// widths holds the bits of an element of every type that the format knows.
var widths = map[checkpoint.DType]uint64{
	"BOOL": 8, "U8": 8, "I8": 8, "F8_E4M3": 8, "F8_E5M2": 8, "F8_E8M0": 8,
	"U16": 16, "I16": 16, "F16": 16, "BF16": 16, "U32": 32, "I32": 32, "F32": 32,
	"U64": 64, "I64": 64, "F64": 64, "C64": 64, "F4": 4, "F6_E2M3": 6, "F6_E3M2": 6,
}

// entry is a tensor and where it lies behind the header.
type entry struct {
	checkpoint.Info
	begin, end uint64
}

type header struct {
	entries  []entry // in the order of the file
	metadata map[string]string
}

// parseHeader reads the JSON of a header and holds it against the number of
// bytes that follow it: the tensors must fill them without gap or overlap.
func parseHeader(text []byte, size uint64) (*header, error) {
	if !utf8.Valid(text) {
		return nil, errors.New("the header is not UTF-8")
	}
	if len(text) == 0 || text[0] != '{' {
		return nil, errors.New("the header does not begin with {")
	}
	d := reader{dec: json.NewDecoder(bytes.NewReader(text))}
	d.dec.UseNumber()
	h := &header{}
	seen := map[string]bool{}
	err := d.object(func(name string) error {
		if seen[name] {
			return fmt.Errorf("tensor %q is there twice", name)
		}
		seen[name] = true
		if name == "__metadata__" {
			return d.metadata(h)
		}
		e, err := d.entry(name)
		if err != nil {
			return fmt.Errorf("tensor %q: %w", name, err)
		}
		h.entries = append(h.entries, e)
		return nil
	})
	if err != nil {
		return nil, err
	}
	if rest := text[d.dec.InputOffset():]; len(bytes.Trim(rest, " ")) > 0 {
		return nil, errors.New("something follows the header's closing }")
	}
	return h, h.layOut(size)
}

// layOut sorts the tensors by their place and checks that they tile the data.
func (h *header) layOut(size uint64) error {
	slices.SortStableFunc(h.entries, func(a, b entry) int {
		if a.begin != b.begin {
			return compare(a.begin, b.begin)
		}
		return compare(a.end, b.end)
	})
	at, last := uint64(0), ""
	for i := range h.entries {
		e := &h.entries[i]
		n, err := bytesOf(e.Info)
		switch {
		case err != nil:
			return fmt.Errorf("tensor %q: %w", e.Name, err)
		case e.end < e.begin || e.end-e.begin != n:
			return fmt.Errorf("tensor %q: offsets %d to %d, but %s %d takes %d bytes", e.Name, e.begin, e.end, e.DType, e.Shape, n)
		case e.end > size:
			return fmt.Errorf("tensor %q ends at byte %d of the data, and there are %d: the file is cut short", e.Name, e.end, size)
		case e.begin < at:
			return fmt.Errorf("tensors %q and %q overlap", last, e.Name)
		case e.begin > at:
			return fmt.Errorf("%d bytes before tensor %q belong to no tensor", e.begin-at, e.Name)
		}
		e.Bytes = int64(n)
		at, last = e.end, e.Name
	}
	if at != size {
		return fmt.Errorf("%d bytes at the end belong to no tensor", size-at)
	}
	return nil
}

// bytesOf is what a tensor of this type and shape takes.
func bytesOf(i checkpoint.Info) (uint64, error) {
	width, ok := widths[i.DType]
	if !ok {
		return 0, fmt.Errorf("unknown type %.60q", i.DType)
	}
	n := width
	for _, d := range i.Shape {
		hi, lo := bits.Mul64(n, uint64(d))
		if hi != 0 || lo > math.MaxInt64 {
			return 0, fmt.Errorf("shape %d is larger than any file", i.Shape)
		}
		n = lo
	}
	if n%8 != 0 {
		return 0, fmt.Errorf("%s %d does not end on a byte", i.DType, i.Shape)
	}
	return n / 8, nil
}

func compare(a, b uint64) int {
	switch {
	case a < b:
		return -1
	case a > b:
		return 1
	}
	return 0
}

// reader walks JSON token by token: the usual decoding into maps would let the
// last of two tensors with one name win in silence.
type reader struct{ dec *json.Decoder }

// object calls f after each key, for f to read the value.
func (d reader) object(f func(key string) error) error {
	if err := d.delim('{'); err != nil {
		return err
	}
	for d.dec.More() {
		t, err := d.token()
		if err != nil {
			return err
		}
		key, ok := t.(string)
		if !ok {
			return fmt.Errorf("the header has %v where a name should stand", t)
		}
		if len(key) > maxName {
			return fmt.Errorf("a name of %d bytes: at most %d are read", len(key), maxName)
		}
		if err := f(key); err != nil {
			return err
		}
	}
	return d.delim('}')
}

func (d reader) entry(name string) (entry, error) {
	e := entry{Info: checkpoint.Info{Name: name}}
	seen := map[string]bool{}
	var offsets []uint64
	err := d.object(func(key string) (err error) {
		if seen[key] {
			return fmt.Errorf("%q is there twice", key)
		}
		seen[key] = true
		switch key {
		case "dtype":
			var t json.Token
			if t, err = d.token(); err != nil {
				return err
			}
			s, ok := t.(string)
			if !ok {
				return fmt.Errorf("the type is %.60v, not a name", t)
			}
			e.DType = checkpoint.DType(s)
		case "shape":
			var shape []uint64
			shape, err = d.numbers(maxRank)
			e.Shape = make([]int, len(shape))
			for i, n := range shape {
				e.Shape[i] = int(n)
			}
		case "data_offsets":
			offsets, err = d.numbers(2)
		default:
			return fmt.Errorf("unknown key %q", key)
		}
		return err
	})
	switch {
	case err != nil:
		return e, err
	case !seen["dtype"] || !seen["shape"] || len(offsets) != 2:
		return e, errors.New("want dtype, shape and two data_offsets")
	}
	e.begin, e.end = offsets[0], offsets[1]
	return e, nil
}

func (d reader) metadata(h *header) error {
	h.metadata = map[string]string{}
	return d.object(func(key string) error {
		t, err := d.token()
		if err != nil {
			return err
		}
		s, ok := t.(string)
		if !ok {
			return fmt.Errorf("metadata %q is %.60v, not a text", key, t)
		}
		if _, twice := h.metadata[key]; twice {
			return fmt.Errorf("metadata %q is there twice", key)
		}
		h.metadata[key] = s
		return nil
	})
}

// numbers reads a list of at most that many whole numbers.
func (d reader) numbers(most int) ([]uint64, error) {
	if err := d.delim('['); err != nil {
		return nil, err
	}
	var list []uint64
	for d.dec.More() {
		t, err := d.token()
		if err != nil {
			return nil, err
		}
		n, ok := t.(json.Number)
		i, err := n.Int64()
		if !ok || err != nil || i < 0 || int64(int(i)) != i {
			return nil, fmt.Errorf("%.60v is no whole number", t)
		}
		if len(list) == most {
			return nil, fmt.Errorf("more than %d numbers", most)
		}
		list = append(list, uint64(i))
	}
	return list, d.delim(']')
}

func (d reader) delim(want json.Delim) error {
	t, err := d.token()
	if err == nil && t != want {
		err = fmt.Errorf("the header has %.60v where %v should stand", t, want)
	}
	return err
}

func (d reader) token() (json.Token, error) {
	t, err := d.dec.Token()
	if err != nil {
		return nil, fmt.Errorf("the header is no valid JSON near byte %d: %w", d.dec.InputOffset(), err)
	}
	return t, nil
}

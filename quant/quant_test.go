package quant

import (
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// Encoding what was decoded changes nothing that can be seen, where the extremes
// of a block give its scale: the numbers lie on the levels already.
func TestLevelsStayWhereTheyAre(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, f := range encoders() {
		if strings.HasSuffix(f.Name, "_K") {
			continue // here the scale is searched for
		}
		x, y, b := make([]float32, f.Block), make([]float32, f.Block), make([]byte, f.Bytes)
		for range 50 {
			for i := range x {
				x[i] = float32(rng.NormFloat64())
			}
			f.Encode(b, x)
			f.Decode(x, b)
			f.Encode(b, x)
			f.Decode(y, b)
			scale := abs(farthest(x))
			for i := range x {
				if abs(x[i]-y[i]) > 0.004*scale {
					t.Fatalf("%s: %g became %g when it was encoded once more", f.Name, x[i], y[i])
				}
			}
		}
	}
}

// A block of zeros is zeros, and blocks of extremes stay finite.
func TestEdges(t *testing.T) {
	for _, f := range encoders() {
		x, b := make([]float32, f.Block), make([]byte, f.Bytes)
		f.Encode(b, x)
		f.Decode(x, b)
		for i, v := range x {
			if v != 0 {
				t.Errorf("%s: zero %d became %g", f.Name, i, v)
				break
			}
		}
		for _, edge := range []float32{math.SmallestNonzeroFloat32, 1e-38, 1e-7, 6e4, 1e38, math.MaxFloat32} {
			for i := range x {
				x[i] = edge * float32(i%3-1)
			}
			f.Encode(b, x)
			f.Decode(x, b)
			for _, v := range x {
				if v != v || abs(v) > math.MaxFloat32 {
					t.Errorf("%s: a block of ±%g became %g", f.Name, edge, v)
					break
				}
			}
		}
		// One number alone, everything else zero, keeps its sign and its size.
		for _, lone := range []float32{1, -1} {
			clear(x)
			x[f.Block/2] = lone
			f.Encode(b, x)
			f.Decode(x, b)
			if got := x[f.Block/2]; abs(got-lone) > 0.26 {
				t.Errorf("%s: a lone %g became %g", f.Name, lone, got)
			}
		}
	}
}

// The half floats here are those of IEEE 754: every one survives, and rounding
// goes to the nearest, ties to even.
func TestHalf(t *testing.T) {
	for h := range 1 << 16 {
		h := uint16(h)
		x := widen(h)
		if h&0x7c00 == 0x7c00 {
			continue
		}
		if got := narrow(x); got != h {
			t.Fatalf("%#04x → %g → %#04x", h, x, got)
		}
		if next := widen(h + 1); h&0x7fff < 0x7bff {
			middle := (x + next) / 2
			if got := narrow(middle); got&1 != 0 {
				t.Fatalf("%g lies between %g and %g and became %#04x, which is odd", middle, x, next, got)
			}
			if got := narrow(math.Nextafter32(middle, x)); got != h {
				t.Fatalf("nearest to %g: %#04x, want %#04x", middle, got, h)
			}
		}
	}
	if got := widen(narrow(1e9)); got != 65504 {
		t.Errorf("1e9 became %g, want 65504", got)
	}
}

func TestSizesAreChecked(t *testing.T) {
	f, err := Named("q4_k")
	if err != nil || f.Size(512) != 288 {
		t.Fatalf("Named(q4_k) = %v, %v", f.Name, err)
	}
	for _, call := range []func(){
		func() { f.Decode(make([]float32, 255), make([]byte, 144)) },
		func() { f.Decode(make([]float32, 256), make([]byte, 143)) },
		func() { f.Encode(make([]byte, 144), make([]float32, 512)) },
	} {
		func() {
			defer func() {
				if recover() == nil {
					t.Error("sizes that do not fit were taken")
				}
			}()
			call()
		}()
	}
	if _, err := Named("Q9_Z"); err == nil || !strings.Contains(err.Error(), "Q4_K") {
		t.Errorf("an unknown name: %v", err)
	}
	if !slices.IsSortedFunc(Formats(), func(a, b Format) int { return strings.Compare(a.Name, b.Name) }) {
		t.Error("formats are not in order")
	}
}

// Any bytes are a block.
func FuzzDecode(f *testing.F) {
	f.Add([]byte("a block of any bytes at all"))
	f.Add([]byte{0xff, 0x7c, 0, 0x80})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range Formats() {
			n := (len(b) + format.Bytes - 1) / format.Bytes
			whole := make([]byte, n*format.Bytes)
			copy(whole, b)
			first, second := make([]float32, n*format.Block), make([]float32, n*format.Block)
			format.Decode(first, whole)
			format.Decode(second, whole)
			for i := range first {
				if math.Float32bits(first[i]) != math.Float32bits(second[i]) {
					t.Fatalf("%s: number %d is %g and then %g", format.Name, i, first[i], second[i])
				}
			}
		}
	})
}

// Any finite numbers can be encoded, and stay finite.
func FuzzEncode(f *testing.F) {
	f.Add([]byte{1, 2, 3, 4, 5, 6, 7, 8})
	f.Fuzz(func(t *testing.T, b []byte) {
		for _, format := range encoders() {
			x := make([]float32, format.Block)
			for i := range x {
				if 4*i+4 <= len(b) {
					x[i] = math.Float32frombits(uint32(b[4*i]) | uint32(b[4*i+1])<<8 | uint32(b[4*i+2])<<16 | uint32(b[4*i+3])<<24)
				}
				if x[i] != x[i] || abs(x[i]) > math.MaxFloat32 {
					x[i] = 0
				}
			}
			block := make([]byte, format.Bytes)
			format.Encode(block, x)
			format.Decode(x, block)
			for i, v := range x {
				if v != v || abs(v) > math.MaxFloat32 {
					t.Fatalf("%s: number %d became %g", format.Name, i, v)
				}
			}
		}
	})
}

func encoders() (list []Format) {
	for _, f := range Formats() {
		if f.Encodes() {
			list = append(list, f)
		}
	}
	return list
}

func BenchmarkDecode(b *testing.B) {
	for _, f := range Formats() {
		dst, src := make([]float32, 1<<16), make([]byte, f.Size(1<<16))
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(int64(4 * len(dst)))
			for b.Loop() {
				f.Decode(dst, src)
			}
		})
	}
}

func BenchmarkEncode(b *testing.B) {
	for _, f := range encoders() {
		src := bell(1 << 14)
		dst := make([]byte, f.Size(len(src)))
		b.Run(f.Name, func(b *testing.B) {
			b.SetBytes(int64(4 * len(src)))
			for b.Loop() {
				f.Encode(dst, src)
			}
		})
	}
}

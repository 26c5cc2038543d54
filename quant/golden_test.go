package quant

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"math"
	"os"
	"testing"
)

// original is what testdata/golden.py says of one format.
type original struct {
	Random      string  `json:"random"`      // digest of the numbers of random blocks
	Blocks      []byte  `json:"blocks"`      // real weights as the original encoder has them
	Numbers     string  `json:"numbers"`     // digest of their numbers
	RealError   float64 `json:"real_error"`  // squares of its errors
	BellError   float64 `json:"bell_error"`  // the same, of made numbers
	GGUFBlocks  []byte  `json:"gguf_blocks"` // as Python's gguf has them, where it can
	GGUFError   float64 `json:"gguf_error"`  // squares of its errors
	EncoderName string  `json:"encoder"`
}

type goldenFile struct {
	Real    string              `json:"real"`
	Formats map[string]original `json:"formats"`
}

func readGolden(t *testing.T) (real []float32, formats map[string]original) {
	data, err := os.ReadFile("testdata/golden.json")
	if err != nil {
		t.Fatal(err)
	}
	var g goldenFile
	if err := json.Unmarshal(data, &g); err != nil {
		t.Fatal(err)
	}
	raw, err := base64.StdEncoding.DecodeString(g.Real)
	if err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(raw); i += 2 {
		real = append(real, half(raw[i:]))
	}
	return real, g.Formats
}

// The numbers are those of the original implementation, bit for bit.
func TestDecodeAsTheOriginal(t *testing.T) {
	_, formats := readGolden(t)
	for _, f := range Formats() {
		want, ok := formats[f.Name]
		if !ok {
			t.Errorf("%s: no golden numbers", f.Name)
			continue
		}
		blocks := anyBytes(2000*f.Bytes, 3)
		if f.Name == "NF4" { // as golden.py: products that stay finite
			for i := 3; i < len(blocks); i += f.Bytes {
				blocks[i] &= 0xbf
			}
		}
		if got := digest(decoded(f, blocks)); got != want.Random {
			t.Errorf("%s: random blocks decode to other numbers", f.Name)
		}
		if got := digest(decoded(f, want.Blocks)); got != want.Numbers {
			t.Errorf("%s: blocks of real weights decode to other numbers", f.Name)
		}
	}
}

// No encoder is worse than the original by more than 2 %, in squared error, on
// real weights and on made ones.
func TestEncodeNoWorseThanTheOriginal(t *testing.T) {
	real, formats := readGolden(t)
	made := bell(16384)
	for _, f := range encoders() {
		want := formats[f.Name]
		for _, c := range []struct {
			on   string
			x    []float32
			most float64
		}{{"real weights", real, want.RealError}, {"made numbers", made, want.BellError}, {"real weights, gguf", real, want.GGUFError}} {
			if c.most == 0 {
				continue
			}
			got := encodingError(f, c.x)
			t.Logf("%-6s %-18s squared error %.4f of %s's", f.Name, c.on, got/c.most, want.EncoderName)
			if got > 1.02*c.most {
				t.Errorf("%s: squared error %g on %s, more than 2 %% above %g of %s", f.Name, got, c.on, c.most, want.EncoderName)
			}
		}
	}
}

// The formats whose encoding leaves nothing to choose give the same bytes.
func TestEncodeAsTheOriginal(t *testing.T) {
	real, formats := readGolden(t)
	for _, name := range []string{"Q4_0", "Q4_1", "Q5_0", "Q5_1", "Q8_0", "NF4"} {
		f, err := Named(name)
		if err != nil {
			t.Fatal(err)
		}
		for by, want := range map[string][]byte{"the original": formats[name].Blocks, "gguf": formats[name].GGUFBlocks} {
			got := make([]byte, len(want))
			f.Encode(got, real[:len(want)/f.Bytes*f.Block])
			if !bytes.Equal(got, want) {
				t.Errorf("%s: other bytes than those of %s", name, by)
			}
		}
	}
}

func decoded(f Format, blocks []byte) []float32 {
	x := make([]float32, len(blocks)/f.Bytes*f.Block)
	f.Decode(x, blocks)
	return x
}

func encodingError(f Format, x []float32) (sum float64) {
	b := make([]byte, f.Size(len(x)))
	f.Encode(b, x)
	for i, v := range decoded(f, b) {
		e := float64(v) - float64(x[i])
		sum += e * e
	}
	return sum
}

func digest(x []float32) string {
	h := sha256.New()
	for _, v := range x {
		bits := math.Float32bits(v)
		if v != v {
			bits = 0x7fc00000
		}
		h.Write(binary.LittleEndian.AppendUint32(nil, bits))
	}
	return hex.EncodeToString(h.Sum(nil))
}

// anyBytes is the generator lcg of golden.py.
func anyBytes(n int, seed uint64) []byte {
	b := make([]byte, n)
	for i := range b {
		seed = seed*6364136223846793005 + 1442695040888963407
		b[i] = byte(seed >> 56)
	}
	return b
}

// bell is the function of golden.py.
func bell(n int) []float32 {
	b, x := anyBytes(12*n, 2), make([]float32, n)
	for i := range x {
		sum := -1530
		for _, v := range b[12*i:][:12] {
			sum += int(v)
		}
		x[i] = float32(sum) / 4096
	}
	return x
}

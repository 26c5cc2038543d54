package checkpoint

import (
	"encoding/binary"
	"math"
	"math/rand/v2"
	"testing"
)

// Every number of two bytes comes back as itself; the meaning of its bits is
// that of the definition (−1)^s·2^(e−bias)·(1+f/2^n).
func TestHalvesRoundTrip(t *testing.T) {
	for _, c := range []struct {
		d              DType
		exponent, frac int
	}{{F16, 5, 10}, {BF16, 8, 7}} {
		for h := range 1 << 16 {
			raw := binary.LittleEndian.AppendUint16(nil, uint16(h))
			x := make([]float32, 1)
			if err := Widen(x, raw, c.d); err != nil {
				t.Fatal(err)
			}
			if want := meaning(h, c.exponent, c.frac); float64(x[0]) != want && !(x[0] != x[0] && math.IsNaN(want)) {
				t.Fatalf("%s %#04x is %g, want %g", c.d, h, x[0], want)
			}
			back, err := Narrow(nil, x, c.d)
			if err != nil {
				t.Fatal(err)
			}
			if g := int(binary.LittleEndian.Uint16(back)); g != h && x[0] == x[0] {
				t.Fatalf("%s %#04x came back as %#04x", c.d, h, g)
			} else if y := meaning(g, c.exponent, c.frac); x[0] != x[0] && !math.IsNaN(y) {
				t.Fatalf("%s: a NaN became %g", c.d, y)
			}
		}
	}
}

func meaning(h, exponent, frac int) float64 {
	sign := 1 - 2*float64(h>>15)
	e, f := h>>frac&(1<<exponent-1), float64(h&(1<<frac-1))
	bias := 1<<(exponent-1) - 1
	switch {
	case e == 1<<exponent-1 && f != 0:
		return math.NaN()
	case e == 1<<exponent-1:
		return sign * math.Inf(1)
	case e == 0:
		return sign * math.Ldexp(f, 1-bias-frac)
	}
	return sign * math.Ldexp(f+math.Ldexp(1, frac), e-bias-frac)
}

// What lies between two halves goes to the nearer, and to the even one of two
// that are equally near.
func TestNarrowRoundsToNearestEven(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, d := range []DType{F16, BF16} {
		most := 0x7bff // the largest finite F16
		if d == BF16 {
			most = 0x7f7f
		}
		at := func(h int) float64 {
			x := make([]float32, 1)
			_ = Widen(x, binary.LittleEndian.AppendUint16(nil, uint16(h)), d)
			return float64(x[0])
		}
		for range 20000 {
			h := rng.IntN(most)
			a, b := at(h), at(h+1)
			even := h + h&1
			for _, c := range []struct {
				x    float64
				want int
			}{{(a + b) / 2, even}, {a + (b-a)*rng.Float64()*0.499, h}, {b - (b-a)*rng.Float64()*0.499, h + 1}} {
				if float64(float32(c.x)) != c.x && c.x == (a+b)/2 {
					continue // the middle of two subnormals may itself be no float32
				}
				got, err := Narrow(nil, []float32{float32(c.x)}, d)
				if err != nil {
					t.Fatal(err)
				}
				if g := int(binary.LittleEndian.Uint16(got)); g != c.want {
					t.Fatalf("%s: %g between %g and %g became %#04x, want %#04x", d, c.x, a, b, g, c.want)
				}
			}
		}
	}
}

func TestNarrowRefusesOverflow(t *testing.T) {
	inf := float32(math.Inf(1))
	for _, c := range []struct {
		x  float32
		d  DType
		ok bool
	}{
		{65504, F16, true},
		{65519.9, F16, true},
		{65520, F16, false},
		{-1e6, F16, false},
		{inf, F16, true},
		{3.3e38, BF16, true},
		{math.MaxFloat32, BF16, false},
		{-inf, BF16, true},
		{1, "I64", false},
	} {
		if _, err := Narrow(nil, []float32{c.x}, c.d); (err == nil) != c.ok {
			t.Errorf("%g as %s: %v", c.x, c.d, err)
		}
	}
}

func TestWidenRefuses(t *testing.T) {
	if Widen(make([]float32, 2), make([]byte, 4), F32) == nil {
		t.Error("four bytes were read as two numbers")
	}
	if Widen(make([]float32, 1), make([]byte, 8), "I64") == nil {
		t.Error("an I64 was read as a weight")
	}
}

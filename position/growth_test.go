package position

import (
	"encoding/json"
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

func growing(t testing.TB) map[string]*Rotary {
	t.Helper()
	list := map[string]*Rotary{}
	for name, text := range map[string]string{
		"dynamic":  `{"rope_type": "dynamic", "factor": 3}`,
		"longrope": `{"rope_type": "longrope", "short_factor": [1, 1.5, 1, 2], "long_factor": [2, 4, 8, 8], "original_max_position_embeddings": 16}`,
	} {
		r, err := Rope(RopeConfig{Dim: 8, Theta: 500, Context: 16}, json.RawMessage(text))
		if err != nil {
			t.Fatal(err)
		}
		list[name] = r
	}
	return list
}

// places has texts, or parts of texts: where they begin, where they end, and how
// long the whole is where more follows.
func places(parts ...[3]int32) (p op.Places) {
	for i, x := range parts {
		p.Add(int(x[1]-x[0]), x[0], int32(i), 0)
		p.Spans[i].Text = x[2]
	}
	return p
}

func rotated(r *Rotary, at op.Places) [][]float32 {
	x := make([]float32, 0, 8*at.Rows())
	for _, p := range at.Pos {
		x = append(x, random(uint64(p), 8)...) // a row knows its position alone
	}
	y, _, _ := r.Rotate(tensor.NoGrad(0).Wrap(x, at.Rows(), 1, 8), tensor.NoGrad(0).Wrap(slices.Clone(x), at.Rows(), 1, 8), nil, at)
	var rows [][]float32
	for i := range at.Rows() {
		rows = append(rows, slices.Clone(y.Row(i)))
	}
	return rows
}

// All rows of a text turn by the angles of its length: packed with texts of other
// lengths or alone, in one part or in several.
func TestAnglesOfTheWholeText(t *testing.T) {
	for name, r := range growing(t) {
		t.Run(name, func(t *testing.T) {
			lengths := []int32{5, 16, 17, 40}
			var all op.Places
			alone := map[int32][][]float32{}
			for i, n := range lengths {
				alone[n] = rotated(r, places([3]int32{0, n, 0}))
				all.Add(int(n), 0, int32(i), 0)
			}
			row, packed := 0, rotated(r, all)
			for _, n := range lengths {
				for i, want := range alone[n] {
					if !slices.Equal(packed[row], want) {
						t.Fatalf("row %d of %d is another when packed", i, n)
					}
					row++
				}
			}
			if !slices.Equal(alone[5][3], alone[16][3]) || slices.Equal(alone[16][3], alone[17][3]) {
				t.Error("row 3 turns alike in short texts and otherwise in long ones: not so")
			}
			parts := slices.Concat(rotated(r, places([3]int32{0, 7, 40})), rotated(r, places([3]int32{7, 30, 40}, [3]int32{0, 3, 0}))[:23], rotated(r, places([3]int32{30, 40, 0})))
			for i, want := range alone[40] {
				if !slices.Equal(parts[i], want) {
					t.Fatalf("row %d of 40 is another when it is read in parts", i)
				}
			}
		})
	}
}

// A score depends on the distance alone in texts of any one length.
func TestGrownScoresDependOnDistance(t *testing.T) {
	for name, r := range growing(t) {
		for _, n := range []int{10, 60} {
			a := r.growth.of(r.growth.regime(n))
			plain := &Rotary{angles: a}
			q, k := random(1, 8), random(2, 8)
			if x, y := dot(turned(plain, q, 7), turned(plain, k, 3)), dot(turned(plain, q, 9), turned(plain, k, 5)); math.Abs(x-y) > 1e-4 {
				t.Errorf("%s, %d positions: scores %g and %g", name, n, x, y)
			}
		}
	}
}

func TestRegime(t *testing.T) {
	g := growing(t)
	plain := NewRotary(8, 500, 1)
	if Regime(plain) != nil || Regime() != nil {
		t.Error("a plain encoding has regimes")
	}
	for name, want := range map[string]string{"dynamic": "[true true false false]", "longrope": "[true true false true]"} {
		f := Regime(plain, g[name])
		if have := fmt.Sprint([]bool{f(1) == f(5), f(5) == f(16), f(16) == f(17), f(17) == f(18)}); have != want {
			t.Errorf("%s: %s, want %s", name, have, want)
		}
	}
	both := Regime(g["dynamic"], g["longrope"])
	if both(3) != both(16) || both(16) == both(17) || both(17) == both(18) {
		t.Error("two encodings together")
	}
}

// Many lengths take little memory, and any number of goroutines may ask.
func TestRegimesAreBounded(t *testing.T) {
	r := growing(t)["dynamic"]
	done := make(chan bool)
	for range 4 {
		go func() {
			for n := range int32(100) {
				rotated(r, places([3]int32{n, n + 1, 0}))
			}
			done <- true
		}()
	}
	for range 4 {
		<-done
	}
	if n := len(r.growth.known); n > mostRegimes {
		t.Errorf("%d sets of angles are kept", n)
	}
}

// A part of a head turns, and the rest stays.
func TestPartialRotary(t *testing.T) {
	r, err := Rope(RopeConfig{Dim: 8, Theta: 500, Part: 0.5}, nil)
	if err != nil {
		t.Fatal(err)
	}
	x := random(3, 8)
	y := turned(r, x, 5)
	if r.Turned() != 4 || !slices.Equal(y[4:], x[4:]) {
		t.Errorf("%d coordinates turn: %v became %v", r.Turned(), x, y)
	}
	whole := turned(NewRotary(4, 500, 1), x[:4], 5)
	if !slices.Equal(y[:4], whole) {
		t.Errorf("the part that turns is %v, want %v", y[:4], whole)
	}
}

// Whatever the parameters say, they are refused, or angles come out that can be used.
func FuzzRope(f *testing.F) {
	for _, text := range []string{
		``, `null`, `{"rope_type": "linear", "factor": 2}`, `{"type": "dynamic", "factor": 1e9}`, `{"rope_type": "yarn", "factor": 4, "beta_fast": 1e-9, "truncate": false}`,
		`{"rope_type": "llama3", "factor": 8, "low_freq_factor": 1, "high_freq_factor": 4}`, `{"partial_rotary_factor": 0.5, "rope_theta": 1e29}`,
		`{"rope_type": "longrope", "short_factor": [1, 1.5, 1, 2], "long_factor": [2, 4, 8, 1e30], "original_max_position_embeddings": 16, "factor": 1e300}`,
	} {
		f.Add(text, 16)
	}
	f.Fuzz(func(t *testing.T, text string, context int) {
		r, err := Rope(RopeConfig{Dim: 8, Context: context}, json.RawMessage(text))
		if err != nil {
			return
		}
		for _, n := range []int32{1, 40, 1000} {
			for _, row := range rotated(r, places([3]int32{n - 1, n, 0})) {
				for _, x := range row[r.Turned():] {
					if x-x != 0 {
						t.Fatalf("%s: what does not turn became %g", text, x)
					}
				}
			}
		}
	})
}

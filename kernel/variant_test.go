package kernel

import (
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"strings"
	"testing"
)

// odd are the numbers that loops trip over.
var odd = []float32{
	0, float32(math.Copysign(0, -1)), float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN()),
	1e-40, -1e-40, 0.625,
	88.8, 88.7, -87.5, -104.5, 700, -700, 65504, 65520, // too large where several are multiplied
}

// loops calls f with the name of every loop over slices in the table, with the portable form and with v's.
func loopsOf(v *kernels, f func(name string, want, got reflect.Value)) {
	p, q := reflect.ValueOf(portable), reflect.ValueOf(*v)
	for i := range p.NumField() {
		field := p.Type().Field(i)
		if field.Type.Kind() != reflect.Func || field.Name == "tile" || field.Name == "transpose" || field.Name == "panel" || field.Name == "fetch" || field.Name == "roundGroups" || strings.HasSuffix(field.Name, "Peak") {
			continue
		}
		want, got := reflect.New(field.Type).Elem(), reflect.New(field.Type).Elem()
		setUnexported(want, p, i)
		setUnexported(got, q, i)
		f(field.Name, want, got)
	}
}

// arguments makes one call's arguments, in slices that begin anywhere and are followed by sentinels.
func arguments(rng *rand.Rand, f reflect.Type, n int, positive bool, special float64) []reflect.Value {
	args := make([]reflect.Value, f.NumIn())
	draw := func() float32 {
		if rng.Float64() < special {
			if f.NumIn() == 2 {
				return odd[rng.IntN(len(odd))]
			}
			return odd[rng.IntN(8)]
		}
		x := 2 * float32(rng.NormFloat64())
		if positive {
			x = float32(math.Abs(float64(x)))
		}
		return x
	}
	for i := range args {
		switch f.In(i).Kind() {
		case reflect.Float32:
			args[i] = reflect.ValueOf(rng.Float32())
		default:
			at := rng.IntN(5)
			if f.In(i).Elem().Kind() == reflect.Uint16 {
				x := make([]uint16, at+n+4)
				for j := range x {
					x[j] = uint16(rng.Uint32())
				}
				args[i] = reflect.ValueOf(x[at:][:n])
			} else {
				x := make([]float32, at+n+4)
				for j := range x {
					x[j] = draw()
				}
				args[i] = reflect.ValueOf(x[at:][:n])
			}
		}
	}
	return args
}

func cloned(args []reflect.Value) []reflect.Value {
	list := make([]reflect.Value, len(args))
	for i, a := range args {
		if a.Kind() != reflect.Slice {
			list[i] = a
			continue
		}
		c := reflect.MakeSlice(a.Type(), a.Cap(), a.Cap())
		reflect.Copy(c, a.Slice(0, a.Cap()))
		list[i] = c.Slice(0, a.Len())
	}
	return list
}

// near says whether two results are the same but for rounding. Sums may lose more, by the sizes of their terms.
func near(got, want, slack float64) bool {
	if math.IsNaN(want) || math.IsNaN(got) {
		return math.IsNaN(want) && math.IsNaN(got)
	}
	return got == want || math.Abs(got-want) <= 4e-6*math.Abs(want)+slack
}

func compare(t *testing.T, what string, got, want reflect.Value, slack float64) {
	t.Helper()
	switch x := got.Interface().(type) {
	case float32:
		if y := want.Interface().(float32); !near(float64(x), float64(y), slack) {
			t.Fatalf("%s returned %g, want %g", what, x, y)
		}
	case []float32:
		y := want.Interface().([]float32)
		x, y = x[:cap(x)], y[:cap(y)]
		for i := range x {
			if strings.Contains(what, "Grad") && !finite(x[i]) && !finite(y[i]) {
				continue // infinity times a slope that rounds to zero in one of the two, and not in the other
			}
			if !near(float64(x[i]), float64(y[i]), slack) {
				t.Fatalf("%s: number %d is %g, want %g", what, i, x[i], y[i])
			}
		}
	case []uint16:
		y := want.Interface().([]uint16)
		x, y = x[:cap(x)], y[:cap(y)]
		for i := range x {
			if x[i] != y[i] {
				t.Fatalf("%s: number %d is %#x, want %#x", what, i, x[i], y[i])
			}
		}
	}
}

func finite(x float32) bool { return x-x == 0 }

// checkLoops compares every loop of v with the portable one on slices of n numbers.
func checkLoops(t *testing.T, v *kernels, rng *rand.Rand, n int, special float64) {
	loopsOf(v, func(name string, want, got reflect.Value) {
		args := arguments(rng, want.Type(), n, name == "adamw", special)
		a, b := cloned(args), cloned(args)
		x, y := got.Call(a), want.Call(b)
		slack := 1e-4 // of products of several numbers of size 8
		if len(x) > 0 {
			slack = 1e-4 * float64(n+1)
		}
		if strings.HasPrefix(name, "exp") || strings.HasPrefix(name, "to") || strings.HasPrefix(name, "from") {
			slack = 1e-38
		}
		what := fmt.Sprintf("%s of %d", name, n)
		for i := range x {
			if name == "expSum" && special == 0 || name == "sumExp" && special == 0 {
				slack = 0
			}
			compare(t, what, x[i], y[i], slack)
		}
		for i := range a {
			compare(t, fmt.Sprintf("%s, argument %d", what, i), a[i], b[i], slack)
		}
	})
}

// Every loop does what its portable twin does, whatever the length and the place in memory, and writes nothing
// beyond its slices.
func TestLoops(t *testing.T) {
	for _, v := range variants[1:] {
		t.Run(v.name, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(7, 8))
			for n := range 150 {
				checkLoops(t, v, rng, n, 0)
			}
			for n := range 70 {
				checkLoops(t, v, rng, n, 0.2)
			}
		})
	}
}

func FuzzLoops(f *testing.F) {
	f.Add(uint64(1), uint16(33), false)
	f.Add(uint64(2), uint16(7), true)
	f.Fuzz(func(t *testing.T, seed uint64, n uint16, special bool) {
		s := 0.0
		if special {
			s = 0.3
		}
		for _, v := range variants[1:] {
			checkLoops(t, v, rand.New(rand.NewPCG(seed, 9)), int(n%600), s)
		}
	})
}

// FuzzProducts compares products of all kinds with their definition.
func FuzzProducts(f *testing.F) {
	f.Add(uint64(1), uint8(15), uint8(33), uint8(5), true)
	f.Fuzz(func(t *testing.T, seed uint64, m, n, k uint8, add bool) {
		each(t, func(t *testing.T) {
			rng := rand.New(rand.NewPCG(seed, 10))
			a, b := randomMatrix(rng, int(m), int(k)), randomMatrix(rng, int(k), int(n))
			c := randomMatrix(rng, int(m), int(n))
			want := expect(c, a, b, add)
			for name, run := range map[string]func(c Matrix){
				"MatMul":  func(c Matrix) { MatMul(c, a, b, add) },
				"MatMulT": func(c Matrix) { SerialMatMulT(c, a, b.turn(), add) },
				"TMatMul": func(c Matrix) { SerialTMatMul(c, a.turn(), b, add) },
				"Mul":     func(c Matrix) { PackT(b).Mul(c, a, add) },
				"MulT":    func(c Matrix) { Pack(b).SerialMulT(c, a, add) },
			} {
				got := c.clone()
				run(got)
				want.check(t, name, got)
			}
		})
	})
}

func TestChoose(t *testing.T) {
	for _, v := range variants {
		if got, err := choose(v.name); err != nil || got != v {
			t.Errorf("choose(%q) = %v, %v", v.name, got, err)
		}
	}
	if got, err := choose(""); err != nil || got != variants[len(variants)-1] {
		t.Errorf("choose of nothing = %v, %v", got, err)
	}
	if _, err := choose("mmx"); err == nil || !strings.Contains(err.Error(), "portable") {
		t.Errorf("an unknown name gives %v", err)
	}
}

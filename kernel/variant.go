package kernel

import (
	"fmt"
	"os"
	"strings"
	"unsafe"

	"github.com/rotor-lm/rotor/internal/impl"
)

// kernels is one way to compute: portable Go, or assembly for one kind of processor.
type kernels struct {
	name   string
	height int // rows of a tile
	grain  int // a tile may read B past its columns up to a multiple of this

	tile      func(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, k, rows, cols int, add bool)
	transpose func(dst []float32, ldd int, src []float32, lds, rows, cols int)
	panel     func(dst []float32, src []float32, lds, rows, cols int)

	fetch func(p unsafe.Pointer, bytes int) // into the cache, for it will soon be read

	tall        int                                                                                          // rows of rounded activations that are multiplied at once
	roundGroups func(dst []byte, src []float32, zero int)                                                    // see form
	dots        [formCount]func(c *float32, ldc int, a *byte, lda int, w *byte, at *int32, groups, rows int) // form.dot, where there is a faster one
	decodes     [formCount]func(dst *float32, w *byte, groups int)                                           // form.decode likewise

	fmaPeak  func(n int)
	fmaRound int // floating-point operations in one of its rounds
	readPeak func(x []float32)

	sum, maximum   func(x []float32) float32
	sumExp, spread func(x []float32, a float32) float32
	expSum         func(dst, x []float32, a float32) float32
	dot            func(x, y []float32) float32
	dot3           func(x, y, z []float32) float32
	dotMinus       func(x, y, z []float32, a float32) float32

	axpy                  func(y, x []float32, a float32)
	scale                 func(dst, x []float32, a float32)
	add, mul              func(dst, x, y []float32)
	relu                  func(dst, x []float32)
	reluGrad              func(dx, dy, y []float32)
	scaleMul, addScaleMul func(dst, x, y []float32, a float32)
	rmsGrad               func(dx, dy, x, w []float32, a, s float32)
	standardise           func(dst, x, w, b []float32, a, r float32)
	layerGrad             func(dx, dy, x, w []float32, a, r, u, s float32)
	addStandard           func(dw, x, dy []float32, a, r float32)
	rotate, rotateBack    func(lo, hi, cos, sin []float32)
	adamw                 func(w, g, m, v []float32, b1, c1, b2, c2, keep, rate, scale, eps float32)

	exp, tanh, silu, gelu, geluTanh  func(dst, x []float32)
	siluGrad, geluGrad, geluTanhGrad func(dx, dy, x []float32)
	swiglu                           func(dst, gate, up []float32)
	swigluGrad                       func(dgate, dup, dy, gate, up []float32)
	fromBF16, fromF16                func(dst []float32, src []uint16)
	toBF16, toF16                    func(dst []uint16, src []float32)
}

// portable is the specification of all the others.
var portable = kernels{
	name:      "portable",
	height:    4,
	grain:     1,
	tile:      tile,
	transpose: transpose,
	panel:     panel,
	fetch:     func(unsafe.Pointer, int) {},
	tall:      8, roundGroups: roundGroups,
	fmaPeak:  fmaPeak,
	fmaRound: 16,
	readPeak: readPeak,
	dot:      dot, dot3: dot3, dotMinus: dotMinus, sum: sum, spread: spread, maximum: maximum,
	axpy: axpy, add: add, mul: mul, scale: scale, relu: relu, reluGrad: reluGrad,
	scaleMul: scaleMul, addScaleMul: addScaleMul, rmsGrad: rmsGrad,
	standardise: standardise, layerGrad: layerGrad, addStandard: addStandard,
	rotate: rotate, rotateBack: rotateBack,
	adamw: adamw,
	exp:   exp, expSum: expSum, sumExp: sumExp, tanh: tanh,
	silu: silu, siluGrad: siluGrad, swiglu: swiglu, swigluGrad: swigluGrad,
	gelu: gelu, geluGrad: geluGrad, geluTanh: geluTanh, geluTanhGrad: geluTanhGrad,
	fromBF16: fromBF16, toBF16: toBF16, fromF16: fromF16, toF16: toF16,
}

// variants are the kernels that this machine can run, the slowest first; active those in use.
var (
	variants = append([]*kernels{&portable}, machine()...)
	active   = chosen()
)

func chosen() *kernels {
	best, err := choose(os.Getenv("ROTOR_KERNEL"))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(2)
	}
	return best
}

func init() {
	var names []string
	for _, v := range variants {
		names = append(names, v.name)
	}
	impl.Register(names, func(name string) (restore func()) {
		old := active
		for _, v := range variants {
			if v.name == name {
				active = v
			}
		}
		return func() { active = old }
	})
}

// choose finds the kernels of the given name, or the best for an empty one.
func choose(name string) (*kernels, error) {
	var names []string
	for _, v := range variants {
		if v.name == name {
			return v, nil
		}
		names = append(names, v.name)
	}
	if name != "" {
		return nil, fmt.Errorf("ROTOR_KERNEL=%s: this machine and build have only %s", name, strings.Join(names, ", "))
	}
	return variants[len(variants)-1], nil
}

// Name returns the name of the kernels in use: portable, avx2 or avx512.
func Name() string { return active.name }

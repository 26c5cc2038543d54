package kernel

import (
	"fmt"
	"os"
	"strings"
)

// kernels is one way to compute: portable Go, or assembly for one kind of processor.
type kernels struct {
	name   string
	height int // rows of a tile
	grain  int // a tile may read B past its columns up to a multiple of this

	tile      func(c []float32, ldc int, a []float32, lda int, b []float32, ldb int, k, rows, cols int, add bool)
	transpose func(dst []float32, ldd int, src []float32, lds, rows, cols int)
	panel     func(dst []float32, src []float32, lds, rows, cols int)
}

// portable is the specification of all the others.
var portable = kernels{
	name:      "portable",
	height:    4,
	grain:     1,
	tile:      tile,
	transpose: transpose,
	panel:     panel,
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

package op_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/internal/gradcheck"
	"github.com/rotor-lm/rotor/op"
	"github.com/rotor-lm/rotor/tensor"
)

type (
	T      = *tensor.Tensor
	tape   = *tensor.Tape
	shapes = [][]int
)

var (
	two = spans([]int{3, 4}, 0)  // two sequences
	mix = spans([]int{2, 3}, -1) // of which the second carries adapter −1
)

func spans(lengths []int, second int32) (p op.Places) {
	for i, n := range lengths {
		p.Add(n, 0, int32(i), int32(i)*second)
	}
	return p
}

func low(p op.Places, rate float32) func(tape, ...T) T {
	return func(_ tape, x ...T) T {
		return op.Linear(x[0], p, &op.Affine{W: x[1], Bias: x[2], Terms: []op.LowRank{
			{A: x[3], B: x[4], Scale: 2, Dropout: rate, Stream: 7},
		}})
	}
}

// cases has a row for every operation; TestEveryOpIsChecked holds it complete.
var cases = []gradcheck.Case{
	{Name: "Add", F: func(_ tape, x ...T) T { return op.Add(x[0], x[1]) }, Shapes: shapes{{3, 5}, {3, 5}}},
	{Name: "Add/itself", F: func(_ tape, x ...T) T { return op.Add(x[0], x[0]) }, Shapes: shapes{{3, 5}}},
	{Name: "AddRow", F: func(_ tape, x ...T) T { return op.AddRow(x[0], x[1]) }, Shapes: shapes{{3, 5}, {5}}, Weights: []int{1}},
	{Name: "Mul", F: func(_ tape, x ...T) T { return op.Mul(x[0], x[1]) }, Shapes: shapes{{3, 5}, {3, 5}}},
	{Name: "MulRow", F: func(_ tape, x ...T) T { return op.MulRow(x[0], x[1]) }, Shapes: shapes{{3, 5}, {5}}, Weights: []int{1}},
	{Name: "Scale", F: func(_ tape, x ...T) T { return op.Scale(x[0], -1.5) }, Shapes: shapes{{3, 5}}},
	{Name: "Reshape", F: func(_ tape, x ...T) T { return op.Add(op.Reshape(x[0], 3, 2, 2), op.Reshape(x[0], 3, 2, 2)) }, Shapes: shapes{{3, 4}}},
	{Name: "Columns", F: func(_ tape, x ...T) T { return op.Columns(x[0], 1, 4) }, Shapes: shapes{{3, 6}}},
	{Name: "Rows", F: func(_ tape, x ...T) T { return op.Rows(x[0], []int32{2, 0, 2}) }, Shapes: shapes{{3, 4}}},
	{Name: "Embed", F: func(t tape, x ...T) T { return op.Embed(t, []int32{1, 5, 0, 1, 6}, x[0], x[1]) }, Shapes: shapes{{4, 3}, {3, 3}}, Weights: []int{0, 1}},
	{Name: "RMSNorm", F: func(_ tape, x ...T) T { return op.RMSNorm(x[0], x[1], 1e-6) }, Shapes: shapes{{18, 9}, {9}}, Weights: []int{1}},
	{Name: "CentredRMSNorm", F: func(_ tape, x ...T) T { return op.CentredRMSNorm(x[0], x[1], 1e-6) }, Shapes: shapes{{18, 9}, {9}}, Weights: []int{1}},
	{Name: "SoftCap", F: func(_ tape, x ...T) T { return op.SoftCap(x[0], 1.5) }, Shapes: shapes{{18, 5}}},
	{Name: "SoftCap/loss", F: func(_ tape, x ...T) T { return op.CrossEntropyInPlace(op.SoftCap(x[0], 1.5), []int32{1, 0, 6}) }, Shapes: shapes{{3, 7}}},
	{Name: "LayerNorm", F: func(_ tape, x ...T) T { return op.LayerNorm(x[0], x[1], x[2], 1e-5) }, Shapes: shapes{{18, 9}, {9}, {9}}, Weights: []int{1, 2}},
	{Name: "Activate", F: func(_ tape, x ...T) T { return op.Activate(x[0], op.SiLUFunc) }, Shapes: shapes{{17, 5}}},
	{Name: "SiLU", F: func(_ tape, x ...T) T { return op.SiLU(x[0]) }, Shapes: shapes{{3, 5}}},
	{Name: "GELU", F: func(_ tape, x ...T) T { return op.GELU(x[0]) }, Shapes: shapes{{3, 5}}},
	{Name: "GELUTanh", F: func(_ tape, x ...T) T { return op.GELUTanh(x[0]) }, Shapes: shapes{{3, 5}}},
	{Name: "SwiGLU", F: func(_ tape, x ...T) T { return op.SwiGLU(x[0], x[1]) }, Shapes: shapes{{17, 5}, {17, 5}}},
	{Name: "Dropout", F: func(_ tape, x ...T) T { return op.Dropout(x[0], spans([]int{2, 3}, 0), .3, 9) }, Shapes: shapes{{5, 7}}},
	{Name: "CrossEntropy", F: func(_ tape, x ...T) T { return op.CrossEntropy(x[0], []int32{1, 0, 6}) }, Shapes: shapes{{3, 7}}},
	{Name: "CrossEntropyInPlace", F: func(_ tape, x ...T) T { return op.CrossEntropyInPlace(op.Scale(x[0], 1), []int32{1, 0, 6}) }, Shapes: shapes{{3, 7}}},
	{Name: "CrossEntropy/shared", F: func(_ tape, x ...T) T {
		return op.Add(op.CrossEntropy(x[0], []int32{1, 0}), op.CrossEntropy(x[0], []int32{2, 0}))
	}, Shapes: shapes{{2, 7}}},
	{Name: "Rotate", F: func(_ tape, x ...T) T { return op.Rotate(x[0], turn(2, false), []int32{0, 1, -1, 3}) }, Shapes: shapes{{4, 2, 6}}},
	{Name: "Rotate/pairs", F: func(_ tape, x ...T) T { return op.Rotate(x[0], turn(3, true), []int32{0, 1, 5, 3}) }, Shapes: shapes{{4, 2, 6}}},
	{Name: "Rotate/shared", F: func(_ tape, x ...T) T {
		return op.Add(op.Rotate(x[0], turn(3, true), []int32{0, 1}), op.Rotate(x[0], turn(3, false), []int32{0, 1}))
	}, Shapes: shapes{{2, 2, 6}}},
	{Name: "Linear", F: low(two, 0), Shapes: shapes{{7, 5}, {6, 5}, {6}, {2, 5}, {6, 2}}, Weights: []int{1, 2, 3, 4}},
	{Name: "Linear/adapter", F: low(mix, 0), Shapes: shapes{{5, 5}, {6, 5}, {6}, {2, 5}, {6, 2}}, Weights: []int{1, 2, 3, 4}},
	{Name: "Linear/dropout", F: low(two, .4), Shapes: shapes{{7, 5}, {6, 5}, {6}, {2, 5}, {6, 2}}, Weights: []int{1, 2, 3, 4}},
	{Name: "Linear/terms alone", F: func(_ tape, x ...T) T {
		return op.Linear(x[0], mix, &op.Affine{Terms: []op.LowRank{{A: x[1], B: x[2], Scale: .5, Adapter: -1}}})
	}, Shapes: shapes{{5, 5}, {2, 5}, {6, 2}}, Weights: []int{1, 2}},
	{Name: "Choose", F: func(_ tape, x ...T) T { return op.Choose(x[0], x[1], mix, -1) }, Shapes: shapes{{5, 4}, {5, 4}}},
	{Name: "Linear/in-out", F: func(_ tape, x ...T) T {
		return op.Linear(x[0], op.Places{}, &op.Affine{W: x[1], InOut: true})
	}, Shapes: shapes{{7, 5}, {5, 6}}, Weights: []int{1}},
	{Name: "Linear/frozen", F: func(_ tape, x ...T) T {
		return op.Linear(x[0], op.Places{}, &op.Affine{W: tensor.From([]float32{1, 2, 3, -1, .5, 2}, 2, 3)})
	}, Shapes: shapes{{4, 3}}},
	{Name: "Linear/frozen in-out", F: func(_ tape, x ...T) T {
		return op.Linear(x[0], op.Places{}, &op.Affine{W: tensor.From([]float32{1, 2, 3, -1, .5, 2}, 3, 2), InOut: true})
	}, Shapes: shapes{{4, 3}}},
}

func turn(n int, pairs bool) op.Turn {
	t := op.Turn{N: n, Pairs: pairs}
	for i := range 6 * n {
		c := float32(i%5)/5 - .3
		t.Cos, t.Sin = append(t.Cos, c), append(t.Sin, 1-c*c)
	}
	return t
}

func TestGradients(t *testing.T) {
	for _, c := range append(cases, attendCases()...) {
		t.Run(c.Name, c.Run)
	}
}

// TestEveryOpIsChecked reads the package: a function that returns a tensor is
// an operation, and an operation stands in the table.
func TestEveryOpIsChecked(t *testing.T) {
	checked := map[string]bool{}
	for _, c := range append(cases, attendCases()...) {
		name, _, _ := strings.Cut(c.Name, "/")
		checked[name] = true
	}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		if strings.HasSuffix(name, "_test.go") {
			continue
		}
		f, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range f.Decls {
			fn, ok := d.(*ast.FuncDecl)
			if !ok || fn.Recv != nil || !fn.Name.IsExported() || fn.Type.Results == nil {
				continue
			}
			star, ok := fn.Type.Results.List[0].Type.(*ast.StarExpr)
			if !ok {
				continue
			}
			if sel, ok := star.X.(*ast.SelectorExpr); ok && sel.Sel.Name == "Tensor" && !checked[fn.Name.Name] {
				t.Errorf("op.%s has no row in the table of gradients", fn.Name.Name)
			}
		}
	}
}

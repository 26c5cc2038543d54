package kernel

import "fmt"

// Matrix is a matrix in row-major order: element (i, j) is Data[i*Stride+j].
type Matrix struct {
	Data               []float32
	Rows, Cols, Stride int
}

// Row returns row i.
func (m Matrix) Row(i int) []float32 {
	return m.Data[i*m.Stride : i*m.Stride+m.Cols : i*m.Stride+m.Cols]
}

// check panics if m's elements are not all inside its data.
func (m Matrix) check(name string) {
	if m.Rows < 0 || m.Cols < 0 || m.Stride < m.Cols {
		panic(fmt.Sprintf("kernel: matrix %s is [%d, %d] with stride %d", name, m.Rows, m.Cols, m.Stride))
	}
	if m.Rows > 0 && m.Cols > 0 && len(m.Data) < (m.Rows-1)*m.Stride+m.Cols {
		panic(fmt.Sprintf("kernel: matrix %s is [%d, %d] with stride %d and has only %d numbers", name, m.Rows, m.Cols, m.Stride, len(m.Data)))
	}
}

// fits panics unless c is [m, n] and both products' inner lengths are the same.
func fits(op string, c, a, b Matrix, m, n, k, k2 int) {
	c.check("c")
	a.check("a")
	b.check("b")
	if c.Rows != m || c.Cols != n || k != k2 {
		panic(fmt.Sprintf("kernel: %s: c [%d, %d], a [%d, %d], b [%d, %d] do not fit", op, c.Rows, c.Cols, a.Rows, a.Cols, b.Rows, b.Cols))
	}
}

package approx

import (
	"errors"
	"math"
)

// errSingular says that equations have no single solution.
var errSingular = errors.New("approx: the equations have no single solution: features depend on each other, or some were never seen")

// solve returns x of a·x = b by elimination with the largest pivot; a is n rows
// of n, and neither is changed.
func solve(a [][]float64, b []float64) ([]float64, error) {
	n := len(b)
	m := make([][]float64, n)
	var largest float64
	for i := range m {
		m[i] = append(append(make([]float64, 0, n+1), a[i]...), b[i])
		for _, v := range a[i] {
			largest = max(largest, math.Abs(v))
		}
	}
	for k := range n {
		best := k
		for i := k; i < n; i++ {
			if math.Abs(m[i][k]) > math.Abs(m[best][k]) {
				best = i
			}
		}
		if !(math.Abs(m[best][k]) > 1e-13*largest) {
			return nil, errSingular
		}
		m[k], m[best] = m[best], m[k]
		for i := k + 1; i < n; i++ {
			if f := m[i][k] / m[k][k]; f != 0 {
				for j := k; j <= n; j++ {
					m[i][j] -= f * m[k][j]
				}
			}
		}
	}
	x := make([]float64, n)
	for i := n - 1; i >= 0; i-- {
		sum := m[i][n]
		for j := i + 1; j < n; j++ {
			sum -= m[i][j] * x[j]
		}
		x[i] = sum / m[i][i]
	}
	return x, nil
}

func square(n int) [][]float64 {
	a := make([][]float64, n)
	for i := range a {
		a[i] = make([]float64, n)
	}
	return a
}

func dot(x, y []float64) (sum float64) {
	for i := range x {
		sum += x[i] * y[i]
	}
	return sum
}

package kernel

// ReLU computes dst = max(x, 0).
//
// Nair and Hinton, Rectified Linear Units Improve Restricted Boltzmann Machines, 2010.
func ReLU(dst, x []float32) { active.relu(dst, x[:len(dst)]) }

func relu(dst, x []float32) {
	for i, v := range x {
		dst[i] = max(v, 0)
	}
}

// ReLUGrad computes dx = dy where y, which ReLU gave, is above zero, and 0 elsewhere.
func ReLUGrad(dx, dy, y []float32) { active.reluGrad(dx, dy[:len(dx)], y[:len(dx)]) }

func reluGrad(dx, dy, y []float32) {
	for i, v := range y {
		if v > 0 {
			dx[i] = dy[i]
		} else {
			dx[i] = 0
		}
	}
}

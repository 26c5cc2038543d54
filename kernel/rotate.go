package kernel

// Rotate turns the pairs (x_i, x_{i+n}), n = len(cos), by the angles whose cosines and sines are given, and leaves
// what follows 2n as it is:
//
//	x_i     ← x_i·cos_i − x_{i+n}·sin_i
//	x_{i+n} ← x_{i+n}·cos_i + x_i·sin_i
//
// It is rotary position encoding in the layout of the Llama checkpoints, half beside half.
//
// Su et al., RoFormer, 2021. arXiv:2104.09864, eq. 34.
func Rotate(x, cos, sin []float32) {
	n := len(cos)
	active.rotate(x[:n], x[n:2*n], cos, sin[:n])
}

func rotate(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b, s := lo[i], hi[i], sin[i]
		lo[i], hi[i] = a*c-b*s, b*c+a*s
	}
}

// RotateBack undoes Rotate, and is its gradient: the transpose of a rotation is its inverse.
func RotateBack(x, cos, sin []float32) {
	n := len(cos)
	active.rotateBack(x[:n], x[n:2*n], cos, sin[:n])
}

func rotateBack(lo, hi, cos, sin []float32) {
	for i, c := range cos {
		a, b, s := lo[i], hi[i], sin[i]
		lo[i], hi[i] = a*c+b*s, b*c-a*s
	}
}

// RotatePairs is Rotate for neighbours, (x_2i, x_{2i+1}): the layout of the RoFormer paper.
func RotatePairs(x, cos, sin []float32) {
	x, sin = x[:2*len(cos)], sin[:len(cos)]
	for i, c := range cos {
		a, b, s := x[2*i], x[2*i+1], sin[i]
		x[2*i], x[2*i+1] = a*c-b*s, b*c+a*s
	}
}

// RotatePairsBack undoes RotatePairs, and is its gradient.
func RotatePairsBack(x, cos, sin []float32) {
	x, sin = x[:2*len(cos)], sin[:len(cos)]
	for i, c := range cos {
		a, b, s := x[2*i], x[2*i+1], sin[i]
		x[2*i], x[2*i+1] = a*c+b*s, b*c-a*s
	}
}

package op

import (
	"math"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/tensor"
)

// CrossEntropy is the summed negative log-probability of the targets.
//
//	L = Σ_t −log softmax(z_t)[target_t]
//	dz_t = dL·(softmax(z_t) − onehot(target_t))
//
// Shapes: z [N, V], target [N] → L [1].
func CrossEntropy(z *tensor.Tensor, target []int32) *tensor.Tensor {
	return newCrossEntropy(z, target, false)
}

// CrossEntropyInPlace is CrossEntropy of logits that no other operation reads:
// on the way back their memory becomes that of their gradient.
func CrossEntropyInPlace(z *tensor.Tensor, target []int32) *tensor.Tensor {
	return newCrossEntropy(z, target, true)
}

func newCrossEntropy(z *tensor.Tensor, target []int32, inPlace bool) *tensor.Tensor {
	t := z.Tape()
	n := tensor.Make[crossEntropy](t)
	n.inPlace = inPlace
	n.z, n.y, n.target = z, t.New(1), append(n.target[:0], target...)
	n.lse = t.Floats(z.Rows())
	if n.forward == nil {
		n.forward, n.backward = n.forwardRow, n.backwardRow
	}
	kernel.Parallel(z.Rows(), n.forward)
	sum := 0.0
	for i, id := range target {
		sum += float64(n.lse[i]) - float64(z.Row(i)[id])
	}
	n.y.Data[0] = float32(sum)
	t.Hold(z)
	t.Record(n, n.y, z)
	return n.y
}

type crossEntropy struct {
	z, y              *tensor.Tensor
	target            []int32
	lse               []float32
	add, inPlace      bool
	forward, backward func(int)
}

func (n *crossEntropy) forwardRow(i int) { n.lse[i] = kernel.LogSumExp(n.z.Row(i)) }

func (n *crossEntropy) Backward() {
	if n.inPlace && n.z.Grad == nil {
		n.z.Grad, n.add = n.z.Data, false
	} else {
		_, n.add = n.z.GradTarget()
	}
	kernel.Parallel(n.z.Rows(), n.backward)
}

func (n *crossEntropy) backwardRow(i int) {
	g, scale := n.z.GradRow(i), n.y.Grad[0]
	if !n.add { // the usual case: write the probabilities straight into the gradient
		kernel.Softmax(g, n.z.Row(i))
		kernel.Scale(g, scale, g)
	} else {
		for j, z := range n.z.Row(i) {
			g[j] += scale * float32(math.Exp(float64(z-n.lse[i])))
		}
	}
	g[n.target[i]] -= scale
}

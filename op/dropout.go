package op

import (
	"github.com/rotor-lm/rotor/tensor"
)

// Dropout silences each element with probability rate and scales the others
// up, so that the mean stays. It does nothing on a tape that does not record.
//
//	y = x ⊙ m/(1 − rate)    dx = dy ⊙ m/(1 − rate)
//
// The mask m is a function of the stream, of the row's sequence and position in
// it, and of the column alone. So it is computed again on the way back and not
// kept, and it is the same on any number of threads and however sequences are
// packed into passes.
//
// Shapes: x [T, C] → y [T, C].
//
// Srivastava et al., Dropout, JMLR 15, 2014, §4.
func Dropout(x *tensor.Tensor, places Places, rate float32, stream uint64) *tensor.Tensor {
	t := x.Tape()
	if rate <= 0 || !t.Recording() {
		return x
	}
	n := tensor.Make[dropout](t)
	n.x, n.y, n.places, n.rate, n.stream = x, t.New(x.Shape...), places, rate, stream
	drop(n.y.Data, x.Data, places, rate, stream)
	t.Record(n, n.y, x)
	return n.y
}

type dropout struct {
	x, y   *tensor.Tensor
	places Places
	rate   float32
	stream uint64
}

func (n *dropout) Backward() {
	addDropped(n.x.WantGrad(), n.y.Grad, n.places, n.rate, n.stream)
}

func drop(dst, x []float32, places Places, rate float32, stream uint64) {
	clear(dst)
	addDropped(dst, x, places, rate, stream)
}

// addDropped adds to dst what the mask leaves of x. Rows without places are one
// sequence.
func addDropped(dst, x []float32, places Places, rate float32, stream uint64) {
	rows := places.Rows()
	if rows == 0 {
		addDroppedRow(dst, x, rate, stream)
		return
	}
	width := len(x) / rows
	for _, s := range places.Spans {
		of := Random(stream, uint64(s.Seq))
		for t := s.Row; t < s.Row+s.Len; t++ {
			lo, hi := t*width, (t+1)*width
			addDroppedRow(dst[lo:hi], x[lo:hi], rate, Random(of, uint64(places.Pos[t])))
		}
	}
}

func addDroppedRow(dst, x []float32, rate float32, stream uint64) {
	scale, limit := 1/(1-rate), uint64(float64(rate)*(1<<32))
	for i := range x {
		if Random(stream, uint64(i))>>32 >= limit {
			dst[i] += scale * x[i]
		}
	}
}

// Random is the i-th number of a random stream: any element can be asked for
// at any time, so nothing about a stream needs to be saved or shared.
//
// It is the output function of SplitMix64, applied to stream and counter.
// Steele, Lea and Flood, Fast Splittable Pseudorandom Number Generators, 2014.
func Random(stream, i uint64) uint64 {
	return mix(mix(stream+0x9e3779b97f4a7c15) + (i+1)*0x9e3779b97f4a7c15)
}

func mix(z uint64) uint64 {
	z = (z ^ z>>30) * 0xbf58476d1ce4e5b9
	z = (z ^ z>>27) * 0x94d049bb133111eb
	return z ^ z>>31
}

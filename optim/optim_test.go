package optim_test

import (
	"fmt"
	"math"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/tensor"
)

// params are a matrix of more than one chunk and a vector, with gradients that
// depend on the step.
func params() []optim.Param {
	list := []optim.Param{{Name: "matrix", Tensor: tensor.New(130, 150)}, {Name: "vector", Tensor: tensor.New(7)}}
	for _, p := range list {
		p.Learn()
		for i := range p.Data {
			p.Data[i] = float32(math.Sin(float64(i)))
		}
	}
	return list
}

func gradient(list []optim.Param, step int) {
	for _, p := range list {
		g := p.WantGrad()
		for i := range g {
			g[i] = float32(math.Cos(float64(i+step)) * float64(step))
		}
	}
}

// AdamW is its algorithm, in float64: decay beside the step, none for vectors.
func TestAdamWLonghand(t *testing.T) {
	list := params()
	o := optim.NewAdamW(list, optim.AdamW{Beta1: .8, Beta2: .95, Eps: 1e-6, Decay: .1})
	var w, m, v [][]float64
	for _, p := range list {
		x := make([]float64, p.Len())
		for i := range x {
			x[i] = float64(p.Data[i])
		}
		w, m, v = append(w, x), append(m, make([]float64, p.Len())), append(v, make([]float64, p.Len()))
	}
	for step := 1; step <= 5; step++ {
		rate := .01 / float64(step)
		gradient(list, step)
		o.Step(rate)
		for k, p := range list {
			decay := []float64{.1, 0}[k]
			for i := range w[k] {
				g := float64(p.Grad[i])
				m[k][i] = .8*m[k][i] + .2*g
				v[k][i] = .95*v[k][i] + .05*g*g
				mh, vh := m[k][i]/(1-math.Pow(.8, float64(step))), v[k][i]/(1-math.Pow(.95, float64(step)))
				w[k][i] -= rate * (decay*w[k][i] + mh/(math.Sqrt(vh)+1e-6))
			}
		}
	}
	for k, p := range list {
		for i, x := range p.Data {
			if math.Abs(float64(x)-w[k][i]) > 2e-6 {
				t.Fatalf("%s: element %d is %g, by the algorithm %g", p.Name, i, x, w[k][i])
			}
		}
	}
}

// An optimizer that is given another's state goes on as that one, and the
// number of threads changes nothing.
func TestAdamWResumes(t *testing.T) {
	defer kernel.SetThreads(0)
	var whole []optim.Param
	for _, threads := range []int{1, 2} {
		kernel.SetThreads(threads)
		a := params()
		first := optim.NewAdamW(a, optim.AdamW{Decay: .01})
		for step := 1; step <= 3; step++ {
			gradient(a, step)
			first.Step(.01)
		}
		b := params()
		second := optim.NewAdamW(b, optim.AdamW{Decay: .01})
		state := map[string][]float32{}
		for name, x := range first.State() {
			state[name] = x
		}
		for name, x := range second.State() {
			copy(x, state[name])
		}
		second.Resume(3)
		for k := range b {
			copy(b[k].Data, a[k].Data)
		}
		for _, run := range []struct {
			list []optim.Param
			o    *optim.AdamW
		}{{a, first}, {b, second}} {
			gradient(run.list, 4)
			run.o.Step(.01)
		}
		if whole == nil {
			whole = a
		}
		for k := range a {
			if !slices.Equal(a[k].Data, b[k].Data) || !slices.Equal(a[k].Data, whole[k].Data) {
				t.Errorf("%d threads: %s differs", threads, a[k].Name)
			}
		}
	}
}

func TestClip(t *testing.T) {
	list := params()
	gradient(list, 2)
	sum := 0.0
	for _, p := range list {
		for _, g := range p.Grad {
			sum += float64(g) * float64(g)
		}
	}
	norm, before := math.Sqrt(sum), slices.Clone(list[0].Grad)
	for _, limit := range []float64{0, 2 * norm} {
		if n := optim.Clip(list, limit); math.Abs(n-norm) > 1e-4*norm || !slices.Equal(list[0].Grad, before) {
			t.Errorf("limit %g: norm %g, want %g and no change", limit, n, norm)
		}
	}
	if n := optim.Clip(list, 1.5); math.Abs(n-norm) > 1e-4*norm {
		t.Errorf("norm %g, want that before clipping, %g", n, norm)
	}
	if n := optim.Norm(list); math.Abs(n-1.5) > 1e-4 {
		t.Errorf("norm %g after clipping to 1.5", n)
	}
	if ratio := float64(list[0].Grad[1] / before[1]); math.Abs(ratio-1.5/norm) > 1e-6 {
		t.Errorf("a gradient was scaled by %g, want %g", ratio, 1.5/norm)
	}
	optim.Zero(list)
	if n := optim.Norm(list); n != 0 {
		t.Errorf("norm %g of nothing", n)
	}
}

func TestSchedules(t *testing.T) {
	for _, c := range []struct {
		schedule optim.Schedule
		step     int
		want     float64
	}{
		{optim.Constant, 0, .25},
		{optim.Constant, 2, .75},
		{optim.Constant, 3, 1},
		{optim.Constant, 10, 1},
		{optim.Linear, 1, .5},
		{optim.Linear, 3, 1},
		{optim.Linear, 7, .5},
		{optim.Linear, 10, .125},
		{optim.Cosine, 1, .5},
		{optim.Cosine, 3, 1},
		{optim.Cosine, 5, .5 * (1 + math.Sqrt2/2)},
		{optim.Cosine, 7, .5},
		{optim.Cosine, 11, 0},
		{optim.Linear, 11, 0},
		{optim.Cosine, 50, 0},
	} {
		if r := c.schedule.Rate(2, c.step, 3, 11); math.Abs(r-2*c.want) > 1e-12 {
			t.Errorf("%s: step %d of 11 has a rate of %g, want %g", c.schedule, c.step, r, 2*c.want)
		}
	}
	for _, s := range []optim.Schedule{optim.Constant, optim.Linear, optim.Cosine} {
		last := math.Inf(1)
		for step := 4; step < 20; step++ {
			r := s.Rate(1, step, 4, 20)
			if r <= 0 || r > last {
				t.Errorf("%s: step %d has a rate of %g after %g", s, step, r, last)
			}
			last = r
		}
		if r := s.Rate(1, 0, 0, 1); r != 1 {
			t.Errorf("%s: the only step has a rate of %g", s, r)
		}
		var read optim.Schedule
		if err := read.UnmarshalText([]byte(fmt.Sprint(s))); err != nil || read != s {
			t.Errorf("%s reads as %q, %v", s, read, err)
		}
	}
	var s optim.Schedule
	if s.UnmarshalText([]byte("sometimes")) == nil {
		t.Error("a schedule that there is not was read")
	}
}

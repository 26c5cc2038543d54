package train

import (
	"time"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/model"
)

// Event is something that happened in a run: a Start, Step, Eval, Saved, Stopped
// or Done.
type Event interface{ event() }

// Start says what the run is about to do.
type Start struct {
	Trainable int           `json:"trainable"` // numbers that learn
	Total     int           `json:"total"`     // numbers of the model
	Steps     int           `json:"steps"`
	First     int           `json:"first"` // step that the run goes on from
	Stats     data.Stats    `json:"stats"`
	Held      int           `json:"held"`                     // sequences to evaluate on
	Dropout   float64       `json:"config_dropout,omitempty"` // that config.json asks for, and that there is not
	Prepared  time.Duration `json:"prepared"`                 // time it took to get here
}

// Step is one step of the optimizer.
type Step struct {
	N        int     `json:"step"` // from 1
	Steps    int     `json:"-"`
	Epoch    float64 `json:"epoch"`
	Loss     float64 `json:"loss"` // mean over the labelled tokens
	Norm     float64 `json:"norm"` // of the gradient, before clipping
	Rate     float64 `json:"lr"`
	Rows     int     `json:"rows"`
	Labelled int     `json:"labelled"`

	Seconds float64       `json:"-"` // of this step
	Speed   float64       `json:"-"` // rows a second, over the last steps
	FLOPS   float64       `json:"-"` // of the matrix products alone, a second
	ETA     time.Duration `json:"-"`
}

// Eval is an evaluation on the texts held back.
type Eval struct {
	N          int     `json:"step"`
	Loss       float64 `json:"eval_loss"`
	Perplexity float64 `json:"eval_perplexity"`
	Best       bool    `json:"best"` // the lowest yet: kept in best/
}

// Saved says that the state of a step is on disk.
type Saved struct {
	N    int
	Path string
}

// Stopped says that the run ends before its last step, because evaluations do
// not become better any more.
type Stopped struct {
	N        int     `json:"step"`
	Best     float64 `json:"best_loss"` // the lowest evaluation: it is kept in best/
	BestStep int     `json:"best_step"`
}

// Done says that the result is on disk.
type Done struct {
	Out     string
	Seconds float64
	Model   model.Model `json:"-"` // what learned, until the reader asks for more events
}

func (Start) event()   {}
func (Step) event()    {}
func (Eval) event()    {}
func (Saved) event()   {}
func (Stopped) event() {}
func (Done) event()    {}

// speed is the pace of the last steps.
type speed struct {
	counts  [16]int
	seconds [16]float64
	n       int
}

// rows notes a step and returns rows a second over the last ones.
func (s *speed) rows(n int, seconds float64) float64 {
	i := s.n % len(s.counts)
	s.counts[i], s.seconds[i] = n, seconds
	s.n++
	total, time := 0, 0.0
	for i := range min(s.n, len(s.counts)) {
		total, time = total+s.counts[i], time+s.seconds[i]
	}
	return float64(total) / max(time, 1e-9)
}

// step is the mean time of the last steps.
func (s *speed) step() float64 {
	time := 0.0
	for _, x := range s.seconds {
		time += x
	}
	return time / float64(max(1, min(s.n, len(s.seconds))))
}

package approx

import (
	"encoding/gob"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/world"
)

// Part is something that an agent must remember to go on exactly.
type Part interface {
	keep() (any, error)     // a value to write
	slot() any              // where it is read to: a pointer
	restore(slot any) error // takes what was read, if it fits
}

// version of the files that Save writes.
const version = 1

type header struct {
	Version int
	Kind    string
	Parts   int
}

// Save writes parts. Kind says what they are of, such as "dqn".
func Save(w io.Writer, kind string, parts ...Part) error {
	enc := gob.NewEncoder(w)
	if err := enc.Encode(header{version, kind, len(parts)}); err != nil {
		return err
	}
	for _, p := range parts {
		x, err := p.keep()
		if err == nil {
			err = enc.Encode(x)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// Load reads parts of the same kind and sizes, made with the same settings.
// Nothing is changed before all was read.
func Load(r io.Reader, kind string, parts ...Part) error {
	dec := gob.NewDecoder(r)
	var h header
	if err := dec.Decode(&h); err != nil {
		return fmt.Errorf("this is no saved agent: %w", err)
	}
	switch {
	case h.Version > version:
		return fmt.Errorf("the agent was saved by a newer Rotor, as version %d; this one reads up to %d", h.Version, version)
	case h.Kind != kind || h.Parts != len(parts):
		return fmt.Errorf("the file holds an agent of kind %q with %d parts; %q with %d is wanted: the algorithm or its options differ", h.Kind, h.Parts, kind, len(parts))
	}
	slots := make([]any, len(parts))
	for i, p := range parts {
		slots[i] = p.slot()
		if err := dec.Decode(slots[i]); err != nil {
			return fmt.Errorf("part %d of the saved agent: %w", i, err)
		}
		if f, ok := p.(interface{ fits(any) error }); ok {
			if err := f.fits(slots[i]); err != nil {
				return fmt.Errorf("part %d of the saved agent: %w", i, err)
			}
		}
	}
	for i, p := range parts {
		if err := p.restore(slots[i]); err != nil {
			return fmt.Errorf("part %d of the saved agent: %w", i, err)
		}
	}
	return nil
}

// Number is a part that is one number, a word or a switch.
func Number[T int | float64 | float32 | bool](p *T) Part { return number[T]{p} }

type number[T any] struct{ p *T }

func (n number[T]) keep() (any, error)     { return struct{ X T }{*n.p}, nil }
func (n number[T]) slot() any              { return new(struct{ X T }) }
func (n number[T]) restore(slot any) error { *n.p = slot.(*struct{ X T }).X; return nil }

// Numbers is a part that is a slice, whose length stays.
func Numbers[T int | float64 | float32 | bool](x []T) Part { return numbers[T](x) }

type numbers[T any] []T

func (n numbers[T]) keep() (any, error)     { return struct{ X []T }{n}, nil }
func (n numbers[T]) slot() any              { return new(struct{ X []T }) }
func (n numbers[T]) restore(slot any) error { copy(n, slot.(*struct{ X []T }).X); return nil }

func (n numbers[T]) fits(slot any) error {
	if have := len(slot.(*struct{ X []T }).X); have != len(n) {
		return fmt.Errorf("%d numbers, want %d: networks or memories have other sizes", have, len(n))
	}
	return nil
}

// Stream is a stream of random numbers that can be saved.
type Stream struct {
	*rand.Rand
	source *rand.PCG
}

// NewStream is rl.NewRand.
func NewStream(seed uint64, path ...uint64) Stream {
	source := rl.NewSource(seed, path...)
	return Stream{rand.New(source), source}
}

func (s Stream) keep() (any, error)     { return s.source.MarshalBinary() }
func (s Stream) slot() any              { return new([]byte) }
func (s Stream) fits(slot any) error    { return new(rand.PCG).UnmarshalBinary(*slot.(*[]byte)) }
func (s Stream) restore(slot any) error { return s.source.UnmarshalBinary(*slot.(*[]byte)) }

// adamState is what Adam remembers.
type adamState struct {
	M, V []float32
	Step int
}

func (a *Adam) keep() (any, error) { return adamState{a.m, a.v, a.step}, nil }
func (a *Adam) slot() any          { return new(adamState) }

func (a *Adam) fits(slot any) error {
	if s := slot.(*adamState); len(s.M) != len(a.m) || len(s.V) != len(a.v) || s.Step < 0 {
		return fmt.Errorf("moments of %d weights, want %d", len(s.M), len(a.m))
	}
	return nil
}

func (a *Adam) restore(slot any) error {
	s := slot.(*adamState)
	copy(a.m, s.M)
	copy(a.v, s.V)
	a.step = s.Step
	return nil
}

// runnerState is where a run stands.
type runnerState struct {
	World         []float64 // the state; nil for a world that cannot tell it
	Rng           []byte
	Before, State []float32
	Episode       rl.Episode
}

// placer is a world that can tell its state, and be put there.
type placer interface {
	State() []float64
	Place(state []float64) error
}

func (r *Runner) keep() (any, error) {
	s := runnerState{Before: r.Before, State: r.State, Episode: r.episode}
	if p, ok := r.env.(placer); ok {
		s.World = append([]float64{}, p.State()...)
	}
	var err error
	s.Rng, err = r.rng.source.MarshalBinary()
	return s, err
}

func (r *Runner) slot() any { return new(runnerState) }

func (r *Runner) fits(slot any) error {
	s := slot.(*runnerState)
	if len(s.Before) != len(r.Before) || len(s.State) != len(r.State) {
		return fmt.Errorf("a world that shows %d numbers, want %d", len(s.State), len(r.State))
	}
	return new(rand.PCG).UnmarshalBinary(s.Rng)
}

// restore puts the world where it was; one that cannot be put anywhere begins a
// new run.
func (r *Runner) restore(slot any) error {
	s := slot.(*runnerState)
	p, ok := r.env.(placer)
	if !ok || s.World == nil {
		return r.anew(s)
	}
	r.env.Reset(r.rng.Rand)
	switch err := p.Place(s.World); {
	case errors.Is(err, world.ErrPlace):
		return r.anew(s)
	case err != nil:
		return err
	}
	copy(r.Before, s.Before)
	copy(r.State, s.State)
	r.episode = s.Episode
	return r.rng.source.UnmarshalBinary(s.Rng)
}

// anew begins the run after the one that was saved.
func (r *Runner) anew(s *runnerState) error {
	if err := r.rng.source.UnmarshalBinary(s.Rng); err != nil {
		return err
	}
	r.episode = rl.Episode{N: s.Episode.N + 1}
	r.begin()
	return nil
}

// replayState is what a replay holds.
type replayState struct {
	State, Next, Action, Reward, Discount []float32 // of the rows that are in use
	N, At                                 int
	Sum                                   []float64
	Top                                   float64
	WState, WAction, WReward, WDiscount   []float32
	WN                                    int
}

func (r *Replay) keep() (any, error) {
	s := replayState{
		State: r.State.Data[:r.N*r.State.Cols], Next: r.Next.Data[:r.N*r.Next.Cols], Action: r.Action.Data[:r.N*r.Action.Cols],
		Reward: r.Reward[:r.N], Discount: r.Discount[:r.N], N: r.N, At: r.at,
		WState: r.window.state.Data, WAction: r.window.action.Data, WReward: r.window.reward, WDiscount: r.window.discount, WN: r.window.n,
	}
	if r.tree != nil {
		s.Sum, s.Top = r.tree.sum, r.tree.top
	}
	return s, nil
}

func (r *Replay) slot() any { return new(replayState) }

func (r *Replay) fits(slot any) error {
	s := slot.(*replayState)
	w, sums := &r.window, 0
	if r.tree != nil {
		sums = len(r.tree.sum)
	}
	if s.N < 0 || s.N > len(r.Reward) || s.At < 0 || s.At >= len(r.Reward) || s.WN < 0 || s.WN > len(w.reward) ||
		len(s.State) != s.N*r.State.Cols || len(s.Next) != s.N*r.Next.Cols || len(s.Action) != s.N*r.Action.Cols ||
		len(s.Reward) != s.N || len(s.Discount) != s.N || len(s.Sum) != sums ||
		len(s.WState) != len(w.state.Data) || len(s.WAction) != len(w.action.Data) || len(s.WReward) != len(w.reward) || len(s.WDiscount) != len(w.discount) {
		return errors.New("a replay of another size")
	}
	return nil
}

func (r *Replay) restore(slot any) error {
	s, w := slot.(*replayState), &r.window
	copy(r.State.Data, s.State)
	copy(r.Next.Data, s.Next)
	copy(r.Action.Data, s.Action)
	copy(r.Reward, s.Reward)
	copy(r.Discount, s.Discount)
	r.N, r.at = s.N, s.At
	if r.tree != nil {
		copy(r.tree.sum, s.Sum)
		r.tree.top = s.Top
	}
	copy(w.state.Data, s.WState)
	copy(w.action.Data, s.WAction)
	copy(w.reward, s.WReward)
	copy(w.discount, s.WDiscount)
	w.n = s.WN
	return nil
}

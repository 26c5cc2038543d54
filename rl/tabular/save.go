package tabular

import (
	"encoding/json"
	"fmt"
	"io"
	"math"

	"github.com/rotor-lm/rotor/rl"
)

// Version is that of the files that Save writes.
const Version = 1

// Saved is a run of learning as a file: enough to go on exactly.
type Saved struct {
	Version   int             `json:"rotor_rl"`
	World     string          `json:"world"`
	Set       []string        `json:"set,omitempty"` // the world's options
	Algorithm string          `json:"algorithm"`
	Options   Options         `json:"options"`
	Alpha     rl.Schedule     `json:"alpha"`
	Epsilon   rl.Schedule     `json:"epsilon"`
	Horizon   int             `json:"horizon"`
	Seed      uint64          `json:"seed"`
	Episodes  int             `json:"episodes"`
	Steps     int             `json:"steps"`
	Q         *Q              `json:"q,omitempty"`
	V         *V              `json:"v,omitempty"`
	State     json.RawMessage `json:"state,omitempty"` // what the algorithm remembers beside the tables
}

// Save writes l, and what alg remembers, over the description in s.
func Save(out io.Writer, s Saved, alg Algorithm, l *Learning) error {
	s.Version, s.Alpha, s.Epsilon, s.Horizon = Version, l.Alpha, l.Epsilon, l.Horizon
	s.Seed, s.Episodes, s.Steps, s.Q, s.V = l.Seed, l.Episodes, l.Steps, l.Q, l.V
	state, err := json.Marshal(alg)
	if err != nil {
		return err
	}
	s.State = state
	return json.NewEncoder(out).Encode(s)
}

// largestFile bounds what Load reads.
const largestFile = 1 << 30

// Load reads what Save wrote, for a world of so many states and actions.
func Load(in io.Reader, states, actions int) (Saved, Algorithm, *Learning, error) {
	var s Saved
	if err := json.NewDecoder(io.LimitReader(in, largestFile)).Decode(&s); err != nil {
		return s, nil, nil, fmt.Errorf("not a saved run of learning: %w", err)
	}
	if s.Version != Version {
		return s, nil, nil, fmt.Errorf("this run was saved in form %d; this program reads form %d", s.Version, Version)
	}
	e, known := Lookup(s.Algorithm)
	if !known {
		return s, nil, nil, fmt.Errorf("this run was saved with an algorithm %q, which does not exist here", s.Algorithm)
	}
	if err := s.check(e, states, actions); err != nil {
		return s, nil, nil, err
	}
	alg := e.New(s.Options)
	if len(s.State) > 0 && string(s.State) != "{}" {
		if err := json.Unmarshal(s.State, addressable(alg)); err != nil {
			return s, nil, nil, fmt.Errorf("what %s remembered cannot be read: %w", s.Algorithm, err)
		}
	}
	l := &Learning{Q: s.Q, V: s.V, Alpha: s.Alpha, Epsilon: s.Epsilon, Horizon: s.Horizon, Seed: s.Seed, Episodes: s.Episodes, Steps: s.Steps}
	return s, alg, l, remembered(alg, states, actions)
}

// addressable is alg, or a place to throw away what one without memory saved.
func addressable(alg Algorithm) any {
	switch alg.(type) {
	case *DoubleQ, *OffPolicy, *OffPolicyControl, *DynaQ, *Sweeping, *TD, *SarsaLambda, *QLambda:
		return alg
	}
	return new(any)
}

func (s Saved) check(e Entry, states, actions int) error {
	switch {
	case e.Control && (s.Q == nil || s.Q.States != states || s.Q.Actions != actions || len(s.Q.Values) != states*actions || len(s.Q.Visits) != states*actions):
		return fmt.Errorf("the saved action values do not fit a world of %d states and %d actions", states, actions)
	case !e.Control && (s.V == nil || len(s.V.Values) != states || len(s.V.Visits) != states):
		return fmt.Errorf("the saved values do not fit a world of %d states", states)
	case s.Episodes < 0 || s.Steps < 0 || s.Horizon < 0:
		return fmt.Errorf("the saved counts are below zero")
	}
	return nil
}

// remembered checks that what an algorithm remembers fits the world.
func remembered(alg Algorithm, states, actions int) error {
	pairs := states * actions
	bad := fmt.Errorf("what the algorithm remembered does not fit a world of %d states and %d actions", states, actions)
	fits := func(n, want int) bool { return n == 0 || n == want }
	within := func(list []int, low, high int) bool {
		for _, i := range list {
			if i < low || i >= high {
				return false
			}
		}
		return true
	}
	memory := func(m *Memory) bool {
		return fits(len(m.Next), pairs) && len(m.Reward) == len(m.Next) && len(m.Discount) == len(m.Next) && len(m.When) == len(m.Next) &&
			within(m.Next, -1, states) && within(m.Tried, 0, len(m.Next)) && tried(m)
	}
	ok := true
	switch a := alg.(type) {
	case *DoubleQ:
		for _, q := range a.Tables {
			ok = ok && (q == nil || q.Actions == actions && q.States == states && len(q.Values) == pairs)
		}
		ok = ok && (a.Tables[0] == nil) == (a.Tables[1] == nil)
	case *OffPolicy:
		ok = fits(len(a.Sum), states)
	case *OffPolicyControl:
		ok = fits(len(a.Sum), pairs)
	case *DynaQ:
		ok = memory(&a.Memory)
	case *Sweeping:
		ok = memory(&a.Memory) && fits(len(a.Before), states) && a.Queue.whole(len(a.Memory.Next))
		for _, list := range a.Before {
			ok = ok && within(list, 0, len(a.Memory.Next))
		}
	}
	if !ok {
		return bad
	}
	return nil
}

// tried says whether every pair that is said to have been tried was.
func tried(m *Memory) bool {
	for _, i := range m.Tried {
		if m.Next[i] < 0 {
			return false
		}
	}
	return true
}

// whole says whether a queue that was read is one, over so many pairs.
func (q *queue) whole(pairs int) bool {
	if len(q.Place) != pairs || len(q.Priority) != pairs || len(q.Heap) > pairs {
		return len(q.Place) == 0 && len(q.Heap) == 0
	}
	waiting := 0
	for i, at := range q.Place {
		if at >= len(q.Heap) || at >= 0 && q.Heap[at] != i || math.IsNaN(q.Priority[i]) {
			return false
		}
		if at >= 0 {
			waiting++
		}
	}
	return waiting == len(q.Heap)
}

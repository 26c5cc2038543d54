package world

import (
	"fmt"
	"math"
)

// Outcome is one way in which an action can turn out.
type Outcome struct {
	P      float64 // how likely
	Next   int     // the state that it leads to
	Reward float64
	Gamma  float64 // the discount; zero ends the episode
}

// Model is the exact transition table of a finite world: p(s′, r, γ | s, a).
// The outcomes of a pair stand side by side, those of pair s·Actions + a from
// First[pair] up to First[pair+1].
type Model struct {
	States, Actions int
	Start           []float64 // how likely an episode begins in s      [States]
	End             []bool    // s is where episodes end: its value is zero; nil for none
	First           []int     // [States·Actions + 1]
	Outcomes        []Outcome
}

// MaxPairs bounds the tables that files and options can ask for.
const MaxPairs = 1 << 24

// NewModel asks for the outcomes of every pair. Outcomes that lead to the same
// state with the same reward and discount are merged.
func NewModel(states, actions int, of func(s, a int) []Outcome) *Model {
	m := &Model{States: states, Actions: actions, Start: make([]float64, states), First: make([]int, 1, states*actions+1)}
	for s := range states {
		for a := range actions {
			m.add(of(s, a))
		}
	}
	return m
}

func (m *Model) add(outcomes []Outcome) {
	first := len(m.Outcomes)
next:
	for _, o := range outcomes {
		if o.P == 0 {
			continue
		}
		for i := first; i < len(m.Outcomes) && len(outcomes) <= 16; i++ {
			if p := &m.Outcomes[i]; p.Next == o.Next && p.Reward == o.Reward && p.Gamma == o.Gamma {
				p.P += o.P
				continue next
			}
		}
		m.Outcomes = append(m.Outcomes, o)
	}
	m.First = append(m.First, len(m.Outcomes))
}

// Of returns the outcomes of action a in state s.
func (m *Model) Of(s, a int) []Outcome {
	pair := s*m.Actions + a
	return m.Outcomes[m.First[pair]:m.First[pair+1]]
}

// Ends says whether episodes end in s, so that its value is zero.
func (m *Model) Ends(s int) bool { return m.End != nil && m.End[s] }

// Discounted returns a copy whose discounts, where they are not zero, are gamma
// times those of m.
func (m *Model) Discounted(gamma float64) *Model {
	c := *m
	c.Outcomes = make([]Outcome, len(m.Outcomes))
	for i, o := range m.Outcomes {
		o.Gamma *= gamma
		c.Outcomes[i] = o
	}
	return &c
}

// Continuing says whether some state that can be reached from the start can
// never be left for an end: an episode may then last forever.
func (m *Model) Continuing() bool {
	reached := m.Reachable()
	ends := make([]bool, m.States) // an end can be reached from here
	for changed := true; changed; {
		changed = false
		for s := m.States - 1; s >= 0; s-- {
			if ends[s] || m.Ends(s) {
				continue
			}
			for _, o := range m.Outcomes[m.First[s*m.Actions]:m.First[(s+1)*m.Actions]] {
				if o.Gamma == 0 || ends[o.Next] {
					ends[s], changed = true, true
					break
				}
			}
		}
	}
	for s := range reached {
		if reached[s] && !m.Ends(s) && !ends[s] {
			return true
		}
	}
	return false
}

// Reachable says which states some policy can get to from the start.
func (m *Model) Reachable() []bool {
	seen := make([]bool, m.States)
	var open []int
	visit := func(s int) {
		if !seen[s] {
			seen[s] = true
			open = append(open, s)
		}
	}
	for s, p := range m.Start {
		if p > 0 {
			visit(s)
		}
	}
	for len(open) > 0 {
		s := open[len(open)-1]
		open = open[:len(open)-1]
		if m.Ends(s) {
			continue
		}
		for _, o := range m.Outcomes[m.First[s*m.Actions]:m.First[(s+1)*m.Actions]] {
			visit(o.Next)
		}
	}
	return seen
}

// Check returns what is wrong with a table: probabilities that do not add to
// one, states that do not exist, discounts outside [0, 1].
func (m *Model) Check() error {
	if m.States < 1 || m.Actions < 1 {
		return fmt.Errorf("a model needs states and actions, has %d and %d", m.States, m.Actions)
	}
	if len(m.First) != m.States*m.Actions+1 || len(m.Start) != m.States || m.End != nil && len(m.End) != m.States {
		return fmt.Errorf("a model of %d states and %d actions has tables of other lengths", m.States, m.Actions)
	}
	var start float64
	for _, p := range m.Start {
		start += p
	}
	if math.Abs(start-1) > 1e-9 {
		return fmt.Errorf("the probabilities of the start add to %g, not 1", start)
	}
	for s := range m.States {
		for a := range m.Actions {
			if err := check(m.Of(s, a), m.States); err != nil {
				return fmt.Errorf("state %d, action %d: %w", s, a, err)
			}
		}
	}
	return nil
}

func check(outcomes []Outcome, states int) error {
	var sum float64
	for _, o := range outcomes {
		switch {
		case !(o.P >= 0):
			return fmt.Errorf("probability %g", o.P)
		case o.Next < 0 || o.Next >= states:
			return fmt.Errorf("leads to state %d of %d", o.Next, states)
		case !(o.Gamma >= 0 && o.Gamma <= 1):
			return fmt.Errorf("discount %g: want a number from 0 to 1", o.Gamma)
		case math.IsNaN(o.Reward) || math.IsInf(o.Reward, 0):
			return fmt.Errorf("reward %g", o.Reward)
		}
		sum += o.P
	}
	if math.Abs(sum-1) > 1e-9 {
		return fmt.Errorf("probabilities add to %g, not 1", sum)
	}
	return nil
}

package rl

import (
	"fmt"
	"math"
	"strconv"
	"strings"
)

// Schedule is a step size or a rate of exploration that changes with a count
// k = 1, 2, … It is one of four forms, by the fields that are set:
//
//	First                     constant
//	First, Power p            First/k^p
//	First, Last, Over n       from First to Last on a line, over n counts
//	First, Last, Over n, Geometric   the same with a constant ratio
//
// As text: "0.1", "1/k", "2/k^0.7", "1..0.1/5000", "1..0.1*5000".
type Schedule struct {
	First, Last float64
	Power       float64
	Over        int
	Geometric   bool
}

// Const is the schedule that never changes.
func Const(x float64) Schedule { return Schedule{First: x} }

// Harmonic is 1/k: with it w += (x − w)/k is the mean of all x so far.
func Harmonic() Schedule { return Schedule{First: 1, Power: 1} }

// Linear goes from first to last over n counts and stays there.
func Linear(first, last float64, n int) Schedule {
	return Schedule{First: first, Last: last, Over: n}
}

// Constant says whether the schedule never changes.
func (s Schedule) Constant() bool { return s.Power == 0 && s.Over == 0 }

// At is the value for count k, which begins with 1.
func (s Schedule) At(k int) float64 {
	switch {
	case s.Power == 1:
		return s.First / float64(k)
	case s.Power != 0:
		return s.First / math.Pow(float64(k), s.Power)
	case s.Over == 0:
		return s.First
	case k > s.Over:
		return s.Last
	}
	done := float64(k-1) / float64(s.Over)
	if s.Geometric {
		return s.First * math.Pow(s.Last/s.First, done)
	}
	return s.First + (s.Last-s.First)*done
}

// RobbinsMonro says why step sizes a_k do not promise convergence, or nil:
//
//	Σ a_k = ∞   and   Σ a_k² < ∞
//
// Robbins and Monro, A Stochastic Approximation Method, 1951.
func (s Schedule) RobbinsMonro() error {
	a := s
	switch {
	case a.First <= 0:
		return fmt.Errorf("step size %v: must be above zero", s)
	case a.Power == 0 && a.Over > 0 && a.Last == 0:
		return fmt.Errorf("step size %v: it is zero after %d steps, so Σα is finite and learning stops before it has converged; take 1/k", s, a.Over)
	case a.Power <= .5:
		return fmt.Errorf("step size %v: Σα² is infinite, so the estimate never settles; take a power of k above 1/2, such as 1/k", s)
	case a.Power > 1:
		return fmt.Errorf("step size %v: Σα is finite, so learning may stop before it has converged; take a power of k of 1 or less, such as 1/k", s)
	}
	return nil
}

// Within returns an error unless every value lies between low and high.
func (s Schedule) Within(what string, low, high float64) error {
	for _, x := range []float64{s.First, s.At(math.MaxInt32)} {
		if !(x >= low && x <= high) {
			return fmt.Errorf("%s %v: want numbers from %g to %g", what, s, low, high)
		}
	}
	return nil
}

// String is the text that ParseSchedule reads.
func (s Schedule) String() string {
	first := strconv.FormatFloat(s.First, 'g', -1, 64)
	switch {
	case s.Power == 1:
		return first + "/k"
	case s.Power != 0:
		return first + "/k^" + strconv.FormatFloat(s.Power, 'g', -1, 64)
	case s.Over == 0:
		return first
	}
	way := "/"
	if s.Geometric {
		way = "*"
	}
	return first + ".." + strconv.FormatFloat(s.Last, 'g', -1, 64) + way + strconv.Itoa(s.Over)
}

// MarshalText makes a schedule one word in JSON and YAML.
func (s Schedule) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// UnmarshalText is ParseSchedule.
func (s *Schedule) UnmarshalText(text []byte) (err error) {
	*s, err = ParseSchedule(string(text))
	return err
}

// ParseSchedule reads the text of a schedule.
func ParseSchedule(text string) (Schedule, error) {
	bad := func() (Schedule, error) {
		return Schedule{}, fmt.Errorf("schedule %q: want a number, 1/k, 2/k^0.7, 1..0.1/5000 (a line over 5000 counts) or 1..0.1*5000 (a constant ratio)", text)
	}
	number := func(s string) (float64, bool) {
		x, err := strconv.ParseFloat(strings.TrimSpace(s), 64)
		return x, err == nil && !math.IsInf(x, 0) && !math.IsNaN(x)
	}
	var s Schedule
	var ok bool
	if first, rest, line := strings.Cut(text, ".."); line {
		at := strings.IndexAny(rest, "/*")
		if at < 0 {
			return bad()
		}
		var ok2 bool
		s.First, ok = number(first)
		s.Last, ok2 = number(rest[:at])
		n, err := strconv.Atoi(strings.TrimSpace(rest[at+1:]))
		s.Over, s.Geometric = n, rest[at] == '*'
		if !ok || !ok2 || err != nil || n < 1 || s.Geometric && s.First*s.Last <= 0 {
			return bad()
		}
		return s, nil
	}
	first, rest, power := strings.Cut(text, "/k")
	if s.First, ok = number(first); !ok {
		return bad()
	}
	if power {
		s.Power = 1
		if rest != "" {
			exponent, found := strings.CutPrefix(rest, "^")
			if s.Power, ok = number(exponent); !found || !ok || s.Power <= 0 {
				return bad()
			}
		}
	}
	return s, nil
}

package rl

import (
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// climb adds its action to its state, and ends at four.
type climb struct{ at int }

func (c *climb) Reset(*rand.Rand) int { c.at = 0; return 0 }
func (c *climb) Step(a int) (int, float64, float64) {
	c.at += a
	if c.at >= 4 {
		return c.at, 10, 0
	}
	return c.at, -1, .9
}

func up(*rand.Rand, int) int { return 1 }

func TestRollout(t *testing.T) {
	tr := Rollout[int, int](&climb{}, PolicyFunc[int, int](up), NewRand(1), 0)
	if !slices.Equal(tr.State, []int{0, 1, 2, 3, 4}) || tr.Return() != 7 || tr.Discount[3] != 0 {
		t.Fatalf("%+v", tr)
	}
	cut := Rollout[int, int](&climb{}, PolicyFunc[int, int](up), NewRand(1), 2)
	if !slices.Equal(cut.State, []int{0, 1, 2}) || cut.Discount[1] != .9 {
		t.Fatalf("a horizon must cut and not end: %+v", cut)
	}
	RolloutInto[int, int](&tr, &climb{}, PolicyFunc[int, int](up), NewRand(1), 2)
	if !slices.Equal(tr.State, cut.State) {
		t.Fatalf("memory used again: %+v", tr)
	}
}

func TestSchedule(t *testing.T) {
	for text, want := range map[string][3]float64{ // at 1, 3, 1000
		"0.1":         {.1, .1, .1},
		"1/k":         {1, 1. / 3, .001},
		"2/k^0.5":     {2, 2 / math.Sqrt(3), 2 / math.Sqrt(1000)},
		"1..0.5/4":    {1, .75, .5},
		"1..0.0625*4": {1, .25, .0625},
	} {
		s, err := ParseSchedule(text)
		if err != nil {
			t.Fatal(err)
		}
		for i, k := range []int{1, 3, 1000} {
			if have := s.At(k); math.Abs(have-want[i]) > 1e-12 {
				t.Errorf("%s at %d: %v, want %v", text, k, have, want[i])
			}
		}
		again, err := ParseSchedule(s.String())
		if err != nil || again != s {
			t.Errorf("%s reads back as %v, %v", text, again, err)
		}
	}
	for _, text := range []string{"", "x", "NaN", "Inf", "1/k^", "1/k^x", "1/k2", "1..2", "1..2/0", "1..0*5", "1..x/5", "1/k^-1"} {
		if s, err := ParseSchedule(text); err == nil {
			t.Errorf("%q was read as %v", text, s)
		}
	}
}

func TestRobbinsMonroConditions(t *testing.T) {
	for text, good := range map[string]bool{
		"1/k": true, "5/k^0.51": true, "1/k^0.5": false, "1/k^1.1": false,
		"0.1": false, "1..0/9": false, "1..0.1/9": false, "0": false, "-1/k": false,
	} {
		s, _ := ParseSchedule(text)
		if err := s.RobbinsMonro(); (err == nil) != good {
			t.Errorf("%s: %v", text, err)
		}
	}
}

// Streams of neighbouring seeds and paths must not resemble each other.
func TestStreams(t *testing.T) {
	seen := map[uint64]bool{}
	for seed := range uint64(20) {
		for a := range uint64(20) {
			for b := range uint64(3) {
				seen[NewRand(seed, a, b).Uint64()] = true
			}
			seen[NewRand(seed, a).Uint64()] = true
		}
	}
	if len(seen) != 20*20*4 {
		t.Errorf("%d different streams", len(seen))
	}
	if NewRand(3, 1).Uint64() != NewRand(3, 1).Uint64() {
		t.Error("a stream must repeat itself")
	}
}

func TestEach(t *testing.T) {
	for _, n := range []int{0, 1, 2, 100} {
		x := make([]int, n)
		Each(n, func(i int) { x[i] += i + 1 })
		for i := range x {
			if x[i] != i+1 {
				t.Fatalf("%d of %d was visited wrongly", i, n)
			}
		}
	}
}

func FuzzSchedule(f *testing.F) {
	f.Add("1..0.1/5000")
	f.Add("2/k^0.7")
	f.Fuzz(func(t *testing.T, text string) {
		s, err := ParseSchedule(text)
		if err != nil {
			return
		}
		if again, err := ParseSchedule(s.String()); err != nil || again != s {
			t.Errorf("%q reads back as %v, %v", text, again, err)
		}
	})
}

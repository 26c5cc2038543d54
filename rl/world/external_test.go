package world

import (
	"bufio"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/rl"
)

// The test program plays a world itself when it is told to.
func TestMain(m *testing.M) {
	if how := os.Getenv("ROTOR_TEST_WORLD"); how != "" {
		play(how)
		os.Exit(3)
	}
	os.Exit(m.Run())
}

// play is a corridor of five cells, with the misdeed that how names.
func play(how string) {
	if how == "silent" {
		fmt.Fprintln(os.Stderr, "out of memory")
		return
	}
	if how == "nothing" {
		fmt.Println(`{"hello": 1}`)
		return
	}
	if how == "arm" {
		fmt.Println(`{"width": 3, "low": [-1, -1], "high": [1, 1]}`)
		return
	}
	if how == "force" {
		fmt.Println(`{"width": 3, "low": [-2], "high": 2}`)
		return
	}
	fmt.Println(`{"states": 5, "actions": 2, "gamma": 0.5}`)
	s := 0
	for in := bufio.NewScanner(os.Stdin); in.Scan(); {
		var ask struct{ Reset, Step *int }
		if err := json.Unmarshal(in.Bytes(), &ask); err != nil {
			panic(err)
		}
		if ask.Reset != nil {
			s = 0
			fmt.Println(`{"state": 0}`)
			continue
		}
		s = max(s+2**ask.Step-1, 0)
		switch {
		case how == "dies" && s == 2:
			fmt.Fprintln(os.Stderr, "the cat pulled the plug")
			return
		case how == "nonsense" && s == 2:
			fmt.Println(`{"state": 7, "reward": 0}`)
		case how == "words" && s == 2:
			fmt.Println(`hello?`)
		case how == "unpaid" && s == 2:
			fmt.Println(`{"state": 2}`)
		case s == 4:
			fmt.Println(`{"state": 4, "reward": 1, "end": true}`)
		default:
			fmt.Printf("{\"state\": %d, \"reward\": 0}\n", s)
		}
	}
}

func TestExternal(t *testing.T) {
	t.Setenv("ROTOR_TEST_WORLD", "well")
	w, err := Open("exec:" + os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	right := rl.PolicyFunc[int, int](func(*rand.Rand, int) int { return 1 })
	for range 2 {
		tr := rl.Rollout(w.Finite(), right, rl.NewRand(1), 0)
		if tr.Len() != 4 || tr.Return() != 1 || tr.Discount[0] != .5 || tr.Discount[3] != 0 {
			t.Fatalf("%+v", tr)
		}
	}
	if w.Count() != 5 || len(w.Actions) != 2 || w.Model != nil {
		t.Errorf("%d states, actions %v", w.Count(), w.Actions)
	}
	t.Setenv("ROTOR_TEST_WORLD", "force")
	f, err := Open("exec:" + os.Args[0])
	if err != nil {
		t.Fatal(err)
	}
	if f.Low != -2 || f.High != 2 {
		t.Errorf("a force from %g to %g, want -2 to 2", f.Low, f.High)
	}
	f.Close()
}

func TestExternalFails(t *testing.T) {
	for how, want := range map[string]string{
		"dies": "pulled the plug", "nonsense": "state 7 of 5", "words": "hello?", "unpaid": "without a \"reward\"",
	} {
		t.Setenv("ROTOR_TEST_WORLD", how)
		w, err := Open("exec:" + os.Args[0])
		if err != nil {
			t.Fatal(err)
		}
		steps := 0
		err = func() (err error) {
			defer rl.Catch(&err)
			env := w.Finite()
			env.Reset(rl.NewRand(1))
			for range 10 {
				env.Step(1)
				steps++
			}
			return nil
		}()
		if err == nil || !strings.Contains(err.Error(), want) || steps != 1 {
			t.Errorf("%s: %v after %d steps, want %q", how, err, steps, want)
		}
		w.Close()
	}
	for how, want := range map[string]string{"silent": "out of memory", "nothing": "describe a world", "arm": "an action of 2 numbers"} {
		t.Setenv("ROTOR_TEST_WORLD", how)
		if _, err := Open("exec:" + os.Args[0]); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v", how, err)
		}
	}
	if _, err := Open("exec:/no/such/program"); err == nil {
		t.Error("a program that does not exist was started")
	}
	if _, err := Open("exec:"); err == nil {
		t.Error("no program was started")
	}
}

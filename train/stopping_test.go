package train_test

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/train"
)

// until runs a job and cancels it after a step.
func until(t *testing.T, c train.Config, step, mode int) {
	t.Helper()
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	var stopped *train.Interrupted
	for e, err := range train.Run(ctx, c, mode) {
		if err != nil && !errors.As(err, &stopped) {
			t.Fatal(err)
		}
		if s, ok := e.(train.Step); ok && s.N == step {
			cancel()
		}
	}
	if stopped == nil {
		t.Fatalf("the run was not interrupted after step %d", step)
	}
}

// A run ends when its evaluations have not become better by the delta for as
// long as was said, and keeps the best; interrupted anywhere it ends the same.
func TestEarlyStopping(t *testing.T) {
	set := map[string]string{"steps": "30", "eval-every": "2", "early-stopping": "3", "min-delta": "100"}
	c, _ := job(t, set)
	best, at, steps := 1e9, 0, 0
	var stopped []train.Stopped
	for e, err := range train.Run(context.Background(), c, train.Fresh) {
		if err != nil {
			t.Fatal(err)
		}
		switch e := e.(type) {
		case train.Step:
			steps++
		case train.Eval:
			if e.Loss < best {
				best, at = e.Loss, e.N
			}
		case train.Stopped:
			stopped = append(stopped, e)
		}
	}
	// The first evaluation is better than none. None after it falls by 100.
	if len(stopped) != 1 || stopped[0] != (train.Stopped{N: 8, Best: best, BestStep: at}) || steps != 8 {
		t.Fatalf("%d steps, stopped %+v; the best is %g after step %d", steps, stopped, best, at)
	}
	want := result(t, c)
	if _, err := run(t, context.Background(), c, train.Resume); err != nil {
		t.Fatal(err)
	}
	equal(t, result(t, c), want) // there is nothing more to do
	out := c.Out
	for step := 1; step < 8; step++ {
		c.Out = out + strings.Repeat("x", step)
		until(t, c, step, train.Fresh)
		losses, err := run(t, context.Background(), c, train.Resume)
		if err != nil || len(losses) != 8-step {
			t.Fatalf("resumed after step %d: %d steps, %v", step, len(losses), err)
		}
		equal(t, result(t, c), want)
	}
}

// While evaluations get better a run goes on to its end.
func TestEarlyStoppingWaits(t *testing.T) {
	c, _ := job(t, map[string]string{"steps": "12", "eval-every": "3", "early-stopping": "1"})
	losses, err := run(t, context.Background(), c, train.Fresh)
	if err != nil || len(losses) != 12 {
		t.Errorf("%d steps, %v", len(losses), err)
	}
}

func TestEarlyStoppingRefuses(t *testing.T) {
	for says, set := range map[string]map[string]string{
		"give validation":  {"early-stopping": "2"},
		"0 or more":        {"early-stopping": "-1", "validation": "2"},
		"belongs to early": {"min-delta": "0.1", "validation": "2"},
	} {
		s := train.Settings{}
		for k, v := range set {
			if err := s.Set(k, v); err != nil {
				t.Fatal(err)
			}
		}
		if _, err := s.Config(); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%v: %v", set, err)
		}
	}
}

// A run does not go on with other data than it began with, unless it is told to.
func TestChangedData(t *testing.T) {
	c, dir := job(t, nil)
	path := filepath.Join(dir, "data.jsonl")
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	until(t, c, 5, train.Fresh)
	for name, changed := range map[string]string{
		"an answer":   strings.Replace(string(data), `"completion": "7 `, `"completion": "8 `, 1),
		"a prompt":    strings.Replace(string(data), "count from 7", "count from 9", 1),
		"one less":    strings.SplitN(string(data), "\n", 2)[1],
		"their order": strings.SplitN(string(data), "\n", 2)[1] + strings.SplitN(string(data), "\n", 2)[0] + "\n",
	} {
		if changed == string(data) {
			t.Fatal(name)
		}
		write(t, path, changed)
		if _, err := run(t, context.Background(), c, train.Resume); err == nil || !strings.Contains(err.Error(), "--changed-data") {
			t.Errorf("%s: %v", name, err)
		}
	}
	write(t, path, strings.ReplaceAll(string(data), `", "`, `",  "`)) // the same, written otherwise
	until(t, c, 7, train.Resume)
	write(t, path, strings.Replace(string(data), "count from 7", "count from 9", 1))
	if losses, err := run(t, context.Background(), c, train.ResumeChanged); err != nil || len(losses) != 5 {
		t.Errorf("told to go on: %d steps, %v", len(losses), err)
	}
	if _, err := run(t, context.Background(), c, train.Resume); err != nil {
		t.Errorf("what was accepted is refused again: %v", err)
	}
}

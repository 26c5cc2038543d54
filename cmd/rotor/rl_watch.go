package main

import (
	"context"
	"fmt"
	"time"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
)

type rlWatchCmd struct {
	worldFlags
	learnFlags
	Frames int     `default:"60" placeholder:"N" help:"How many times to draw (${default})."`
	Pause  float64 `default:"0.1" placeholder:"S" help:"Seconds between two drawings on a terminal (${default})."`
}

func (rlWatchCmd) Help() string {
	return `Draws values, arrows and the length of the episodes in place while they are
learned. Without a terminal the drawings follow one another.

Examples:

    rotor rl watch --world zhao5x5-episodic --episodes 200
    rotor rl watch --world cliffwalking --algorithm sarsa --frames 100`
}

// Run learns and draws.
func (c rlWatchCmd) Run(ctx context.Context, e *env) (err error) {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	switch {
	case e.JSON:
		return usagef("watch draws; rotor rl learn --json tells")
	case c.Runs != 1:
		return usagef("watch shows a single run")
	case c.Frames < 1 || !(c.Pause >= 0 && c.Pause <= 60):
		return usagef("--frames wants at least 1, and --pause from 0 to 60 seconds")
	case w.Grid == nil && w.Count() > 200:
		return usagef("world %s has too many states to draw", w.Name)
	}
	j, err := rlLearnCmd{worldFlags: c.worldFlags, learnFlags: c.learnFlags, Reference: "auto"}.job(w)
	if err != nil {
		return err
	}
	defer rl.Catch(&err)
	alg, l := j.begin(e.seed())
	var lengths []float64
	lines := 0
	for ep, err := range tabular.Learn(ctx, w.Finite(), alg, l, c.Episodes) {
		if err != nil {
			return err
		}
		lengths = append(lengths, float64(ep.Length))
		if (ep.N+1)*c.Frames/c.Episodes == ep.N*c.Frames/c.Episodes && ep.N+1 < c.Episodes {
			continue
		}
		frame := c.frame(j, l, ep, lengths)
		if e.Live && lines > 0 {
			e.printf("\x1b[%dA\x1b[J", lines)
		}
		e.printf("%s\n", frame)
		lines = 1
		for _, r := range frame {
			if r == '\n' {
				lines++
			}
		}
		if e.Live && ep.N+1 < c.Episodes {
			select {
			case <-ctx.Done():
			case <-time.After(time.Duration(c.Pause * float64(time.Second))):
			}
		}
	}
	return nil
}

// frame is one drawing.
func (c rlWatchCmd) frame(j *job, l *tabular.Learning, ep rl.Episode, lengths []float64) string {
	text := fmt.Sprintf("%s on %s, episode %d: length %d, return %.4g", j.entry.Name, j.world.Name, ep.N+1, ep.Length, ep.Return)
	if j.reference != nil {
		text += fmt.Sprintf(", error %.4g", j.rmse(l))
	}
	text += "\n\n" + gridText(j.world, now(l))
	if l.Q != nil {
		text += "\n" + policyText(j.world, tabular.Greedy(l.Q.Values, l.Q.Actions))
	}
	return text + "\nlengths " + plot.Spark(lengths, 60) + "\n"
}

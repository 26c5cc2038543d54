package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/plot"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlWatchCmd struct {
	worldFlags
	learnFlags
	Steps  int      `default:"50000" placeholder:"N" help:"With features or a network: steps (${default})."`
	Option []string `placeholder:"KEY=VALUE" sep:"none" help:"With features or a network: a setting (rotor rl list NAME); may be given again."`
	Play   string   `placeholder:"P" help:"Watch somebody act, and not learn: optimal, uniform, epsilon:E, or a file that rotor rl learn --save wrote. One episode, unless --episodes says how many."`
	Frames int      `default:"60" placeholder:"N" help:"How many times to draw what is learned (${default})."`
	Pause  float64  `default:"0.1" placeholder:"S" help:"Seconds between two drawings on a terminal (${default})."`
}

func (rlWatchCmd) Help() string {
	return `Draws what is learned in place while it is learned: values and arrows of a
table, returns of an agent, which then plays an episode. With --play it draws a
policy at work, step by step. Without a terminal the drawings follow one another.

Examples:

    rotor rl watch --world zhao5x5-episodic --episodes 200
    rotor rl watch --world cliffwalking --algorithm sarsa --frames 100
    rotor rl watch --world cartpole --algorithm ppo --steps 60000
    rotor rl learn --world pendulum --algorithm sac --steps 10000 --save sac.agent
    rotor rl watch --world pendulum --play sac.agent --pause 0.05
    rotor rl watch --world frozenlake --play optimal --episodes 3`
}

// Run draws.
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
	case c.Frames < 1 || c.Episodes < 1 || c.Steps < 1 || !(c.Pause >= 0 && c.Pause <= 60):
		return usagef("--frames, --episodes and --steps want at least 1, and --pause from 0 to 60 seconds")
	}
	defer rl.Catch(&err)
	s := &screen{env: e, pause: time.Duration(c.Pause * float64(time.Second))}
	_, function := gradient.Lookup(c.Algorithm)
	switch {
	case c.Play != "":
		p, err := newPlayer(w, c.Play)
		if err != nil {
			return err
		}
		episodes := 1
		if c.Episodes != 500 {
			episodes = c.Episodes
		}
		return watchPlay(ctx, s, p, episodes, e.seed())
	case function:
		return c.watchAgent(ctx, s, w)
	case c.Steps != 50_000 || len(c.Option) > 0:
		return usagef("--algorithm %s learns in a table: --steps and --option are for features and networks", c.Algorithm)
	case w.Grid == nil && w.Count() > 200:
		return usagef("world %s has too many states to draw", w.Name)
	}
	return c.watchTable(ctx, s, w)
}

// screen shows drawings in place of each other, or one after another.
type screen struct {
	*env
	pause time.Duration
	lines int
}

// show draws, and waits for the eye.
func (s *screen) show(ctx context.Context, drawing string) {
	if s.Live && s.lines > 0 {
		s.printf("\x1b[%dA\x1b[J", s.lines)
	}
	s.printf("%s\n", drawing)
	s.lines = strings.Count(drawing, "\n") + 1
	if s.Live {
		select {
		case <-ctx.Done():
		case <-time.After(s.pause):
		}
	}
}

// watchTable learns in a table and draws.
func (c rlWatchCmd) watchTable(ctx context.Context, s *screen, w *world.World) error {
	j, err := rlLearnCmd{worldFlags: c.worldFlags, learnFlags: c.learnFlags, Reference: "auto"}.job(w)
	if err != nil {
		return err
	}
	alg, l := j.begin(s.seed())
	var lengths []float64
	for ep, err := range tabular.Learn(ctx, w.Finite(), alg, l, c.Episodes) {
		if err != nil {
			return err
		}
		lengths = append(lengths, float64(ep.Length))
		if (ep.N+1)*c.Frames/c.Episodes == ep.N*c.Frames/c.Episodes && ep.N+1 < c.Episodes {
			continue
		}
		s.show(ctx, c.frame(j, l, ep, lengths))
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

// watchAgent learns with a function, draws its returns, and lets it play.
func (c rlWatchCmd) watchAgent(ctx context.Context, s *screen, w *world.World) error {
	if err := suits(w, c.Algorithm); err != nil {
		return err
	}
	if err := c.unused(); err != nil {
		return err
	}
	if w.Continuing && w.Horizon == 0 {
		return usagef("world %s may never end by itself: say with --horizon after how many steps a run is cut", w.Name)
	}
	a, err := newApprentice(w, c.worldFlags, c.Algorithm, c.Option, s.seed())
	if err != nil {
		return err
	}
	var returns []float64
	shown := 0
	for ep, err := range approx.Learn(ctx, a, c.Steps) {
		if err != nil {
			return err
		}
		returns = append(returns, ep.Return)
		if n := a.Steps() * c.Frames / c.Steps; n > shown {
			shown = n
			s.show(ctx, agentFrame(w, a, ep, returns))
		}
	}
	s.lines = 0 // what was learned stays on the screen
	return watchPlay(ctx, s, &player{world: w, agent: a.Agent, about: a.about, seen: a.view}, 1, s.seed())
}

// agentFrame is one drawing of an agent that learns.
func agentFrame(w *world.World, a *apprentice, ep rl.Episode, returns []float64) string {
	text := fmt.Sprintf("%s on %s, step %s, episode %d: length %d, return %.4g\n", a.about.Algorithm, w.Name, count(a.Steps()), len(returns), ep.Length, ep.Return)
	if b := believe(w, a.Agent, a.view); b != nil && w.Grid != nil {
		if b.v != nil {
			text += "\n" + gridText(w, b.v)
		}
		text += "\n" + policyText(w, b.policy)
	}
	return text + "\nreturns " + plot.Spark(returns, 60) + "\n"
}

// watchPlay draws every step of so many episodes; without a terminal, sixty of each.
func watchPlay(ctx context.Context, s *screen, p *player, episodes int, seed uint64) error {
	w := p.world
	for k := range episodes {
		total, skip := 0., 1
		rng := rl.NewRand(seed, 1<<42, uint64(k))
		if !s.Live {
			length, _, _ := p.run(rl.NewRand(seed, 1<<42, uint64(k)), nil)
			skip = max(length/60, 1)
		}
		length, _, cut := p.run(rng, func(m moment) bool {
			total += m.reward
			if m.step%skip == 0 || m.gamma == 0 {
				s.show(ctx, inCharacters(s.env, plot.Scene(w, m.state, m.seen))+p.caption(m, total))
			}
			return ctx.Err() == nil
		})
		if err := ctx.Err(); err != nil {
			return err
		}
		end := "the episode ended"
		if cut {
			end = "the horizon cut it"
		}
		s.printf("episode %d: %d steps, return %.5g; %s\n", k+1, length, total, end)
		s.lines = 0
	}
	return nil
}

// caption says what was done last.
func (p *player) caption(m moment, total float64) string {
	if m.step == 0 {
		return "the beginning\n"
	}
	did := fmt.Sprintf("force %+.3g", m.action)
	if names := p.world.Actions; len(names) > 0 {
		did = names[int(m.action)]
	}
	return fmt.Sprintf("step %d: %s, reward %.4g, return so far %.5g\n", m.step, did, m.reward, total)
}

package main

import (
	"bufio"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"slices"

	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// player is who acts in a world: a policy in a table, an agent, or chance.
type player struct {
	world *world.World
	table *tabular.Policy // nil for the others
	agent approx.Agent
	about gradient.Saved // of the agent
	seen  world.Simulator
}

// newPlayer reads --policy in any world: what readPolicy reads where states are
// numbered, a saved agent, or uniform.
func newPlayer(w *world.World, text string) (*player, error) {
	p := &player{world: w, seen: w.New()}
	about, agent, err := openAgent(w, text)
	switch {
	case err != nil:
		return nil, err
	case agent != nil:
		m, _ := gradient.Lookup(about.Algorithm)
		p.agent, p.about, p.seen = agent, about, m.View(w)
		return p, nil
	case w.Count() == 0 && text == "uniform":
		return p, nil
	case w.Count() == 0:
		return nil, usagef("--policy %s: in world %s, whose states are not numbered, want uniform or the file of an agent (rotor rl learn --algorithm ppo --save FILE)", text, w.Name)
	}
	p.table, err = readPolicy(w, text, func() (*tabular.Solution, error) { return solvedPolicy(w) })
	return p, err
}

// solvedPolicy is the best policy, where the world's table is known.
func solvedPolicy(w *world.World) (*tabular.Solution, error) {
	if w.Model == nil {
		return nil, usagef("world %s has no exact table: its optimal policy is not known", w.Name)
	}
	return tabular.Optimal(w.Model)
}

// openAgent makes the agent that a file holds, or none of a file of another kind.
func openAgent(w *world.World, path string) (about gradient.Saved, a approx.Agent, err error) {
	f, err := os.Open(path)
	if err != nil {
		return about, nil, nil // another word, or readPolicy says what is wrong with it
	}
	defer f.Close()
	r := bufio.NewReader(f)
	if !gradient.IsSaved(r) {
		return about, nil, nil
	}
	if about, err = gradient.ReadSaved(r); err != nil {
		return about, nil, fmt.Errorf("%s: %w", path, err)
	}
	if a, err = about.Open(r, w); err != nil {
		return about, nil, fmt.Errorf("%s, %s that learned in %s: %w", path, about.Algorithm, about.World, err)
	}
	return about, a, nil
}

// moment is one step of a run that is watched.
type moment struct {
	step                  int
	state, seen           []float64 // that it led to; at step 0, where the run begins
	action, reward, gamma float64
}

// run plays one episode and shows every moment to each, which ends it by false.
func (p *player) run(rng *rand.Rand, each func(moment) bool) (length int, total float64, cut bool) {
	m, env := p.seen, rl.Env[int, int](nil)
	s := 0
	if p.table != nil {
		env = p.world.Finite()
		s = env.Reset(rng)
	} else {
		m.Reset(rng)
	}
	x := make([]float64, m.Width())
	look := func() []float64 {
		if p.table != nil {
			x = []float64{float64(s)}
			return x
		}
		m.Observe(x)
		return m.State()
	}
	now := moment{state: look(), gamma: 1}
	now.seen = x
	horizon := p.horizon()
	for each == nil || each(now) {
		switch {
		case p.table != nil:
			a := p.table.Act(rng, s)
			now.action = float64(a)
			s, now.reward, now.gamma = env.Step(a)
		default:
			now.action = p.act(rng, x)
			now.reward, now.gamma = m.Act(now.action)
		}
		length++
		total += now.reward
		now.step, now.state = length, look()
		now.seen = x
		if now.gamma == 0 || length == horizon {
			if each != nil {
				each(now)
			}
			return length, total, now.gamma != 0
		}
	}
	return length, total, true
}

func (p *player) act(rng *rand.Rand, x []float64) float64 {
	switch n := len(p.world.Actions); {
	case p.agent != nil:
		return p.agent.Act(x)
	case n > 0:
		return float64(rng.IntN(n))
	}
	return p.world.Low + rng.Float64()*(p.world.High-p.world.Low)
}

// endless is where an episode is cut that no horizon cuts.
const endless = 10_000

func (p *player) horizon() int {
	if p.world.Horizon == 0 {
		return endless
	}
	return p.world.Horizon
}

// played is what a policy earned.
type played struct {
	Episodes int     `json:"episodes"`
	Length   float64 `json:"length"`
	Return   float64 `json:"return"`
	Error    float64 `json:"return_error"` // 95 % of such means lie within
	Cut      int     `json:"cut"`          // how many the horizon ended
}

// play lets the player act for so many episodes. Tables draw the chance of every
// episode anew from the seed, agents and chance go on with one stream.
func (p *player) play(episodes int, seed uint64) played {
	if p.table != nil {
		return play(p.world, p.table, episodes, seed)
	}
	out, square, rng := played{}, 0., rl.NewRand(seed, 1<<41)
	for range episodes {
		length, total, cut := p.run(rng, nil)
		square += out.add(length, total, cut)
	}
	out.mean(square)
	return out
}

// play lets a policy act for so many episodes.
func play(w *world.World, p rl.Policy[int, int], episodes int, seed uint64) played {
	horizon := w.Horizon
	if horizon == 0 {
		horizon = endless
	}
	out, square, env := played{}, 0., w.Finite()
	var tr rl.Trajectory[int, int]
	for k := range episodes {
		rl.RolloutInto(&tr, env, p, rl.NewRand(seed, 1<<40, uint64(k)), horizon)
		square += out.add(tr.Len(), tr.Return(), tr.Discount[tr.Len()-1] != 0)
	}
	out.mean(square)
	return out
}

// add counts an episode, and returns its return squared.
func (g *played) add(length int, total float64, cut bool) float64 {
	g.Episodes++
	g.Length += float64(length)
	g.Return += total
	if cut {
		g.Cut++
	}
	return total * total
}

// mean turns sums into means.
func (g *played) mean(square float64) {
	n := float64(g.Episodes)
	g.Length /= n
	g.Return /= n
	if n > 1 {
		g.Error = 1.96 * math.Sqrt(max(square/n-g.Return*g.Return, 0)/(n-1))
	}
}

// wants is an agent that learns the values of a given policy.
type wants interface{ Wanted() rl.Prober[int, int] }

// beliefs are an agent's values of every numbered state, as far as it has any, and
// its greedy policy.
type beliefs struct {
	v, q   []float64
	policy *tabular.Policy
}

// mostAsked bounds the states that an agent is asked about.
const mostAsked = 100_000

// believe asks an agent about every state of a world, which numbers them and can be
// put into each. It is nil where it cannot.
func believe(w *world.World, a approx.Agent, m world.Simulator) *beliefs {
	states, actions := w.Count(), len(w.Actions)
	if states == 0 || actions == 0 || states > mostAsked {
		return nil
	}
	b := &beliefs{policy: &tabular.Policy{Actions: actions, P: make([]float64, states*actions)}}
	if v, ok := a.(wants); ok {
		b.policy = probabilities(w, v.Wanted())
	}
	m.Reset(rl.NewRand(0))
	x := make([]float64, m.Width())
	says, _ := a.(approx.Valuer)
	for s := range states {
		if m.Place([]float64{float64(s)}) != nil {
			return nil
		}
		m.Observe(x)
		if _, given := a.(wants); !given {
			b.policy.P[s*actions+int(a.Act(x))] = 1
		}
		if says == nil {
			continue
		}
		switch row := says.Values(x); len(row) {
		case actions:
			b.q = append(b.q, row...)
			b.v = append(b.v, slices.Max(row))
		case 1:
			b.v = append(b.v, row[0])
		}
		if w.Model != nil && w.Model.Ends(s) && len(b.v) == s+1 { // nothing follows an end
			b.v[s] = 0
			if len(b.q) == (s+1)*actions {
				clear(b.q[s*actions:])
			}
		}
	}
	return b
}

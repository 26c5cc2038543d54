package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"math"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"time"

	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/rl"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

type rlLearnCmd struct {
	worldFlags
	learnFlags
	agentFlags
	Save      string `placeholder:"FILE" help:"Save the run, so that --load goes on exactly and evaluate, plot, watch and solve can use it."`
	Load      string `placeholder:"FILE" help:"Go on with a saved run, until --episodes have been run in all, or --steps taken."`
	Reference string `default:"auto" placeholder:"P" help:"What errors are measured against: optimal, uniform, epsilon:E, a file, none; auto is optimal for control and the policy for prediction (${default})."`
	Every     int    `placeholder:"N" help:"Measure the error every N steps, not after every episode."`
}

// learnFlags are what a run of learning is made of.
type learnFlags struct {
	Algorithm string `default:"q-learning" placeholder:"A" help:"How to learn (rotor rl list); ${default} if not given."`
	Episodes  int    `default:"500" placeholder:"N" help:"Episodes of each run (${default})."`
	Runs      int    `default:"1" placeholder:"N" help:"Independent runs, with the seeds that follow --seed; the answer is their mean (${default})."`
	Alpha     string `placeholder:"S" help:"Step size, such as 0.1, 1/k, 2/k^0.7, or 1..0.1/5000 for a line over 5000 visits."`
	Epsilon   string `default:"0.1" placeholder:"S" help:"Exploration, in the same forms, by episodes (${default})."`
	Initial   signed `default:"0" placeholder:"X" help:"Value with which every place of the table begins (${default})."`
	Policy    string `placeholder:"P" help:"Who acts, for prediction: uniform, optimal, epsilon:E or a file; usually uniform."`
	Behaviour string `placeholder:"P" help:"Who acts while another policy is learned (off-policy), in the same forms."`
	Converge  bool   `help:"Refuse step sizes that do not promise convergence (Robbins and Monro)."`

	Lambda     *float64       `placeholder:"L" help:"Trust in the sample against the prediction, from 0 to 1 (0.9)."`
	N          *int           `name:"n" placeholder:"N" help:"Steps until the prediction is asked (4)."`
	Trace      *tabular.Trace `placeholder:"T" help:"accumulating, replacing, dutch or true-online."`
	FirstVisit *bool          `help:"Only the first visit of an episode counts."`
	Weighted   *bool          `help:"Weighted importance sampling, not ordinary."`
	Planning   *int           `placeholder:"N" help:"Imagined steps for each real one (10)."`
	Theta      *float64       `placeholder:"X" help:"Smallest error worth a backup (0.0001)."`
	Kappa      *float64       `placeholder:"X" help:"Bonus for what has not been tried for long (0)."`
}

func (rlLearnCmd) Help() string {
	return `Examples:

    rotor rl learn --world zhao5x5-episodic --algorithm q-learning --episodes 500 --alpha 0.1 --epsilon 0.1 --runs 20
    rotor rl learn --world zhao5x5 --behaviour uniform --episodes 1 --horizon 100000 --every 1000
    rotor rl learn --world walk19 --algorithm n-step-td --n 4 --alpha 0.4 --episodes 10 --runs 100
    rotor rl learn --world blackjack --algorithm monte-carlo-es --episodes 500000 --save run.json
    rotor rl learn --world cliffwalking --algorithm sarsa-lambda --trace true-online --lambda 0.9
    rotor rl learn --world mountaincar --algorithm semi-gradient-sarsa --horizon 2000 --option features=tiles --option alpha=0.5
    rotor rl learn --world cartpole --algorithm ppo --steps 100000 --save ppo.agent
    rotor rl learn --world cartpole --algorithm dqn --option double=true --option dueling=true --option steps=3
    rotor rl learn --world "exec:python gymnasium_world.py FrozenLake-v1" --episodes 2000`
}

// options are the algorithm's, and an error for those that it does not have.
func (f learnFlags) options(a tabular.Entry) (tabular.Options, error) {
	o := tabular.Options{Lambda: .9, N: 4, Planning: 10, Theta: 1e-4}
	given := map[string]bool{
		"lambda": f.Lambda != nil, "n": f.N != nil, "trace": f.Trace != nil, "first-visit": f.FirstVisit != nil,
		"weighted": f.Weighted != nil, "planning": f.Planning != nil, "theta": f.Theta != nil, "kappa": f.Kappa != nil,
	}
	for name, set := range given {
		if set && !slices.Contains(a.Uses, name) {
			return o, usagef("--%s does nothing with --algorithm %s, which has %s", name, a.Name, orNone(a.Uses))
		}
	}
	give(&o.Lambda, f.Lambda)
	give(&o.N, f.N)
	give(&o.Trace, f.Trace)
	give(&o.FirstVisit, f.FirstVisit)
	give(&o.Weighted, f.Weighted)
	give(&o.Planning, f.Planning)
	give(&o.Theta, f.Theta)
	give(&o.Kappa, f.Kappa)
	switch {
	case !(o.Lambda >= 0 && o.Lambda <= 1):
		return o, usagef("--lambda %g: want a number from 0 to 1", o.Lambda)
	case o.N < 1:
		return o, usagef("--n %d: want at least 1", o.N)
	case o.Planning < 0 || o.Planning > 1_000_000:
		return o, usagef("--planning %d: want a number from 0 to 1,000,000", o.Planning)
	case !(o.Theta >= 0) || !(o.Kappa >= 0) || math.IsInf(o.Theta+o.Kappa, 0):
		return o, usagef("--theta and --kappa: want numbers from 0")
	}
	return o, nil
}

func give[T any](to *T, from *T) {
	if from != nil {
		*to = *from
	}
}

func orNone(list []string) string {
	if len(list) == 0 {
		return "no options of its own"
	}
	return "--" + strings.Join(list, ", --")
}

// job is a run of learning, made of flags that fit each other.
type job struct {
	world     *world.World
	entry     tabular.Entry
	options   tabular.Options
	alpha     rl.Schedule
	epsilon   rl.Schedule
	acts      rl.Policy[int, int] // nil for the ε-greedy policy of the table
	target    rl.Prober[int, int]
	reference []float64 // nil for none
	counts    []bool    // the states whose errors count
	initial   float64
}

// job checks the flags against the world.
func (c rlLearnCmd) job(w *world.World) (*job, error) {
	a, known := tabular.Lookup(c.Algorithm)
	if !known {
		var names []string
		for _, a := range tabular.Catalogue() {
			names = append(names, a.Name)
		}
		for _, m := range gradient.Methods() {
			names = append(names, m.Name)
		}
		return nil, usagef("no algorithm %q; the nearest is %s (rotor rl list names all)", c.Algorithm, nearest.Word(c.Algorithm, names))
	}
	if w.Count() == 0 {
		return nil, usagef("world %s has more states than a table can hold; choose an --algorithm with features or a network, such as semi-gradient-sarsa, dqn or ppo", w.Name)
	}
	o, err := c.learnFlags.options(a)
	if err != nil {
		return nil, err
	}
	j := &job{world: w, entry: a, options: o, alpha: a.Usual()}
	if c.Alpha != "" {
		if j.alpha, err = rl.ParseSchedule(c.Alpha); err != nil {
			return nil, usagef("--alpha: %v", err)
		}
	}
	if j.epsilon, err = rl.ParseSchedule(c.Epsilon); err != nil {
		return nil, usagef("--epsilon: %v", err)
	}
	if err := errors.Join(j.alpha.Within("--alpha", 0, 1e6), j.epsilon.Within("--epsilon", 0, 1)); err != nil {
		return nil, usageError{err}
	}
	first, err := numbers("--initial", c.Initial)
	if err != nil || len(first) != 1 {
		return nil, usagef("--initial %s: want a number", c.Initial)
	}
	j.initial = first[0]
	if c.Converge {
		if err := j.alpha.RobbinsMonro(); err != nil {
			return nil, usagef("--converge: %v", err)
		}
	}
	switch {
	case c.Episodes < 1 || c.Runs < 1 || c.Runs > 1_000_000 || c.Every < 0:
		return nil, usagef("--episodes and --runs want at least 1, and --every at least 0")
	case w.Continuing && w.Horizon == 0:
		return nil, usagef("world %s may never end by itself: say with --horizon after how many steps a run is cut", w.Name)
	case a.Exploring && w.Model == nil:
		return nil, usagef("--algorithm %s begins anywhere, and world %s cannot be put into a state", a.Name, w.Name)
	}
	if w.Model != nil {
		j.counts = acted(w.Model)
	}
	return j, c.policies(j)
}

// policies says who acts, whose values are learned, and what errors are measured against.
func (c rlLearnCmd) policies(j *job) (err error) {
	best := func() (*tabular.Solution, error) {
		if j.world.Model == nil {
			return nil, usagef("world %s has no exact table: its optimal policy is not known", j.world.Name)
		}
		return tabular.Optimal(j.world.Model)
	}
	var wanted *tabular.Policy // whose values are wanted, for prediction
	switch {
	case j.entry.Control && c.Policy != "":
		return usagef("--policy is for prediction; %s learns a policy of its own (--behaviour says who acts)", j.entry.Name)
	case !j.entry.Control:
		text := c.Policy
		if text == "" {
			text = "uniform"
		}
		if wanted, err = readPolicy(j.world, text, best); err != nil {
			return err
		}
		j.acts, j.target = wanted, wanted
	}
	switch {
	case c.Behaviour != "" && (j.entry.Off || j.entry.Control && j.entry.Name != "sarsa" && j.entry.Name != "sarsa-lambda" && j.entry.Name != "n-step-sarsa"):
		if j.acts, err = readPolicy(j.world, c.Behaviour, best); err != nil {
			return err
		}
	case c.Behaviour != "":
		return usagef("--behaviour: %s learns the values of who acts, so nobody else can", j.entry.Name)
	case j.entry.Off:
		j.acts = tabular.Uniform(j.world.Count(), len(j.world.Actions))
	}
	switch text := c.Reference; {
	case text == "none", text == "auto" && j.world.Model == nil:
	case text == "auto" && j.entry.Control, text == "optimal":
		s, err := best()
		if err == nil {
			j.reference = s.V
		} else if text != "auto" {
			return err
		}
	default:
		p := wanted
		if text != "auto" {
			if p, err = readPolicy(j.world, text, best); err != nil {
				return err
			}
		}
		if j.world.Model == nil {
			return usagef("--reference %s: world %s has no exact table", text, j.world.Name)
		}
		if j.reference, err = tabular.Evaluate(j.world.Model, p); err != nil {
			return err
		}
	}
	return nil
}

// begin is a fresh run of the job.
func (j *job) begin(seed uint64) (tabular.Algorithm, *tabular.Learning) {
	states, actions := j.world.Count(), len(j.world.Actions)
	l := &tabular.Learning{Alpha: j.alpha, Epsilon: j.epsilon, Horizon: j.world.Horizon, Seed: seed}
	if j.entry.Control {
		l.Q = tabular.NewQ(states, actions, j.initial)
	} else {
		l.V = tabular.NewV(states, j.initial, j.alpha)
	}
	j.dress(l)
	return j.entry.New(j.options), l
}

func (j *job) dress(l *tabular.Learning) {
	l.Policy, l.Target = j.acts, j.target
	for s := range j.world.Count() { // where episodes end, nothing follows
		if j.world.Model == nil || !j.world.Model.Ends(s) || l.Episodes > 0 {
			continue
		}
		if l.V != nil {
			l.V.Values[s] = 0
		} else {
			clear(l.Q.Row(s))
		}
	}
}

// now is what a run believes of every state.
func now(l *tabular.Learning) []float64 {
	if l.V != nil {
		return l.V.Values
	}
	return l.Q.V()
}

// rmse is the error against the reference, over the states that can be acted in.
func (j *job) rmse(l *tabular.Learning) float64 {
	return rmseOver(now(l), j.reference, j.counts)
}

// acted says which states an episode can come to and must act in.
func acted(m *world.Model) []bool {
	states := m.Reachable()
	for s := range states {
		states[s] = states[s] && !m.Ends(s)
	}
	return states
}

// learned is what one run left.
type learned struct {
	Seed     uint64    `json:"seed"`
	Lengths  []int     `json:"lengths"`
	Returns  []float64 `json:"returns"`
	RMSE     []float64 `json:"rmse,omitempty"`
	l        *tabular.Learning
	alg      tabular.Algorithm
	err      error
	duration time.Duration
}

// play runs one run to its end, or to its error.
func (j *job) play(ctx context.Context, alg tabular.Algorithm, l *tabular.Learning, episodes, every int, tell func(learned)) learned {
	r := learned{Seed: l.Seed, l: l, alg: alg, Lengths: []int{}, Returns: []float64{}}
	if every > 0 && j.reference != nil {
		l.Every, l.Watch = every, func(l *tabular.Learning) { r.RMSE = append(r.RMSE, j.rmse(l)) }
	}
	start := time.Now()
	for ep, err := range tabular.Learn(ctx, j.world.Finite(), alg, l, episodes) {
		if r.err = err; err != nil {
			break
		}
		r.Lengths, r.Returns = append(r.Lengths, ep.Length), append(r.Returns, ep.Return)
		if every == 0 && j.reference != nil {
			r.RMSE = append(r.RMSE, j.rmse(l))
		}
		tell(r)
	}
	r.duration = time.Since(start)
	return r
}

// Run learns and reports.
func (c rlLearnCmd) Run(ctx context.Context, e *env) (err error) {
	w, err := c.open(e)
	if err != nil {
		return err
	}
	defer w.Close()
	if _, function := gradient.Lookup(c.Algorithm); function {
		return c.agent(ctx, e, w)
	}
	if c.agentFlags.given() {
		return usagef("--algorithm %s learns in a table: --steps, --evaluate and --option are for features and networks", c.Algorithm)
	}
	j, err := c.job(w)
	if err != nil {
		return err
	}
	if (c.Save != "" || c.Load != "") && c.Runs > 1 {
		return usagef("--save and --load go with a single run")
	}
	defer rl.Catch(&err)
	alg, l := j.begin(e.seed())
	if c.Load != "" {
		if alg, l, err = c.load(j); err != nil {
			return err
		}
	}
	runs := make([]learned, c.Runs)
	p := &episodeLine{e: e, episodes: c.Episodes * c.Runs, start: time.Now()}
	rl.Each(c.Runs, func(i int) {
		alg, l := alg, l
		if i > 0 {
			alg, l = j.begin(e.seed() + uint64(i))
		}
		runs[i] = j.play(ctx, alg, l, c.Episodes, c.Every, p.tell)
	})
	p.end()
	for _, r := range runs {
		err = errors.Join(err, r.err)
	}
	if c.Save != "" { // also what an interrupted or failed run has learned
		if failed := c.save(j, runs[0]); failed != nil {
			return errors.Join(err, failed)
		}
	}
	if err == nil {
		return c.report(e, j, runs)
	}
	if c.Runs == 1 && len(runs[0].Lengths) > 0 { // what was learned until then
		if failed := c.report(e, j, runs); failed != nil {
			return errors.Join(err, failed)
		}
	}
	if c.Save != "" && errors.Is(err, context.Canceled) {
		return fmt.Errorf("interrupted after %d episodes, which are saved in %s: %w", runs[0].l.Episodes, c.Save, context.Canceled)
	}
	return fmt.Errorf("after %d episodes: %w", runs[0].l.Episodes, err)
}

func (c rlLearnCmd) load(j *job) (tabular.Algorithm, *tabular.Learning, error) {
	f, err := os.Open(c.Load)
	if err != nil {
		return nil, nil, err
	}
	defer f.Close()
	saved, alg, l, err := tabular.Load(f, j.world.Count(), len(j.world.Actions))
	if err != nil {
		return nil, nil, fmt.Errorf("%s: %w", c.Load, err)
	}
	switch {
	case saved.Algorithm != j.entry.Name:
		return nil, nil, usagef("%s was saved by --algorithm %s", c.Load, saved.Algorithm)
	case l.Episodes >= c.Episodes:
		return nil, nil, usagef("%s has %d episodes already: --episodes counts them too", c.Load, l.Episodes)
	}
	j.options = saved.Options
	j.dress(l)
	return alg, l, nil
}

func (c rlLearnCmd) save(j *job, r learned) error {
	about := tabular.Saved{World: c.World, Set: c.worldFlags.options(), Algorithm: j.entry.Name, Options: j.options}
	return atomicfile.Replace(c.Save, func(f io.Writer) error { return tabular.Save(f, about, r.alg, r.l) })
}

// episodeLine shows how far all runs are.
type episodeLine struct {
	e        *env
	episodes int
	start    time.Time
	done     atomic.Int64
	shown    atomic.Int64 // nanoseconds since start
	wrote    atomic.Bool
}

func (p *episodeLine) tell(r learned) {
	done := p.done.Add(1)
	since, last := time.Since(p.start), p.shown.Load()
	pause := int64(10 * time.Second) // when piped, a plain line now and then
	if p.e.Live {
		pause = int64(200 * time.Millisecond)
	}
	if p.e.JSON || int64(since)-last < pause || !p.shown.CompareAndSwap(last, int64(since)) {
		return
	}
	left := time.Duration(float64(since) / float64(done) * float64(int64(p.episodes)-done)).Round(time.Second)
	line := fmt.Sprintf("%s of %s episodes, %.0f a second, length %d, return %.4g, %v left",
		count(int(done)), count(p.episodes), float64(done)/since.Seconds(), r.Lengths[len(r.Lengths)-1], r.Returns[len(r.Returns)-1], left)
	if len(r.RMSE) > 0 {
		line += fmt.Sprintf(", error %.4g", r.RMSE[len(r.RMSE)-1])
	}
	if p.e.Live {
		p.wrote.Store(true)
		p.e.printf("\r\x1b[K%s", line)
		return
	}
	p.e.printf("%s\n", line)
}

func (p *episodeLine) end() {
	if p.wrote.Load() {
		p.e.printf("\r\x1b[K")
	}
}

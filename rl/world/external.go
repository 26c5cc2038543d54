package world

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"os/exec"
	"strings"
	"sync"
	"time"

	"github.com/rotor-lm/rotor/rl"
)

// A world can be a program in any language that speaks JSON, one object a line,
// over its standard input and output. It first says what it is:
//
//	{"states": 16, "actions": 4}              states are numbered
//	{"width": 4, "actions": 2}                states are seen as 4 numbers
//	{"width": 3, "low": -2, "high": 2}        actions are a force
//
// where "gamma", "horizon", "name" and "continuing" may be added. An action is one
// number: a program whose world wants several must make them of one. Then it answers
//
//	{"reset": 12345}     with  {"state": 0}                                  (12345 is a seed)
//	{"step": 1}          with  {"state": 4, "reward": 0.5}
//	                     or    {"state": 5, "reward": 1, "end": true}
//
// with "observation": [numbers] for "state" where states are not numbered. It
// ends when its input does. examples/rl_external holds one that wraps Gymnasium.

const (
	answerTime  = 60 * time.Second
	longestLine = 1 << 20
)

type hello struct {
	Name       string   `json:"name"`
	States     int      `json:"states"`
	Width      int      `json:"width"`
	Actions    int      `json:"actions"`
	Low        *bound   `json:"low"`
	High       *bound   `json:"high"`
	Gamma      *float64 `json:"gamma"`
	Horizon    int      `json:"horizon"`
	Continuing bool     `json:"continuing"`
}

// bound is one end of a force: a number, or a list of one.
type bound float64

// UnmarshalJSON reads a bound.
func (b *bound) UnmarshalJSON(text []byte) error {
	var list []float64
	if json.Unmarshal(text, &list) != nil {
		return json.Unmarshal(text, (*float64)(b))
	}
	if len(list) != 1 {
		return fmt.Errorf("an action of %d numbers: a world takes the number of an action, or one force; let the program make its actions of one", len(list))
	}
	*b = bound(list[0])
	return nil
}

func (h hello) check() error {
	switch {
	case h.States == 0 && h.Width == 0:
		return errors.New(`it says neither "states" nor "width"`)
	case h.States < 0 || h.Width < 0 || h.Actions < 0 || h.Horizon < 0 || h.Width > 1<<20 || h.States > MaxPairs:
		return errors.New("its sizes are out of range")
	case h.Actions == 0 && (h.Low == nil || h.High == nil || !(*h.Low < *h.High)):
		return errors.New(`it says neither "actions" nor "low" and "high"`)
	case h.States > 0 && (h.Actions == 0 || h.States > MaxPairs/h.Actions):
		return fmt.Errorf("numbered states need a number of actions, and at most %d pairs", MaxPairs)
	case h.Gamma != nil && !(*h.Gamma >= 0 && *h.Gamma <= 1):
		return fmt.Errorf("gamma %g: want a number from 0 to 1", *h.Gamma)
	}
	return nil
}

// External is a program that plays a world. If it dies or answers nonsense, Reset
// and Step panic with an rl.Failure, which those who run episodes catch.
type External struct {
	hello hello
	gamma float64
	cmd   *exec.Cmd
	in    io.WriteCloser
	lines chan []byte // closed when the program says no more
	errs  *tail       // the last of what it wrote to standard error
	seen  []float64
	s     int
}

// tail keeps the end of what is written to it.
type tail struct {
	sync.Mutex
	text []byte
}

func (t *tail) Write(p []byte) (int, error) {
	t.Lock()
	defer t.Unlock()
	if t.text = append(t.text, p...); len(t.text) > 2000 {
		t.text = t.text[len(t.text)-2000:]
	}
	return len(p), nil
}

// Start runs a program and hears what it is.
func Start(command ...string) (*External, error) {
	if len(command) == 0 || command[0] == "" {
		return nil, errors.New("no program is named")
	}
	e := &External{cmd: exec.Command(command[0], command[1:]...), lines: make(chan []byte), errs: &tail{}, gamma: 1}
	out, err := e.cmd.StdoutPipe()
	if err == nil {
		e.in, err = e.cmd.StdinPipe()
	}
	if err != nil {
		return nil, err
	}
	e.cmd.Stderr = e.errs
	if err := e.cmd.Start(); err != nil {
		return nil, err
	}
	go func() {
		defer close(e.lines)
		scan := bufio.NewScanner(out)
		scan.Buffer(nil, longestLine)
		for scan.Scan() {
			if line := bytes.TrimSpace(scan.Bytes()); len(line) > 0 {
				e.lines <- bytes.Clone(line)
			}
		}
		_, _ = io.Copy(io.Discard, out)
	}()
	if err = e.read(&e.hello); err == nil {
		if err = e.hello.check(); err != nil {
			err = fmt.Errorf("the program %s does not describe a world: %w", command[0], err)
		}
	}
	if err != nil {
		e.Close()
		return nil, err
	}
	if e.hello.Gamma != nil {
		e.gamma = *e.hello.Gamma
	}
	e.seen = make([]float64, max(e.hello.Width, 1))
	return e, nil
}

// Close ends the program: by the end of its input, and by force if that is not
// enough. What it wrote to standard error is the error of one that failed.
func (e *External) Close() error {
	_ = e.in.Close()
	deadline := time.AfterFunc(2*time.Second, func() { _ = e.cmd.Process.Kill() })
	defer deadline.Stop()
	for range e.lines { // nothing may block it from ending
	}
	return e.cmd.Wait()
}

// read takes one line into answer.
func (e *External) read(answer any) error {
	select {
	case line, alive := <-e.lines:
		if !alive {
			err := e.Close()
			e.errs.Lock()
			said := lastLines(string(e.errs.text), 3)
			e.errs.Unlock()
			if said != "" {
				said = "; it said: " + said
			}
			return fmt.Errorf("the world's program %s ended (%v)%s", e.cmd.Path, err, said)
		}
		if err := json.Unmarshal(line, answer); err != nil {
			return fmt.Errorf("the world's program %s answered %.200q: %w", e.cmd.Path, line, err)
		}
		return nil
	case <-time.After(answerTime):
		_ = e.cmd.Process.Kill()
		return fmt.Errorf("the world's program %s did not answer within %v", e.cmd.Path, answerTime)
	}
}

// lastLines is the end of a text, where programs say why they fail.
func lastLines(text string, n int) string {
	lines := strings.Split(strings.TrimSpace(text), "\n")
	return strings.Join(lines[max(len(lines)-n, 0):], "\n")
}

type answer struct {
	State       *int      `json:"state"`
	Observation []float64 `json:"observation"`
	Reward      *float64  `json:"reward"`
	End         bool      `json:"end"`
}

// ask sends one line and takes the state of its answer.
func (e *External) ask(format string, args ...any) answer {
	var a answer
	_, err := fmt.Fprintf(e.in, format+"\n", args...)
	if said := e.read(&a); said != nil { // why it died says more than that the pipe broke
		err = said
	}
	switch {
	case err != nil:
	case e.hello.States > 0 && a.State == nil:
		err = errors.New(`the world's program answered without a "state"`)
	case e.hello.States > 0 && (*a.State < 0 || *a.State >= e.hello.States):
		err = fmt.Errorf("the world's program answered with state %d of %d", *a.State, e.hello.States)
	case e.hello.States == 0 && len(a.Observation) != e.hello.Width:
		err = fmt.Errorf("the world's program answered with %d numbers, not %d", len(a.Observation), e.hello.Width)
	case a.Reward != nil && (math.IsNaN(*a.Reward) || math.IsInf(*a.Reward, 0)):
		err = fmt.Errorf("the world's program answered with reward %g", *a.Reward)
	}
	if err != nil {
		panic(rl.Failure{Err: err})
	}
	if a.State != nil {
		e.s, e.seen[0] = *a.State, float64(*a.State)
	}
	if e.hello.States == 0 {
		copy(e.seen, a.Observation)
	}
	return a
}

func (e *External) step(a float64) (r, gamma float64) {
	answer := e.ask(`{"step": %v}`, a)
	if answer.Reward == nil {
		panic(rl.Failure{Err: errors.New(`the world's program answered a step without a "reward"`)})
	}
	if answer.End {
		return *answer.Reward, 0
	}
	return *answer.Reward, e.gamma
}

// Reset begins an episode with a seed drawn from rng.
func (e *External) Reset(rng *rand.Rand) { e.ask(`{"reset": %d}`, rng.Uint32()) }

// Act takes one action.
func (e *External) Act(a float64) (r, gamma float64) { return e.step(a) }

// Width is the length of an observation.
func (e *External) Width() int { return len(e.seen) }

// Observe writes what the program answered last.
func (e *External) Observe(x []float64) { copy(x, e.seen) }

// State is what the program answered last: what else it keeps it does not tell.
func (e *External) State() []float64 { return append([]float64{}, e.seen...) }

// ErrPlace is the error of worlds that cannot be put into a state.
var ErrPlace = errors.New("a world that is a program cannot be put into a state")

// Place is not possible.
func (e *External) Place([]float64) error { return ErrPlace }

// numbered is a program with numbered states as a finite environment.
type numbered struct{ e *External }

func (n numbered) Reset(rng *rand.Rand) int { n.e.Reset(rng); return n.e.s }

func (n numbered) Step(a int) (int, float64, float64) {
	r, gamma := n.e.step(float64(a))
	return n.e.s, r, gamma
}

// program makes a world of a command line. Copies are programs of their own.
func program(line string, set *Settings) (*World, error) {
	command := strings.Fields(line)
	first, err := Start(command...)
	if err != nil {
		return nil, err
	}
	h := first.hello
	gamma := set.Gamma(first.gamma)
	w := &World{Gamma: gamma, Horizon: set.Horizon(h.Horizon), Continuing: h.Continuing, About: h.Name, States: h.States}
	for a := range h.Actions {
		w.Actions = append(w.Actions, itoa(a))
	}
	if h.Actions == 0 {
		w.Low, w.High = float64(*h.Low), float64(*h.High)
	}
	copyOf := func() *External {
		w.mu.Lock()
		defer w.mu.Unlock()
		e := first
		if first = nil; e == nil {
			var err error
			if e, err = Start(command...); err != nil {
				panic(rl.Failure{Err: err})
			}
			w.running = append(w.running, e)
		}
		e.gamma = gamma
		return e
	}
	w.running = append(w.running, first)
	w.New = func() Simulator { return copyOf() }
	if h.States > 0 {
		w.table = func() rl.Env[int, int] { return numbered{copyOf()} }
	}
	return w, nil
}

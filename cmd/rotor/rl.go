package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/alecthomas/kong"
	"github.com/rotor-lm/rotor/rl/gradient"
	"github.com/rotor-lm/rotor/rl/tabular"
	"github.com/rotor-lm/rotor/rl/world"
)

// rlCmd is classic reinforcement learning on named or drawn worlds.
type rlCmd struct {
	List     rlListCmd     `cmd:"" help:"Name the worlds and the algorithms."`
	Show     rlShowCmd     `cmd:"" help:"Say what a world is and which options it has."`
	Solve    rlSolveCmd    `cmd:"" help:"Compute exact values of a policy, or the best policy."`
	Learn    rlLearnCmd    `cmd:"" help:"Learn values from experience."`
	Trace    rlTraceCmd    `cmd:"" help:"Say where given actions lead, in full precision."`
	Evaluate rlEvaluateCmd `cmd:"" help:"Play a policy and say what it earns."`
	Plot     rlPlotCmd     `cmd:"" help:"Draw values, policies, walks and curves."`
	Watch    rlWatchCmd    `cmd:"" help:"Draw in place what is learned, while it is."`
	Gallery  rlGalleryCmd  `cmd:"" help:"Draw the figures of the books, and check their numbers."`
}

// worldFlags choose a world and its options.
type worldFlags struct {
	World string `required:"" placeholder:"W" help:"A world's name (rotor rl list), the file of a drawn one, or exec:PROGRAM."`
	worldOptions
}

// open makes the world, and warns of what is odd about it.
func (f worldFlags) open(e *env) (*world.World, error) { return f.worldOptions.open(e, f.World) }

// worldOptions are those of a world. Every one also goes by --set.
type worldOptions struct {
	Map string   `placeholder:"FILE" help:"The map of a frozen lake."`
	Set []string `placeholder:"KEY=VALUE" sep:"none" help:"An option of the world (rotor rl show W lists them); may be given again."`

	Gamma      *signed `placeholder:"G" help:"Discount of a step that does not end the episode."`
	Horizon    *signed `placeholder:"N" help:"Steps after which a run is cut; 0 for never."`
	RTarget    *signed `name:"r-target" placeholder:"R" help:"Reward for entering a target."`
	RForbidden *signed `name:"r-forbidden" placeholder:"R" help:"Reward for entering a forbidden cell."`
	RBoundary  *signed `name:"r-boundary" placeholder:"R" help:"Reward for a bump."`
	RStep      *signed `name:"r-step" placeholder:"R" help:"Reward for every other step."`
	Bump       *signed `placeholder:"boundary|both" help:"What a bump in a forbidden cell pays."`
	Start      *signed `placeholder:"R,C" help:"Cell where episodes begin, or any."`
	Target     *signed `placeholder:"R,C" help:"Target cells, such as '4,3 5,5'."`
	Forbidden  *signed `placeholder:"R,C" help:"Forbidden cells."`
	Terminal   *signed `placeholder:"R,C" help:"Cells that end the episode."`
	Slip       *signed `placeholder:"P" help:"How often a move goes to a side instead."`
	Episodic   *signed `placeholder:"true|false" help:"A target ends the episode."`
}

// signed is text that may begin with a minus, as numbers do.
type signed string

// Decode takes the next word, unless it is a flag.
func (s *signed) Decode(ctx *kong.DecodeContext) error {
	word := ctx.Scan.Pop()
	text, ok := word.Value.(string)
	if !ok || word.IsEOL() || strings.HasPrefix(text, "--") {
		return fmt.Errorf("missing value")
	}
	*s = signed(text)
	return nil
}

// open makes the world, and warns of what is odd about it.
func (f worldOptions) open(e *env, name string) (*world.World, error) {
	w, err := world.Open(name, f.options()...)
	if err != nil {
		return nil, usageError{err}
	}
	for _, warning := range w.Warnings {
		fmt.Fprintf(e.Stderr, "rotor: warning: world %s: %s\n", w.Name, warning)
	}
	return w, nil
}

// options are the flags as the world takes them.
func (f worldOptions) options() []string {
	set := append([]string{}, f.Set...)
	for _, o := range []struct {
		key   string
		value *signed
	}{
		{"gamma", f.Gamma},
		{"horizon", f.Horizon},
		{"r-target", f.RTarget},
		{"r-forbidden", f.RForbidden},
		{"r-boundary", f.RBoundary},
		{"r-step", f.RStep},
		{"bump", f.Bump},
		{"start", f.Start},
		{"target", f.Target},
		{"forbidden", f.Forbidden},
		{"terminal", f.Terminal},
		{"slip", f.Slip},
		{"episodic", f.Episodic},
	} {
		if o.value != nil {
			set = append(set, o.key+"="+string(*o.value))
		}
	}
	if f.Map != "" {
		set = append(set, "map="+f.Map)
	}
	return set
}

// number is a value that JSON writes as null where there is none.
type number struct {
	x    float64
	none bool
}

// MarshalJSON writes the number in full, or null.
func (n number) MarshalJSON() ([]byte, error) {
	if n.none {
		return []byte("null"), nil
	}
	return json.Marshal(n.x)
}

// values lays v out by the rows of the world: a grid's, or all states in one. A
// wall has no value.
func values(w *world.World, v []float64) [][]number {
	rows, cols := layout(w, len(v))
	out := make([][]number, rows)
	for i := range out {
		for j := range cols {
			s := i*cols + j
			out[i] = append(out[i], number{v[s], wall(w, s)})
		}
	}
	return out
}

// perAction lays out what there is of every action of every state.
func perAction(w *world.World, q []float64, actions int) [][][]number {
	rows, cols := layout(w, len(q)/actions)
	out := make([][][]number, rows)
	for i := range out {
		for j := range cols {
			s, cell := i*cols+j, make([]number, actions)
			for a := range cell {
				cell[a] = number{q[s*actions+a], wall(w, s)}
			}
			out[i] = append(out[i], cell)
		}
	}
	return out
}

func layout(w *world.World, states int) (rows, cols int) {
	if rows, cols = w.Shape(); rows*cols == states {
		return rows, cols
	}
	return 1, states
}

func wall(w *world.World, s int) bool { return w.Grid != nil && w.Grid.Cells[s] == world.Wall }

// readPolicy reads --policy: optimal, uniform, epsilon:E, or a file.
func readPolicy(w *world.World, text string, best func() (*tabular.Solution, error)) (*tabular.Policy, error) {
	states, actions := w.Count(), len(w.Actions)
	switch rest, soft := strings.CutPrefix(text, "epsilon:"); {
	case text == "uniform":
		return tabular.Uniform(states, actions), nil
	case text == "optimal", soft:
		epsilon := 0.
		if soft {
			var err error
			if epsilon, err = strconv.ParseFloat(rest, 64); err != nil || !(epsilon >= 0 && epsilon <= 1) {
				return nil, usagef("--policy %s: want epsilon:E with E from 0 to 1", text)
			}
		}
		s, err := best()
		if err != nil {
			return nil, err
		}
		return s.Policy.Soft(epsilon), nil
	}
	switch about, agent, err := openAgent(w, text); {
	case err != nil:
		return nil, err
	case agent != nil:
		m, _ := gradient.Lookup(about.Algorithm)
		if b := believe(w, agent, m.View(w)); b != nil {
			return b.policy, nil
		}
		return nil, usagef("--policy %s: world %s cannot be put into each state to ask the agent there", text, w.Name)
	}
	p, err := policyFile(text, states, actions)
	if os.IsNotExist(err) {
		return nil, usagef("--policy %s: want optimal, uniform, epsilon:E or a file, and there is no such file", text)
	}
	if err != nil {
		return nil, fmt.Errorf("policy %s: %w", text, err)
	}
	return p, nil
}

// policyFile reads "policy" in the shape of an answer, or a saved run, whose
// greedy policy it takes.
func policyFile(path string, states, actions int) (*tabular.Policy, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var file struct {
		Policy json.RawMessage `json:"policy"`
		Saved  int             `json:"rotor_rl"`
		Q      *tabular.Q      `json:"q"`
	}
	text, err := io.ReadAll(io.LimitReader(f, 1<<30))
	if err == nil {
		var saved struct {
			Saved int `json:"rotor_rl"`
		}
		if err = json.Unmarshal(text, &saved); err == nil && saved.Saved == 0 {
			file.Q, err = nil, json.Unmarshal(text, &struct {
				Policy *json.RawMessage `json:"policy"`
			}{&file.Policy})
		} else if err == nil {
			err = json.Unmarshal(text, &file)
		}
	}
	switch {
	case err != nil:
		return nil, fmt.Errorf("not JSON as it is wanted: %w", err)
	case file.Policy == nil && file.Q == nil:
		return nil, fmt.Errorf(`has neither "policy" nor a saved run with action values`)
	case file.Policy == nil:
		q := file.Q
		if q.Actions != actions || q.States != states || len(q.Values) != states*actions {
			return nil, fmt.Errorf("the saved values do not fit a world of %d states and %d actions", states, actions)
		}
		return tabular.Greedy(q.Values, actions), nil
	}
	var grid [][][]*float64
	if err := json.Unmarshal(file.Policy, &grid); err != nil {
		return nil, fmt.Errorf(`"policy" is not [[[probability]…]…]: %w`, err)
	}
	p := &tabular.Policy{Actions: actions}
	for i, row := range grid {
		for j, cell := range row {
			if len(cell) != actions {
				return nil, fmt.Errorf("row %d, column %d has %d probabilities for %d actions", i+1, j+1, len(cell), actions)
			}
			for _, x := range cell {
				if x == nil { // a wall, where nobody acts
					x = new(float64)
					*x = 1 / float64(actions)
				}
				p.P = append(p.P, *x)
			}
		}
	}
	return p, p.Check(states, actions)
}

// numbers reads a list: 0.1,0.2,0,0.
func numbers(flag string, words signed) ([]float64, error) {
	var list []float64
	text := string(words)
	for _, word := range strings.FieldsFunc(text, func(r rune) bool { return r == ',' || r == ' ' }) {
		x, err := strconv.ParseFloat(word, 64)
		if err != nil || x-x != 0 {
			return nil, usagef("%s %s: %q is no number", flag, text, word)
		}
		list = append(list, x)
	}
	return list, nil
}

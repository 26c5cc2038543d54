package train

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"os"
	"path/filepath"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
)

// stateVersion is raised when a state can no longer be read by older programs.
const stateVersion = 1

// state is all that a run needs to go on bit for bit, besides what its settings
// say: the weights that learn, what the optimizer remembers, and how far it has
// come. The order of the data and the random numbers are functions of the step,
// so nothing of them is here.
type state struct {
	Version  int     `json:"version"`
	Step     int     `json:"step"` // steps done
	Best     float64 `json:"best"` // lowest loss of an evaluation
	BestStep int     `json:"best_step"`
	Mark     float64 `json:"mark"`     // loss that the next evaluation is to fall below, by min-delta
	Stale    int     `json:"stale"`    // evaluations since one did
	Data     string  `json:"data"`     // hash of what is learned and evaluated
	Owes     bool    `json:"owes"`     // the evaluation of this step, which was interrupted
	Metrics  int64   `json:"metrics"`  // length of metrics.jsonl at this step
	Settings string  `json:"settings"` // as YAML
}

// The state lies in the metadata of the file of weights: one file, so that it
// is replaced in one moment.
const stateKey = "rotor.train"

func (s *state) save(path string, st *Stepper) error {
	s.Version = stateVersion
	kept := *s
	kept.Best, kept.Mark = min(s.Best, math.MaxFloat64), min(s.Mark, math.MaxFloat64) // JSON has no infinity
	meta, err := json.Marshal(kept)
	if err != nil {
		return err
	}
	var list []safetensors.Tensor
	for _, p := range st.Params {
		list = append(list, safetensors.Floats(p.Name, p.Shape, p.Data, checkpoint.F32))
	}
	for name, x := range st.Optimizer.State() {
		list = append(list, safetensors.Floats(name, []int{len(x)}, x, checkpoint.F32))
	}
	return safetensors.Replace(path, list, map[string]string{stateKey: string(meta)})
}

// load takes up a state. It refuses one of other settings, and one of other data
// unless changed says that they may have.
func (s *state) load(path string, st *Stepper, changed bool) error {
	f, err := safetensors.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var old state
	if err := json.Unmarshal([]byte(f.Metadata()[stateKey]), &old); err != nil {
		return fmt.Errorf("train: %s is not the state of a run", path)
	}
	if old.Version > stateVersion {
		return fmt.Errorf("train: %s is of version %d, and this program knows up to %d: use a newer rotor", path, old.Version, stateVersion)
	}
	if list := differences(old.Settings, s.Settings); len(list) > 0 {
		return fmt.Errorf("train: cannot resume %s: the settings have changed: %s", path, strings.Join(list, "; "))
	}
	if old.Data != "" && old.Data != s.Data && !changed {
		return fmt.Errorf("train: cannot resume %s: the data, or how the tokenizer reads it, is not what it was when the run began: put it back, begin anew with --force, or go on all the same with --changed-data", path)
	}
	old.Data = s.Data
	read := func(name string, dst []float32) error {
		info, ok := f.Info(name)
		if !ok || info.Len() != len(dst) {
			return fmt.Errorf("train: %s has no %q of %d numbers: the model or the method has changed", path, name, len(dst))
		}
		return f.ReadF32(name, dst)
	}
	for _, p := range st.Params {
		if err := read(p.Name, p.Data); err != nil {
			return err
		}
	}
	for name, x := range st.Optimizer.State() {
		if err := read(name, x); err != nil {
			return err
		}
	}
	st.Optimizer.Resume(old.Step)
	*s = old
	return nil
}

// differences names the settings that two runs do not share. How often to save
// is no such setting.
func differences(old, now string) (list []string) {
	a, b := lines(old), lines(now)
	for key, v := range a {
		if key != "save-every" && b[key] != v {
			list = append(list, fmt.Sprintf("%s was %s and is %s", key, v, or(b[key], "not set")))
		}
	}
	for key, v := range b {
		if _, ok := a[key]; !ok && key != "save-every" {
			list = append(list, fmt.Sprintf("%s was not set and is %s", key, v))
		}
	}
	return list
}

func or(s, or string) string {
	if s == "" {
		return or
	}
	return s
}

// lines parts YAML into its top keys with all that stands under each.
func lines(text string) map[string]string {
	m := map[string]string{}
	last := ""
	for line := range strings.Lines(text) {
		key, value, ok := strings.Cut(strings.TrimRight(line, "\n"), ":")
		if ok && !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "-") {
			last = key
			m[last] = strings.TrimSpace(value)
		} else if last != "" {
			m[last] += " " + strings.TrimSpace(line)
		}
	}
	return m
}

// empty reports whether a folder has nothing in it.
func empty(dir string) bool {
	names, err := os.ReadDir(dir)
	return err == nil && len(names) == 0
}

// discard removes the files of an earlier run, and nothing else. Its result
// stays until there is another.
func (r *run) discard() error {
	if err := r.discardBest(); err != nil {
		return err
	}
	for _, name := range []string{"state.safetensors", "metrics.jsonl", "loss.svg", "train.yaml"} {
		if err := os.Remove(filepath.Join(r.Out, name)); err != nil && !os.IsNotExist(err) {
			return fmt.Errorf("train: %w", err)
		}
	}
	return nil
}

// discardBest removes the best of an earlier run, which would otherwise pass for
// that of a run that evaluates nothing.
func (r *run) discardBest() error {
	best := filepath.Join(r.Out, "best")
	if _, err := os.Stat(filepath.Join(r.Out, "train.yaml")); err != nil {
		return nil // no run made it
	}
	if filepath.Clean(r.Config.Model) == best {
		return fmt.Errorf("train: --force would throw away %s, which is the model to train: give another --out", best)
	}
	if err := os.RemoveAll(best); err != nil {
		return fmt.Errorf("train: %w", err)
	}
	return nil
}

func bytesTo(b []byte) func(io.Writer) error {
	return func(w io.Writer) error {
		_, err := bytes.NewReader(b).WriteTo(w)
		return err
	}
}

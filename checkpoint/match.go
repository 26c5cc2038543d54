package checkpoint

import (
	"fmt"
	"iter"
	"slices"
	"strings"
)

// Report counts what came of comparing the tensors that a model has with those
// of a checkpoint.
type Report struct {
	Matched    int
	Missing    []string // the model has them, the checkpoint does not
	Unexpected []string // the checkpoint has them, the model does not
}

func (r Report) String() string {
	return fmt.Sprintf("%d tensors matched, %d missing, %d unexpected", r.Matched, len(r.Missing), len(r.Unexpected))
}

// Err is nil if every tensor found its counterpart, and names those that did not.
func (r Report) Err() error {
	if len(r.Missing) == 0 && len(r.Unexpected) == 0 {
		return nil
	}
	var b strings.Builder
	fmt.Fprintf(&b, "checkpoint: %s", r)
	if len(r.Missing) > 0 {
		fmt.Fprintf(&b, "; missing: %s", list(r.Missing))
	}
	if len(r.Unexpected) > 0 {
		fmt.Fprintf(&b, "; unexpected: %s", list(r.Unexpected))
	}
	return fmt.Errorf("%s", b.String())
}

// Match compares the names and shapes that are wanted with what src holds.
// Tensors of src that spare admits may be left over; spare may be nil. A tensor
// of another shape is an error here; whether something missing or left over is
// one, Report.Err says.
func Match(want iter.Seq2[string, []int], src Source, spare func(name string) bool) (Report, error) {
	var r Report
	var wrong []string
	seen := map[string]bool{}
	for name, shape := range want {
		seen[name] = true
		info, ok := src.Info(name)
		switch {
		case !ok:
			r.Missing = append(r.Missing, name)
		case !slices.Equal(info.Shape, shape):
			wrong = append(wrong, fmt.Sprintf("tensor %q: want %d, have %d", name, shape, info.Shape))
		default:
			r.Matched++
		}
	}
	for _, name := range src.Names() {
		if !seen[name] && (spare == nil || !spare(name)) {
			r.Unexpected = append(r.Unexpected, name)
		}
	}
	if len(wrong) > 0 {
		more := ""
		if n := len(wrong) - 1; n > 0 {
			more = fmt.Sprintf(" (and %d more)", n)
		}
		return r, fmt.Errorf("checkpoint: %s%s: the file belongs to a model of another size", wrong[0], more)
	}
	return r, nil
}

// list joins names for an error and says how many it leaves out.
func list(names []string) string {
	const most = 6
	if len(names) <= most {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

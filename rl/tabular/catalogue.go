package tabular

import (
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/rl"
)

// Options are the settings that only some algorithms have. Entry.Uses says which.
type Options struct {
	Lambda     float64 // trust in the sample against the prediction
	N          int     // steps until the prediction is asked
	Trace      Trace   // how a visit marks its place
	FirstVisit bool    // only the first visit of an episode counts
	Weighted   bool    // divide by the sum of the importance ratios
	Planning   int     // imagined steps for each real one
	Theta      float64 // smallest change that is worth a backup
	Kappa      float64 // bonus for what has not been tried for long
}

// Row is a line of the table of algorithms in package returns.
type Row struct{ Bootstrap, Lambda, Baseline, Then string }

// Entry is an algorithm in the catalogue.
type Entry struct {
	Name      string
	Row       Row
	Control   bool     // learns q and a policy; else v of a given one
	Exploring bool     // begins episodes anywhere, so the world must let it
	Off       bool     // learns a target policy while another acts
	Uses      []string // names of the Options that it reads
	Alpha     string   // its usual step size, if not 0.1
	Source    string
	New       func(Options) Algorithm
}

var entries []Entry

func register(e Entry) { entries = append(entries, e) }

// Catalogue lists all algorithms by name.
func Catalogue() []Entry {
	list := slices.Clone(entries)
	slices.SortFunc(list, func(a, b Entry) int { return strings.Compare(a.Name, b.Name) })
	return list
}

// Lookup finds an algorithm by name.
func Lookup(name string) (Entry, bool) {
	i := slices.IndexFunc(entries, func(e Entry) bool { return e.Name == name })
	if i < 0 {
		return Entry{}, false
	}
	return entries[i], true
}

// Usual is the step size that e has if none is set.
func (e Entry) Usual() rl.Schedule {
	if e.Alpha == "" {
		return rl.Const(.1)
	}
	s, err := rl.ParseSchedule(e.Alpha)
	if err != nil {
		panic(err)
	}
	return s
}

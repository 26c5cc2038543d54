package position

import (
	"iter"
	"slices"
)

type entry struct{ name, formula string }

var registry []entry

// Register adds an encoding to the catalogue, from its own file.
func Register(name, formula string) { registry = append(registry, entry{name, formula}) }

// All yields the name and the formula of every encoding, by name.
func All() iter.Seq2[string, string] {
	return func(yield func(string, string) bool) {
		list := slices.SortedFunc(slices.Values(registry), func(a, b entry) int {
			if a.name < b.name {
				return -1
			}
			return 1
		})
		for _, e := range list {
			if !yield(e.name, e.formula) {
				return
			}
		}
	}
}

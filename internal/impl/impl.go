// Package impl lets the tests of any package run once with each kind of kernels that the machine has: portable Go,
// AVX2, AVX-512.
//
//	for name := range impl.All() {
//		t.Run(name, func(t *testing.T) { … })
//	}
package impl

import "iter"

var (
	names []string
	use   func(name string) (restore func())
)

// Register tells of the kernels that the machine can run, and how to put one of them into use. Package kernel calls
// it.
func Register(list []string, choose func(name string) (restore func())) { names, use = list, choose }

// All puts one kind of kernels after the other into use and yields its name. At the end those are back that were in
// use before. Nothing else may compute meanwhile. Without package kernel in the program it yields nothing.
func All() iter.Seq[string] {
	return func(yield func(string) bool) {
		for _, name := range names {
			if !with(name, yield) {
				return
			}
		}
	}
}

func with(name string, yield func(string) bool) bool {
	defer use(name)()
	return yield(name)
}

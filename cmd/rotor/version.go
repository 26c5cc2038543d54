package main

import (
	"runtime"
	"runtime/debug"

	"github.com/rotor-lm/rotor/kernel"
)

type versionCmd struct{}

func (versionCmd) Help() string {
	return `Examples:

    rotor version
    rotor version --json
    ROTOR_KERNEL=portable rotor version     the kernels without assembly`
}

// Run prints what this binary is, and which kernels it chose on this machine.
func (versionCmd) Run(e *env) error {
	v := struct {
		Version  string `json:"version"`
		Revision string `json:"revision,omitempty"`
		Go       string `json:"go"`
		System   string `json:"system"`
		Kernel   string `json:"kernel"`
		Threads  int    `json:"threads"`
	}{"(devel)", "", runtime.Version(), runtime.GOOS + "/" + runtime.GOARCH, kernel.Name(), kernel.Threads()}
	if info, ok := debug.ReadBuildInfo(); ok {
		if info.Main.Version != "" {
			v.Version = info.Main.Version
		}
		for _, s := range info.Settings {
			if s.Key == "vcs.revision" {
				v.Revision = s.Value
			}
		}
	}
	if e.JSON {
		return e.object(v)
	}
	e.printf("rotor %s, %s, %s, %s kernels, %d threads\n", v.Version, v.Go, v.System, v.Kernel, v.Threads)
	return nil
}

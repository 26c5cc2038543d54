package main

import (
	"time"

	"github.com/rotor-lm/rotor/kernel"
)

// benchCmd measures this machine, and Rotor's share of it.
type benchCmd struct {
	Peak     benchPeakCmd     `cmd:"" help:"Measure what this machine can do at most."`
	Gemm     benchGemmCmd     `cmd:"" help:"Measure the matrix products of a model's shape, and their share of the peak."`
	Train    benchTrainCmd    `cmd:"" help:"Measure training on random tokens: speed, memory, time to start."`
	Generate benchGenerateCmd `cmd:"" help:"Measure reading prompts and continuing them: speed and memory."`
	RL       benchRLCmd       `cmd:"" name:"rl" help:"Measure steps of reinforcement learning on one core."`
	Weights  benchWeightsCmd  `cmd:"" help:"Write a model folder with random weights, to measure with."`
}

type benchPeakCmd struct {
	Seconds float64 `default:"2" help:"How long to measure (${default})."`
}

func (benchPeakCmd) Help() string {
	return `The best of many short runs counts; a busy machine shows less than it has.

Examples:

    rotor bench peak
    rotor bench peak --seconds 5 --json
    ROTOR_KERNEL=avx2 rotor bench peak`
}

// Run prints the machine's limits.
func (c benchPeakCmd) Run(e *env) error {
	if !(c.Seconds > 0 && c.Seconds <= 600) {
		return usagef("--seconds is %v: give a number above 0 and up to 600", c.Seconds)
	}
	p := kernel.MeasurePeak(time.Duration(c.Seconds * float64(time.Second)))
	if e.JSON {
		return e.object(struct {
			Kernel  string  `json:"kernel"`
			Threads int     `json:"threads"`
			One     float64 `json:"one_core_gflops"`
			All     float64 `json:"all_cores_gflops"`
			ReadOne float64 `json:"one_core_read_gb_s"`
			ReadAll float64 `json:"all_cores_read_gb_s"`
		}{p.Kernels, p.Threads, p.One, p.All, p.ReadOne, p.ReadAll})
	}
	var t table
	t.add("kernels", "%s", p.Kernels)
	t.add("f32, one core", "%.1f GFLOP/s", p.One)
	t.add("f32, "+cores(p.Threads), "%.1f GFLOP/s", p.All)
	t.add("memory, one core", "%.1f GB/s", p.ReadOne)
	t.add("memory, "+cores(p.Threads), "%.1f GB/s", p.ReadAll)
	t.print(e)
	return nil
}

func cores(n int) string {
	if n == 1 {
		return "one core"
	}
	return count(n) + " cores"
}

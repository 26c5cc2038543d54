package main

import (
	"context"
	"runtime"
	"time"

	"github.com/rotor-lm/rotor/kernel"
)

type benchGemmCmd struct {
	Shape   string  `default:"smollm2-135m" placeholder:"NAME" help:"Which model's matrices (${default})."`
	Rows    int     `default:"1024" help:"Rows of activations (${default})."`
	Seconds float64 `default:"0.3" help:"How long to measure each product (${default})."`
}

func (benchGemmCmd) Help() string {
	return `The weighted share counts the forward and the backward product of every frozen matrix, each by its operations:
what a step of LoRA does. The other rows are the products of dense weights, and of a weight's gradient.

Examples:

    rotor bench gemm
    rotor bench gemm --shape qwen2.5-0.5b --rows 512
    rotor bench gemm --threads 1 --json
    ROTOR_KERNEL=avx2 rotor bench gemm`
}

// gemmRate is one product, measured.
type gemmRate struct {
	product
	Product string  `json:"product"`
	Threads int     `json:"threads"`
	GFLOPS  float64 `json:"gflops"`
	Share   float64 `json:"share_of_peak"`
}

// gemmShare is what all frozen products of a step reach together.
type gemmShare struct {
	Threads int     `json:"threads"`
	Peak    float64 `json:"peak_gflops"`
	Share   float64 `json:"share_of_peak"`
}

// Run measures every product on one core and on all.
func (c benchGemmCmd) Run(ctx context.Context, e *env) error {
	s, err := findShape(c.Shape)
	if err != nil {
		return err
	}
	if err := checkPositive("--rows", c.Rows); err != nil {
		return usageError{err}
	}
	if !(c.Seconds > 0 && c.Seconds <= 600) {
		return usagef("--seconds is %v: give a number above 0 and up to 600", c.Seconds)
	}
	all := kernel.Threads()
	defer kernel.SetThreads(all)
	var rates []gemmRate
	var shares []gemmShare
	for threads := 1; ; threads = all {
		kernel.SetThreads(threads)
		r, share, err := c.measure(ctx, e, s, threads)
		if err != nil {
			return err
		}
		rates, shares = append(rates, r...), append(shares, share)
		if threads == all {
			break
		}
	}
	if e.JSON {
		return e.object(struct {
			Kernel   string      `json:"kernel"`
			Rows     int         `json:"rows"`
			Products []gemmRate  `json:"products"`
			Weighted []gemmShare `json:"weighted"`
		}{kernel.Name(), c.Rows, rates, shares})
	}
	return nil
}

// measure measures all products on so many threads. The peak is taken before
// and after each matrix, and the better counts: a machine whose clock moves
// does not flatter the products.
func (c benchGemmCmd) measure(ctx context.Context, e *env, s shape, threads int) (rates []gemmRate, share gemmShare, err error) {
	share.Threads = threads
	each := time.Duration(c.Seconds * float64(time.Second))
	peak := func() { share.Peak = max(share.Peak, kernel.PeakFLOPS(each)/1e9) }
	peak()
	var best, real float64 // seconds, at the peak and measured
	var flops float64
	for _, p := range s.products() {
		if err := ctx.Err(); err != nil {
			return nil, share, err
		}
		for _, r := range kernel.MeasureProducts(c.Rows, p.Out, p.In, each) {
			rates = append(rates, gemmRate{product: p, Product: r.Name, Threads: threads, GFLOPS: r.GFLOPS})
			if r.Name == "Packed.Mul" || r.Name == "Packed.MulT" {
				flops += r.GFLOPS * r.Seconds * float64(p.Count)
				real += r.Seconds * float64(p.Count)
			}
		}
		runtime.GC() // the head's matrices are large
		peak()
	}
	best = flops / share.Peak
	share.Share = best / real
	e.printf("%s\n", e.paint(strong, kernel.Name()+" on "+cores(threads)))
	for i := range rates {
		r := &rates[i]
		r.Share = r.GFLOPS / share.Peak
		e.printf("%-24s ×%-3d %-12s %8.1f GFLOP/s  %5.1f %%\n", r.product, r.Count, r.Product, r.GFLOPS, 100*r.Share)
	}
	e.printf("weighted by operations, frozen products: %.1f %% of %.1f GFLOP/s\n\n", 100*share.Share, share.Peak)
	return rates, share, nil
}

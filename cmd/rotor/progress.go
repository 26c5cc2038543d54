package main

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/internal/process"
	"github.com/rotor-lm/rotor/kernel"
	"github.com/rotor-lm/rotor/train"
)

// progress shows the events of a training run: on a terminal one line that
// moves, elsewhere plain lines now and then, and with --json all of them.
type progress struct {
	*env
	config train.Config
	peak   float64 // of the machine, operations a second
	last   time.Time
	open   bool // a line on the terminal is yet to be ended
	passed bool // the last evaluation was not the best
}

func (p *progress) show(ev train.Event) error {
	if p.JSON {
		return p.event(ev)
	}
	switch ev := ev.(type) {
	case train.Start:
		p.start(ev)
	case train.Step:
		p.step(ev)
	case train.Eval:
		p.end()
		best := ""
		if p.passed = !ev.Best; ev.Best {
			best = ", the best yet"
		}
		p.printf("step %d: evaluation loss %.4f, perplexity %.2f%s\n", ev.N, ev.Loss, ev.Perplexity, best)
	case train.Stopped:
		p.end()
		p.printf("stopped after step %d: %d evaluations in a row are no better; the best, %.4f after step %d, is in %s\n",
			ev.N, p.config.EarlyStopping, ev.Best, ev.BestStep, filepath.Join(p.config.Out, "best"))
	case train.Done:
		p.end()
		p.done(ev)
	}
	return nil
}

func (p *progress) start(s train.Start) {
	p.printf("%s", s.Stats)
	p.printf("%s of %s numbers learn (%.2f %%); %d sequences are held back\n",
		count(s.Trainable), count(s.Total), 100*float64(s.Trainable)/float64(s.Total), s.Held)
	if s.Dropout > 0 {
		p.printf("config.json asks for dropout of %g; the model is trained without it\n", s.Dropout)
	}
	if s.First > 0 {
		p.printf("going on after step %d of %d\n", s.First, s.Steps)
	}
}

func (p *progress) step(s train.Step) {
	first := p.last.IsZero()
	pause := 3 * time.Second
	if p.Live {
		pause = 100 * time.Millisecond
	}
	if !first && s.N < s.Steps && time.Since(p.last) < pause {
		return
	}
	line := fmt.Sprintf("step %d/%d  loss %.4f  lr %.2e  %.0f tokens/s  %.0f %% of peak  %s  %s left",
		s.N, s.Steps, s.Loss, s.Rate, s.Speed, 100*p.share(s), size(process.Resident()), s.ETA.Round(time.Second))
	p.last = time.Now()
	if !p.Live {
		p.printf("%s\n", line)
		return
	}
	p.printf("\r\x1b[K%s", line)
	p.open = true
}

// share is the share of the machine's peak, which is measured at the first step
// and, on a machine that was busy then, is at least what has been seen since.
func (p *progress) share(s train.Step) float64 {
	if p.peak == 0 {
		p.peak = kernel.PeakFLOPS(100 * time.Millisecond)
	}
	p.peak = max(p.peak, s.FLOPS)
	return s.FLOPS / p.peak
}

// end ends the line that moves.
func (p *progress) end() {
	if p.open {
		p.printf("\n")
		p.open = false
	}
}

func (p *progress) done(d train.Done) {
	result := p.config.Result()
	p.printf("done in %s: %s (%s), curve in %s\n", time.Duration(d.Seconds*float64(time.Second)).Round(time.Second/10),
		result, size(folderSize(result)), filepath.Join(d.Out, "loss.svg"))
	adapter := strings.HasSuffix(result, "adapter")
	if p.passed {
		result = filepath.Join(d.Out, "best")
		p.printf("the best by its evaluation is %s\n", result)
	}
	next := "rotor generate --model " + result
	if adapter {
		next = "rotor generate --model " + p.config.Model + " --adapter " + result
	}
	p.printf("next: %s --prompt \"…\"\n", next)
}

func folderSize(dir string) (bytes int64) {
	_ = filepath.WalkDir(dir, func(_ string, d fs.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			if info, err := d.Info(); err == nil {
				bytes += info.Size()
			}
		}
		return nil
	})
	return bytes
}

// event prints an event as one JSON object.
func (p *progress) event(ev train.Event) error {
	switch ev := ev.(type) {
	case train.Start:
		return p.object(struct {
			Event string `json:"event"`
			train.Start
			Prepared float64 `json:"prepared"` // seconds
		}{"start", ev, ev.Prepared.Seconds()})
	case train.Step:
		return p.object(struct {
			Event string `json:"event"`
			train.Step
			Steps   int     `json:"steps"`
			Seconds float64 `json:"seconds"`
			Speed   float64 `json:"tokens_per_s"`
			Share   float64 `json:"share_of_peak"`
			RSS     int64   `json:"rss_bytes"`
			ETA     float64 `json:"eta_s"`
		}{"step", ev, ev.Steps, ev.Seconds, ev.Speed, p.share(ev), process.Resident(), ev.ETA.Seconds()})
	case train.Eval:
		return p.object(struct {
			Event string `json:"event"`
			train.Eval
		}{"eval", ev})
	case train.Saved:
		return p.object(struct {
			Event string `json:"event"`
			Step  int    `json:"step"`
			Path  string `json:"path"`
		}{"saved", ev.N, ev.Path})
	case train.Stopped:
		return p.object(struct {
			Event string `json:"event"`
			train.Stopped
		}{"stopped", ev})
	case train.Done:
		return p.object(struct {
			Event   string  `json:"event"`
			Out     string  `json:"out"`
			Result  string  `json:"result"`
			Seconds float64 `json:"seconds"`
		}{"done", ev.Out, p.config.Result(), ev.Seconds})
	}
	return fmt.Errorf("train: an event %T that has no JSON form", ev)
}

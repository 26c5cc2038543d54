package main

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/hub/download"
)

type pullCmd struct {
	Ref      string   `arg:"" help:"owner/name, and if wanted @revision and :FILE, or of GGUF files :Q4_K_M."`
	File     string   `placeholder:"NAME" xor:"which" help:"This file alone, or the GGUF file of this block format: the same as a colon."`
	Include  []string `sep:"none" placeholder:"GLOB" xor:"which" help:"Files that fit, instead of the usual ones; may be repeated."`
	Exclude  []string `sep:"none" placeholder:"GLOB" help:"Not files that fit; may be repeated."`
	Parallel int      `default:"8" placeholder:"N" help:"Requests at a time (${default})."`
	DryRun   bool     `name:"dry-run" help:"List what would be fetched, and fetch nothing."`
}

func (pullCmd) Help() string {
	return `Fetches a model from a hub into the cache that all programs of the hub share; every command then knows it as
owner/name. The usual files are weights in safetensors, configuration and tokenizer, or the one GGUF file. Each is
checked by its hash. What is there is not fetched again, and after an interruption the same command goes on.

HF_ENDPOINT names another hub or a mirror, HF_TOKEN is shown to it for models that ask for one (so is the token of a
login), HF_HOME or HF_HUB_CACHE say where the cache lies. With --json: one object an event.

Examples:

    rotor pull HuggingFaceTB/SmolLM2-135M-Instruct
    rotor pull owner/name@v1.0 --exclude "*.md"
    rotor pull owner/name-GGUF:Q4_K_M
    rotor pull owner/name --dry-run
    rotor show                                    what is there`
}

// Run fetches the model.
func (c pullCmd) Run(ctx context.Context, e *env) error {
	n, ok := hub.ParseName(c.Ref)
	switch {
	case strings.HasPrefix(c.Ref, "ollama:"):
		return usagef("%s is a model of Ollama's, which fetches it itself: ollama pull %s", c.Ref, strings.TrimPrefix(c.Ref, "ollama:"))
	case !ok:
		return usagef("%q is no name of a model on a hub: give owner/name, and if wanted @revision and :FILE", c.Ref)
	case c.File != "" && n.File != "":
		return usagef("--file %s and :%s both name a file: give one of them", c.File, n.File)
	case n.File != "" && len(c.Include) > 0:
		return usagef("--include and :%s both say which files: give one of them", n.File)
	case c.Parallel < 1:
		return usagef("--parallel is %d: give a number from 1 on", c.Parallel)
	}
	if c.File != "" {
		n.File = c.File
	}
	p := pullProgress{env: e, dry: c.DryRun, ref: n.String()}
	for ev, err := range download.Run(ctx, n, download.Options{Include: c.Include, Exclude: c.Exclude, Parallel: c.Parallel, DryRun: c.DryRun}) {
		if err != nil {
			p.end()
			return err
		}
		if err := p.show(ev); err != nil {
			return err
		}
	}
	return nil
}

// pullProgress shows the events of a download.
type pullProgress struct {
	*env
	dry  bool
	ref  string
	last time.Time
	open bool // a line on the terminal is yet to be ended
}

func (p *pullProgress) show(ev download.Event) error {
	switch ev := ev.(type) {
	case download.Listed:
		return p.listed(ev)
	case download.Progress:
		return p.progress(ev)
	case download.Retry:
		if p.JSON {
			return p.object(struct {
				Event string  `json:"event"`
				Error string  `json:"error"`
				Wait  float64 `json:"wait_s"`
			}{"retry", ev.Err.Error(), ev.Wait.Seconds()})
		}
		p.end()
		p.printf("%s; again in %s\n", ev.Err, ev.Wait.Round(time.Second/10))
	case download.Stored:
		if p.JSON {
			return p.object(struct {
				Event string `json:"event"`
				Name  string `json:"name"`
				Size  int64  `json:"size"`
				Path  string `json:"path"`
			}{"stored", ev.File.Name, ev.File.Size, ev.Path})
		}
		p.end()
		p.printf("%s  %s\n", ev.File.Name, p.paint(faint, size(ev.File.Size)))
	case download.Done:
		return p.done(ev)
	}
	return nil
}

func (p *pullProgress) listed(l download.Listed) error {
	if p.JSON {
		return p.object(struct {
			Event string `json:"event"`
			download.Listed
		}{"listed", l})
	}
	p.printf("%s at commit %.12s: %d files, %s to fetch\n", l.Repo, l.Commit, len(l.Files), size(l.Missing))
	if p.dry {
		var t table
		for _, f := range l.Files {
			t.add(f.Name, "%s%s", size(f.Size), map[bool]string{true: ", is here"}[f.Here])
		}
		t.print(p.env)
	}
	return nil
}

func (p *pullProgress) progress(ev download.Progress) error {
	pause := 3 * time.Second
	switch {
	case p.JSON:
		pause = time.Second
	case p.Live:
		pause = 100 * time.Millisecond
	}
	if p.last.IsZero() {
		p.last = time.Now()
	}
	if time.Since(p.last) < pause {
		return nil
	}
	p.last = time.Now()
	if p.JSON {
		return p.object(struct {
			Event string `json:"event"`
			download.Progress
			ETA float64 `json:"eta_s"`
		}{"progress", ev, ev.ETA.Seconds()})
	}
	line := fmt.Sprintf("%s  %s of %s  %s/s  %s left", ev.File, size(ev.Bytes), size(ev.Total), size(int64(ev.Speed)), ev.ETA.Round(time.Second))
	if !p.Live {
		p.printf("%s\n", line)
		return nil
	}
	p.printf("\r\x1b[K%s", line)
	p.open = true
	return nil
}

// end clears the line that moves.
func (p *pullProgress) end() {
	if p.open {
		p.printf("\r\x1b[K")
		p.open = false
	}
}

func (p *pullProgress) done(d download.Done) error {
	if p.JSON {
		return p.object(struct {
			Event string `json:"event"`
			download.Done
		}{"done", d})
	}
	p.end()
	switch {
	case p.dry:
	case d.Fetched == 0:
		p.printf("all of it is here: %s\n", d.Path)
	default:
		p.printf("%s in %s: %s\n", size(d.Fetched), time.Duration(d.Seconds*float64(time.Second)).Round(time.Second/10), d.Path)
		p.printf("next: rotor show %s\n", p.ref)
	}
	return nil
}

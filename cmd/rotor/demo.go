package main

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/rotor-lm/rotor/demo"
	"github.com/rotor-lm/rotor/train"
)

type demoCmd struct {
	Out string `default:"rotor-demo" placeholder:"DIR" help:"Folder for the model, the adapter and the merged model (${default})."`
}

func (demoCmd) Help() string {
	return `Fine-tunes a small model that is part of this program, in under a minute and without a download. The task
can be checked by a rule: to write a quatrain, four lines of five characters that end with ，。，。, to a title.

With --json: {"seconds", "before": {"perplexity", "well_formed", "rhymes"}, "after": {…}, "adapter_bytes", "merge_max_error"}.

Examples:

    rotor demo
    rotor demo --seed 3 --json`
}

// Run tells what happens as it happens.
func (c demoCmd) Run(ctx context.Context, e *env) error {
	d := demoShow{env: e, line: &progress{env: e}}
	for event, err := range demo.Run(ctx, c.Out, e.seed()) {
		if err != nil {
			return err
		}
		if err := d.show(event); err != nil {
			return err
		}
	}
	return nil
}

// demoAnswer is what --json prints.
type demoAnswer struct {
	Seconds       float64      `json:"seconds"`
	Before        demo.Measure `json:"before"`
	After         demo.Measure `json:"after"`
	AdapterBytes  int64        `json:"adapter_bytes"`
	ReloadError   float64      `json:"reload_max_error"`
	MergeMaxError float64      `json:"merge_max_error"`
}

type demoShow struct {
	*env
	line   *progress
	dir    string
	before demo.Measured
	losses []float64
	answer demoAnswer
}

func (d *demoShow) show(event demo.Event) error {
	switch e := event.(type) {
	case demo.Opened:
		d.dir = e.Dir
		d.printf("%s\n", d.paint(strong, "1. A small model, and what it writes"))
		d.printf("   %s with %.1f million parameters (%.1f MB), pre-trained by Rotor on Tang and Song poems and English prose.\n",
			e.Info.Architecture, float64(e.Parameters)/1e6, float64(e.Bytes)/1e6)
		d.printf("   Task: a quatrain to each of %d held-out titles: four lines of five characters, ending ，。，。\n", e.Prompts)
	case demo.Measured:
		d.measured(e)
	case train.Start:
		d.printf("\n%s\n", d.paint(strong, "2. Fine-tuning with LoRA"))
		d.printf("   %d quatrains, %d of %d numbers learn (%.1f %%), %d steps.\n",
			e.Stats.Texts, e.Trainable, e.Total, 100*float64(e.Trainable)/float64(e.Total), e.Steps)
	case train.Step:
		d.losses = append(d.losses, e.Loss)
		if !d.JSON {
			d.line.step(e)
		}
	case train.Done:
		d.line.end()
		d.printf("   loss %s  %.2f → %.2f\n", sparkline(d.losses, 48), d.losses[0], d.losses[len(d.losses)-1])
	case demo.Checked:
		d.checked(e)
	case demo.Finished:
		return d.finished(e)
	}
	return nil
}

func (d *demoShow) measured(e demo.Measured) {
	if !e.After {
		d.before, d.answer.Before = e, e.Measure
		d.printf("   Before: perplexity %.1f, in form %.0f %%, rhyming %.0f %%\n", e.Perplexity, 100*e.WellFormed, 100*e.Rhymes)
		return
	}
	d.answer.After = e.Measure
	d.printf("\n%s\n", d.paint(strong, "3. Before and after, on titles that the model has never seen"))
	b := d.before.Measure
	d.printf("   %-28s %10s %10s\n", "", "before", "after")
	d.printf("   %-28s %10.1f %10.1f\n", "perplexity of the poets", b.Perplexity, e.Perplexity)
	d.printf("   %-28s %8.0f %% %8.0f %%\n", "in form", 100*b.WellFormed, 100*e.WellFormed)
	d.printf("   %-28s %8.0f %% %8.0f %%   (real quatrains: 86 %%)\n", "lines two and four rhyme", 100*b.Rhymes, 100*e.Rhymes)
	for i := range 3 {
		at := i * (len(e.Titles) - 1) / 2
		d.printf("\n   %s\n", d.paint(faint, strings.TrimSpace(e.Titles[at])))
		d.pair(d.before.Texts[at], e.Texts[at])
	}
}

// pair prints two texts beside each other, with the marks that the rule gives.
func (d *demoShow) pair(before, after string) {
	const width = 30
	a := append(firstLines(before, 5), d.marks(before))
	b := append(firstLines(after, 5), d.marks(after))
	for i := range max(len(a), len(b)) {
		var left, right string
		if i < len(a)-1 {
			left = a[i]
		}
		if i < len(b)-1 {
			right = b[i]
		}
		if i < max(len(a), len(b))-1 {
			d.printf("   %s  %s\n", pad(left, width), right)
		}
	}
	d.printf("   %s  %s\n", pad(a[len(a)-1], width), b[len(b)-1])
}

func (d *demoShow) marks(text string) string {
	form, rhyme := d.paint(red, "✗ form"), d.paint(red, "✗ rhyme")
	if demo.WellFormed(text) {
		form = d.paint(green, "✓ form")
	}
	if demo.Rhymes(text) {
		rhyme = d.paint(green, "✓ rhyme")
	}
	return form + "  " + rhyme
}

func (d *demoShow) checked(e demo.Checked) {
	d.answer.AdapterBytes, d.answer.ReloadError, d.answer.MergeMaxError = e.AdapterBytes, e.ReloadError, e.MergeError
	d.printf("\n%s\n", d.paint(strong, "4. What is on disk"))
	d.printf("   adapter  %d kB, in PEFT's format; reloaded, its logits differ by %.1e\n", e.AdapterBytes/1000, e.ReloadError)
	d.printf("   merged   a plain model, reloaded and compared with the live one: logits differ by %.1e\n", e.MergeError)
}

func (d *demoShow) finished(e demo.Finished) error {
	d.answer.Seconds = e.Seconds
	if d.JSON {
		return d.object(d.answer)
	}
	d.printf("\n%s\n", d.paint(strong, fmt.Sprintf("Done in %.0f s. Go on with", time.Duration(e.Seconds*1e9).Seconds())))
	d.printf(`   rotor generate --model %[1]s/model --adapter %[1]s/run/adapter --prompt $'江雪\n' --temperature 0.6
   rotor train --model %[1]s/model --data %[1]s/train.jsonl --out my-run --rank 8 --epochs 1
   rotor show %[1]s/run/adapter
`, d.dir)
	return nil
}

// firstLines are the first n lines of a text; where more follow, the last says so.
func firstLines(text string, n int) []string {
	list := strings.Split(strings.TrimSpace(text), "\n")
	if len(list) > n {
		list = append(list[:n-1:n-1], "…")
	}
	for i, l := range list {
		if r := []rune(l); len(r) > 14 {
			list[i] = string(r[:13]) + "…"
		}
	}
	return slices.Clip(list)
}

// pad fills text with spaces to a width, of which a wide character takes two.
// Colours take none.
func pad(text string, width int) string {
	n, escape := 0, false
	for _, r := range text {
		switch {
		case r == '\x1b':
			escape = true
		case escape:
			escape = r != 'm'
		case r >= 0x2e80:
			n += 2
		default:
			n++
		}
	}
	return text + strings.Repeat(" ", max(0, width-n))
}

// sparkline draws a row of numbers in one line of text.
func sparkline(x []float64, width int) string {
	const bars = "▁▂▃▄▅▆▇█"
	lo, hi := slices.Min(x), slices.Max(x)
	var b strings.Builder
	for i := range min(width, len(x)) {
		from, to := i*len(x)/min(width, len(x)), (i+1)*len(x)/min(width, len(x))
		mean := 0.0
		for _, v := range x[from:to] {
			mean += v / float64(to-from)
		}
		k := 0
		if hi > lo {
			k = int((mean - lo) / (hi - lo) * 7.99)
		}
		b.WriteString(string([]rune(bars)[k]))
	}
	return b.String()
}

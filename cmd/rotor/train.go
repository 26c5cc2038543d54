package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/goccy/go-yaml"

	"github.com/rotor-lm/rotor/data"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/train"
)

type trainCmd struct {
	settingFlags
	Config      string `short:"c" placeholder:"FILE" help:"YAML file of settings, under the names of the flags; flags override it."`
	PrintConfig bool   `name:"print-config" xor:"do" help:"Write the YAML file that repeats this command line, and train nothing."`
	Show        int    `xor:"do" placeholder:"N" help:"Show N examples with what is learned of them in colour, and train nothing."`
	Resume      bool   `xor:"over" help:"Go on with the run in --out; its settings are those that it has."`
	ChangedData bool   `name:"changed-data" help:"With --resume: go on even though the data is not what it was when the run began."`
	Force       bool   `xor:"over" help:"Begin anew over the run in --out."`
}

func newTrainCmd() trainCmd { return trainCmd{settingFlags: newSettingFlags()} }

func (trainCmd) Help() string {
	return `Data is JSONL, CSV or text: messages; prompt and completion; instruction, input and output; or text. Answers
are learned, and text from end to end. The result is in OUT/adapter or OUT/model, the best in OUT/best, the curve
in OUT/loss.svg, and a line a step in OUT/metrics.jsonl. A signal saves, and --resume goes on as if nothing had
been: so it does after the process was killed. With --json: one object an event.

Examples:

    rotor train --model ./model --data chat.jsonl --out ./run
    rotor train --model ./model --data chat.jsonl --out ./run --show 3
    rotor train --model ./model --data chat.jsonl --out ./run --rank 16 --targets all-linear --epochs 3 --validation 0.1
    rotor train --model ./model --data chat.jsonl --out ./run --validation 0.1 --eval-every 50 --early-stopping 3
    rotor train --model ./model --data chat.jsonl --out ./run --print-config > run.yaml
    rotor train --config run.yaml --lr 1e-4
    rotor train --resume --out ./run
    rotor train --model ./model --data book.txt --out ./run --method full --pack stream --length 256`
}

// Run trains, or says what it would train on.
func (c trainCmd) Run(ctx context.Context, e *env) error {
	s, err := c.settings(e)
	if err != nil {
		return usageError{err}
	}
	cfg, err := s.Config()
	if err != nil {
		return usageError{err}
	}
	switch {
	case c.PrintConfig:
		return printConfig(e, cfg)
	case cfg.Model == "" || cfg.Data == "":
		return usagef("train: give --model and --data, or --config with a file that has them")
	case c.Show != 0:
		return showExamples(ctx, e, cfg, c.Show)
	case cfg.Out == "":
		return usagef("train: give --out with the folder for the result")
	}
	mode := train.Fresh
	if c.ChangedData && !c.Resume {
		return usagef("--changed-data belongs to --resume")
	}
	if c.Resume {
		mode = train.Resume
		if c.ChangedData {
			mode = train.ResumeChanged
		}
	} else if c.Force {
		mode = train.Force
	}
	p := progress{env: e, config: cfg}
	for ev, err := range train.Run(ctx, cfg, mode) {
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

// settings are those of the file, or of the run to go on with, and over them
// those of the flags.
func (c trainCmd) settings(e *env) (train.Settings, error) {
	flags := train.Settings{}
	if err := c.set(flags); err != nil {
		return nil, err
	}
	if e.Seed != nil {
		if err := flags.Set("seed", fmt.Sprint(*e.Seed)); err != nil {
			return nil, err
		}
	}
	file := c.Config
	if out := c.value("out"); file == "" && c.Resume && out != "" {
		file = filepath.Join(out, "train.yaml")
	}
	s := train.Settings{}
	if file != "" {
		f, err := os.Open(file)
		switch {
		case errors.Is(err, fs.ErrNotExist) && c.Config == "": // there is no run yet
		case err != nil:
			return nil, err
		default:
			defer f.Close()
			if s, err = train.Read(f, file); err != nil {
				return nil, err
			}
		}
	}
	for key, v := range flags {
		s[key] = v
	}
	return s, nil
}

func printConfig(e *env, cfg train.Config) error {
	text, err := cfg.YAML()
	if err != nil {
		return err
	}
	if !e.JSON {
		e.printf("%s", text)
		return nil
	}
	var v map[string]any
	if err := yaml.Unmarshal(text, &v); err != nil {
		return err
	}
	return e.object(v)
}

// showExamples prints the first examples as the loss sees them.
func showExamples(ctx context.Context, e *env, cfg train.Config, n int) error {
	if n < 1 {
		return usagef("--show=%d: give a number of examples from 1 on", n)
	}
	m, err := hub.Hollow(cfg.Model)
	if err != nil {
		return err
	}
	tok, err := m.Tokenizer()
	if err != nil {
		return err
	}
	set, _, err := train.Data(ctx, cfg, m, tok)
	if err != nil {
		return err
	}
	var buf data.Sequence
	for i := range min(n, set.Len()) {
		q := set.At(i, &buf)
		if e.JSON {
			if err := e.object(struct {
				IDs   []int32 `json:"ids"`
				Learn []bool  `json:"learn"`
				Text  string  `json:"text"`
			}{q.IDs, q.Learn, tok.Decode(q.IDs)}); err != nil {
				return err
			}
			continue
		}
		if err := data.Show(e.Stdout, q, tok, e.Colour); err != nil {
			return err
		}
		e.printf("%s\n", e.paint(faint, fmt.Sprintf("example %d of %d", i+1, set.Len())))
	}
	e.printf("\n%s", set.Stats())
	return nil
}

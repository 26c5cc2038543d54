// Package job is what the larger examples share: an adapter trained, and a
// model's answers and losses measured.
package job

import (
	"bufio"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/rotor-lm/rotor/eval"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/internal/process"
	"github.com/rotor-lm/rotor/peft"
	"github.com/rotor-lm/rotor/train"
)

// Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// Write writes conversations of a question and its answer as JSON lines.
func Write(path, system string, pairs [][2]string) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	defer f.Close()
	w := bufio.NewWriter(f)
	enc := json.NewEncoder(w)
	for _, p := range pairs {
		line := map[string][]Message{"messages": {{"system", system}, {"user", p[0]}, {"assistant", p[1]}}}
		if err := enc.Encode(line); err != nil {
			return err
		}
	}
	if err := w.Flush(); err != nil {
		return err
	}
	return f.Close()
}

// Tune trains as rotor train does with the same keys, and returns the folder of
// the adapter: of the best one, if some texts were held back to tell.
func Tune(ctx context.Context, w io.Writer, keys map[string]string) (string, error) {
	job, err := train.Of(keys)
	if err != nil {
		return "", err
	}
	adapter, begin, steps, rows := job.Result(), time.Now(), 0, 0
	for event, err := range train.Run(ctx, job, train.Force) {
		if err != nil {
			return "", err
		}
		switch e := event.(type) {
		case train.Step:
			steps, rows = e.N, rows+e.Rows
			if e.N%10 == 0 || e.N == e.Steps {
				fmt.Fprintf(w, "step %d of %d: loss %.3f, %.0f tokens/s, %s to go\n", e.N, e.Steps, e.Loss, e.Speed, e.ETA.Round(time.Second))
			}
		case train.Eval:
			fmt.Fprintf(w, "step %d: perplexity on what is held back %.2f\n", e.N, e.Perplexity)
			adapter = filepath.Join(job.Out, "best")
		case train.Stopped:
			fmt.Fprintf(w, "step %d: it gets no better; the best was step %d\n", e.N, e.BestStep)
		}
	}
	took := time.Since(begin)
	fmt.Fprintf(w, "%d steps in %s, %.0f tokens/s with all that is between them, %.2f GB of memory at most\n",
		steps, took.Round(time.Second), float64(rows)/took.Seconds(), float64(process.Peak())/1e9)
	return adapter, nil
}

// Open opens a model, with an adapter if one is named.
func Open(dir, adapter string) (*hub.Model, error) {
	m, err := hub.Open(dir)
	if err != nil || adapter == "" {
		return m, err
	}
	if m.Model, _, err = peft.Apply(m.Model, adapter, peft.Options{Frozen: true}); err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

// Answers lets a model answer the prompts of a data file.
func Answers(ctx context.Context, dir, adapter, data string, max int) ([]eval.Answer, error) {
	m, err := Open(dir, adapter)
	if err != nil {
		return nil, err
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		return nil, err
	}
	job, err := train.Of(map[string]string{"data": data, "long": "cut"})
	if err != nil {
		return nil, err
	}
	set, _, err := train.Data(ctx, job, m, tok)
	if err != nil {
		return nil, err
	}
	var list []eval.Answer
	for a, err := range eval.Answers(ctx, m.Model, tok, set, max) {
		if err != nil {
			return nil, err
		}
		list = append(list, a)
	}
	return list, nil
}

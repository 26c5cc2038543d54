package train

import (
	"bufio"
	"encoding/json"
	"fmt"
	"io"
	"os"

	"github.com/rotor-lm/rotor/internal/chart"
)

// metrics is the file with a line a step and an evaluation.
type metrics struct {
	f *os.File
	w *bufio.Writer
}

// openMetrics opens the file for more lines after the first length bytes. What
// stands beyond them came from steps that a resumed run does again.
func openMetrics(path string, length int64) (*metrics, error) {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o644)
	if err != nil {
		return nil, fmt.Errorf("train: %w", err)
	}
	if err = f.Truncate(length); err == nil {
		_, err = f.Seek(length, io.SeekStart)
	}
	if err != nil {
		f.Close()
		return nil, fmt.Errorf("train: %w", err)
	}
	return &metrics{f, bufio.NewWriter(f)}, nil
}

func (m *metrics) write(e Event) error {
	line, err := json.Marshal(e)
	if err != nil {
		return err
	}
	m.w.Write(line)
	return m.w.WriteByte('\n')
}

// sync puts all lines on disk and returns the length of the file.
func (m *metrics) sync() (int64, error) {
	if err := m.w.Flush(); err != nil {
		return 0, fmt.Errorf("train: %w", err)
	}
	if err := m.f.Sync(); err != nil {
		return 0, fmt.Errorf("train: %w", err)
	}
	return m.f.Seek(0, io.SeekCurrent)
}

func (m *metrics) close() {
	m.w.Flush()
	m.f.Close()
}

// curve draws the losses in the file.
func (m *metrics) curve() (chart.Chart, error) {
	c := chart.Chart{Title: "Loss", X: "step", Y: "loss"}
	if _, err := m.sync(); err != nil {
		return c, err
	}
	f, err := os.Open(m.f.Name())
	if err != nil {
		return c, err
	}
	defer f.Close()
	train, held := chart.Line{Name: "training"}, chart.Line{Name: "held back", Dots: true}
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var e struct {
			Step float64
			Loss *float64
			Eval *float64 `json:"eval_loss"`
		}
		if err := json.Unmarshal(lines.Bytes(), &e); err != nil {
			return c, fmt.Errorf("train: %s: %w", f.Name(), err)
		}
		switch {
		case e.Loss != nil:
			train.X, train.Y = append(train.X, e.Step), append(train.Y, *e.Loss)
		case e.Eval != nil:
			held.X, held.Y = append(held.X, e.Step), append(held.Y, *e.Eval)
		}
	}
	c.Lines = append(c.Lines, train)
	if len(held.X) > 0 {
		c.Lines = append(c.Lines, held)
	}
	return c, nil
}

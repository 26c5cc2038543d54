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

// running is the mean of a twentieth of a line's points around each, of a line that has enough.
func running(l chart.Line) chart.Line {
	half := len(l.X) / 40
	if half < 2 {
		return chart.Line{}
	}
	mean := chart.Line{Name: fmt.Sprintf("%s, mean of %d steps", l.Name, 2*half+1)}
	for i := half; i+half < len(l.X); i++ {
		sum := 0.
		for _, y := range l.Y[i-half : i+half+1] {
			sum += y
		}
		mean.X, mean.Y = append(mean.X, l.X[i]), append(mean.Y, sum/float64(2*half+1))
	}
	return mean
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
	if mean := running(train); len(mean.X) > 0 {
		train.Pale = true
		c.Lines = append(c.Lines, train, mean)
	} else {
		c.Lines = append(c.Lines, train)
	}
	if len(held.X) > 0 {
		c.Lines = append(c.Lines, held)
	}
	return c, nil
}

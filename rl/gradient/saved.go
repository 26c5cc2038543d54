package gradient

import (
	"bufio"
	"bytes"
	"encoding/json"
	"fmt"
	"io"

	"github.com/rotor-lm/rotor/rl/approx"
	"github.com/rotor-lm/rotor/rl/world"
)

// Version is that of the files that Save writes.
const Version = 1

// Saved is the first line of a saved agent's file: how to make it anew.
type Saved struct {
	Version   int      `json:"rotor_agent"`
	World     string   `json:"world"`
	Set       []string `json:"set,omitempty"` // the world's options
	Algorithm string   `json:"algorithm"`
	Options   []string `json:"options,omitempty"`
	Seed      uint64   `json:"seed"`
	Steps     int      `json:"steps"`
}

// Save writes a line that describes the agent, and all that it needs to go on
// exactly.
func Save(w io.Writer, s Saved, a approx.Agent) error {
	s.Version, s.Steps = Version, a.Steps()
	if err := json.NewEncoder(w).Encode(s); err != nil {
		return err
	}
	return a.Save(w)
}

const (
	longestLine = 1 << 16
	beginning   = `{"rotor_agent":`
)

// IsSaved says whether a file begins as Save begins one. It takes nothing from r.
func IsSaved(r *bufio.Reader) bool {
	head, _ := r.Peek(len(beginning))
	return string(head) == beginning
}

// ReadSaved reads the first line of a saved agent.
func ReadSaved(r *bufio.Reader) (s Saved, err error) {
	if !IsSaved(r) {
		return s, fmt.Errorf("this is no saved agent")
	}
	var line bytes.Buffer
	for line.Len() < longestLine {
		b, err := r.ReadByte()
		if err != nil {
			return s, fmt.Errorf("the saved agent ends in its first line")
		}
		if b == '\n' {
			break
		}
		line.WriteByte(b)
	}
	if err := json.Unmarshal(line.Bytes(), &s); err != nil {
		return s, fmt.Errorf("the first line of the saved agent: %w", err)
	}
	if s.Version != Version {
		return s, fmt.Errorf("this agent was saved in form %d; this program reads form %d", s.Version, Version)
	}
	return s, nil
}

// Open makes the agent that s describes, for a world like the one that it learned
// in, and lets it go on from what r holds after the first line.
func (s Saved) Open(r *bufio.Reader, w *world.World) (approx.Agent, error) {
	a, err := Make(s.Algorithm, w, s.Seed, s.Options...)
	if err != nil {
		return nil, err
	}
	if err := a.Load(r); err != nil {
		return nil, err
	}
	return a, nil
}

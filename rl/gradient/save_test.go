package gradient

import (
	"bytes"
	"slices"
	"testing"

	"github.com/rotor-lm/rotor/rl/approx"
)

// An agent that was saved and loaded goes on as if nothing had happened.
func TestAgentsResume(t *testing.T) {
	type made struct {
		agent approx.Agent
		w     []float32
	}
	kinds := map[string]func() made{
		"SAC":  func() made { a := newSAC(t, SAC{Continuous: small()}); return made{a, a.Policy.W} },
		"DPG":  func() made { a := newDPG(t, DPG{Continuous: small()}); return made{a, a.Policy.W} },
		"twin": func() made { a := newDPG(t, DPG{Continuous: small(), Twin: true}); return made{a, a.Policy.W} },
	}
	for name, c := range settings() {
		kinds[name] = func() made {
			a, err := c.New(copies(t, "pendulum"), Gaussian{-2, 2})
			if err != nil {
				t.Fatal(err)
			}
			return made{a, a.adam.W}
		}
	}
	for name, fresh := range kinds {
		whole, first, second := fresh(), fresh(), fresh()
		for range 300 {
			whole.agent.Advance()
		}
		for range 173 {
			first.agent.Advance()
		}
		var file bytes.Buffer
		if err := first.agent.Save(&file); err != nil {
			t.Fatal(err)
		}
		data := file.Bytes()
		if err := second.agent.Load(bytes.NewReader(data)); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for range 300 - 173 {
			second.agent.Advance()
		}
		if !slices.Equal(whole.w, second.w) {
			t.Errorf("%s: the resumed run differs", name)
		}
		if err := fresh().agent.Load(bytes.NewReader(data[:len(data)-10])); err == nil {
			t.Errorf("%s: a file that was cut was loaded", name)
		}
	}
}

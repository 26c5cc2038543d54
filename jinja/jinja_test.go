package jinja

import (
	"encoding/json"
	"os"
	"strings"
	"testing"
	"time"
)

// battery is what battery.py wrote.
type battery struct {
	Now       time.Time
	Variables *Map
	Cases     []struct {
		Template string
		Text     *string
		Error    string
		Message  string
	}
}

func readBattery(t testing.TB) battery {
	t.Helper()
	text, err := os.ReadFile("testdata/battery.json")
	if err != nil {
		t.Fatal(err)
	}
	var b battery
	if err := json.Unmarshal(text, &b); err != nil {
		t.Fatal(err)
	}
	return b
}

func render(source string, vars *Map, now time.Time) (Output, error) {
	t, err := Parse(source)
	if err != nil {
		return Output{}, err
	}
	return t.Render(vars, Options{Now: now})
}

// Each statement, filter, test and rule of white space does what jinja2 does, and
// what jinja2 refuses is refused.
func TestBattery(t *testing.T) {
	b := readBattery(t)
	for _, c := range b.Cases {
		out, err := render(c.Template, b.Variables, b.Now)
		switch {
		case c.Text == nil && err == nil:
			t.Errorf("%q is %q, and jinja2 refuses it: %s", c.Template, out.Text, c.Error)
		case c.Text == nil:
			if c.Message != "" && !strings.Contains(err.Error(), c.Message) {
				t.Errorf("%q: %v, and jinja2 says %s", c.Template, err, c.Message)
			}
		case err != nil:
			t.Errorf("%q: %v, want %q", c.Template, err, *c.Text)
		case out.Text != *c.Text:
			t.Errorf("%q is\n%q, want\n%q", c.Template, out.Text, *c.Text)
		}
	}
}

package nearest

import "testing"

func TestWord(t *testing.T) {
	known := []string{"--model", "--adapter", "--max-tokens", "--json"}
	for word, want := range map[string]string{"--modl": "--model", "--adaptor": "--adapter", "--max_token": "--max-tokens", "--jsn": "--json"} {
		if have := Word(word, known); have != want {
			t.Errorf("nearest to %s is %s, want %s", word, have, want)
		}
	}
}

// The distance of words is a metric.
func TestEdits(t *testing.T) {
	words := []string{"", "a", "train", "brain", "trains", "grant", "generate"}
	for _, a := range words {
		for _, b := range words {
			if d := edits(a, b); d != edits(b, a) || (d == 0) != (a == b) || d > max(len(a), len(b)) {
				t.Errorf("edits(%q, %q) = %d, and the other way %d", a, b, d, edits(b, a))
			}
			for _, c := range words {
				if edits(a, c) > edits(a, b)+edits(b, c) {
					t.Errorf("%q, %q, %q break the triangle", a, b, c)
				}
			}
		}
	}
}

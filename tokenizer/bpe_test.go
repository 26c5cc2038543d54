package tokenizer

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
)

// The heap gives what looking at every pair gives, on words of both kinds.
func TestMergeLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range goldenNames {
		m := load(t, name).model
		for range 2000 {
			w := make([]symbol, 1+rng.IntN(shortWord))
			letters := 1 + rng.IntN(12)
			for i := range w {
				w[i] = symbol{m.bytes["etaoinshrdlu"[rng.IntN(letters)]], 1}
			}
			long := slices.Clone(w)
			w, long = w[:mergeShort(&m.merges, w)], long[:mergeLong(&m.merges, long)]
			if !slices.Equal(w, long) {
				t.Fatalf("%s: %v by every pair, %v by heap", name, w, long)
			}
		}
	}
}

// One megabyte without a place to cut takes less than a second. ROTOR_LONG=1
// tries more of them.
func TestNothingQuadratic(t *testing.T) {
	const size = 1 << 20
	units := []string{"a", "中", " "}
	if os.Getenv("ROTOR_LONG") != "" {
		units = append(units, "<", "\n ", "'", "1", "abcdefgh", "<|", "é", "[L] ", "\u3000", "\xff")
	}
	for _, name := range goldenNames {
		tok := load(t, name)
		for _, unit := range units {
			text := strings.Repeat(unit, size/len(unit)) + "x"
			took := time.Hour
			for range 5 { // the machine may be busy
				start := time.Now()
				tok.Encode(text)
				if took = min(took, time.Since(start)); took < time.Second {
					break
				}
			}
			if took > time.Second {
				t.Errorf("%s: 1 MB of %q takes %v", name, unit, took)
			}
		}
	}
}

// Goroutines that share a tokenizer do not disturb each other.
func TestConcurrent(t *testing.T) {
	tok := load(t, "llama3")
	all, hard, rows := goldenRows(t, "llama3")
	var wait sync.WaitGroup
	for g := range 4 {
		wait.Go(func() {
			for i := range hard {
				i = (i*31 + g*97) % hard
				if got := tok.Wrap(tok.Encode(all[i])); !slices.Equal(got, rows[i].IDs) {
					t.Errorf("%.60q: %v, want %v", all[i], got, rows[i].IDs)
				}
			}
		})
	}
	wait.Wait()
}

// Any bytes come back, and offsets say where each came from.
func FuzzRoundTrip(f *testing.F) {
	all, hard, _ := goldenRows(f, "gpt2")
	for _, s := range all[:hard] {
		f.Add(s)
	}
	f.Add("a\xffb\xe4\xb8 \xed\xa0\x80")
	toks := map[string]*Tokenizer{}
	for _, name := range []string{"gpt2", "llama3"} {
		toks[name] = load(f, name)
	}
	toks["trained"] = trained(f, TrainOptions{VocabSize: 320, Special: []string{imStart, imEnd}, Pattern: "llama3-han"})
	f.Fuzz(func(t *testing.T, s string) {
		for name, tok := range toks {
			ids := tok.Encode(s)
			if got, want := tok.Decode(ids), string(lossy(nil, []byte(s))); got != want {
				t.Errorf("%s: %q, want %q", name, got, want)
			}
			testStream(t, tok, ids)
			e := tok.Encoding(s, false)
			if !slices.Equal(e.IDs, ids) {
				t.Errorf("%s: ids with offsets %v, want %v", name, e.IDs, ids)
			}
			at := 0
			for i, b := range e.Bytes {
				if b[0] != at || s[b[0]:b[1]] != tok.bytes(e.IDs[i]) {
					t.Errorf("%s: token %d is %q, and stands at %v", name, i, tok.bytes(e.IDs[i]), b)
				}
				at = b[1]
			}
			if at != len(s) {
				t.Errorf("%s: offsets end at %d of %d", name, at, len(s))
			}
			if got := tok.Decode(tok.EncodeOrdinary(s)); got != string(lossy(nil, []byte(s))) {
				t.Errorf("%s: ordinary %q", name, got)
			}
		}
	})
}

func BenchmarkEncode(b *testing.B) {
	all, hard, _ := goldenRows(b, "gpt2")
	for _, name := range goldenNames {
		tok := load(b, name)
		b.Run(name, func(b *testing.B) {
			text := strings.Join(all[:hard], "\n")
			b.SetBytes(int64(len(text)))
			for b.Loop() {
				tok.Encode(text)
			}
		})
	}
}

package tokenizer

import (
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"
	"unicode/utf8"
)

// mergeLong gives what looking at every pair gives, for words of real
// vocabularies and for merges in any order.
func TestMergeLong(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	for _, name := range goldenNames {
		sameMerges(t, rng, load(t, name).model, "etaoinshrdlu")
	}
	for range 20 {
		sameMerges(t, rng, shuffled(t, rng), "abc")
	}
}

func sameMerges(t *testing.T, rng *rand.Rand, m *bpe, letters string) {
	t.Helper()
	for range 500 {
		w := make([]symbol, 1+rng.IntN(shortWord))
		few := 1 + rng.IntN(len(letters))
		for i := range w {
			w[i] = symbol{m.bytes[letters[rng.IntN(few)]], 1}
		}
		long := slices.Clone(w)
		w, long = w[:mergeShort(&m.merges, w)], long[:mergeLong(&m.merges, long)]
		if !slices.Equal(w, long) {
			t.Fatalf("%v by every pair, %v by rank", w, long)
		}
	}
}

// shuffled makes an encoding of which longer tokens may be merged before the
// shorter ones, and in several ways.
func shuffled(t *testing.T, rng *rand.Rand) *bpe {
	t.Helper()
	f := &modelFile{Vocab: map[string]int32{}}
	words := []string{"a", "b", "c"}
	for i := 0; i < len(words); i++ {
		f.Vocab[words[i]] = int32(i)
		for _, c := range "abc" {
			if len(words[i]) < 5 && rng.IntN(3) > 0 {
				words = append(words, words[i]+string(c))
			}
		}
	}
	for _, w := range words {
		for i := 1; i < len(w); i++ {
			if p := (pair{w[:i], w[i:]}); slices.Contains(words, p[1]) {
				f.Merges = append(f.Merges, p)
			}
		}
	}
	rng.Shuffle(len(f.Merges), func(i, j int) { f.Merges[i], f.Merges[j] = f.Merges[j], f.Merges[i] })
	m, err := newBPE(f, true)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// One megabyte without a place to cut takes less than a second, or, on a busy
// machine, at least no more than its share: a word 16 times as long would take
// 256 times as long if looking at every pair were the way. ROTOR_LONG=1 tries
// more of them.
func TestNothingQuadratic(t *testing.T) {
	const size, part = 1 << 20, 16
	units := []string{"a", "中", " "}
	if os.Getenv("ROTOR_LONG") != "" {
		units = append(units, "<", "\n ", "'", "1", "abcdefgh", "<|", "é", "[L] ", "\u3000", "\xff", "e\u0301", "\u0301", "▁", "ab ")
	}
	toks := map[string]*Tokenizer{"characters": parse(t, charTokenizers[0]), "normal form": parse(t, strings.Replace(charTokenizers[0], `"normalizers":[`, `"normalizers":[{"type":"NFC"},`, 1))}
	for _, name := range goldenNames {
		toks[name] = load(t, name)
	}
	if os.Getenv("ROTOR_TOKENIZERS") != "" {
		for _, name := range realNames {
			toks[name] = loadReal(t, name)
		}
	}
	for name, tok := range toks {
		for _, unit := range units {
			text := strings.Repeat(unit, size/len(unit)) + "x"
			whole, share := time.Hour, time.Duration(0)
			for try := 0; try < 5 && whole > time.Second; try++ {
				whole = min(whole, timed(tok, text))
				share = max(share, timed(tok, text[:size/part]))
			}
			if whole > time.Second && whole > 4*part*share {
				t.Errorf("%s: 1 MB of %q takes %v", name, unit, whole)
			}
		}
	}
}

func timed(tok *Tokenizer, text string) time.Duration {
	start := time.Now()
	tok.Encode(text)
	return time.Since(start)
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
	chars := []*Tokenizer{parse(f, charTokenizers[0]), parse(f, charTokenizers[1]), parse(f, charTokenizers[2])}
	f.Fuzz(func(t *testing.T, s string) {
		for i, tok := range chars {
			ids := tok.Encode(s)
			testStream(t, tok, ids)
			if e := tok.Encoding(s, false); !slices.Equal(e.IDs, ids) {
				t.Errorf("characters %d: ids with offsets %v, want %v", i, e.IDs, ids)
			}
			if got := tok.Text(tok.EncodeOrdinary(s)); i < 2 && utf8.ValidString(s) && !strings.Contains(s, "▁") && got != s {
				t.Errorf("characters %d: %q, want %q", i, got, s)
			}
		}
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
				if b[0] != at || s[b[0]:b[1]] != tok.decoder.text[e.IDs[i]] {
					t.Errorf("%s: token %d is %q, and stands at %v", name, i, tok.decoder.text[e.IDs[i]], b)
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

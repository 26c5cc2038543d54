package tokenizer

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"
)

// charVocab is a vocabulary of characters: every byte, a few characters and
// what the merges make of them.
func charVocab(merges ...string) string {
	var vocab []string
	add := func(tokens ...string) {
		for _, token := range tokens {
			if token = fmt.Sprintf("%s:%d", quote(token), len(vocab)); !slices.Contains(vocab, token) {
				vocab = append(vocab, token)
			}
		}
	}
	add("<unk>", "<s>", "</s>")
	for b := range 256 {
		add(byteToken(byte(b)))
	}
	add("▁", "a", "b", "c", "中", "文", "é", "\n")
	var list []string
	for _, m := range merges {
		a, b, _ := strings.Cut(m, " ")
		add(a + b)
		list = append(list, "["+quote(a)+","+quote(b)+"]")
	}
	return `{"type":"BPE","unk_token":"<unk>","fuse_unk":true,"byte_fallback":true,"vocab":{` + strings.Join(vocab, ",") + `},"merges":[` + strings.Join(list, ",") + `]}`
}

func charFile(normalizer, pre, decoder, model string) string {
	return `{"version":"1.0","added_tokens":[{"id":0,"content":"<unk>","special":true},{"id":1,"content":"<s>","special":true},{"id":2,"content":"</s>","special":true}],` +
		`"normalizer":` + normalizer + `,"pre_tokenizer":` + pre + `,"post_processor":null,"decoder":` + decoder + `,"model":` + model + `}`
}

const (
	prependMark = `{"type":"Sequence","normalizers":[{"type":"Prepend","prepend":"▁"},{"type":"Replace","pattern":{"String":" "},"content":"▁"}]}`
	markToSpace = `{"type":"Replace","pattern":{"String":"▁"},"content":" "}`
	stripOne    = `{"type":"Sequence","decoders":[` + markToSpace + `,{"type":"ByteFallback"},{"type":"Fuse"},{"type":"Strip","content":" ","start":1,"stop":0}]}`
	stripNone   = `{"type":"Sequence","decoders":[` + markToSpace + `,{"type":"ByteFallback"},{"type":"Fuse"}]}`
	afterSpaces = `{"type":"Split","pattern":{"String":" "},"behavior":"MergedWithPrevious","invert":false}`
	metaFirst   = `{"type":"Metaspace","replacement":"▁","prepend_scheme":"first","split":false}`
)

// charTokenizers are Llama 2's steps, Gemma's, and Mistral's newer ones.
var charTokenizers = []string{
	charFile(prependMark, "null", stripOne, charVocab("▁ a", "a b", "▁a b", "中 文", "b c", "▁ ▁", "ab c", "é \n")),
	charFile(`{"type":"Replace","pattern":{"String":" "},"content":"▁"}`, afterSpaces, stripNone, charVocab("▁ a", "a b", "a a")),
	charFile("null", metaFirst, metaFirst, charVocab("▁ a", "a b", "b ▁")),
}

func parse(t testing.TB, file string) *Tokenizer {
	t.Helper()
	tok, err := Parse([]byte(file))
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

func spelled(tok *Tokenizer, ids []int32) string {
	var names []string
	for _, id := range ids {
		names = append(names, tok.Token(id))
	}
	return strings.Join(names, "|")
}

func TestCharacters(t *testing.T) {
	llama, gemma, mistral := parse(t, charTokenizers[0]), parse(t, charTokenizers[1]), parse(t, charTokenizers[2])
	if got := llama.Kind(); got != "byte-pair encoding of characters, with bytes for what the vocabulary lacks" {
		t.Errorf("kind %q", got)
	}
	for _, test := range []struct {
		tok        *Tokenizer
		text, want string
	}{
		{llama, "ab", "▁ab"},
		{llama, " ab", "▁|▁ab"},
		{llama, "", ""},
		{llama, "<s>ab<s> a", "<s>|▁ab|<s>|▁|▁a"},
		{llama, "中文é\n中", "▁|中文|é\n|中"},
		{llama, "x😀", "▁|<0x78>|<0xF0>|<0x9F>|<0x98>|<0x80>"},
		{llama, "a\xffb", "▁a|<0xFF>|b"},
		{gemma, "ab a aab", "ab|▁a|▁a|ab"},
		{gemma, "  a", "▁|▁a"},
		{mistral, "ab<s>ab a", "▁a|b|<s>|ab|▁a"},
		{mistral, " ab", "▁a|b"},
	} {
		if got := spelled(test.tok, test.tok.Encode(test.text)); got != test.want {
			t.Errorf("%q: %s, want %s", test.text, got, test.want)
		}
	}
}

// Bytes beside each other are a character or, all of them, nothing that is one;
// what the tokenizer put before a text goes.
func TestDecodeCharacters(t *testing.T) {
	llama, mistral := parse(t, charTokenizers[0]), parse(t, charTokenizers[2])
	ids := func(names ...string) (list []int32) {
		for _, name := range names {
			id, ok := llama.ID(name)
			if !ok {
				t.Fatal(name)
			}
			list = append(list, id)
		}
		return list
	}
	for _, test := range []struct {
		ids  []int32
		want string
	}{
		{ids("▁ab", "▁a"), "ab a"},
		{ids("▁▁", "a"), " a"},
		{ids("a", "▁a"), "a a"},
		{ids("<s>", "▁a", "</s>"), "a"},
		{ids("<0xE4>", "<0xB8>", "<0xAD>", "a"), "中a"},
		{ids("<0xE4>", "<0xB8>", "<0xAD>", "<0xE4>", "a"), "\uFFFD\uFFFD\uFFFD\uFFFDa"},
		{ids("<0x20>", "a"), "a"},
		{nil, ""},
	} {
		if got := llama.Text(test.ids); got != test.want {
			t.Errorf("%s: %q, want %q", spelled(llama, test.ids), got, test.want)
		}
		testStream(t, llama, test.ids)
	}
	first := []int32{}
	for _, name := range []string{"▁a", "▁", "▁a"} {
		id, _ := mistral.ID(name)
		first = append(first, id)
	}
	if got := mistral.Text(first); got != "a  a" {
		t.Errorf("%q, want %q", got, "a  a")
	}
	testStream(t, mistral, first)

	s := llama.StreamAfter(ids("<s>", "▁ab"))
	if got := s.Push(ids("▁a")[0]) + s.Flush(); got != " a" {
		t.Errorf("what follows a text begins with %q, want a space", got)
	}
	s = llama.StreamAfter(ids("<s>"))
	if got := s.Push(ids("▁a")[0]) + s.Flush(); got != "a" {
		t.Errorf("what follows no text begins with %q", got)
	}
}

// Cut at its seams a text gives what it gives whole: over characters and over
// bytes, for merges in any order, with parts of characters on either side.
func TestSeams(t *testing.T) {
	rng := rand.New(rand.NewPCG(3, 4))
	for range 300 {
		bytes := rng.IntN(2) == 0
		m := randomMerges(t, rng, bytes)
		for range 40 {
			var text strings.Builder
			for range 1 + rng.IntN(30) {
				text.WriteString([]string{"a", "b", "é", "中", "丮", "😀", "\xe4", "\xb8"}[rng.IntN(8)])
			}
			var want []int32
			for _, s := range m.merged(nil, text.String()) {
				want = append(want, s.id)
			}
			if got := m.encode(nil, text.String()); !slices.Equal(got, want) {
				t.Fatalf("%q with %v: %v by seams, %v whole", text.String(), m.pairs, got, want)
			}
		}
	}
}

// randomMerges makes an encoding whose merges join any of its tokens.
func randomMerges(t *testing.T, rng *rand.Rand, bytes bool) *bpe {
	t.Helper()
	f := &modelFile{Vocab: map[string]int32{}, ByteFallback: !bytes}
	var words []string
	add := func(w string) {
		if _, ok := f.Vocab[w]; !ok {
			f.Vocab[w] = int32(len(words))
			words = append(words, w)
		}
	}
	for b := range 256 {
		if bytes {
			add(string(byteRune[b]))
		} else {
			add(byteToken(byte(b)))
		}
	}
	base := len(words)
	for _, c := range []string{"a", "b", "é", "中", "丮"} {
		if bytes {
			for i := range len(c) {
				words = append(words, spell(c[i:i+1])) // drawn more often
			}
		} else {
			add(c)
		}
	}
	seen := map[pair]bool{}
	for range 3 + rng.IntN(25) {
		p := pair{words[base+rng.IntN(len(words)-base)], words[base+rng.IntN(len(words)-base)]}
		if utf8.RuneCountInString(p[0]+p[1]) > 12 || seen[p] {
			continue
		}
		seen[p] = true
		f.Merges = append(f.Merges, p)
		if _, ok := f.Vocab[p[0]+p[1]]; !ok {
			f.Vocab[p[0]+p[1]] = int32(len(f.Vocab))
			words = append(words, p[0]+p[1])
		}
	}
	m, err := newBPE(f, bytes)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// A text that keeps its spaces gives the ids of the normalized one, whatever the
// merges: with spaces and marks side by side, at both ends, and beside characters
// and bytes of all kinds.
func TestKeepSpaces(t *testing.T) {
	rng := rand.New(rand.NewPCG(7, 8))
	letters := []string{" ", " ", "▁", "a", "b", "c", "中", "文", "é", "\n", "x", "😀", "<s>", "\xff"}
	for _, file := range charTokenizers[:2] {
		for range 200 {
			parts := []string{"▁", "a", "b", "c", "中", "文", "é", "\n"}
			var merges []string
			for range rng.IntN(12) {
				a, b := parts[rng.IntN(len(parts))], parts[rng.IntN(len(parts))]
				merges, parts = append(merges, a+" "+b), append(parts, a+b)
			}
			at := strings.LastIndex(file, `"model":`)
			tok := parse(t, file[:at]+`"model":`+charVocab(append(merges, "a b")...)+"}")
			if !tok.spaces {
				t.Fatal("its spaces are not kept")
			}
			for range 20 {
				var text strings.Builder
				for range 1 + rng.IntN(20) {
					text.WriteString(letters[rng.IntN(len(letters))])
				}
				if got, want := tok.Encode(text.String()), tok.Encoding(text.String(), false).IDs; !slices.Equal(got, want) {
					t.Fatalf("%q with %q: %v, normalized %v", text.String(), merges, got, want)
				}
			}
		}
	}
	for name, file := range map[string]string{
		"NFC before":     strings.Replace(charTokenizers[0], `"normalizers":[`, `"normalizers":[{"type":"NFC"},`, 1),
		"another prefix": strings.Replace(charTokenizers[0], `"prepend":"▁"`, `"prepend":"a"`, 1),
		"another split":  strings.Replace(charTokenizers[1], `"pattern":{"String":" "},"behavior"`, `"pattern":{"String":"a"},"behavior"`, 1),
		"whole words":    strings.Replace(charTokenizers[0], `"fuse_unk":true`, `"fuse_unk":true,"ignore_merges":true`, 1),
		"normalized":     strings.Replace(charTokenizers[0], `"content":"</s>",`, `"content":"</s>","normalized":true,`, 1),
	} {
		if parse(t, file).spaces {
			t.Errorf("%s: its spaces are kept", name)
		}
	}
}

package gguf

import "encoding/json"

// A cut is what a name in tokenizer.ggml.pre stands for: how a text is cut
// before bytes are merged.
type cut struct {
	steps string // the pre-tokenizer of tokenizer.json
	nfc   bool   // the text is brought to normal form C first
	whole bool   // a word that is a token is taken whole, whatever the merges make of it
	bos   bool   // a text begins with its token even where the file does not say so
}

const (
	gpt2Split   = `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`
	digitsSplit = `{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},` + gpt2Split + `]}`
)

var (
	byGpt2   = cut{steps: gpt2Split}
	byDigits = cut{steps: digitsSplit}
	byWords  = cut{steps: split(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}` + afterWords)}
	byDigit  = cut{steps: split(`(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}` + afterWords)}
	byCased  = cut{steps: split(lowerWord + `(?i:'s|'t|'re|'ve|'m|'ll|'d)?|` + upperWord + `(?i:'s|'t|'re|'ve|'m|'ll|'d)?|\p{N}{1,3}` + afterCased)}
	byTekken = cut{steps: split(lowerWord + `|` + upperWord + `|\p{N}` + afterCased), whole: true, bos: true}
	byLlama3 = cut{steps: byWords.steps, whole: true, bos: true}
	byQwen2  = cut{steps: byDigit.steps, nfc: true}
)

const (
	lowerWord  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]*[\p{Ll}\p{Lm}\p{Lo}\p{M}]+`
	upperWord  = `[^\r\n\p{L}\p{N}]?[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]+[\p{Ll}\p{Lm}\p{Lo}\p{M}]*`
	afterWords = `| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`
	afterCased = `| ?[^\s\p{L}\p{N}]+[\r\n/]*|\s*[\r\n]+|\s+(?!\S)|\s+`
)

// cuts are the names that llama.cpp gives to patterns that are known here. It
// has more names and more patterns: those are refused.
//
// The ggml authors, llama.cpp, src/llama-vocab.cpp.
var cuts = named(map[*cut][]string{
	&byGpt2:   {"gpt-2", "phi-2", "mpt", "olmo", "jais", "trillion", "granite-docling", "exaone4", "gigachat", "a.x-4.0", "mellum"},
	&byDigits: {"smollm", "starcoder", "refact", "codeshell", "exaone", "minerva-7b", "mellum2"},
	&byLlama3: {"llama-bpe", "llama3", "llama-v3", "falcon3", "falcon-h1", "midm-2.0", "lfm2"},
	&byWords:  {"smaug-bpe", "dbrx"},
	&byQwen2:  {"qwen2", "deepseek-r1-qwen"},
	&byDigit:  {"stablelm2", "megrez", "kormo", "hunyuan", "solar-open", "grok-2"},
	&byCased:  {"gpt-4o", "llama4", "kanana2", "minimax-m2"},
	&byTekken: {"tekken"},
})

// preferred are the names that files get, of those that mean the same.
var preferred = []string{"gpt-2", "smollm", "llama-bpe", "smaug-bpe", "qwen2", "stablelm2", "gpt-4o", "tekken"}

func named(names map[*cut][]string) map[string]*cut {
	all := map[string]*cut{}
	for c, list := range names {
		for _, name := range list {
			all[name] = c
		}
	}
	return all
}

// split spells the steps that cut a text by a pattern and go over to bytes.
func split(pattern string) string {
	p, err := json.Marshal(pattern)
	if err != nil {
		panic(err) // a string always encodes
	}
	return `{"type":"Sequence","pretokenizers":[{"type":"Split","pattern":{"Regex":` + string(p) + `},"behavior":"Isolated","invert":false},` +
		`{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":false}]}`
}

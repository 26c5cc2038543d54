package download

import (
	"errors"
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/hub"
)

// companions are what stands beside the weights: the architecture, the
// tokenizer, and how the model likes to be asked.
var companions = []string{
	"config.json", "generation_config.json", "tokenizer.json", "tokenizer_config.json", "special_tokens_map.json",
	"added_tokens.json", "vocab.json", "merges.txt", "vocab.txt", "tokenizer.model", "chat_template.jinja",
	"chat_template.json", "adapter_config.json",
}

// choose says which files are to be fetched: the one that the name asks for,
// those of the patterns, or those that a model needs.
func (d *download) choose(names []string) (chosen []string, err error) {
	switch {
	case d.File != "":
		chosen, err = hub.Choose(names, d.File)
	case len(d.Include) > 0:
		chosen, err = matching(names, d.Include)
	default:
		chosen, err = usual(names)
	}
	if err != nil {
		return nil, err
	}
	leave, err := matching(chosen, d.Exclude)
	if err != nil {
		return nil, err
	}
	chosen = slices.DeleteFunc(slices.Clone(chosen), func(n string) bool { return slices.Contains(leave, n) })
	if len(chosen) == 0 {
		return nil, fmt.Errorf("no file is left to fetch; there is %s", some(names))
	}
	return chosen, nil
}

// usual is what Rotor reads of a model: safetensors with its companions, or
// else the only GGUF file.
func usual(names []string) ([]string, error) {
	var weights, beside []string
	for _, n := range names {
		switch {
		case slices.Contains(companions, n):
			beside = append(beside, n)
		case strings.HasSuffix(n, ".safetensors") && !strings.Contains(n, "/"):
			weights = append(weights, n)
		}
	}
	if len(weights) > 0 {
		return append(beside, oneOf(weights, names)...), nil
	}
	file, err := hub.Choose(names, "")
	if err == nil {
		return file, nil
	}
	if slices.ContainsFunc(names, func(n string) bool { return strings.EqualFold(path.Ext(n), ".gguf") }) {
		return nil, err
	}
	if slices.ContainsFunc(names, func(n string) bool {
		return slices.Contains([]string{".bin", ".pt", ".pth", ".ckpt"}, path.Ext(n))
	}) {
		return nil, fmt.Errorf("its weights are pickles, which can run code and are not read: look for a revision or a copy in safetensors or GGUF; there is %s", some(names))
	}
	return nil, fmt.Errorf("it has no weights in safetensors or GGUF; --include names other files; there is %s", some(names))
}

// oneOf leaves out the second copy that some models have of their weights:
// model.safetensors beside its shards, or the consolidated files of the maker.
func oneOf(weights, names []string) []string {
	const whole, index = "model.safetensors", "model.safetensors.index.json"
	adapter := slices.DeleteFunc(slices.Clone(weights), func(n string) bool { return n != "adapter_model.safetensors" })
	if slices.Contains(weights, whole) {
		return append(adapter, whole)
	}
	var shards []string
	for _, n := range weights {
		if strings.HasPrefix(n, "model-") {
			shards = append(shards, n)
		}
	}
	if slices.Contains(names, index) && len(shards) > 0 {
		return append(append(adapter, index), shards...)
	}
	return weights
}

// matching lists the names that one of the patterns fits.
func matching(names, patterns []string) (list []string, err error) {
	var forms []*regexp.Regexp
	for _, p := range patterns {
		r, err := glob(p)
		if err != nil {
			return nil, err
		}
		forms = append(forms, r)
	}
	for _, n := range names {
		if slices.ContainsFunc(forms, func(r *regexp.Regexp) bool { return r.MatchString(n) }) {
			list = append(list, n)
		}
	}
	return list, nil
}

// glob reads a pattern as Python's fnmatch does, as hubs have them: * stands
// for any text, across folders too, ? for a character, [a-z] and [!a-z] for one
// of a set. What ends in a slash is all of a folder.
func glob(pattern string) (*regexp.Regexp, error) {
	if pattern == "" || len(pattern) > 1000 {
		return nil, errors.New("a pattern of files is empty or longer than 1,000 bytes")
	}
	if strings.HasSuffix(pattern, "/") {
		pattern += "*"
	}
	var b strings.Builder
	b.WriteString(`(?s)\A`)
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; c {
		case '*':
			b.WriteString(".*")
		case '?':
			b.WriteByte('.')
		case '[':
			set, n := class(pattern[i:])
			b.WriteString(set)
			i += n - 1
		default:
			b.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	b.WriteString(`\z`)
	r, err := regexp.Compile(b.String())
	if err != nil {
		return nil, fmt.Errorf("the pattern %q cannot be read", pattern)
	}
	return r, nil
}

// class is the set that a pattern begins with, and its length there. A bracket
// that nothing closes stands for itself.
func class(s string) (set string, n int) {
	end := 1
	if end < len(s) && s[end] == '!' {
		end++
	}
	if end < len(s) && s[end] == ']' {
		end++
	}
	at := strings.IndexByte(s[end:], ']')
	if at < 0 {
		return `\[`, 1
	}
	inner := s[1 : end+at]
	not := strings.HasPrefix(inner, "!")
	inner = strings.NewReplacer(`\`, `\\`, `[`, `\[`, `]`, `\]`, `^`, `\^`, `&`, `\&`, `~`, `\~`).Replace(strings.TrimPrefix(inner, "!"))
	if not {
		inner = "^" + inner
	}
	return "[" + inner + "]", end + at + 1
}

// some lists names, and not too many of them.
func some(names []string) string {
	if len(names) == 0 {
		return "none at all"
	}
	const most = 20
	if len(names) > most {
		return strings.Join(names[:most], ", ") + fmt.Sprintf(" and %d more", len(names)-most)
	}
	return strings.Join(names, ", ")
}

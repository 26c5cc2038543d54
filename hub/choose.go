package hub

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"
)

var shardForm = regexp.MustCompile(`-(\d{5})-of-(\d{5})(\.\w+)$`)

func isGGUF(name string) bool { return strings.EqualFold(path.Ext(name), ".gguf") }

// Choose finds among the files of a model the one that is wanted: by its path,
// with or without .gguf, or a GGUF file by the block format in its name, in
// which Q4_K_M and q4_k_m are the same. Where nothing is wanted it is the only
// GGUF file. Of a file in shards it returns all, in their order.
func Choose(names []string, want string) ([]string, error) {
	if i := slices.IndexFunc(names, func(n string) bool { return n == want || n == want+".gguf" }); want != "" && i >= 0 {
		return shards(names, names[i]), nil
	}
	var all, fits []string
	for _, n := range names {
		if m := shardForm.FindStringSubmatch(n); !isGGUF(n) || m != nil && m[1] != "00001" || strings.HasPrefix(path.Base(n), "mmproj") {
			continue // the eyes of a model are no model
		}
		all = append(all, n)
		if want == "" || format(n, want) {
			fits = append(fits, n)
		}
	}
	slices.Sort(all)
	switch {
	case len(fits) == 1:
		return shards(names, fits[0]), nil
	case len(all) == 0:
		return nil, fmt.Errorf("there is no GGUF file%s", ofName(want))
	case len(fits) == 0:
		return nil, fmt.Errorf("no GGUF file is %q; there is %s", want, strings.Join(all, ", "))
	}
	return nil, fmt.Errorf("several GGUF files fit: say which after a colon, owner/name:Q4_K_M or the name of the file: %s", strings.Join(fits, ", "))
}

func ofName(want string) string {
	if want == "" {
		return ""
	}
	return fmt.Sprintf(" and no other of the name %q", want)
}

// format reports whether a file's name says that it is of a block format: the
// format stands between marks, SmolLM2-135M.Q4_1.gguf or llama-q8_0.gguf.
func format(name, want string) bool {
	name, want = strings.ToUpper(name), strings.ToUpper(want)
	for rest := name; ; {
		at := strings.Index(rest, want)
		if at < 0 {
			return false
		}
		before, after := rest[:at], rest[at+len(want):]
		if endsMark(before) && (after == "" || strings.ContainsRune(".-/", rune(after[0]))) {
			return true
		}
		rest = after
	}
}

func endsMark(s string) bool { return s == "" || strings.ContainsRune(".-_/", rune(s[len(s)-1])) }

// shards lists all shards of the file that a name belongs to.
func shards(names []string, name string) []string {
	at := shardForm.FindStringIndex(name)
	if at == nil {
		return []string{name}
	}
	var list []string
	total := name[at[0]+len("-00001"):]
	for _, n := range names {
		if strings.HasPrefix(n, name[:at[0]]) && strings.HasSuffix(n, total) && len(n) == len(name) && shardForm.MatchString(n) {
			list = append(list, n)
		}
	}
	slices.Sort(list)
	return list
}

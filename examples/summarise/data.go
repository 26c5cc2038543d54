package main

import (
	"bufio"
	"hash/fnv"
	"os"
	"slices"
	"strings"
)

// read reads packages in the form of Debian's translations: description and
// synopsis, one package of all that begin with the same sentence, shuffled by
// what that sentence is.
func read(path string) ([][2]string, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	seen := map[string]bool{}
	var list [][2]string
	var synopsis string
	var text strings.Builder
	flush := func() {
		long := strings.TrimSpace(text.String())
		if first := sentence(long); len(long) >= 80 && len(long) <= 1200 && synopsis != "" && !seen[first] {
			seen[first] = true
			list = append(list, [2]string{long, synopsis})
		}
		synopsis = ""
		text.Reset()
	}
	lines := bufio.NewScanner(f)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		switch {
		case line == "":
			flush()
		case strings.HasPrefix(line, "Description-en: "):
			synopsis = strings.TrimPrefix(line, "Description-en: ")
		case line == " .":
			text.WriteString("\n")
		case strings.HasPrefix(line, " "):
			text.WriteString(strings.TrimSpace(line) + "\n")
		}
	}
	flush()
	slices.SortFunc(list, func(a, b [2]string) int { return strings.Compare(key(a[0]), key(b[0])) })
	return list, lines.Err()
}

// key orders texts by chance, and always alike.
func key(text string) string {
	h := fnv.New128a()
	h.Write([]byte(sentence(text)))
	return string(h.Sum(nil))
}

// sentence is the first one of a text.
func sentence(text string) string {
	text = strings.Join(strings.Fields(text), " ")
	if i := strings.Index(text, ". "); i >= 0 {
		return text[:i]
	}
	return strings.TrimSuffix(text, ".")
}

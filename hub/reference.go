package hub

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"regexp"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/internal/nearest"
)

// Find turns a reference into the folder or the file that it means on this
// machine:
//
//	./model, model.gguf        a path
//	owner/name                 a model in the cache of the hub, at its revision main
//	owner/name@v1.0            at another branch, tag or commit
//	owner/name:Q4_K_M          one of its GGUF files, by its name or its block format
//	ollama:name:tag            a model in the store of Ollama
//
// A path that exists comes first. Nothing is fetched: of a model that is not
// here the error is a [Missing].
func Find(ref string) (string, error) {
	_, err := os.Stat(ref)
	if err == nil || !errors.Is(err, fs.ErrNotExist) && !errors.Is(err, fs.ErrInvalid) && isPath(ref) {
		return ref, err
	}
	if name, ok := strings.CutPrefix(ref, ollamaPrefix); ok {
		m, err := Ollama(name)
		if err != nil {
			return "", err
		}
		return m.find()
	}
	if n, ok := ParseName(ref); ok {
		return n.Find()
	}
	return "", fmt.Errorf("hub: there is no model %s: %w", ref, err)
}

// isPath reports whether a reference can be nothing but a path.
func isPath(ref string) bool {
	_, ok := ParseName(ref)
	return !ok && !strings.HasPrefix(ref, ollamaPrefix)
}

// Name is a model as hubs name it: owner/name@revision:file.
type Name struct {
	Repo     string // owner/name; a few old models have no owner
	Revision string // a branch, tag or commit; empty means main
	File     string // one of its files, or the block format of one: Q4_K_M; empty for the model as a whole
}

var nameForm = regexp.MustCompile(`^((?:\w[\w.-]*/)?\w[\w.-]*)(?:@([\w][\w./-]*))?(?::([\w][\w./ +-]*))?$`)

// ParseName parts a reference to a model of a hub, and reports whether it has
// the form of one.
func ParseName(ref string) (Name, bool) {
	m := nameForm.FindStringSubmatch(ref)
	if m == nil || len(ref) > 512 {
		return Name{}, false
	}
	n := Name{Repo: m[1], Revision: m[2], File: m[3]}
	for _, part := range []string{n.Repo, n.Revision, n.File} {
		if strings.Contains(part, "..") || strings.Contains(part, "//") || strings.HasSuffix(part, "/") {
			return Name{}, false
		}
	}
	return n, !strings.Contains(n.Repo, "--")
}

// String is the reference that ParseName parts.
func (n Name) String() string {
	s := n.Repo
	if n.Revision != "" {
		s += "@" + n.Revision
	}
	if n.File != "" {
		s += ":" + n.File
	}
	return s
}

// Missing is the error of a model that is not on this machine.
type Missing struct {
	Ref     string
	Where   string // where it was looked for
	Fetch   string // the command that fetches it; empty if there is none
	Nearest string // what there is of the most similar name; empty if there is nothing
}

func (m *Missing) Error() string {
	s := fmt.Sprintf("hub: there is no model %s: no folder or file of that name, and nothing in %s", m.Ref, m.Where)
	if m.Fetch != "" {
		s += ": " + m.Fetch + " fetches it"
	}
	if m.Nearest != "" {
		s += "; the nearest that is here is " + m.Nearest
	}
	return s
}

// Unwrap is [fs.ErrNotExist].
func (m *Missing) Unwrap() error { return fs.ErrNotExist }

// similar is the most similar of the names, where it may have been meant.
func similar(ref string, names []string) string {
	if len(names) == 0 {
		return ""
	}
	return nearest.Word(ref, names)
}

// Incomplete adds to the error of a model in the cache what may help: a file
// that is not there may not have been fetched.
func Incomplete(ref string, err error) error {
	if _, e := os.Stat(ref); e == nil || strings.HasPrefix(ref, ollamaPrefix) {
		return err
	}
	if errors.Is(err, fs.ErrNotExist) || errors.Is(err, checkpoint.ErrFormat) {
		return fmt.Errorf("%w: rotor pull %s fetches what is missing", err, ref)
	}
	return err
}

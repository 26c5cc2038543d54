package hub

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// The cache that all programs of the hub share lies in one folder:
//
//	models--owner--name/
//	    blobs/8f4a…                       each file once, under its hash
//	    refs/main                         the commit of a branch or tag
//	    snapshots/11c5…/config.json       a link to ../../blobs/8f4a…
//
// A file takes its place under blobs only when it is whole.

// Cache is that folder: HF_HUB_CACHE, or hub in HF_HOME, or
// ~/.cache/huggingface/hub.
func Cache() string {
	for _, key := range []string{"HF_HUB_CACHE", "HUGGINGFACE_HUB_CACHE"} {
		if dir := os.Getenv(key); dir != "" {
			return expand(dir)
		}
	}
	return filepath.Join(Home(), "hub")
}

// Home is the folder of the hub's settings, and of its cache: HF_HOME, or
// huggingface in XDG_CACHE_HOME, or ~/.cache/huggingface.
func Home() string {
	if dir := os.Getenv("HF_HOME"); dir != "" {
		return expand(dir)
	}
	if dir := os.Getenv("XDG_CACHE_HOME"); dir != "" {
		return expand(filepath.Join(dir, "huggingface"))
	}
	return expand(filepath.Join("~", ".cache", "huggingface"))
}

// expand puts the user's home folder and variables into a path.
func expand(path string) string {
	if rest, ok := strings.CutPrefix(path, "~"); ok && (rest == "" || os.IsPathSeparator(rest[0])) {
		if home, err := os.UserHomeDir(); err == nil {
			path = home + rest
		}
	}
	return os.ExpandEnv(path)
}

// Folder is where the cache keeps a model of the hub.
func (n Name) Folder() string {
	return filepath.Join(Cache(), modelsPrefix+strings.ReplaceAll(n.Repo, "/", "--"))
}

const modelsPrefix = "models--"

// Main is the revision that is meant where none is said.
const Main = "main"

// Find is the folder of the model in the cache, or the one file of it that is
// meant.
func (n Name) Find() (string, error) {
	if _, err := os.Stat(n.Folder()); err != nil {
		return "", n.missing()
	}
	commit, err := n.commit()
	if err != nil {
		return "", err
	}
	dir := filepath.Join(n.Folder(), "snapshots", commit)
	if _, err := os.Stat(dir); err != nil {
		return "", n.missing()
	}
	names, err := files(dir)
	if err != nil {
		return "", err
	}
	if n.File == "" && slices.Contains(names, "config.json") {
		return dir, nil
	}
	chosen, err := Choose(names, n.File)
	switch {
	case err != nil && n.File == "" && !slices.ContainsFunc(names, isGGUF):
		return dir, nil // an adapter, a tokenizer: whoever opens it says what is missing
	case err != nil:
		return "", fmt.Errorf("hub: %s in %s: %w", n, dir, err)
	}
	return filepath.Join(dir, filepath.FromSlash(chosen[0])), nil
}

func (n Name) missing() error {
	m := &Missing{Ref: n.String(), Where: "the cache " + Cache()}
	if strings.Contains(n.Repo, "/") {
		m.Fetch = "rotor pull " + n.String()
	}
	var names []string
	for _, l := range Cached() {
		names = append(names, l.Ref)
	}
	m.Nearest = similar(n.Repo, names)
	return m
}

var commitForm = regexp.MustCompile(`^[0-9a-fA-F]{7,64}$`)

// commit is the snapshot that the revision means.
func (n Name) commit() (string, error) {
	rev := n.Revision
	if rev == "" {
		rev = Main
	}
	if commit, err := readRef(filepath.Join(n.Folder(), "refs", filepath.FromSlash(rev))); err == nil {
		return commit, nil
	} else if !errors.Is(err, fs.ErrNotExist) {
		return "", err
	}
	snapshots, _ := os.ReadDir(filepath.Join(n.Folder(), "snapshots"))
	var fits, all []string
	for _, s := range snapshots {
		all = append(all, s.Name())
		if commitForm.MatchString(rev) && strings.HasPrefix(s.Name(), strings.ToLower(rev)) {
			fits = append(fits, s.Name())
		}
	}
	if len(fits) == 1 {
		return fits[0], nil
	}
	if len(all) == 0 {
		return "", n.missing()
	}
	return "", fmt.Errorf("hub: %s is here, but not at revision %s (rotor pull %s fetches it): there is %s",
		n.Repo, rev, Name{Repo: n.Repo, Revision: n.Revision}, strings.Join(slices.Concat(n.refs(), all), ", "))
}

// readRef reads the commit that a branch or tag had when it was fetched.
func readRef(path string) (string, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	text, err := io.ReadAll(io.LimitReader(f, 256))
	if err != nil {
		return "", err
	}
	commit := strings.TrimSpace(string(text))
	if !commitForm.MatchString(commit) {
		return "", fmt.Errorf("hub: %s holds %q, which is no commit: remove the file, and pull the model again", path, text)
	}
	return commit, nil
}

// refs lists the branches and tags that the cache knows of a model.
func (n Name) refs() (list []string) {
	names, _ := files(filepath.Join(n.Folder(), "refs"))
	return slices.DeleteFunc(names, func(s string) bool { return strings.HasSuffix(s, ".tmp") })
}

// files lists what lies below a folder, in the order of the names, with
// slashes. What a link leads to must be there.
func files(dir string) (names []string, err error) {
	err = filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		st, err := os.Stat(path)
		if err != nil || st.IsDir() {
			return nil
		}
		name, err := filepath.Rel(dir, path)
		names = append(names, filepath.ToSlash(name))
		return err
	})
	return names, err
}

// Here is one model that is on this machine.
type Here struct {
	Ref    string `json:"ref"` // by which it can be named
	Commit string `json:"commit,omitempty"`
	Path   string `json:"path"`
	Files  int    `json:"files"`
	Bytes  int64  `json:"bytes"`
}

// Cached lists the models in the cache of the hub: each branch and tag that was
// fetched, and each snapshot that none of them means.
func Cached() (list []Here) {
	entries, _ := os.ReadDir(Cache())
	for _, e := range entries {
		repo, ok := strings.CutPrefix(e.Name(), modelsPrefix)
		if !ok {
			continue
		}
		n := Name{Repo: strings.Replace(repo, "--", "/", 1)}
		seen := map[string]bool{}
		for _, rev := range n.refs() {
			commit, err := readRef(filepath.Join(n.Folder(), "refs", filepath.FromSlash(rev)))
			if n.Revision = rev; rev == Main {
				n.Revision = ""
			}
			if err == nil {
				seen[commit] = true
				list = n.append(list, commit)
			}
		}
		snapshots, _ := os.ReadDir(filepath.Join(n.Folder(), "snapshots"))
		for _, s := range snapshots {
			if n.Revision = s.Name(); !seen[s.Name()] {
				list = n.append(list, s.Name())
			}
		}
	}
	return list
}

// append adds a snapshot of which something is here.
func (n Name) append(list []Here, commit string) []Here {
	h := Here{Ref: n.String(), Commit: commit, Path: filepath.Join(n.Folder(), "snapshots", commit)}
	names, _ := files(h.Path)
	for _, name := range names {
		if st, err := os.Stat(filepath.Join(h.Path, name)); err == nil {
			h.Files++
			h.Bytes += st.Size()
		}
	}
	if h.Files == 0 {
		return list
	}
	return append(list, h)
}

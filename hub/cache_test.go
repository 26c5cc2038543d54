package hub_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/hub"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// put writes a file into the cache as programs of the hub do: the blob under its
// hash, and a link to it in the snapshot.
func put(t *testing.T, cache, repo, commit, name string, data []byte) (blob string) {
	t.Helper()
	root := filepath.Join(cache, "models--"+strings.ReplaceAll(repo, "/", "--"))
	blob = filepath.Join(root, "blobs", fmt.Sprintf("%x", sha256.Sum256(data)))
	link := filepath.Join(root, "snapshots", commit, filepath.FromSlash(name))
	for _, dir := range []string{filepath.Dir(blob), filepath.Dir(link)} {
		if err := os.MkdirAll(dir, 0o755); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(blob, data, 0o644); err != nil {
		t.Fatal(err)
	}
	target, err := filepath.Rel(filepath.Dir(link), blob)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Symlink(target, link); err != nil {
		if runtime.GOOS != "windows" {
			t.Fatal(err)
		}
		if err := os.Rename(blob, link); err != nil { // no links: the file stands in the snapshot
			t.Fatal(err)
		}
	}
	return blob
}

func ref(t *testing.T, cache, repo, rev, commit string) {
	t.Helper()
	path := filepath.Join(cache, "models--"+strings.ReplaceAll(repo, "/", "--"), "refs", filepath.FromSlash(rev))
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(commit), 0o644); err != nil {
		t.Fatal(err)
	}
}

// emptyCache is a home folder of the hub without anything in it.
func emptyCache(t *testing.T) string {
	t.Helper()
	home := t.TempDir()
	t.Setenv("HF_HOME", home)
	t.Setenv("HF_HUB_CACHE", "")
	t.Setenv("HUGGINGFACE_HUB_CACHE", "")
	t.Setenv("OLLAMA_MODELS", filepath.Join(home, "ollama"))
	return filepath.Join(home, "hub")
}

func TestCacheFolder(t *testing.T) {
	home, err := os.UserHomeDir()
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct{ cache, old, hf, xdg, want string }{
		{"", "", "", "", filepath.Join(home, ".cache", "huggingface", "hub")},
		{"", "", "", "/x", filepath.Join("/x", "huggingface", "hub")},
		{"", "", "~/h", "/x", filepath.Join(home, "h", "hub")},
		{"", "/old", "/h", "", "/old"},
		{"$HF_HOME/c", "/old", "/h", "", "/h/c"},
	} {
		t.Setenv("HF_HUB_CACHE", c.cache)
		t.Setenv("HUGGINGFACE_HUB_CACHE", c.old)
		t.Setenv("HF_HOME", c.hf)
		t.Setenv("XDG_CACHE_HOME", c.xdg)
		if got := hub.Cache(); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
}

func TestParseName(t *testing.T) {
	for s, want := range map[string]hub.Name{
		"owner/name":                          {Repo: "owner/name"},
		"gpt2":                                {Repo: "gpt2"},
		"Qwen/Qwen2.5-0.5B@main":              {Repo: "Qwen/Qwen2.5-0.5B", Revision: "main"},
		"o/n@refs/pr/1":                       {Repo: "o/n", Revision: "refs/pr/1"},
		"o/n:Q4_K_M":                          {Repo: "o/n", File: "Q4_K_M"},
		"o/n@v1:sub/file-00001-of-00002.gguf": {Repo: "o/n", Revision: "v1", File: "sub/file-00001-of-00002.gguf"},
	} {
		n, ok := hub.ParseName(s)
		if !ok || n != want || n.String() != s {
			t.Errorf("%s: %+v, %v", s, n, ok)
		}
	}
	for _, s := range []string{
		"", "/", "/o/n", "o/n/m", "./o", "../o", "o/..", "o/n@../../x", "o/n:../x", "o/n@", "o/n:", "o n", "o/n@a:b:c",
		`o\n`, "o/n@/x", "o--p/n", "-o/n", "o/n\x00", "o/n@a//b", strings.Repeat("x", 600),
	} {
		if n, ok := hub.ParseName(s); ok {
			t.Errorf("%q is taken for %+v", s, n)
		}
	}
}

func FuzzParseName(f *testing.F) {
	for _, s := range []string{"owner/name", "o/n@refs/pr/1", "o/n:Q4_K_M", "o/n@v1:a/b.gguf", "../x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		n, ok := hub.ParseName(s)
		if !ok {
			return
		}
		if n.String() != s {
			t.Fatalf("%q became %q", s, n.String())
		}
		for _, part := range []string{n.Revision, n.File} {
			if part != "" && !filepath.IsLocal(filepath.FromSlash(part)) {
				t.Fatalf("%q leads out of a folder", part)
			}
		}
	})
}

// A model in the cache is a model: by its name, at branches, tags and commits.
func TestFind(t *testing.T) {
	cache := emptyCache(t)
	folder := filepath.Join(t.TempDir(), "tiny")
	if err := hub.Save(t.Context(), folder, []byte(tiny), fresh(t, tiny), hub.SaveOptions{DType: checkpoint.F32}); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"config.json", "model.safetensors"} {
		data, err := os.ReadFile(filepath.Join(folder, name))
		if err != nil {
			t.Fatal(err)
		}
		put(t, cache, "owner/tiny", commit, name, data)
	}
	ref(t, cache, "owner/tiny", "main", commit)
	ref(t, cache, "owner/tiny", "refs/pr/1", commit+"\n")
	snapshot := filepath.Join(cache, "models--owner--tiny", "snapshots", commit)
	for _, r := range []string{"owner/tiny", "owner/tiny@main", "owner/tiny@refs/pr/1", "owner/tiny@" + commit, "owner/tiny@" + commit[:7]} {
		if path, err := hub.Find(r); err != nil || path != snapshot {
			t.Errorf("%s: %s, %v", r, path, err)
		}
	}
	m, err := hub.Open("owner/tiny")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if !slices.Equal(logits(m.Model), logits(fresh(t, tiny))) {
		t.Error("the model in the cache answers otherwise")
	}
	list := hub.Cached()
	if len(list) != 2 || list[0].Ref != "owner/tiny" || list[0].Commit != commit || list[0].Files != 2 || list[1].Ref != "owner/tiny@refs/pr/1" {
		t.Errorf("the cache holds %+v", list)
	}
	t.Chdir(filepath.Dir(folder))
	if path, err := hub.Find("tiny"); err != nil || path != "tiny" {
		t.Errorf("a folder: %s, %v", path, err)
	}
}

func TestFindGGUF(t *testing.T) {
	cache := emptyCache(t)
	for _, name := range []string{"m.Q4_K_M.gguf", "m-q8_0.gguf", "m-Q4_K_S.gguf", "BF16/m-BF16-00001-of-00002.gguf", "BF16/m-BF16-00002-of-00002.gguf", "mmproj-m-f16.gguf", "README.md"} {
		put(t, cache, "o/n", commit, name, []byte(name))
	}
	ref(t, cache, "o/n", "main", commit)
	for want, file := range map[string]string{
		"Q4_K_M": "m.Q4_K_M.gguf", "q8_0": "m-q8_0.gguf", "m-q8_0": "m-q8_0.gguf", "README.md": "README.md",
		"bf16": "BF16/m-BF16-00001-of-00002.gguf",
	} {
		path, err := hub.Find("o/n:" + want)
		if err != nil || !strings.HasSuffix(filepath.ToSlash(path), "/"+commit+"/"+file) {
			t.Errorf("%s: %s, %v", want, path, err)
		}
	}
	for want, says := range map[string]string{"": "several", ":Q5_0": "m.Q4_K_M.gguf", ":Q4": "no GGUF file"} {
		if path, err := hub.Find("o/n" + want); err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q: %s, %v", want, path, err)
		}
	}
	put(t, cache, "o/one", commit, "one.gguf", []byte("x"))
	ref(t, cache, "o/one", "main", commit)
	if path, err := hub.Find("o/one"); err != nil || filepath.Base(path) != "one.gguf" {
		t.Errorf("the only file: %s, %v", path, err)
	}
}

// What is not there is an error that says how to get it, and what was meant.
func TestFindNothing(t *testing.T) {
	cache := emptyCache(t)
	put(t, cache, "owner/tiny-llama", commit, "config.json", []byte(tiny))
	ref(t, cache, "owner/tiny-llama", "v1", commit)
	ref(t, cache, "owner/bad", "main", "../../../etc")
	for r, words := range map[string][]string{
		"owner/tiny-lama":         {"rotor pull owner/tiny-lama", "owner/tiny-llama", cache},
		"owner/tiny-llama":        {"revision main", "v1", commit},
		"owner/tiny-llama@v2":     {"rotor pull owner/tiny-llama@v2", "v1"},
		"owner/bad":               {"no commit"},
		"nothing":                 {"nothing", "the nearest"},
		"./nothing":               {"no such file"},
		"ollama:nothing":          {"ollama pull nothing"},
		"ollama:../../etc/passwd": {"no name of Ollama's"},
		"ollama:a/b/c/d":          {"more parts"},
	} {
		_, err := hub.Find(r)
		if err == nil {
			t.Errorf("%s was found", r)
			continue
		}
		for _, w := range words {
			if w == "no such file" && runtime.GOOS == "windows" {
				continue
			}
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: the error does not say %q: %v", r, w, err)
			}
		}
	}
	var missing *hub.Missing
	if _, err := hub.Open("owner/none"); !errors.As(err, &missing) || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("the error of Open: %v", err)
	}
	if _, err := hub.Open("owner/tiny-llama@v1"); err == nil || !strings.Contains(err.Error(), "rotor pull owner/tiny-llama@v1") {
		t.Errorf("a model without weights: %v", err)
	}
}

// A link whose blob is gone is a file that is not there.
func TestDanglingLink(t *testing.T) {
	cache := emptyCache(t)
	blob := put(t, cache, "o/n", commit, "config.json", []byte(tiny))
	if _, err := os.Stat(blob); err != nil {
		t.Skip("no symbolic links here")
	}
	put(t, cache, "o/n", commit, "README.md", []byte("x"))
	ref(t, cache, "o/n", "main", commit)
	if err := os.Remove(blob); err != nil {
		t.Fatal(err)
	}
	if _, err := hub.Open("o/n"); err == nil || !strings.Contains(err.Error(), "rotor pull o/n") {
		t.Errorf("error %v", err)
	}
}

package main

import (
	"bufio"
	"bytes"
	"crypto/sha1"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// modelHub is a hub that has the files of one folder as o/n.
func modelHub(t *testing.T, dir string, meet http.HandlerFunc) *httptest.Server {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if meet != nil {
			meet(w, r)
		}
		if name, ok := strings.CutPrefix(r.URL.Path, "/o/n/resolve/"+commit+"/"); ok {
			http.ServeFile(w, r, filepath.Join(dir, name))
			return
		}
		if r.URL.Path != "/api/models/o/n/revision/main" {
			w.Header().Set("X-Error-Code", "RepoNotFound")
			w.WriteHeader(http.StatusNotFound)
			return
		}
		type sibling struct {
			Name string `json:"rfilename"`
			Size int    `json:"size"`
			Blob string `json:"blobId"`
		}
		var list []sibling
		entries, _ := os.ReadDir(dir)
		for _, e := range entries {
			data, _ := os.ReadFile(filepath.Join(dir, e.Name()))
			list = append(list, sibling{e.Name(), len(data), fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)))})
		}
		_ = json.NewEncoder(w).Encode(map[string]any{"sha": commit, "siblings": list})
	}))
	t.Cleanup(s.Close)
	t.Setenv("HF_ENDPOINT", s.URL)
	t.Setenv("HF_HOME", t.TempDir())
	t.Setenv("OLLAMA_MODELS", t.TempDir())
	return s
}

// A model that was pulled is a model by its name, for every command.
func TestPull(t *testing.T) {
	dir := tiny(t, llamaConfig, 1, false)
	modelHub(t, dir, nil)
	refuses(t, failed, []string{"rotor pull o/n"}, "generate", "--model", "o/n", "--ids", "1")
	refuses(t, failed, []string{"rotor pull o/n"}, "show", "o/n")
	if o := rotor(t, done, "pull", "o/n", "--dry-run"); !strings.Contains(o.stdout, "model.safetensors") {
		t.Errorf("a dry run says\n%s", o.stdout)
	}
	if o := rotor(t, done, "show"); !strings.Contains(o.stdout, "no model is in") {
		t.Errorf("a dry run left\n%s", o.stdout)
	}
	o := rotor(t, done, "pull", "o/n")
	if !strings.Contains(o.stdout, "next: rotor show o/n") || strings.Contains(o.stdout, "\x1b") {
		t.Errorf("it says\n%s", o.stdout)
	}
	want := rotor(t, done, "generate", "--model", dir, "--prompt", "the sea", "--greedy", "--max-tokens", "5", "--json")
	if got := rotor(t, done, "generate", "--model", "o/n", "--prompt", "the sea", "--greedy", "--max-tokens", "5", "--json"); got.stdout != want.stdout {
		t.Errorf("o/n says %s, and the folder %s", got.stdout, want.stdout)
	}
	if o := rotor(t, done, "pull", "o/n"); !strings.Contains(o.stdout, "all of it is here") {
		t.Errorf("a second time\n%s", o.stdout)
	}
	list := object[struct {
		Kind   string
		Models []struct {
			Ref   string
			Files int
		}
	}](t, rotor(t, done, "show", "--json"))
	if list.Kind != "cache" || len(list.Models) != 1 || list.Models[0].Ref != "o/n" || list.Models[0].Files != 4 {
		t.Errorf("the cache holds %+v", list)
	}
	rotor(t, done, "show", "o/n")
	rotor(t, done, "tokenize", "--model", "o/n@main", "the sea")
	refuses(t, failed, []string{"rotor pull o/nn", "o/n"}, "logits", "--model", "o/nn", "--ids", "1")
	data := write(t, "d.jsonl", `{"prompt":"the sea is","completion":"wide"}`+"\n")
	out := filepath.Join(t.TempDir(), "run")
	rotor(t, done, "train", "--model", "o/n", "--data", data, "--out", out, "--steps", "1")
	config := string(read(t, filepath.Join(out, "adapter", "adapter_config.json")))
	if !strings.Contains(config, `"base_model_name_or_path": "o/n"`) {
		t.Errorf("the adapter's base is not named as the hub names it:\n%s", config)
	}
}

func TestPullJSON(t *testing.T) {
	modelHub(t, tiny(t, llamaConfig, 1, true), nil)
	var events []string
	for line := range strings.Lines(rotor(t, done, "pull", "o/n", "--json").stdout) {
		var e struct{ Event string }
		if err := json.Unmarshal([]byte(line), &e); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if e.Event != "progress" {
			events = append(events, e.Event)
		}
	}
	if !slices.Equal(events, []string{"listed", "stored", "stored", "done"}) {
		t.Errorf("events %v", events)
	}
}

func TestPullRefuses(t *testing.T) {
	s := modelHub(t, tiny(t, llamaConfig, 1, true), nil)
	host := strings.TrimPrefix(s.URL, "http://")
	for _, c := range []struct {
		code  int
		words []string
		args  []string
	}{
		{wrongUsage, []string{"owner/name"}, []string{"../x"}},
		{wrongUsage, []string{"ollama pull x"}, []string{"ollama:x"}},
		{wrongUsage, []string{"--parallel"}, []string{"o/n", "--parallel", "0"}},
		{wrongUsage, []string{"--file", "give one"}, []string{"o/n:a", "--file", "b"}},
		{wrongUsage, []string{"--include"}, []string{"o/n:a", "--include", "b"}},
		{failed, []string{host, "404", "no such model"}, []string{"o/none"}},
		{failed, []string{"no GGUF file", "zip"}, []string{"o/n", "--file", "x.zip"}},
		{failed, []string{"no file is left", "config.json"}, []string{"o/n", "--include", "*.zip"}},
	} {
		refuses(t, c.code, c.words, append([]string{"pull"}, c.args...)...)
	}
}

// A download that is always cut short, or is not what was promised, is an error,
// and no file stands under its name.
func TestPullCutShort(t *testing.T) {
	if os.Getenv("ROTOR_LONG") == "" {
		t.Skip("what goes wrong is tried again for half a minute: ROTOR_LONG=1 waits for it")
	}
	for name, serve := range map[string]func(w http.ResponseWriter, data []byte){
		"cut": func(w http.ResponseWriter, data []byte) {
			w.Header().Set("Content-Length", strconv.Itoa(len(data)))
			_, _ = w.Write(data[:len(data)/2])
		},
		"short": func(w http.ResponseWriter, data []byte) { _, _ = w.Write(data[:len(data)-1]) },
		"other": func(w http.ResponseWriter, data []byte) { _, _ = w.Write(bytes.ToUpper(data)) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := tiny(t, llamaConfig, 1, true)
			modelHub(t, dir, func(w http.ResponseWriter, r *http.Request) {
				if strings.HasSuffix(r.URL.Path, "config.json") {
					serve(w, read(t, filepath.Join(dir, "config.json")))
					panic(http.ErrAbortHandler)
				}
			})
			o := rotor(t, failed, "pull", "o/n")
			if !strings.Contains(o.stderr, "config.json") || strings.Count(o.stderr, "\n") != 1 {
				t.Errorf("it says %q", o.stderr)
			}
			found, _ := filepath.Glob(filepath.Join(os.Getenv("HF_HOME"), "hub", "models--o--n", "snapshots", "*", "config.json"))
			if len(found) > 0 {
				t.Errorf("left %v", found)
			}
			refuses(t, failed, []string{"rotor pull o/n"}, "show", "o/n")
		})
	}
}

// An interrupt leaves what has come, and says so by its exit code.
func TestPullInterrupted(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("a process cannot be sent an interrupt here")
	}
	dir := tiny(t, llamaConfig, 1, true)
	var hang atomic.Bool
	hang.Store(true)
	modelHub(t, dir, func(_ http.ResponseWriter, r *http.Request) {
		if strings.HasSuffix(r.URL.Path, ".safetensors") && hang.Load() {
			<-r.Context().Done()
		}
	})
	cmd := exec.Command(program, "pull", "o/n")
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	stdout, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	lines := bufio.NewScanner(stdout)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "config.json") {
	}
	time.Sleep(50 * time.Millisecond)
	_ = cmd.Process.Signal(os.Interrupt)
	var exit *exec.ExitError
	if err := cmd.Wait(); !errors.As(err, &exit) || exit.ExitCode() != interrupted || !strings.Contains(stderr.String(), "goes on from there") {
		t.Fatalf("%v: %s", err, stderr.String())
	}
	hang.Store(false)
	rotor(t, done, "pull", "o/n")
	rotor(t, done, "show", "o/n")
}

// A cache or a store that is damaged is an error that says what to do, and an
// adapter is found by its name too.
func TestBrokenCacheAndStore(t *testing.T) {
	home, store := t.TempDir(), t.TempDir()
	t.Setenv("HF_HOME", home)
	t.Setenv("OLLAMA_MODELS", store)
	put := func(root, name, text string) {
		t.Helper()
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	const commit = "0123456789abcdef0123456789abcdef01234567"
	put(home, "hub/models--o--wild/refs/main", "../../../etc")
	put(home, "hub/models--o--half/refs/main", commit)
	put(home, "hub/models--o--half/snapshots/"+commit+"/config.json", llamaConfig)
	put(home, "hub/models--o--other/refs/v1", commit)
	put(home, "hub/models--o--other/snapshots/"+commit+"/config.json", llamaConfig)
	put(store, "manifests/registry.ollama.ai/library/bad/latest", "{")
	put(store, "manifests/registry.ollama.ai/library/gone/latest",
		`{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:`+strings.Repeat("0", 64)+`","size":9}]}`)
	blob := strings.Repeat("1", 64)
	put(store, "blobs/sha256-"+blob, "GGUF then nothing")
	put(store, "manifests/registry.ollama.ai/library/cut/latest",
		`{"layers":[{"mediaType":"application/vnd.ollama.image.model","digest":"sha256:`+blob+`","size":17}]}`)
	for ref, words := range map[string][]string{
		"o/wild":      {"refs", "no commit"},
		"o/half":      {"safetensors", "rotor pull o/half"},
		"o/other":     {"not at revision main", "v1"},
		"ollama:bad":  {"no manifest"},
		"ollama:gone": {"ollama pull gone"},
		"ollama:cut":  {"sha256-1111"},
		"ollama:none": {"ollama pull none", "the nearest"},
	} {
		for _, args := range [][]string{{"show", ref}, {"logits", "--model", ref, "--ids", "1"}} {
			o := refuses(t, failed, words, args...)
			if rss := peakOf(o); rss > 64<<20 {
				t.Errorf("%v took %d MB", args, rss>>20)
			}
		}
	}
	if o := rotor(t, done, "show"); !strings.Contains(o.stdout, "ollama:bad:latest") || !strings.Contains(o.stdout, "o/half") {
		t.Errorf("here are\n%s", o.stdout)
	}
	dir := tiny(t, llamaConfig, 1, true)
	refuses(t, failed, []string{"rotor pull o/adapter"}, "logits", "--model", dir, "--adapter", "o/adapter", "--ids", "1")
}

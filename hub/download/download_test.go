package download

import (
	"context"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rotor-lm/rotor/hub"
)

const commit = "0123456789abcdef0123456789abcdef01234567"

// server is a hub with one model, o/n. Large files it keeps on another host, to
// which it redirects.
type server struct {
	*httptest.Server
	far   *httptest.Server
	t     *testing.T
	files map[string][]byte
	list  func(map[string]any)                                     // changes the list
	meet  func(w http.ResponseWriter, r *http.Request) (done bool) // comes before the usual answer

	mu     sync.Mutex
	asked  []string // method, host's name, path, range and token of each request
	served int64    // bytes of files
}

func random(n int, seed uint64) []byte {
	rng := rand.NewChaCha8([32]byte{byte(seed)})
	b := make([]byte, n)
	_, _ = rng.Read(b)
	return b
}

// large is the size from which a file is one of LFS.
const large = 10000

func newServer(t *testing.T) *server {
	s := serve(t, map[string][]byte{
		"config.json": []byte(`{"architectures": ["LlamaForCausalLM"]}`), "tokenizer.json": []byte("{}"),
		"model.safetensors": random(100_003, 1), "pytorch_model.bin": random(large, 2), "onnx/model.onnx": random(large, 3), "README.md": []byte("hello"),
	})
	for key, v := range map[string]string{
		"HF_HOME": t.TempDir(), "HF_HUB_CACHE": "", "HUGGINGFACE_HUB_CACHE": "", "HF_ENDPOINT": s.URL, "HF_TOKEN": "secret",
		"HF_TOKEN_PATH": "", "HF_HUB_OFFLINE": "", "HF_HUB_DISABLE_SYMLINKS": "",
	} {
		t.Setenv(key, v)
	}
	return s
}

func serve(t *testing.T, files map[string][]byte) *server {
	s := &server{t: t, files: files}
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.answer("hub", w, r) }))
	s.far = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { s.answer("far", w, r) }))
	t.Cleanup(s.Close)
	t.Cleanup(s.far.Close)
	return s
}

func digest(data []byte) string {
	if len(data) >= large {
		return fmt.Sprintf("%x", sha256.Sum256(data))
	}
	return fmt.Sprintf("%x", sha1.Sum(append(fmt.Appendf(nil, "blob %d\x00", len(data)), data...)))
}

func (s *server) answer(host string, w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.asked = append(s.asked, strings.Join([]string{r.Method, host, r.URL.Path, r.Header.Get("Range"), r.Header.Get("Authorization")}, " "))
	s.mu.Unlock()
	if s.meet != nil && s.meet(w, r) {
		return
	}
	name, isFile := strings.CutPrefix(r.URL.Path, "/o/n/resolve/"+commit+"/")
	switch data, ok := s.files[name]; {
	case r.URL.Path == "/api/models/o/n/revision/main", r.URL.Path == "/api/models/o/n/revision/refs/pr/1":
		s.tell(w)
	case !isFile:
		w.Header().Set("X-Error-Code", "RepoNotFound")
		w.WriteHeader(http.StatusUnauthorized)
	case !ok:
		w.Header().Set("X-Error-Code", "EntryNotFound")
		w.WriteHeader(http.StatusNotFound)
	case host == "hub" && len(data) >= large:
		w.Header().Set("X-Linked-Etag", `"`+digest(data)+`"`)
		w.Header().Set("X-Linked-Size", strconv.Itoa(len(data)))
		w.Header().Set("X-Repo-Commit", commit)
		w.Header().Set("Location", s.far.URL+r.URL.Path)
		w.WriteHeader(http.StatusFound)
	default:
		w.Header().Set("Etag", `W/"`+digest(data)+`"`)
		w.Header().Set("X-Repo-Commit", commit)
		c := &counter{w, s}
		http.ServeContent(c, r, "", time.Time{}, strings.NewReader(string(data)))
	}
}

type counter struct {
	http.ResponseWriter
	s *server
}

func (c *counter) Write(b []byte) (int, error) {
	c.s.mu.Lock()
	c.s.served += int64(len(b))
	c.s.mu.Unlock()
	return c.ResponseWriter.Write(b)
}

func (s *server) tell(w http.ResponseWriter) {
	var siblings []map[string]any
	for name, data := range s.files {
		e := map[string]any{"rfilename": name, "size": len(data), "blobId": digest(data)}
		if len(data) >= large {
			e["blobId"] = digest([]byte("a pointer"))
			e["lfs"] = map[string]any{"sha256": digest(data), "size": len(data), "pointerSize": 130}
		}
		siblings = append(siblings, e)
	}
	l := map[string]any{"id": "o/n", "sha": commit, "siblings": siblings}
	if s.list != nil {
		s.list(l)
	}
	_ = json.NewEncoder(w).Encode(l)
}

// pull runs a download with short pauses, and returns its end and its events.
func pull(t *testing.T, ctx context.Context, ref string, o Options) (Done, []Event, error) {
	t.Helper()
	n, ok := hub.ParseName(ref)
	if !ok {
		t.Fatalf("%s is no name", ref)
	}
	if o.chunk == 0 {
		o.chunk = 1 << 13
	}
	if o.stall == 0 {
		o.stall = 5 * time.Second
	}
	o.pause = time.Millisecond
	var all []Event
	for e, err := range Run(ctx, n, o) {
		if err != nil {
			return Done{}, all, err
		}
		all = append(all, e)
		if d, ok := e.(Done); ok {
			return d, all, nil
		}
	}
	t.Fatal("a download without an end")
	return Done{}, nil, nil
}

// holds checks that the cache has exactly these files, whole, and nothing half.
func (s *server) holds(names ...string) {
	s.t.Helper()
	n := hub.Name{Repo: "o/n"}
	dir := filepath.Join(n.Folder(), "snapshots", commit)
	var have []string
	_ = filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err == nil && !d.IsDir() {
			rel, _ := filepath.Rel(dir, path)
			have = append(have, filepath.ToSlash(rel))
		}
		return nil
	})
	slices.Sort(names)
	if !slices.Equal(have, names) {
		s.t.Errorf("the snapshot holds %v, want %v", have, names)
	}
	for _, name := range have {
		data, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(name)))
		if err != nil || string(data) != string(s.files[name]) {
			s.t.Errorf("%s is not what the hub has: %v", name, err)
		}
	}
	blobs, _ := os.ReadDir(filepath.Join(n.Folder(), "blobs"))
	for _, b := range blobs {
		if strings.Contains(b.Name(), "incomplete") {
			s.t.Errorf("%s is left", b.Name())
		}
	}
	if len(blobs) != len(have) && os.Getenv("HF_HUB_DISABLE_SYMLINKS") == "" {
		s.t.Errorf("%d blobs for %d files", len(blobs), len(have))
	}
}

var model = []string{"config.json", "model.safetensors", "tokenizer.json"}

func TestPull(t *testing.T) {
	s := newServer(t)
	d, events, err := pull(t, context.Background(), "o/n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
	if d.Commit != commit || d.Files != 3 || d.Fetched != d.Bytes || d.Bytes != int64(100_003+2+len(s.files["config.json"])) {
		t.Errorf("done: %+v", d)
	}
	if path, err := hub.Find("o/n"); err != nil || path != d.Path {
		t.Errorf("it is found at %s (%v), and lies in %s", path, err, d.Path)
	}
	link, err := os.Readlink(filepath.Join(d.Path, "model.safetensors"))
	if want := filepath.Join("..", "..", "blobs", digest(s.files["model.safetensors"])); err == nil && link != want {
		t.Errorf("the link leads to %s, want %s", link, want)
	}
	if ref, err := os.ReadFile(filepath.Join(hub.Name{Repo: "o/n"}.Folder(), "refs", "main")); err != nil || string(ref) != commit {
		t.Errorf("refs/main is %q, %v", ref, err)
	}
	stored := 0
	for _, e := range events {
		if _, ok := e.(Stored); ok {
			stored++
		}
	}
	if stored != 3 {
		t.Errorf("%d files were stored", stored)
	}
	// The token was shown to the hub each time, and to the other host never.
	ranges, far := 0, 0
	for _, a := range s.asked {
		switch {
		case strings.Contains(a, " far "):
			if far++; strings.Contains(a, "secret") {
				t.Errorf("the token went to another host: %s", a)
			}
		case !strings.HasSuffix(a, "Bearer secret"):
			t.Errorf("no token: %s", a)
		}
		if strings.Contains(a, "bytes=") && strings.Contains(a, " far ") {
			ranges++
		}
	}
	if ranges != 13 || far != 13 {
		t.Errorf("%d ranges, %d requests to the other host, want 13 of 8 kB", ranges, far)
	}
	// What is there is not fetched again.
	before := len(s.asked)
	if d, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil || d.Fetched != 0 || len(s.asked) != before+1 {
		t.Errorf("a second time: %+v, %v, %d requests", d, err, len(s.asked)-before)
	}
}

// Another branch of the same files takes its blobs from the first.
func TestSharedBlobs(t *testing.T) {
	s := newServer(t)
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil {
		t.Fatal(err)
	}
	if err := os.RemoveAll(filepath.Join(hub.Name{Repo: "o/n"}.Folder(), "snapshots")); err != nil {
		t.Fatal(err)
	}
	s.served = 0
	if d, _, err := pull(t, context.Background(), "o/n@refs/pr/1", Options{}); err != nil || d.Fetched != 0 || s.served != 0 {
		t.Errorf("%+v, %v, %d bytes", d, err, s.served)
	}
	s.holds(model...)
	if _, err := hub.Find("o/n@refs/pr/1"); err != nil {
		t.Error(err)
	}
}

// Where there are no links a snapshot has the files themselves.
func TestWithoutLinks(t *testing.T) {
	s := newServer(t)
	t.Setenv("HF_HUB_DISABLE_SYMLINKS", "1")
	d, _, err := pull(t, context.Background(), "o/n", Options{})
	if err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
	if st, err := os.Lstat(filepath.Join(d.Path, "config.json")); err != nil || !st.Mode().IsRegular() {
		t.Errorf("%v, %v", st, err)
	}
	if d, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil || d.Fetched != 0 {
		t.Errorf("a second time: %+v, %v", d, err)
	}
}

// A list of names alone is made up for by asking for each file.
func TestBareList(t *testing.T) {
	s := newServer(t)
	s.list = func(l map[string]any) {
		for _, e := range l["siblings"].([]map[string]any) {
			delete(e, "size")
			delete(e, "blobId")
			delete(e, "lfs")
		}
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
	for _, a := range s.asked {
		if strings.HasPrefix(a, "HEAD far") {
			t.Errorf("what a file is was asked of another host: %s", a)
		}
	}
}

func TestChoice(t *testing.T) {
	s := newServer(t)
	for _, c := range []struct {
		ref              string
		include, exclude []string
		want             []string
	}{
		{"o/n", []string{"*.md", "onnx/"}, nil, []string{"README.md", "onnx/model.onnx"}},
		{"o/n", nil, []string{"*.safetensors"}, []string{"config.json", "tokenizer.json"}},
		{"o/n:README.md", nil, nil, []string{"README.md"}},
	} {
		if err := os.RemoveAll(hub.Cache()); err != nil {
			t.Fatal(err)
		}
		if _, _, err := pull(t, context.Background(), c.ref, Options{Include: c.include, Exclude: c.exclude}); err != nil {
			t.Error(err)
		}
		s.holds(c.want...)
	}
	s.files = map[string][]byte{"m-Q4_K_M.gguf": random(large, 1), "m-Q8_0.gguf": random(large, 2), "README.md": nil}
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err == nil || !strings.Contains(err.Error(), "m-Q8_0.gguf") {
		t.Errorf("one of several GGUF files: %v", err)
	}
	if d, _, err := pull(t, context.Background(), "o/n:q8_0", Options{}); err != nil || filepath.Base(d.Path) != "m-Q8_0.gguf" {
		t.Errorf("%+v, %v", d, err)
	}
}

func TestUsual(t *testing.T) {
	for _, c := range []struct{ have, want string }{
		{"model.safetensors model.safetensors.index.json model-00001-of-00002.safetensors config.json", "config.json model.safetensors"},
		{
			"consolidated.safetensors model-00001-of-00002.safetensors model-00002-of-00002.safetensors model.safetensors.index.json",
			"model.safetensors.index.json model-00001-of-00002.safetensors model-00002-of-00002.safetensors",
		},
		{"adapter_config.json adapter_model.safetensors training_args.bin", "adapter_config.json adapter_model.safetensors"},
		{"x.gguf README.md", "x.gguf"},
		{"x-00001-of-00002.gguf x-00002-of-00002.gguf", "x-00001-of-00002.gguf x-00002-of-00002.gguf"},
		{"pytorch_model.bin config.json", "error: pickles"},
		{"README.md", "error: no weights"},
		{"", "error: none at all"},
	} {
		got, err := usual(strings.Fields(c.have))
		if words, fails := strings.CutPrefix(c.want, "error: "); fails {
			if err == nil || !strings.Contains(err.Error(), words) {
				t.Errorf("%s: %v, %v", c.have, got, err)
			}
		} else if err != nil || strings.Join(got, " ") != c.want {
			t.Errorf("%s: %v, %v", c.have, got, err)
		}
	}
}

func TestGlob(t *testing.T) {
	for pattern, names := range map[string][2]string{
		"*.json": {"a.json b/c.json", "a.jsonl"},
		"a?c":    {"abc a/c aéc", "ac abbc"},
		"[a-c]x": {"ax cx", "dx"},
		"[!a]x":  {"bx ]x", "ax"},
		"[]]x":   {"]x", "[x"},
		"[x":     {"[x", "x"},
		"a.b+(":  {"a.b+(", "axb+("},
		"d/":     {"d/a d/b/c", "d e/d/a"},
		`[\]`:    {`\`, "]"},
		"é*":     {"éa", "ea"},
	} {
		r, err := glob(pattern)
		if err != nil {
			t.Errorf("%s: %v", pattern, err)
			continue
		}
		for _, n := range strings.Fields(names[0]) {
			if !r.MatchString(n) {
				t.Errorf("%s does not fit %s", pattern, n)
			}
		}
		for _, n := range strings.Fields(names[1]) {
			if r.MatchString(n) {
				t.Errorf("%s fits %s", pattern, n)
			}
		}
	}
}

func FuzzGlob(f *testing.F) {
	for _, p := range []string{"*.json", "[!a-c]?", "[", "[z-a]", `\`} {
		f.Add(p, "a.json")
	}
	f.Fuzz(func(t *testing.T, pattern, name string) {
		if r, err := glob(pattern); err == nil {
			r.MatchString(name)
		}
	})
}

func FuzzSafe(f *testing.F) {
	for _, n := range []string{"a/b.json", "../x", "/etc/passwd", `a\b`, "a/../../b", "C:x", "a\x00", "", ".", "a//b", "nul"} {
		f.Add(n)
	}
	f.Fuzz(func(t *testing.T, name string) {
		if safe(name) != nil {
			return
		}
		rel, err := filepath.Rel("/root/dir", filepath.Join("/root/dir", filepath.FromSlash(name)))
		if err != nil || rel == "." || rel == ".." || strings.HasPrefix(rel, filepath.Join("..", "x")[:3]) {
			t.Fatalf("%q leads to %s", name, rel)
		}
	})
}

// Whatever a hub lists, its files stay in their folder, under hashes that are
// hashes.
func FuzzListing(f *testing.F) {
	f.Add([]byte(`{"sha": "` + commit + `", "siblings": [{"rfilename": "a/b.json", "size": 3, "blobId": "` + commit + `"}]}`))
	f.Add([]byte(`{"sha": "` + commit + `", "siblings": [{"rfilename": "m", "lfs": {"sha256": "../x", "size": -1}}]}`))
	f.Add([]byte(`{"sha": "main", "siblings": null}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		l, err := parseListing(data)
		if err != nil {
			return
		}
		for _, s := range l.Siblings {
			file := s.file()
			if !filepath.IsLocal(filepath.FromSlash(file.Name)) {
				t.Fatalf("a file at %q", file.Name)
			}
			if file.Hash != "" && (len(file.Hash) != 40 && len(file.Hash) != 64 || !filepath.IsLocal(file.Hash)) {
				t.Fatalf("a hash %q", file.Hash)
			}
		}
	})
}

// A connection that is cut again and again loses nothing: each byte is sent
// once, but for what stood in a buffer.
func TestCuts(t *testing.T) {
	s := newServer(t)
	cuts := 0
	s.meet = func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		cuts++
		now := cuts%2 == 1 && strings.Contains(r.URL.Path, "safetensors") && r.Host == strings.TrimPrefix(s.far.URL, "http://")
		s.mu.Unlock()
		if now {
			data := s.files["model.safetensors"]
			var lo, hi int
			if _, err := fmt.Sscanf(r.Header.Get("Range"), "bytes=%d-%d", &lo, &hi); err != nil {
				t.Errorf("range %q", r.Header.Get("Range"))
			}
			w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", lo, hi, len(data)))
			w.Header().Set("Content-Length", strconv.Itoa(hi-lo+1))
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(data[lo : lo+(hi-lo+1)/2])
			panic(http.ErrAbortHandler)
		}
		return false
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
}

// An interrupted download goes on where it was, whoever began it.
func TestInterruptAndResume(t *testing.T) {
	s := newServer(t)
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	s.meet = func(_ http.ResponseWriter, r *http.Request) bool {
		if strings.HasPrefix(r.Header.Get("Range"), "bytes=49152-") {
			cancel()
			<-r.Context().Done()
			return true
		}
		return false
	}
	_, _, err := pull(t, ctx, "o/n", Options{Parallel: 2})
	var stopped *Interrupted
	if !errors.As(err, &stopped) || !errors.Is(err, context.Canceled) || stopped.Bytes < 32768 {
		t.Fatalf("error %v", err)
	}
	if _, err := hub.Find("o/n"); err == nil {
		t.Error("half a model has a name")
	}
	blob := filepath.Join(hub.Name{Repo: "o/n"}.Folder(), "blobs", digest(s.files["model.safetensors"])+".incomplete")
	half, err := os.ReadFile(blob)
	if err != nil || string(half) != string(s.files["model.safetensors"][:len(half)]) {
		t.Fatalf("what is left is no beginning of the file: %v", err)
	}
	s = serve(t, s.files) // the first may still be sending
	d, _, err := pull(t, context.Background(), "o/n", Options{Endpoint: s.URL})
	if err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
	if want := int64(100_003 - len(half)); s.served != want || d.Fetched != want {
		t.Errorf("%d bytes were sent and %d counted, want %d", s.served, d.Fetched, want)
	}
	// A beginning that is not one of this file costs a second fetch and no more.
	for name, wrong := range map[string][]byte{"wrong": random(30_000, 9), "too long": random(200_000, 9), "whole": s.files["model.safetensors"]} {
		if err := os.RemoveAll(hub.Cache()); err != nil {
			t.Fatal(err)
		}
		if err := os.MkdirAll(filepath.Dir(blob), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(blob, wrong, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, _, err := pull(t, context.Background(), "o/n", Options{Endpoint: s.URL}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		s.holds(model...)
	}
}

// A server without ranges sends the file in one piece.
func TestNoRanges(t *testing.T) {
	s := newServer(t)
	cut := true
	s.meet = func(w http.ResponseWriter, r *http.Request) bool {
		if r.Header.Del("Range"); cut && strings.HasSuffix(r.URL.Path, "safetensors") && r.Host == strings.TrimPrefix(s.far.URL, "http://") {
			cut = false
			w.Header().Set("Content-Length", "100003")
			_, _ = w.Write(s.files["model.safetensors"][:40_000])
			panic(http.ErrAbortHandler)
		}
		return false
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
}

// Whatever a server says that is not true ends in an error, in no long time,
// and nothing of it gets a place in the cache.
func TestLies(t *testing.T) {
	const at = "model.safetensors"
	file := func(w http.ResponseWriter, r *http.Request) bool { return strings.HasSuffix(r.URL.Path, at) }
	entry := func(l map[string]any, name string) map[string]any {
		for _, e := range l["siblings"].([]map[string]any) {
			if e["rfilename"] == name {
				return e
			}
		}
		return nil
	}
	for name, c := range map[string]struct {
		list func(l map[string]any)
		meet func(s *server, w http.ResponseWriter, r *http.Request) bool
		says string
	}{
		"other bytes": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !file(w, r) || r.Method != http.MethodGet {
				return false
			}
			http.ServeContent(w, r, "", time.Time{}, strings.NewReader(string(random(100_003, 7))))
			return true
		}, says: "has the hash"},
		"a wrong small file": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "config.json") {
				fmt.Fprint(w, strings.Repeat("x", len(s.files["config.json"])))
				return true
			}
			return false
		}, says: "has the hash"},
		"a wrong length": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if strings.HasSuffix(r.URL.Path, "config.json") {
				fmt.Fprint(w, "short")
				return true
			}
			return false
		}, says: "sends 5 bytes"},
		"another range": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !file(w, r) {
				return false
			}
			w.Header().Set("Content-Range", "bytes 5-8196/100003")
			w.WriteHeader(http.StatusPartialContent)
			_, _ = w.Write(make([]byte, 8192))
			return true
		}, says: "bytes 5-8196"},
		"ranges that end early": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !file(w, r) || r.Header.Get("Range") == "" {
				return false
			}
			span := strings.TrimPrefix(r.Header.Get("Range"), "bytes=")
			w.Header().Set("Content-Range", "bytes "+span+"/100003")
			w.WriteHeader(http.StatusPartialContent)
			return true
		}, says: "cut at byte"},
		"a body without an end": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasSuffix(r.URL.Path, "config.json") {
				return false
			}
			for r.Context().Err() == nil {
				if _, err := w.Write(make([]byte, 1<<16)); err != nil {
					break
				}
			}
			return true
		}, says: "has the hash"},
		"a list without an end": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !strings.HasPrefix(r.URL.Path, "/api/") {
				return false
			}
			fmt.Fprint(w, `{"siblings": [`)
			for r.Context().Err() == nil {
				if _, err := io.WriteString(w, strings.Repeat(" ", 1<<16)); err != nil {
					break
				}
			}
			return true
		}, says: "the list is longer"},
		"silence": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if !file(w, r) || r.Header.Get("Range") == "" {
				return false
			}
			w.Header().Set("Content-Range", "bytes "+strings.TrimPrefix(r.Header.Get("Range"), "bytes=")+"/100003")
			w.WriteHeader(http.StatusPartialContent)
			w.(http.Flusher).Flush()
			<-r.Context().Done()
			return true
		}, says: "says nothing any more"},
		"compressed": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Content-Encoding", "gzip")
			return false
		}, says: "compressed"},
		"redirects without an end": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			http.Redirect(w, r, r.URL.Path+"x", http.StatusFound)
			return true
		}, says: "redirects without an end"},
		"a redirect to a file": {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			w.Header().Set("Location", "file:///etc/passwd")
			w.WriteHeader(http.StatusFound)
			return true
		}, says: "redirects to file"},
		"a page":       {meet: func(s *server, w http.ResponseWriter, r *http.Request) bool { fmt.Fprint(w, "<html>"); return true }, says: "does not answer as a hub"},
		"no commit":    {list: func(l map[string]any) { l["sha"] = "../../x" }, says: "the commit is"},
		"a path":       {list: func(l map[string]any) { entry(l, "README.md")["rfilename"] = "../../../.bashrc" }, says: "lead out of its folder"},
		"an absolute":  {list: func(l map[string]any) { entry(l, "README.md")["rfilename"] = "/etc/passwd" }, says: "lead out of its folder"},
		"a drive":      {list: func(l map[string]any) { entry(l, "README.md")["rfilename"] = `C:\x` }, says: "lead out of its folder"},
		"another size": {list: func(l map[string]any) { entry(l, at)["lfs"].(map[string]any)["size"] = 99 }, says: "99"},
		"too large":    {list: func(l map[string]any) { entry(l, at)["lfs"].(map[string]any)["size"] = int64(1) << 61 }, says: "has room for"},
		"a negative one": {list: func(l map[string]any) {
			entry(l, "config.json")["size"] = -5
			delete(entry(l, "config.json"), "blobId")
		}, says: ""},
		"no hash": {list: func(l map[string]any) { delete(entry(l, at), "lfs"); entry(l, at)["blobId"] = "../x" }, meet: func(s *server, w http.ResponseWriter, r *http.Request) bool {
			if r.Method == http.MethodHead {
				w.Header().Set("Etag", `"../../x"`)
				return true
			}
			return false
		}, says: "cannot be checked"},
		"another hash": {list: func(l map[string]any) { entry(l, at)["lfs"].(map[string]any)["sha256"] = strings.Repeat("0", 64) }, says: "has the hash"},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			s.list = c.list
			if c.meet != nil {
				s.meet = func(w http.ResponseWriter, r *http.Request) bool { return c.meet(s, w, r) }
			}
			began := time.Now()
			stall := 10 * time.Second
			if name == "silence" {
				stall = 100 * time.Millisecond
			}
			_, _, err := pull(t, context.Background(), "o/n", Options{stall: stall})
			if c.says == "" {
				if err != nil {
					t.Error(err) // the hub was asked again, and told the truth
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.says) {
				t.Errorf("error %v, want %q", err, c.says)
			}
			if time.Since(began) > 30*time.Second {
				t.Errorf("it took %v", time.Since(began))
			}
			if err != nil && (strings.Contains(err.Error(), "\n") || len(err.Error()) > 700) {
				t.Errorf("an error of %d bytes: %q", len(err.Error()), err)
			}
			if _, err := os.Stat(filepath.Join(hub.Name{Repo: "o/n"}.Folder(), "refs", "main")); err == nil {
				t.Error("the branch means a commit that is not there")
			}
			links, _ := os.ReadDir(filepath.Join(hub.Name{Repo: "o/n"}.Folder(), "snapshots", commit))
			for _, l := range links {
				if l.Name() == at {
					t.Error("it has a place in the snapshot")
				}
			}
			if outside, _ := filepath.Glob(filepath.Join(filepath.Dir(hub.Home()), ".bashrc")); len(outside) > 0 {
				t.Errorf("%v was written", outside)
			}
		})
	}
}

func TestRefusals(t *testing.T) {
	for name, c := range map[string]struct {
		ref    string
		status int
		header [2]string
		says   []string
		asked  int
	}{
		"no such model":   {ref: "o/none", says: []string{"401", "no such model", "HF_TOKEN"}, asked: 1},
		"gated":           {ref: "o/n", status: 403, header: [2]string{"X-Error-Code", "GatedRepo"}, says: []string{"403", "terms"}, asked: 1},
		"a wrong token":   {ref: "o/n", status: 401, header: [2]string{"X-Error-Code", "Other"}, says: []string{"token in HF_TOKEN is not accepted"}, asked: 1},
		"no revision":     {ref: "o/n@v9", status: 404, header: [2]string{"X-Error-Code", "RevisionNotFound"}, says: []string{"404", "v9", "branch"}, asked: 1},
		"too many":        {ref: "o/n", status: 429, says: []string{"429"}, asked: attempts},
		"too many, long":  {ref: "o/n", status: 429, header: [2]string{"Retry-After", "100000"}, says: []string{"429"}, asked: 1},
		"broken":          {ref: "o/n", status: 502, says: []string{"502"}, asked: attempts},
		"a long message":  {ref: "o/n", status: 400, header: [2]string{"X-Error-Message", strings.Repeat("x", 5000)}, says: []string{"400", "…"}, asked: 1},
		"a wild message":  {ref: "o/n", status: 400, header: [2]string{"X-Error-Message", "\u009b31mred"}, says: []string{"400", "31mred"}, asked: 1},
		"moved for good?": {ref: "o/n", status: 304, says: []string{"304"}, asked: 1},
	} {
		t.Run(name, func(t *testing.T) {
			s := newServer(t)
			if c.status != 0 {
				s.meet = func(w http.ResponseWriter, _ *http.Request) bool {
					if c.header[0] != "" {
						w.Header()[c.header[0]] = []string{c.header[1]}
					}
					w.WriteHeader(c.status)
					return true
				}
			}
			_, _, err := pull(t, context.Background(), c.ref, Options{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range c.says {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("the error does not say %q: %v", w, err)
				}
			}
			if strings.ContainsAny(err.Error(), "\u009b\n") || len(err.Error()) > 600 || strings.Contains(err.Error(), "secret") {
				t.Errorf("error %q", err)
			}
			if len(s.asked) != c.asked {
				t.Errorf("%d requests, want %d", len(s.asked), c.asked)
			}
		})
	}
}

// After 429 the same request comes again when the server wants it, and the
// wait is told.
func TestRetryAfter(t *testing.T) {
	s := newServer(t)
	times := 0
	s.meet = func(w http.ResponseWriter, r *http.Request) bool {
		if times++; times <= 2 {
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
			return true
		}
		return false
	}
	_, events, err := pull(t, context.Background(), "o/n", Options{Parallel: 1})
	if err != nil {
		t.Fatal(err)
	}
	told := 0
	for _, e := range events {
		if r, ok := e.(Retry); ok && strings.Contains(r.Err.Error(), "429") {
			told++
		}
	}
	if told != 2 {
		t.Errorf("%d waits were told", told)
	}
	s.holds(model...)
	for text, want := range map[string]time.Duration{"7": 7 * time.Second, "-1": 0, "soon": 0, "": 0} {
		if d := retryAfter(text); d != want {
			t.Errorf("Retry-After %q is %v", text, d)
		}
	}
	if d := retryAfter(time.Now().Add(time.Minute).UTC().Format(http.TimeFormat)); d < 50*time.Second || d > time.Minute {
		t.Errorf("a date in a minute is %v", d)
	}
}

// An address that has grown too old is asked of the hub again.
func TestStaleLocation(t *testing.T) {
	s := newServer(t)
	n := 0
	s.meet = func(w http.ResponseWriter, r *http.Request) bool {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.Host == strings.TrimPrefix(s.far.URL, "http://") {
			if n++; n == 4 {
				w.WriteHeader(http.StatusForbidden)
				return true
			}
		}
		return false
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{Parallel: 1}); err != nil {
		t.Fatal(err)
	}
	s.holds(model...)
}

// The token stays with the endpoint: not with another port, another scheme, a
// host below it, nor in a name before it.
func TestTokenStaysHome(t *testing.T) {
	for _, c := range []struct {
		at, endpoint string
		same         bool
	}{
		{"https://hub.example/x", "https://hub.example", true},
		{"https://HUB.example:443/x", "https://hub.example", true},
		{"http://hub.example/x", "https://hub.example", false},
		{"https://hub.example:8443/x", "https://hub.example", false},
		{"https://cdn.hub.example/x", "https://hub.example", false},
		{"https://hub.example.evil/x", "https://hub.example", false},
		{"https://hub.example@evil.example/x", "https://hub.example", false},
	} {
		a, err := url.Parse(c.at)
		if err != nil {
			t.Fatal(err)
		}
		b, err := url.Parse(c.endpoint)
		if err != nil {
			t.Fatal(err)
		}
		if got := sameOrigin(a, b); got != c.same {
			t.Errorf("%s and %s: %v", c.at, c.endpoint, got)
		}
		var seen string
		trip := &bearer{tripper(func(r *http.Request) { seen = r.Header.Get("Authorization") }), b, "secret"}
		r := &http.Request{Method: "GET", URL: a, Header: http.Header{"Authorization": {"Bearer secret"}}}
		_, _ = trip.RoundTrip(r)
		if (seen != "") != c.same {
			t.Errorf("%s saw %q", c.at, seen)
		}
	}
}

type tripper func(*http.Request)

func (f tripper) RoundTrip(r *http.Request) (*http.Response, error) {
	f(r)
	return nil, errors.New("no network")
}

func TestToken(t *testing.T) {
	s := newServer(t)
	t.Setenv("HF_TOKEN", "")
	if err := os.WriteFile(filepath.Join(hub.Home(), "token"), []byte("filed\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{DryRun: true}); err != nil {
		t.Fatal(err)
	}
	t.Setenv("HF_HUB_DISABLE_IMPLICIT_TOKEN", "1")
	if _, _, err := pull(t, context.Background(), "o/n", Options{DryRun: true}); err != nil {
		t.Fatal(err)
	}
	if len(s.asked) != 2 || !strings.HasSuffix(s.asked[0], "Bearer filed") || strings.Contains(s.asked[1], "Bearer") {
		t.Errorf("asked with %q", s.asked)
	}
	t.Setenv("HF_TOKEN", "two words")
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err == nil || strings.Contains(err.Error(), "words") || !strings.Contains(err.Error(), "HF_TOKEN") {
		t.Errorf("a token with a blank: %v", err)
	}
}

func TestEndpoints(t *testing.T) {
	newServer(t)
	for _, e := range []string{"ftp://x", "hub.example", "http://", "https://user:word@hub.example", "://"} {
		if _, _, err := pull(t, context.Background(), "o/n", Options{Endpoint: e}); err == nil || !strings.Contains(err.Error(), "HF_ENDPOINT") {
			t.Errorf("%s: %v", e, err)
		}
	}
	if _, _, err := pull(t, context.Background(), "o/n", Options{Endpoint: "http://127.0.0.1:1"}); err == nil || !strings.Contains(err.Error(), "127.0.0.1:1") {
		t.Errorf("nobody there: %v", err)
	}
	t.Setenv("HF_HUB_OFFLINE", "1")
	if _, _, err := pull(t, context.Background(), "o/n", Options{}); err == nil || !strings.Contains(err.Error(), "HF_HUB_OFFLINE") {
		t.Errorf("offline: %v", err)
	}
}

// Two that fetch at once wait for each other, and one of them fetches.
func TestTwoAtOnce(t *testing.T) {
	s := newServer(t)
	var group sync.WaitGroup
	for range 2 {
		group.Go(func() {
			if _, _, err := pull(t, context.Background(), "o/n", Options{}); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	s.holds(model...)
	if s.served > 101_000 {
		t.Errorf("%d bytes were sent for 100 kB", s.served)
	}
}

// Whoever stops listening ends the download.
func TestBreak(t *testing.T) {
	s := newServer(t)
	for e, err := range Run(context.Background(), hub.Name{Repo: "o/n"}, Options{}) {
		if err != nil {
			t.Fatal(err)
		}
		if _, ok := e.(Listed); ok {
			break
		}
	}
	_ = s
}

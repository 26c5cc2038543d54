package hub_test

import (
	"crypto/sha256"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/hub"
)

type layer struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int    `json:"size"`
}

// store makes a store of Ollama with one model, of the layers that are given
// as kind and content in turn.
func store(t *testing.T, manifest string, parts ...string) string {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("OLLAMA_MODELS", dir)
	var layers []layer
	for i := 0; i < len(parts); i += 2 {
		sum := fmt.Sprintf("%x", sha256.Sum256([]byte(parts[i+1])))
		write(t, filepath.Join(dir, "blobs", "sha256-"+sum), parts[i+1])
		layers = append(layers, layer{"application/vnd.ollama.image." + parts[i], "sha256:" + sum, len(parts[i+1])})
	}
	text, err := json.Marshal(map[string]any{"schemaVersion": 2, "layers": layers})
	if err != nil {
		t.Fatal(err)
	}
	write(t, filepath.Join(dir, "manifests", filepath.FromSlash(manifest)), string(text))
	return dir
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestOllama(t *testing.T) {
	data, err := os.ReadFile(tinyGGUF(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	store(t, "registry.ollama.ai/library/tiny/latest", "model", string(data), "template", "{{ .Prompt }}",
		"system", "Be brief.", "params", `{"stop":["<end>"]}`, "license", "free")
	want, err := hub.Open(tinyGGUF(t, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer want.Close()
	for _, r := range []string{"ollama:tiny", "ollama:tiny:latest", "ollama:library/tiny", "ollama:registry.ollama.ai/library/tiny:latest"} {
		m, err := hub.Open(r)
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(answers(m.Model, 0, 3, 4, 1), answers(want.Model, 0, 3, 4, 1)) {
			t.Errorf("%s answers otherwise than its file", r)
		}
		m.Close()
	}
	tok, err := hub.Tokenizer("ollama:tiny")
	if err != nil || tok.VocabSize() != 5 {
		t.Errorf("its tokenizer: %v, %v", tok, err)
	}
	o, err := hub.Ollama("tiny")
	if err != nil || o.Template != "{{ .Prompt }}" || o.System != "Be brief." || string(o.Parameters) != `{"stop":["<end>"]}` {
		t.Errorf("its layers: %+v, %v", o, err)
	}
	if names := hub.OllamaNames(); !slices.Equal(names, []string{"ollama:tiny:latest"}) {
		t.Errorf("the store holds %v", names)
	}
	if _, err := hub.Find("ollama:tyni"); err == nil || !strings.Contains(err.Error(), "ollama:tiny:latest") {
		t.Errorf("a wrong name: %v", err)
	}
}

func TestOllamaNames(t *testing.T) {
	for manifest, name := range map[string]string{
		"registry.ollama.ai/library/qwen3/0.6b": "qwen3:0.6b",
		"registry.ollama.ai/me/mine/v1":         "me/mine:v1",
		"hf.co/owner/name/Q4_K_M":               "hf.co/owner/name:Q4_K_M",
		"localhost:5000/a/b/latest":             "localhost:5000/a/b",
	} {
		if strings.Contains(manifest, ":") && filepath.Separator == '\\' {
			continue
		}
		store(t, manifest, "model", "GGUF")
		if _, err := hub.Ollama(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestOllamaThatIsBroken(t *testing.T) {
	const at = "registry.ollama.ai/library/m/latest"
	blob := func(dir, text string) string {
		return filepath.Join(dir, "blobs", fmt.Sprintf("sha256-%x", sha256.Sum256([]byte(text))))
	}
	for name, c := range map[string]struct {
		parts []string
		harm  func(dir string)
		says  string
	}{
		"no model":      {[]string{"license", "free"}, nil, "its layers are license"},
		"an adapter":    {[]string{"model", "GGUF", "adapter", "LORA"}, nil, "would be left out"},
		"no blob":       {[]string{"model", "GGUF"}, func(dir string) { os.Remove(blob(dir, "GGUF")) }, "ollama pull m"},
		"half a blob":   {[]string{"model", "GGUF"}, func(dir string) { os.Truncate(blob(dir, "GGUF"), 2) }, "has 2 bytes and should have 4"},
		"broken JSON":   {[]string{"model", "GGUF", "params", "{"}, nil, "no JSON"},
		"no manifest":   {nil, func(dir string) { write(t, filepath.Join(dir, "manifests", at), "hello") }, "no manifest"},
		"a wild digest": {nil, func(dir string) { write(t, filepath.Join(dir, "manifests", at), wild) }, "no digest"},
		"too large": {nil, func(dir string) {
			write(t, filepath.Join(dir, "manifests", at), strings.Repeat(" ", 2<<20))
		}, "more than"},
	} {
		dir := store(t, at, c.parts...)
		if c.harm != nil {
			c.harm(dir)
		}
		if _, err := hub.Find("ollama:m"); err == nil || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v, want %q", name, err, c.says)
		}
	}
}

const wild = `{"layers": [{"mediaType": "application/vnd.ollama.image.model", "digest": "sha256:../../../../etc/passwd", "size": 1}]}`

func FuzzOllama(f *testing.F) {
	f.Add(wild)
	f.Add(`{"schemaVersion": 2, "layers": [{"mediaType": "application/vnd.ollama.image.params", "digest": "sha256:", "size": -1}]}`)
	f.Add(`{"layers": null}`)
	f.Fuzz(func(t *testing.T, manifest string) {
		dir := t.TempDir()
		t.Setenv("OLLAMA_MODELS", dir)
		write(t, filepath.Join(dir, "manifests/registry.ollama.ai/library/m/latest"), manifest)
		m, err := hub.Ollama("m")
		if err == nil && !strings.HasPrefix(m.Model, filepath.Join(dir, "blobs")) {
			t.Fatalf("the model lies in %s", m.Model)
		}
	})
}

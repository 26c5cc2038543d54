package hub

import (
	"encoding/json"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
)

// Ollama keeps its models in one folder:
//
//	manifests/registry.ollama.ai/library/name/tag    which layers a model has
//	blobs/sha256-8f4a…                               each layer once, under its hash
//
// A layer is the model in GGUF, an adapter, the template, the system prompt,
// the parameters, or a licence.

const ollamaPrefix = "ollama:"

// OllamaModel is a model in the store of Ollama.
type OllamaModel struct {
	Name       string          `json:"name"`                 // as Ollama lists it: smollm2:135m
	Model      string          `json:"model"`                // the file, in GGUF
	Adapters   []string        `json:"adapters,omitempty"`   // files that Ollama puts on it, in GGUF
	Template   string          `json:"template,omitempty"`   // in Ollama's own language, which is not that of the model's file
	System     string          `json:"system,omitempty"`     // its system prompt
	Parameters json.RawMessage `json:"parameters,omitempty"` // temperature, stop and the like
	Bytes      int64           `json:"bytes"`
}

// largestManifest bounds a manifest, and a layer that is text.
const largestManifest = 1 << 20

// ollamaStores are the folders to look in: OLLAMA_MODELS, or that of the user
// and then those of the service.
func ollamaStores() []string {
	if dir := os.Getenv("OLLAMA_MODELS"); dir != "" {
		return []string{expand(dir)}
	}
	return []string{
		expand(filepath.Join("~", ".ollama", "models")),
		"/usr/share/ollama/.ollama/models", "/var/lib/ollama/.ollama/models", "/var/lib/ollama/models",
	}
}

var ollamaPart = regexp.MustCompile(`^\w[\w.:-]*$`)

// ollamaPath is the manifest of a name in a store: host/owner/name:tag, of which
// the host, the owner and the tag have defaults.
func ollamaPath(name string) (string, error) {
	tag := "latest"
	if at := strings.LastIndex(name, ":"); at > strings.LastIndex(name, "/") {
		name, tag = name[:at], name[at+1:]
	}
	parts := strings.Split(name, "/")
	for _, p := range append(parts, tag) {
		if !ollamaPart.MatchString(p) || strings.Contains(p, "..") {
			return "", fmt.Errorf("hub: %s%s is no name of Ollama's: want ollama:name, ollama:name:tag or ollama:owner/name:tag", ollamaPrefix, name)
		}
	}
	full := []string{"registry.ollama.ai", "library"}
	if len(parts) > 3 {
		return "", fmt.Errorf("hub: %s%s has more parts than host, owner and name", ollamaPrefix, name)
	}
	full = append(full[:3-len(parts)], parts...)
	return filepath.Join(append(full, tag)...), nil
}

// Ollama finds a model in Ollama's store, by the name that Ollama gives it.
func Ollama(name string) (*OllamaModel, error) {
	path, err := ollamaPath(name)
	if err != nil {
		return nil, err
	}
	for _, store := range ollamaStores() {
		file := filepath.Join(store, "manifests", path)
		data, err := readSmall(file)
		if err == nil {
			return readManifest(store, file, name, data)
		}
		if !os.IsNotExist(err) {
			return nil, fmt.Errorf("hub: %w", err)
		}
	}
	m := &Missing{Ref: ollamaPrefix + name, Where: "Ollama's store " + strings.Join(ollamaStores(), ", "), Fetch: "ollama pull " + name}
	m.Nearest = similar(m.Ref, OllamaNames())
	return nil, m
}

func readSmall(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, largestManifest+1))
	if err == nil && len(data) > largestManifest {
		err = fmt.Errorf("%s has more than %d bytes, which is no manifest or text", path, largestManifest)
	}
	return data, err
}

type ollamaLayer struct {
	MediaType string `json:"mediaType"`
	Digest    string `json:"digest"`
	Size      int64  `json:"size"`
}

var digestForm = regexp.MustCompile(`^sha256:[0-9a-f]{64}$`)

func readManifest(store, file, name string, data []byte) (*OllamaModel, error) {
	var manifest struct {
		Layers []ollamaLayer `json:"layers"`
	}
	if err := json.Unmarshal(data, &manifest); err != nil {
		return nil, fmt.Errorf("hub: %s is no manifest: %w", file, err)
	}
	m := &OllamaModel{Name: name}
	var kinds []string
	for _, l := range manifest.Layers {
		kind := strings.TrimPrefix(l.MediaType, "application/vnd.ollama.image.")
		kinds = append(kinds, kind)
		if !slices.Contains([]string{"model", "adapter", "template", "prompt", "system", "params"}, kind) {
			continue
		}
		blob, err := l.blob(store)
		if err != nil {
			return nil, fmt.Errorf("hub: %s: its %s: %w: ollama pull %s makes it whole", file, kind, err, name)
		}
		if err := m.layer(kind, blob); err != nil {
			return nil, fmt.Errorf("hub: %s: its %s: %w", file, kind, err)
		}
		m.Bytes += l.Size
	}
	if m.Model == "" {
		return nil, fmt.Errorf("hub: %s names no model in GGUF: its layers are %s", file, strings.Join(kinds, ", "))
	}
	return m, nil
}

// blob is the file of a layer, which is there and whole.
func (l ollamaLayer) blob(store string) (string, error) {
	if !digestForm.MatchString(l.Digest) {
		return "", fmt.Errorf("%q is no digest", l.Digest)
	}
	path := filepath.Join(store, "blobs", strings.Replace(l.Digest, ":", "-", 1))
	st, err := os.Stat(path)
	if err != nil {
		return "", err
	}
	if st.Size() != l.Size {
		return "", fmt.Errorf("%s has %d bytes and should have %d", path, st.Size(), l.Size)
	}
	return path, nil
}

func (m *OllamaModel) layer(kind, blob string) error {
	switch kind {
	case "model":
		if m.Model == "" {
			m.Model = blob
		}
		return nil
	case "adapter":
		m.Adapters = append(m.Adapters, blob)
		return nil
	}
	text, err := readSmall(blob)
	switch {
	case err != nil:
		return err
	case kind == "template" || kind == "prompt":
		m.Template = string(text)
	case kind == "system":
		m.System = string(text)
	case !json.Valid(text):
		return fmt.Errorf("%s is no JSON", blob)
	default:
		m.Parameters = text
	}
	return nil
}

// find is the file of the model. One that stands under an adapter is not what
// the name means without it.
func (m *OllamaModel) find() (string, error) {
	if len(m.Adapters) > 0 {
		return "", fmt.Errorf("hub: %s%s has an adapter, %s, which would be left out: name the model under it by its file, %s",
			ollamaPrefix, m.Name, strings.Join(m.Adapters, ", "), m.Model)
	}
	return m.Model, nil
}

// OllamaNames lists the models in Ollama's store as references.
func OllamaNames() (list []string) {
	for _, store := range ollamaStores() {
		root := filepath.Join(store, "manifests")
		_ = filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			rel, _ := filepath.Rel(root, path)
			parts := strings.Split(filepath.ToSlash(rel), "/")
			if err != nil || d.IsDir() || len(parts) != 4 {
				return nil
			}
			if parts[0] == "registry.ollama.ai" {
				if parts = parts[1:]; parts[0] == "library" {
					parts = parts[1:]
				}
			}
			last := len(parts) - 1
			list = append(list, ollamaPrefix+strings.Join(parts[:last], "/")+":"+parts[last])
			return nil
		})
	}
	slices.Sort(list)
	return slices.Compact(list)
}

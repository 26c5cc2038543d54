package peft

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/safetensors"
	"github.com/rotor-lm/rotor/internal/atomicfile"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// An adapter's folder holds these.
const (
	ConfigFile  = "adapter_config.json"
	WeightsFile = "adapter_model.safetensors"
)

// maxConfig bounds the size of a configuration: a long one has a few kilobytes.
const maxConfig = 4 << 20

// Adapter is an adapter's folder, opened: what it is, without its weights.
type Adapter struct {
	Dir    string
	Type   string // PEFT's name of the method: "LORA"
	Base   string // the model that it was made on, as its maker called it; may be empty
	Method Method
}

var readers = map[string]func(config []byte) (Method, error){}

// registerFile says how to read the configuration of one of PEFT's types.
func registerFile(peftType string, read func(config []byte) (Method, error)) {
	readers[peftType] = read
}

// Open reads adapter_config.json of a folder that PEFT or Save has written.
func Open(dir string) (*Adapter, error) {
	path := filepath.Join(dir, ConfigFile)
	config, err := readConfig(path)
	if err != nil {
		return nil, fmt.Errorf("peft: %s is not an adapter: %w", dir, err)
	}
	var head struct {
		Type    string          `json:"peft_type"`
		Base    string          `json:"base_model_name_or_path"`
		Version json.RawMessage `json:"version"` // AdapterHub's files have the same name
		Config  json.RawMessage `json:"config"`
	}
	if err := json.Unmarshal(config, &head); err != nil {
		return nil, fmt.Errorf("peft: %s: %w", path, err)
	}
	read := readers[head.Type]
	switch {
	case head.Type == "" && head.Config != nil:
		return nil, fmt.Errorf("peft: %s is in the format of AdapterHub, which is not read: want one of PEFT", path)
	case read == nil:
		return nil, fmt.Errorf("peft: %s: peft_type %q is not known; there are %s", path, head.Type, strings.Join(slices.Sorted(maps.Keys(readers)), ", "))
	}
	method, err := read(config)
	if err != nil {
		return nil, fmt.Errorf("peft: %s: %w", path, err)
	}
	return &Adapter{Dir: dir, Type: head.Type, Base: head.Base, Method: method}, nil
}

func readConfig(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	config, err := io.ReadAll(io.LimitReader(f, maxConfig+1))
	if err == nil && len(config) > maxConfig {
		err = fmt.Errorf("%s has more than %d bytes", path, maxConfig)
	}
	return config, err
}

// always are the keys that any method's configuration may have, and that have
// no bearing on what an adapted model computes.
var always = []string{"peft_type", "peft_version", "auto_mapping", "base_model_name_or_path", "revision", "task_type", "inference_mode"}

// checkKeys refuses keys that are set and that would be passed over in silence.
func checkKeys(config []byte, idle, beyond []string) error {
	var keys map[string]any
	dec := json.NewDecoder(bytes.NewReader(config))
	dec.UseNumber()
	if err := dec.Decode(&keys); err != nil {
		return err
	}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		switch {
		case slices.Contains(always, key) || slices.Contains(idle, key) || !isSet(keys[key]):
		case slices.Contains(beyond, key):
			return fmt.Errorf("%s is set, and changes what the adapter computes in a way that is not supported", key)
		default:
			return fmt.Errorf("key %q is not known, and is set: it may change what the adapter computes", key)
		}
	}
	return nil
}

// isSet is false for null, false, and what is empty.
func isSet(v any) bool {
	switch v := v.(type) {
	case nil:
		return false
	case bool:
		return v
	case string:
		return v != ""
	case []any:
		return len(v) > 0
	case map[string]any:
		return len(v) > 0
	}
	return true
}

// Apply opens the adapter in dir and puts it on base. See Adapter.Apply.
func Apply(base model.Model, dir string, o Options) (model.Model, checkpoint.Report, error) {
	a, err := Open(dir)
	if err != nil {
		return nil, checkpoint.Report{}, err
	}
	return a.Apply(base, o)
}

// Apply returns base with the adapter on it, under the number o.Adapter, so
// that several can stand on one base. Unless o.Frozen, it goes on learning.
// Loading is strict: a tensor that is missing, left over or of another shape is
// an error that names it.
func (a *Adapter) Apply(base model.Model, o Options) (model.Model, checkpoint.Report, error) {
	var none checkpoint.Report
	fail := func(r checkpoint.Report, err error) (model.Model, checkpoint.Report, error) {
		return nil, r, fmt.Errorf("peft: adapter %s does not fit the model: %w", a.Dir, err)
	}
	o.hollow = true
	m, err := a.Method.Adapt(base, o)
	if err != nil {
		return fail(none, err)
	}
	list, err := members(m, o.Adapter)
	if err != nil {
		return fail(none, err)
	}
	src, err := openWeights(a.Dir)
	if err != nil {
		return nil, none, err
	}
	defer func() { _ = src.Close() }()
	r, err := fill(list, src, base)
	if err != nil {
		return fail(r, err)
	}
	return m, r, nil
}

func openWeights(dir string) (checkpoint.Source, error) {
	path := filepath.Join(dir, WeightsFile)
	if _, err := os.Stat(path); errors.Is(err, fs.ErrNotExist) {
		if _, err := os.Stat(filepath.Join(dir, "adapter_model.bin")); err == nil {
			return nil, fmt.Errorf("peft: %s holds adapter_model.bin, a pickle, which can run code and is not read: save it as safetensors with PEFT", dir)
		}
	}
	src, err := safetensors.Open(path)
	if err != nil {
		return nil, fmt.Errorf("peft: %w", err)
	}
	return src, nil
}

// fill gives the tensors of an adapter the elements of a file.
func fill(list []member, src checkpoint.Source, base model.Model) (checkpoint.Report, error) {
	turned := map[*tensor.Tensor]*tensor.Tensor{}
	params := func(yield func(string, *tensor.Tensor) bool) {
		for _, e := range list {
			t := e.t
			if e.turned {
				if turned[t] == nil {
					turned[t] = tensor.Hollow(e.shape()...)
				}
				t = turned[t]
			}
			if !yield(e.name, t) {
				return
			}
		}
	}
	r, err := checkpoint.Load(params, src, checkpoint.Options{
		Wide: true, Copy: true,
		Name: func(name string) string { // older versions have another name for a trained bias
			old := strings.Replace(name, ".base_layer."+biasName, "."+biasName, 1)
			if _, ok := src.Info(name); !ok && old != name {
				if _, ok := src.Info(old); ok {
					return old
				}
			}
			return name
		},
		Spare: isBaseWeight,
	})
	if err != nil {
		return r, err
	}
	for t, file := range turned {
		t.Fill(turn(file.Data, file.Rows(), file.Cols()), nil)
	}
	return r, checkBase(src, base)
}

// PEFT's files also bring the base's own matrix of an embedding or a head that
// has an update beside it. It must be that of our base.
func isBaseWeight(name string) bool { return strings.HasSuffix(name, ".base_layer.weight") }

func checkBase(src checkpoint.Source, base model.Model) error {
	byName := map[string]*tensor.Tensor{}
	for name, t := range nn.Params(base) {
		byName[name] = t
	}
	for _, name := range src.Names() {
		if !isBaseWeight(name) {
			continue
		}
		plain := strings.TrimSuffix(strings.TrimPrefix(name, prefix), ".base_layer.weight") + ".weight"
		t := byName[plain]
		if t == nil && plain == "lm_head.weight" { // tied: the head's matrix goes by the name of the embedding's
			t = first(base.Output())
		}
		info, _ := src.Info(name)
		if t == nil || !slices.Equal(t.Shape, info.Shape) {
			return fmt.Errorf("it brings its own %q %d, which the model does not have", name, info.Shape)
		}
		theirs := make([]float32, t.Len())
		if err := src.ReadF32(name, theirs); err != nil {
			return err
		}
		for i, x := range t.Values() {
			if d := math.Abs(float64(x - theirs[i])); d > 1e-6+math.Abs(float64(x))/128 {
				return fmt.Errorf("it brings its own %q, which is not the model's (element %d is %g, the model has %g): it was made on another base", name, i, theirs[i], x)
			}
		}
	}
	return nil
}

// SaveOptions say how an adapter is written.
type SaveOptions struct {
	Base    string // what to call the model that it belongs to: a folder or a hub's name
	Adapter int32  // which of the adapters of the model
	Replace bool   // an adapter that stands there may be replaced
}

// portable is the power of a method to be written as one of PEFT's.
type portable interface {
	peftConfig(m model.Model) (map[string]any, error)
}

// Save writes the adapter that method has put on m into a folder, whole or not
// at all, as PEFT reads it.
func Save(dir string, method Method, m model.Model, o SaveOptions) error {
	p, ok := method.(portable)
	if !ok {
		return fmt.Errorf("peft: %T makes no adapter: save the whole model", method)
	}
	config, err := p.peftConfig(m)
	if err != nil {
		return err
	}
	list, err := members(m, o.Adapter)
	if err != nil {
		return err
	}
	if len(list) == 0 {
		return fmt.Errorf("peft: the model has no adapter %d to save", o.Adapter)
	}
	config["base_model_name_or_path"] = o.Base
	config["task_type"], config["inference_mode"] = "CAUSAL_LM", true
	config["auto_mapping"], config["revision"] = nil, nil
	write := atomicfile.CreateDir
	if o.Replace {
		write = func(dir string, f func(string) error) error {
			return atomicfile.ReplaceDir(dir, f, ConfigFile, WeightsFile, "README.md")
		}
	}
	return write(dir, func(dir string) error {
		text, err := json.MarshalIndent(config, "", "  ")
		if err != nil {
			return err
		}
		if err := os.WriteFile(filepath.Join(dir, ConfigFile), append(text, '\n'), 0o644); err != nil {
			return err
		}
		return safetensors.Create(filepath.Join(dir, WeightsFile), tensors(list), map[string]string{"format": "pt"})
	})
}

func tensors(list []member) []safetensors.Tensor {
	var out []safetensors.Tensor
	for _, e := range list {
		out = append(out, safetensors.Lazy(e.name, e.shape(), checkpoint.F32, func() ([]float32, error) {
			x := e.t.Values()
			if e.turned {
				x = turn(x, e.t.Rows(), e.t.Cols())
			}
			return x, nil
		}))
	}
	return out
}

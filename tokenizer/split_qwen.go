package tokenizer

func init() {
	patterns[qwen2Pattern] = splitQwen2
	named["qwen2"] = isolated(qwen2Pattern)
}

// qwen2Pattern is the pattern of Qwen 2, 2.5 and 3: that of Llama 3 with every
// digit alone. Their tokenizers bring a text to normal form C before it.
//
// Yang et al., Qwen2 Technical Report, 2024, arXiv:2407.10671, and the tokenizer
// published with it.
const qwen2Pattern = `(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+`

func splitQwen2(s string) int { return splitWords(s, 1) }

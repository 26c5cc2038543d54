package tokenizer

func init() {
	patterns[gpt2Pattern] = splitGPT2
	named["gpt2"] = gpt2Step
}

const gpt2Step = `{"type":"ByteLevel","add_prefix_space":false,"trim_offsets":true,"use_regex":true}`

// gpt2Pattern is the pattern of GPT-2, which a ByteLevel pre-tokenizer applies
// unless it says use_regex: false.
//
// Radford et al., Language Models are Unsupervised Multitask Learners, 2019,
// and the code published with it.
const gpt2Pattern = `'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+`

func splitGPT2(s string) int {
	if n := contraction(s); n > 0 {
		return n
	}
	lead := 0
	if s[0] == ' ' {
		lead = 1
	}
	if c, n := first(s[lead:]); n > 0 && c != space {
		return lead + n + run(s[lead+n:], c)
	}
	return blanks(s)
}

// contraction matches 's|'t|'re|'ve|'m|'ll|'d .
func contraction(s string) int {
	if len(s) < 2 || s[0] != '\'' {
		return 0
	}
	switch s[1] {
	case 's', 't', 'm', 'd':
		return 2
	}
	if len(s) > 2 {
		switch s[1:3] {
		case "re", "ve", "ll":
			return 3
		}
	}
	return 0
}

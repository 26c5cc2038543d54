package tokenizer

import "fmt"

// post is what happens to the ids of a text once it is encoded: a template may
// put tokens around it, and ByteLevel may trim the white space of offsets.
type post struct {
	before, after []int32
	trims         []trim // one for each ByteLevel processor that trims
}

// trim says whether a tokenizer's own first space counts as text.
type trim struct{ prefix bool }

func (p *post) wrap(ids []int32) []int32 {
	if len(p.before)+len(p.after) == 0 {
		return ids
	}
	out := make([]int32, 0, len(p.before)+len(ids)+len(p.after))
	return append(append(append(out, p.before...), ids...), p.after...)
}

// templatePart is one place of a template: the text, or a token.
type templatePart struct {
	Sequence *struct {
		ID   string `json:"id"`
		Type int    `json:"type_id"`
	} `json:"Sequence"`
	SpecialToken *struct {
		ID   string `json:"id"`
		Type int    `json:"type_id"`
	} `json:"SpecialToken"`
}

type templateToken struct {
	ID     string   `json:"id"`
	IDs    []int32  `json:"ids"`
	Tokens []string `json:"tokens"`
}

// template adds what a TemplateProcessing says stands around one text.
func (p *post) template(single []templatePart, tokens map[string]templateToken) error {
	seen := false
	for _, part := range single {
		switch {
		case part.Sequence != nil && !seen && part.Sequence.ID == "A":
			seen = true
		case part.Sequence != nil:
			return fmt.Errorf("a TemplateProcessing names sequence %q; supported: one \"A\"", part.Sequence.ID)
		case part.SpecialToken != nil:
			token, ok := tokens[part.SpecialToken.ID]
			if !ok {
				return fmt.Errorf("a TemplateProcessing uses %q, which its special_tokens lack", part.SpecialToken.ID)
			}
			if seen {
				p.after = append(p.after, token.IDs...)
			} else {
				p.before = append(p.before, token.IDs...)
			}
		default:
			return fmt.Errorf("a part of TemplateProcessing is neither Sequence nor SpecialToken")
		}
	}
	if !seen {
		return fmt.Errorf("a TemplateProcessing leaves the text out")
	}
	return nil
}

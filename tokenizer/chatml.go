package tokenizer

// A Message is one turn of a conversation.
type Message struct {
	Role    string `json:"role"`
	Content string `json:"content"`
}

// A Segment is a part of a rendered conversation. Learn says that a model
// should learn to write it; the rest is given.
type Segment struct {
	Text  string
	Learn bool
}

// ChatML renders messages as
//
//	<|im_start|>role
//	content<|im_end|>
//
// The loss falls on what assistants say and on the <|im_end|> with which they
// stop, not on the line end after it. With generate the text ends where the
// assistant's next answer begins.
//
// OpenAI, Chat Markup Language, 2023.
func ChatML(msgs []Message, generate bool) []Segment {
	var out []Segment
	given := ""
	for _, m := range msgs {
		given += imStart + m.Role + "\n"
		if m.Role == "assistant" {
			out = append(out, Segment{given, false}, Segment{m.Content + imEnd, true})
			given = "\n"
			continue
		}
		given += m.Content + imEnd + "\n"
	}
	if generate {
		given += imStart + "assistant\n"
	}
	if given != "" {
		out = append(out, Segment{given, false})
	}
	return out
}

const (
	imStart = "<|im_start|>"
	imEnd   = "<|im_end|>"
)

package demo

import _ "embed"

// Tuning is what the demo fine-tunes on and HeldOut what it judges by, both as
// JSONL of prompt (a title) and completion (a quatrain). No line of a held-out
// quatrain stands in Tuning or in the text that the base was trained on;
// recipe/text.py made the split before that training.
var (
	//go:embed train.jsonl
	Tuning []byte
	//go:embed heldout.jsonl
	HeldOut []byte
)

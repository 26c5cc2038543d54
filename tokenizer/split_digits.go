package tokenizer

func init() {
	named["smollm"] = `{"type":"Sequence","pretokenizers":[{"type":"Digits","individual_digits":true},` + gpt2Step + `]}`
}

// splitDigit makes every digit, \p{N}, a piece of its own.
func splitDigit(s string) int {
	if c, n := first(s); c == number {
		return n
	}
	return upTo(s, number)
}

// splitDigits makes every run of digits a piece.
func splitDigits(s string) int {
	if n := run(s, number); n > 0 {
		return n
	}
	return upTo(s, number)
}

// upTo returns the length of the start of s before the first character of a
// class.
func upTo(s string, stop class) int {
	n := 0
	for n < len(s) {
		c, size := first(s[n:])
		if c == stop {
			break
		}
		n += size
	}
	return n
}

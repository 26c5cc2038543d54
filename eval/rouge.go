package eval

import "unicode"

// Overlap is how far a candidate agrees with a reference.
type Overlap struct {
	Precision float64 `json:"precision"` // of the candidate, what is in the reference
	Recall    float64 `json:"recall"`    // of the reference, what is in the candidate
	F1        float64 `json:"f1"`        // their harmonic mean
}

// RougeL compares texts by the longest common subsequence of their words,
//
//	P = LCS(r, c)/|c|,  R = LCS(r, c)/|r|,  F₁ = 2PR/(P + R)
//
// Words are runs of letters and digits in small letters, as in the original
// scorer without its stemmer, which knows no letter beyond a to z: here every
// script's letters count, and an ideograph is a word of its own.
//
// Lin, ROUGE: A Package for Automatic Evaluation of Summaries, 2004, section 3.
func RougeL(reference, candidate string) Overlap {
	r, c := words(reference), words(candidate)
	return overlap(float64(subsequence(r, c)), float64(len(c)), float64(len(r)))
}

// overlap is that of hits among so many tried and so many wanted.
func overlap(hits, tried, wanted float64) Overlap {
	if hits == 0 {
		return Overlap{}
	}
	p, r := hits/tried, hits/wanted
	return Overlap{p, r, 2 * p * r / (p + r)}
}

// subsequence is the length of the longest common subsequence, in the memory of
// one row of the usual table.
func subsequence(a, b []string) int {
	row := make([]int, len(b)+1)
	for _, x := range a {
		diagonal := 0
		for j, y := range b {
			above := row[j+1]
			if x == y {
				row[j+1] = diagonal + 1
			} else {
				row[j+1] = max(above, row[j])
			}
			diagonal = above
		}
	}
	return row[len(b)]
}

// words are the runs of letters and digits of a text, in small letters; each
// ideograph is one.
func words(text string) []string {
	var list []string
	var word []rune
	flush := func() {
		if len(word) > 0 {
			list, word = append(list, string(word)), word[:0]
		}
	}
	for _, r := range text {
		switch {
		case unicode.Is(unicode.Han, r):
			flush()
			list = append(list, string(r))
		case unicode.IsLetter(r) || unicode.IsDigit(r):
			word = append(word, unicode.ToLower(r))
		default:
			flush()
		}
	}
	flush()
	return list
}

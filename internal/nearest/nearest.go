// Package nearest finds the word that was meant.
package nearest

import "slices"

// Word is the known word that takes the fewest edits to reach from what was
// written; of equals the one that begins more alike. There must be a known one.
func Word(written string, known []string) string {
	return slices.MinFunc(known, func(a, b string) int {
		if c := edits(written, a) - edits(written, b); c != 0 {
			return c
		}
		return alike(written, b) - alike(written, a)
	})
}

// edits is the distance of two words: how many letters to insert, delete or change.
//
// Levenshtein, Binary Codes Capable of Correcting Deletions, Insertions and
// Reversals, 1966. Wagner and Fischer, The String-to-String Correction Problem,
// 1974, for the way to compute it.
func edits(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			change := diagonal
			if a[i] != b[j] {
				change++
			}
			diagonal = row[j+1]
			row[j+1] = min(change, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// alike is the number of bytes with which both words begin.
func alike(a, b string) int {
	n := 0
	for n < len(a) && n < len(b) && a[n] == b[n] {
		n++
	}
	return n
}

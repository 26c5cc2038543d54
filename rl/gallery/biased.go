package gallery

import "math/rand/v2"

// biased is the example of maximisation bias. From A the even actions go left to
// B and the odd ones right to the end; from B every action ends with a reward of
// −0.1 on average. (The book's A has one action of each kind; a table has as many
// in every state.)
type biased struct {
	at   int
	left float64 // 100 if the episode went left
	rng  *rand.Rand
}

// Reset goes to A.
func (b *biased) Reset(rng *rand.Rand) int {
	b.rng, b.at, b.left = rng, 0, 0
	return 0
}

// Step goes left or right from A, and ends from B.
func (b *biased) Step(a int) (int, float64, float64) {
	if b.at == 1 {
		return 2, b.rng.NormFloat64() - .1, 0
	}
	if a%2 == 1 {
		return 2, 0, 0
	}
	b.at, b.left = 1, 100
	return 1, 0, 1
}

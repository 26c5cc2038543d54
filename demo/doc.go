// Package demo holds a small language model trained by this project on Tang
// and Song poems and English prose, and the task that rotor demo fine-tunes it
// for: to write a five-character quatrain (五言绝句) to a given title. A rule
// says whether it succeeded; see [Check] and [Rhymes].
package demo

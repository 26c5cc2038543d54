package main

import (
	"maps"
	"math"
	"slices"
	"strings"
	"unicode"

	"github.com/rotor-lm/rotor/eval"
)

// regress learns a logistic regression over TF-IDF from pairs of text and label,
// and judges others with it: the classifier that an e-mail program would use. Its
// settings are the usual ones of scikit-learn: words of two letters and more,
//
//	idf(w) = ln((1 + n)/(1 + texts with w)) + 1,  x = tf·idf of unit length
//	min ½|w|² + Σ ln(1 + e^(−y·(w·x + b)))
func regress(learn, judge [][2]string) []eval.Answer {
	v := newVocabulary(learn)
	x, y := make([]vector, len(learn)), make([]float64, len(learn))
	for i, p := range learn {
		x[i], y[i] = v.vector(p[0]), sign(p[1])
	}
	w, b := fit(x, y, len(v.index))
	answers := make([]eval.Answer, len(judge))
	for i, p := range judge {
		label := "ham"
		if v.vector(p[0]).dot(w)+b > 0 {
			label = "spam"
		}
		answers[i] = eval.Answer{Text: i, Reference: p[1], Answer: label, Ended: true}
	}
	return answers
}

func sign(label string) float64 {
	if label == "spam" {
		return 1
	}
	return -1
}

// vector is a sparse vector: its elements that are not zero, by index.
type vector []element

type element struct {
	index int
	value float64
}

func (x vector) dot(w []float64) (sum float64) {
	for _, e := range x {
		sum += e.value * w[e.index]
	}
	return sum
}

type vocabulary struct {
	index map[string]int
	idf   []float64
}

func newVocabulary(texts [][2]string) *vocabulary {
	v := &vocabulary{index: map[string]int{}}
	for _, p := range texts {
		seen := map[int]bool{}
		for _, word := range words(p[0]) {
			i, known := v.index[word]
			if !known {
				i = len(v.idf)
				v.index[word], v.idf = i, append(v.idf, 0)
			}
			if !seen[i] {
				seen[i] = true
				v.idf[i]++
			}
		}
	}
	for i, n := range v.idf {
		v.idf[i] = math.Log((1+float64(len(texts)))/(1+n)) + 1
	}
	return v
}

func (v *vocabulary) vector(text string) vector {
	count := map[int]float64{}
	for _, word := range words(text) {
		if i, known := v.index[word]; known {
			count[i]++
		}
	}
	var x vector
	norm := 0.
	for _, i := range slices.Sorted(maps.Keys(count)) {
		a := count[i] * v.idf[i]
		x, norm = append(x, element{i, a}), norm+a*a
	}
	for i := range x {
		x[i].value /= math.Sqrt(norm)
	}
	return x
}

func words(text string) []string {
	list := strings.FieldsFunc(strings.ToLower(text), func(r rune) bool { return !unicode.IsLetter(r) && !unicode.IsDigit(r) && r != '_' })
	kept := list[:0]
	for _, w := range list {
		if len([]rune(w)) > 1 {
			kept = append(kept, w)
		}
	}
	return kept
}

// fit minimises the loss by Nesterov's accelerated gradient, begun anew whenever
// the loss rises. Its step is one over the bound |x|² = 2 (with the constant) of
// the curvature, ¼·Σ|x|² + 1.
func fit(x []vector, y []float64, n int) (w []float64, b float64) {
	w = make([]float64, n+1) // the last is b
	last, ahead, grad := make([]float64, n+1), make([]float64, n+1), make([]float64, n+1)
	step := 1 / (float64(len(x))/2 + 1)
	for momentum, k := 0., 0; k < 20000; k++ {
		for i := range w {
			ahead[i] = w[i] + momentum*(w[i]-last[i])
		}
		size := gradient(grad, ahead, x, y)
		if size < 1e-8 {
			break
		}
		turn := 0.
		for i := range w {
			last[i] = w[i]
			w[i] = ahead[i] - step*grad[i]
			turn += grad[i] * (w[i] - last[i])
		}
		if momentum = float64(k%1000) / float64(k%1000+3); turn > 0 {
			momentum = 0
		}
	}
	return w[:n], w[n]
}

// gradient computes that of the loss at w, and its largest element.
func gradient(grad, w []float64, x []vector, y []float64) (size float64) {
	n := len(w) - 1
	copy(grad, w[:n])
	grad[n] = 0
	for i, xi := range x {
		g := -y[i] / (1 + math.Exp(y[i]*(xi.dot(w)+w[n])))
		for _, e := range xi {
			grad[e.index] += g * e.value
		}
		grad[n] += g
	}
	for _, g := range grad {
		size = max(size, math.Abs(g))
	}
	return size
}

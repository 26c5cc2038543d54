package sample

import (
	"math"
	"slices"
)

// Distribution returns the tokens that pass the filters with their
// probabilities, which sum to one. The slice is good until the next call.
func (s *Sampler) Distribution(o Options, z []float32, history []int32) ([]Choice, error) {
	if err := s.load(z); err != nil {
		return nil, err
	}
	s.penalise(o, history)
	best := 0
	for i, v := range s.z {
		if v > s.z[best] {
			best = i
		}
	}
	if math.IsInf(s.z[best], 0) {
		return nil, errNoToken
	}
	if o.Temperature == 0 {
		s.kept = append(s.kept[:0], Choice{int32(best), 1})
		return s.kept, nil
	}
	s.weigh(o.Temperature, s.z[best])
	if o.TopK > 0 && o.TopK < len(s.kept) {
		s.topK(o.TopK)
	}
	s.normalise()
	if o.TopP > 0 && o.TopP < 1 {
		s.topP(o.TopP)
	}
	if o.MinP > 0 {
		s.minP(o.MinP)
	}
	s.normalise()
	return s.kept, nil
}

// LogProbs returns log softmax(z) of every token, on which then the penalties
// of o fall: what beam search adds up. The slice is good until the next call.
func (s *Sampler) LogProbs(o Options, z []float32, history []int32) ([]float64, error) {
	if err := s.load(z); err != nil {
		return nil, err
	}
	most := slices.Max(s.z)
	if math.IsInf(most, 0) {
		return nil, errNoToken
	}
	sum := 0.0
	for _, v := range s.z {
		sum += math.Exp(v - most)
	}
	norm := most + math.Log(sum)
	for i := range s.z {
		s.z[i] -= norm
	}
	s.penalise(o, history)
	return s.z, nil
}

// load takes the logits in float64: sums over a vocabulary want it.
func (s *Sampler) load(z []float32) error {
	if len(z) == 0 {
		return errNoToken
	}
	s.z = slices.Grow(s.z[:0], len(z))[:len(z)]
	for i, v := range z {
		if v != v {
			return notNumber(i, float64(v))
		}
		s.z[i] = float64(v)
	}
	return nil
}

// penalise makes tokens that have occurred less likely. Repetition does so once
// however often it was: z/θ where z is positive, z·θ where it is negative.
// Presence and frequency take α and β·n from a token that was sampled n times.
//
// Keskar et al., CTRL, 2019. arXiv:1909.05858, §4.1, for repetition.
func (s *Sampler) penalise(o Options, history []int32) {
	if !o.penalises() {
		return
	}
	s.repetition(o.RepetitionPenalty, history)
	if o.PresencePenalty == 0 && o.FrequencyPenalty == 0 {
		return
	}
	clear(s.seen)
	for _, id := range history[min(s.Given, len(history)):] {
		if int(id) >= len(s.z) || id < 0 {
			continue
		}
		s.z[id] -= o.FrequencyPenalty
		if !s.seen[id] {
			s.z[id] -= o.PresencePenalty
		}
		s.seen[id] = true
	}
}

func (s *Sampler) repetition(theta float64, history []int32) {
	s.seen = slices.Grow(s.seen[:0], len(s.z))[:len(s.z)]
	clear(s.seen)
	if theta == 0 || theta == 1 {
		return
	}
	for _, id := range history {
		if int(id) >= len(s.z) || id < 0 || s.seen[id] { // a soft prompt's ids have no logit
			continue
		}
		s.seen[id] = true
		if s.z[id] > 0 {
			s.z[id] /= theta
		} else {
			s.z[id] *= theta
		}
	}
}

// weigh fills kept with e^((z−max)/T), in the order of the ids.
func (s *Sampler) weigh(temperature, most float64) {
	s.kept = slices.Grow(s.kept[:0], len(s.z))[:len(s.z)]
	for i, v := range s.z {
		d := v - most
		if d != 0 { // 0/T stays 0 for the smallest T
			d = math.Exp(d / temperature)
		} else {
			d = 1
		}
		s.kept[i] = Choice{int32(i), d}
	}
}

func (s *Sampler) normalise() {
	sum := 0.0
	for _, c := range s.kept {
		sum += c.P
	}
	for i := range s.kept {
		s.kept[i].P /= sum
	}
}

// topK keeps the k most probable tokens, and all that are as probable as the
// last of them.
func (s *Sampler) topK(k int) {
	least, _ := most(s.probabilities(), float64(k), func(float64) float64 { return 1 })
	s.kept = slices.DeleteFunc(s.kept, func(c Choice) bool { return c.P < least })
}

// topP keeps the most probable tokens, up to and with the one that brings their
// sum to p.
//
// Holtzman et al., The Curious Case of Neural Text Degeneration, 2020.
// arXiv:1904.09751, eq. 2.
func (s *Sampler) topP(p float64) {
	least, left := most(s.probabilities(), p, func(p float64) float64 { return p })
	s.kept = slices.DeleteFunc(s.kept, func(c Choice) bool {
		if c.P == least && left > 0 { // as many of the last, in the order of the ids, as are needed
			left -= c.P
			return false
		}
		return c.P <= least
	})
}

// probabilities returns a copy of what is kept, in the memory of the logits,
// which are not needed any more.
func (s *Sampler) probabilities() []float64 {
	s.z = s.z[:0]
	for _, c := range s.kept {
		s.z = append(s.z, c.P)
	}
	return s.z
}

// most finds the shortest list of the largest of x whose weights reach need:
// those larger than least, and so many equal to it as weigh what is left. It
// reorders x and sorts nothing.
//
// Hoare, Algorithm 65: Find, 1961, with weights.
func most(x []float64, need float64, weight func(float64) float64) (least, left float64) {
	for {
		pivot := median(x[0], x[len(x)/2], x[len(x)-1])
		larger, i, equal := 0, 0, len(x) // x[:larger] > pivot, x[larger:i] = pivot, x[equal:] < pivot
		sum := 0.0
		for i < equal {
			switch {
			case x[i] > pivot:
				sum += weight(x[i])
				x[i], x[larger] = x[larger], x[i]
				larger++
				i++
			case x[i] < pivot:
				equal--
				x[i], x[equal] = x[equal], x[i]
			default:
				i++
			}
		}
		same := float64(equal-larger) * weight(pivot)
		switch {
		case larger > 0 && sum >= need:
			x = x[:larger]
		case sum+same >= need || equal == len(x):
			return pivot, need - sum
		default:
			x, need = x[equal:], need-sum-same
		}
	}
}

func median(a, b, c float64) float64 { return max(min(a, b), min(max(a, b), c)) }

// minP keeps the tokens of at least p times the probability of the first.
//
// Nguyen et al., Turning Up the Heat: Min-p Sampling, 2024. arXiv:2407.01082, §3.
func (s *Sampler) minP(p float64) {
	most := 0.0
	for _, c := range s.kept {
		most = max(most, c.P)
	}
	s.kept = slices.DeleteFunc(s.kept, func(c Choice) bool { return c.P < p*most })
}

package returns

import "math"

// Advantage returns how much better each return was than its baseline, G − b.
// With the λ-return and b = v(s) it is GAE(λ).
func Advantage[F Float](G, b []F) []F {
	same(len(G), b)
	A := make([]F, len(G))
	for t := range A {
		A[t] = G[t] - b[t]
	}
	return A
}

// Group returns GRPO's advantage of each of n answers to one question,
//
//	A_i = (R_i − mean(R)) / (std(R) + ε)
//
// The deviation is that of a sample, with n − 1 below, as torch.std and TRL have
// it. A group of one knows no deviation and has advantage zero.
//
// Shao et al., DeepSeekMath, 2024. arXiv:2402.03300, §4.1.2.
func Group[F Float](R []F, eps F) []F {
	A := make([]F, len(R))
	if len(R) < 2 {
		return A
	}
	mean := average(R)
	var square float64
	for i, x := range R {
		d := float64(x) - mean
		A[i] = F(d)
		square += d * d
	}
	std := F(math.Sqrt(square / float64(len(R)-1)))
	for i := range A {
		if A[i] != 0 { // equal rewards: zero, even with ε = 0
			A[i] /= std + eps
		}
	}
	return A
}

// LeaveOneOut returns RLOO's advantage: each answer against the mean of the others,
//
//	A_i = R_i − Σ_{j≠i} R_j/(n−1) = n/(n−1)·(R_i − mean(R))
//
// An answer alone has nothing to be compared with and keeps its reward.
//
// Ahmadian et al., Back to Basics, 2024. arXiv:2402.14740, eq. 8.
func LeaveOneOut[F Float](R []F) []F {
	n := len(R)
	A := make([]F, n)
	if n < 2 {
		copy(A, R)
		return A
	}
	mean := average(R)
	for i, x := range R {
		A[i] = F((float64(x) - mean) * float64(n) / float64(n-1))
	}
	return A
}

func average[F Float](x []F) float64 {
	var sum float64
	for _, v := range x {
		sum += float64(v)
	}
	return sum / float64(len(x))
}

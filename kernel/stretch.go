package kernel

import "runtime"

// stretch is how many numbers a loop treats before it lets the scheduler in, which cannot interrupt assembly.
const stretch = 1 << 16

// stretches calls f for one stretch of n numbers after the other.
func stretches(n int, f func(i, j int)) {
	for i := 0; i < n; i += stretch {
		if i > 0 {
			runtime.Gosched()
		}
		f(i, min(i+stretch, n))
	}
}

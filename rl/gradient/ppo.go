package gradient

// Clipped is PPO's loss of one step, from its ratio and advantage:
//
//	L = −min(ρ·A, clip(ρ, 1−ε, 1+ε)·A)     dL/dlog π = −ρ·A while clipping does not bind, else 0
//
// With ε = 0 nothing is clipped, and at ρ = 1 the gradient is that of −A·log π: one
// pass without clipping is an actor-critic.
//
// Schulman et al. 2017, eq. 7.
func Clipped(rho, A, eps float32) (loss, slope float32) {
	plain := rho * A
	if eps == 0 {
		return -plain, -plain
	}
	if held := min(max(rho, 1-eps), 1+eps) * A; held < plain {
		return -held, 0
	}
	return -plain, -plain
}

// Closer is the critic's loss of one step: the squared error, or, if that is
// larger, the one of a value that may not move further than ε from the old one.
//
//	L = max((v − G)², (v_old + clip(v − v_old, ±ε) − G)²)
//
// Dhariwal et al., OpenAI Baselines, ppo2, 2017. ε = 0 is the plain squared error.
func Closer(v, old, G, eps float32) (loss, slope float32) {
	e := v - G
	if eps == 0 {
		return e * e, 2 * e
	}
	held := old + min(max(v-old, -eps), eps)
	if far := held - G; far*far > e*e {
		if held != v {
			return far * far, 0
		}
	}
	return e * e, 2 * e
}

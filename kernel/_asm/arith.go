package main

func plus(v vec, dst, x int)   { v.add(dst, dst, x) }
func larger(v vec, dst, x int) { v.greater(dst, x) }

// arithmetic is sums, products, norms, rotations and the optimiser's step.
func arithmetic(a *asm) {
	loop{"dot", "returns Σ x·y.", "x y", "", nil}.reduction(a, 0, func(v vec, acc int) { v.fma(acc, 0, 1) }, plus)
	loop{"dot3", "returns Σ x·y·z.", "x y z", "", nil}.reduction(a, 0, func(v vec, acc int) {
		v.mul(0, 0, 1)
		v.fma(acc, 0, 2)
	}, plus)
	loop{"dotMinus", "returns Σ x·y·(z − a).", "x y z", "a", nil}.reduction(a, 0, func(v vec, acc int) {
		v.mul(0, 0, 1)
		v.sub(2, 2, 14)
		v.fma(acc, 0, 2)
	}, plus)
	loop{"sum", "returns Σ x.", "x", "", nil}.reduction(a, 0, func(v vec, acc int) { v.add(acc, acc, 0) }, plus)
	loop{"spread", "returns Σ (x − a)².", "x", "a", nil}.reduction(a, 0, func(v vec, acc int) {
		v.sub(0, 0, 14)
		v.keep(0)
		v.fma(acc, 0, 0)
	}, plus)
	loop{"maximum", "returns max x.", "x", "", nil}.reduction(a, inf(-1), func(v vec, acc int) { v.greater(acc, 0) }, larger)

	loop{"axpy", "computes y += a·x.", "y+ x", "a", func(v vec) { v.fma(0, 1, 14) }}.elementwise(a)
	loop{"add", "computes dst = x + y.", "dst= x y", "", func(v vec) { v.add(0, 1, 2) }}.elementwise(a)
	loop{"mul", "computes dst = x·y.", "dst= x y", "", func(v vec) { v.mul(0, 1, 2) }}.elementwise(a)
	loop{"scale", "computes dst = a·x.", "dst= x", "a", func(v vec) { v.mul(0, 1, 14) }}.elementwise(a)

	loop{"relu", "computes dst = max(x, 0).", "dst= x", "", func(v vec) {
		v.set(0, 0.)
		v.do("VMAXPS", 1, 0, 0) // of a NaN and of equals the first operand, x
		v.add(0, 0, 0.)         // −0 becomes 0
	}}.elementwise(a)
	loop{"reluGrad", "computes dx = dy where y > 0, else 0.", "dx= dy y", "", func(v vec) {
		if v.wide {
			v.op("VCMPPS $14, %s, %s, K2", v.operand(0.), v.r(2))
			v.op("VMOVAPS.Z %s, K2, %s", v.r(1), v.r(0))
			return
		}
		v.op("VCMPPS $14, %s, %s, %s", v.operand(0.), v.r(2), v.r(2))
		v.bits("AND", 0, 1, 2)
	}}.elementwise(a)

	loop{"scaleMul", "computes dst = a·x·w.", "dst= x w", "a", func(v vec) {
		v.mul(1, 1, 14)
		v.mul(0, 1, 2)
	}}.elementwise(a)
	loop{"addScaleMul", "computes dst += a·x·y.", "dst+ x y", "a", func(v vec) {
		v.mul(1, 1, 14)
		v.fma(0, 1, 2)
	}}.elementwise(a)
	loop{"rmsGrad", "computes dx += a·(w·dy − s·x).", "dx+ dy x w", "a s", func(v vec) {
		v.mul(1, 1, 3)
		v.fnma(1, 2, 13)
		v.fma(0, 1, 14)
	}}.elementwise(a)
	loop{"standardise", "computes dst = r·(x − a)·w + b.", "dst= x w b", "a r", func(v vec) {
		v.sub(1, 1, 14)
		v.mul(1, 1, 13)
		v.mul(0, 1, 2)
		v.add(0, 0, 3)
	}}.elementwise(a)
	loop{"layerGrad", "computes dx += r·(w·dy − u − r·(x − a)·s).", "dx+ dy x w", "a r u s", func(v vec) {
		v.mul(1, 1, 3)
		v.sub(1, 1, 12)
		v.sub(2, 2, 14)
		v.mul(2, 2, 13)
		v.fnma(1, 2, 11)
		v.fma(0, 1, 13)
	}}.elementwise(a)
	loop{"addStandard", "computes dw += r·(x − a)·dy.", "dw+ x dy", "a r", func(v vec) {
		v.sub(1, 1, 14)
		v.mul(1, 1, 13)
		v.fma(0, 1, 2)
	}}.elementwise(a)

	loop{"rotate", "turns the pairs (lo, hi).", "lo+ hi+ cos sin", "", func(v vec) {
		v.mul(4, 0, 3)
		v.mul(0, 0, 2)
		v.fnma(0, 1, 3)
		v.fma(4, 1, 2)
		v.set(1, 4)
	}}.elementwise(a)
	loop{"rotateBack", "turns the pairs (lo, hi) back.", "lo+ hi+ cos sin", "", func(v vec) {
		v.mul(4, 0, 3)
		v.mul(0, 0, 2)
		v.fma(0, 1, 3)
		v.mul(1, 1, 2)
		v.sub(1, 1, 4)
	}}.elementwise(a)

	loop{
		"adamw", "takes one step: m = b1·m + c1·g, v = b2·v + c2·g², w = keep·w − rate·m/(√(scale·v) + eps).",
		"w+ g m+ v+", "b1 c1 b2 c2 keep rate scale eps", func(v vec) {
			v.mul(2, 2, 14)
			v.fma(2, 1, 13)
			v.mul(3, 3, 12)
			v.mul(1, 1, 1)
			v.fma(3, 1, 11)
			v.mul(4, 3, 8)
			v.sqrt(4, 4)
			v.add(4, 4, 7)
			v.mul(5, 2, 9)
			v.div(5, 5, 4)
			v.mul(0, 0, 10)
			v.sub(0, 0, 5)
		},
	}.elementwise(a)
	a.data()
}

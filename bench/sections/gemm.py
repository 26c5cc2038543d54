"""Float32 matrix products beside NumPy with OpenBLAS, on one core and on all."""

import os
import statistics
import sys

import measure
from measure import ROTOR, THREADS, run

ROWS, SECONDS = 1024, float(os.environ.get("ROTOR_BENCH_SECONDS", "0.1"))

# Rotor's name of a product, and NumPy's product of the same sizes.
PRODUCTS = {
    "Packed.Mul": ("x·Wᵀ, frozen", "x·Wᵀ"), "Packed.MulT": ("y·W, frozen", "y·W"),
    "MatMulT": ("x·Wᵀ", "x·Wᵀ"), "MatMul": ("y·W", "y·W"), "TMatMul": ("yᵀ·x", "yᵀ·x"),
}
FROZEN = ("Packed.Mul", "Packed.MulT")


def rotor():
    return run([ROTOR, "bench", "gemm", "--rows", str(ROWS), "--seconds", str(SECONDS), "--threads", str(THREADS), "--json"])


def numpy(threads, shapes):
    command = [sys.executable, os.path.join(measure.BENCH, "peers", "gemm_numpy.py"), str(ROWS), str(SECONDS)]
    return run(command + [f"{s['name']}:{s['out']}:{s['in']}" for s in shapes], {"OPENBLAS_NUM_THREADS": str(threads)})


def by_product(products, threads=None):
    return {(p["name"], p["product"]): p["gflops"] for p in products if threads in (None, p.get("threads"))}


def weighted(shapes, rates, names):
    """GFLOP/s of the frozen products of one training step, weighted by operations."""
    work = seconds = 0.0
    for s in shapes:
        for name in names:
            flops = s["count"] * s["out"] * s["in"]
            work += flops
            seconds += flops / rates[s["name"], name]
    return work / seconds


def main():
    first = rotor()  # warms up, and says which shapes there are
    shapes = list({p["name"]: p for p in first["products"]}.values())
    counts = [w["threads"] for w in first["weighted"]]
    sides = {"Rotor": rotor}
    for t in counts:
        sides[f"NumPy {t}"] = lambda t=t: numpy(t, shapes)
    taken = measure.alternate(sides, {name: (lambda: first) if name == "Rotor" else side for name, side in sides.items()})

    parts, lines = [], []
    for t in counts:
        peaks = [next(w for w in r["weighted"] if w["threads"] == t) for r in taken["Rotor"]]
        ours = [by_product(r["products"], t) for r in taken["Rotor"]]
        theirs = [by_product(r["products"]) for r in taken[f"NumPy {t}"]]
        peak = statistics.median(p["peak_gflops"] for p in peaks)
        rows = []
        for s in shapes:
            for name, (label, peer) in PRODUCTS.items():
                a, b = [o[s["name"], name] for o in ours], [o[s["name"], peer] for o in theirs]
                share = statistics.median(x / p["peak_gflops"] for x, p in zip(a, peaks))
                rows.append([f"{s['name']} [{s['out']}×{s['in']}] {label}", f"{statistics.median(a):.0f}", f"{100 * share:.1f} %",
                             f"{statistics.median(b):.0f}", measure.ratio([x / y for x, y in zip(a, b)])])
        numpys = [weighted(shapes, r, [PRODUCTS[name][1] for name in FROZEN]) for r in theirs]
        share = statistics.median(p["share_of_peak"] for p in peaks)
        whole = [weighted(shapes, o, FROZEN) for o in ours]
        rows.append(["**frozen products of a step, by operations**", f"{statistics.median(whole):.0f}", f"**{100 * share:.1f} %**",
                     f"{statistics.median(numpys):.0f}", measure.ratio([x / y for x, y in zip(whole, numpys)])])
        where = "One core" if t == 1 else f"{t} cores"
        parts.append(f"### {where}: {peak:.0f} GFLOP/s at most ({first['kernel']})\n\n"
                     + measure.table(["", "Rotor", "of the peak", "NumPy", "beside NumPy, pair by pair"], rows))
        lines.append(measure.verdict(f"share of the peak, {where.lower()}", 100 * share, 85, unit=" %"))
    head = f"## Matrix products\n\nFloat32, the matrices of SmolLM2-135M with {ROWS} rows, GFLOP/s. Frozen: the weight was packed before."
    versions = taken[f"NumPy {counts[0]}"][0]["versions"]
    measure.publish("gemm", "\n\n".join([head, *parts, "\n".join(lines), measure.provenance(versions)]))


main()

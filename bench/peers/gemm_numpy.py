"""Measures NumPy's float32 matrix products on the shapes of a model.

    OPENBLAS_NUM_THREADS=1 gemm_numpy.py ROWS SECONDS NAME:OUT:IN …

The three products of a training step, for a weight W [out, in] and rows x
[rows, in], y [rows, out]: x·Wᵀ, y·W and yᵀ·x. The best of those that fit into
the seconds counts, as in `rotor bench gemm`.
"""

import json
import sys
import time

import numpy


def best(f, work, seconds):
    f()
    top, end = 0.0, time.perf_counter() + seconds
    while top == 0 or time.perf_counter() < end:
        t = time.perf_counter()
        f()
        top = max(top, work / (time.perf_counter() - t))
    return top / 1e9


def backend():
    blas = numpy.show_config(mode="dicts")["Build Dependencies"]["blas"]
    return f"NumPy {numpy.__version__}, {blas['name']} {blas['version']}"


def main():
    rows, seconds = int(sys.argv[1]), float(sys.argv[2])
    rng = numpy.random.default_rng(0)
    rates = []
    for shape in sys.argv[3:]:
        name, n, k = shape.split(":")
        n, k = int(n), int(k)
        w, x, y = (rng.standard_normal(size, dtype=numpy.float32) for size in ((n, k), (rows, k), (rows, n)))
        for product, a, b, out in (("x·Wᵀ", x, w.T, y), ("y·W", y, w, x), ("yᵀ·x", y.T, x, w)):
            out = numpy.empty_like(out)
            rates.append({"name": name, "product": product, "gflops": best(lambda: numpy.matmul(a, b, out=out), 2 * rows * n * k, seconds)})
    print(json.dumps({"products": rates, "versions": backend()}))


main()

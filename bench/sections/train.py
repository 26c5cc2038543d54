"""LoRA training in float32 beside PyTorch and PEFT. Arguments name the parts to
measure: lora, all-linear, start, lengths; all of them without one."""

import os
import random
import statistics
import sys

import measure
from measure import ROTOR, THREADS, median, pairs, ratio, run

SHAPE = os.environ.get("ROTOR_BENCH_SHAPE", "smollm2-135m")
BATCH, SEQ, RANK = 4, 256, 8
STEPS = int(os.environ.get("ROTOR_BENCH_STEPS", "5"))
EXAMPLES = int(os.environ.get("ROTOR_BENCH_EXAMPLES", "16"))


def folder():
    """A saved model of the shape with random weights, made once."""
    path = os.path.join(measure.WORK, "random-" + SHAPE)
    if not os.path.exists(os.path.join(path, "config.json")):
        run([ROTOR, "bench", "weights", "--shape", SHAPE, "--out", path, "--json"])
    return path


def config():
    return os.path.join(folder(), "config.json")


def torch(*args):
    """A side that trains with PyTorch and PEFT."""
    command = [sys.executable, os.path.join(measure.BENCH, "peers", "lora_torch.py"), "--batch", BATCH, "--rank", RANK, "--threads", THREADS, *args]
    return lambda: run([str(a) for a in command])


def rotor(*args, kernel=None):
    """A side that trains with Rotor."""
    command = [ROTOR, "bench", "train", "--json", "--batch", BATCH, "--rank", RANK, "--precision", "f32", "--threads", THREADS, *args]
    return lambda: run([str(a) for a in command], {"ROTOR_KERNEL": kernel} if kernel else None)


def compare(sides, warm, baseline="PyTorch"):
    """Runs the sides in turn; returns what was measured and its table. A peer's
    share of the peak is of the operations that Rotor counts for the same work."""
    peak = measure.peak()
    taken = measure.alternate(sides, warm)
    reference = taken["Rotor"]
    rows = []
    for name, runs in taken.items():
        share = statistics.median(r["tokens_per_s"] / o["tokens_per_s"] * o["share_of_peak"] for r, o in zip(runs, reference))
        memory = median(runs, "peak_rss_bytes")
        ours = not name.startswith("PyTorch")
        rows.append([
            name, f"{median(runs, 'tokens_per_s'):.1f}",
            ratio(pairs(runs, taken[baseline], "tokens_per_s")) if ours else "",
            measure.gigabytes(memory), f"{memory / median(taken[baseline], 'peak_rss_bytes'):.2f}" if ours else "",
            f"{median(runs, 'first_step_s'):.2f} s", f"{100 * share:.0f} %" if name != "Rotor, AVX2 alone" else f"{100 * median(runs, 'share_of_peak'):.0f} % of AVX2's",
        ])
    head = ["", "tokens/s", f"beside {baseline}, pair by pair", "peak RSS", "beside it", "first step ends after", "share of peak"]
    return taken, measure.table(head, rows) + f"\n\nPeak: {peak['all_cores_gflops']:.0f} GFLOP/s f32 ({peak['kernel']})."


def lora(name, title, targets, floors):
    def sides(steps):
        args = ["--targets", targets, "--seq", SEQ, "--steps", steps]
        s = {"PyTorch": torch("--config", config(), *args), "Rotor": rotor("--shape", SHAPE, *args)}
        if floors and run([ROTOR, "bench", "peak", "--seconds", "0.05", "--json"])["kernel"] == "avx512":
            s["Rotor, AVX2 alone"] = rotor("--shape", SHAPE, *args, kernel="avx2")
        return s

    taken, result = compare(sides(STEPS), sides(1))
    lines = []
    if floors:
        lines = [
            measure.verdict("speed beside PyTorch f32", statistics.median(pairs(taken["Rotor"], taken["PyTorch"], "tokens_per_s")), 1.2, unit="×"),
            measure.verdict("peak memory beside PyTorch f32", statistics.median(pairs(taken["Rotor"], taken["PyTorch"], "peak_rss_bytes")), 0.4, at_least=False, unit="×"),
        ]
    publish(name, title, taken, f"{SHAPE}'s shape, random weights, rank {RANK}, batch {BATCH}×{SEQ}, f32, {STEPS} steps a run after one.", result, lines)


def lengths():
    """Lengths of instructions with their answers: log-normal, median 120."""
    rng = random.Random(0)
    return [max(16, min(1024, int(rng.lognormvariate(4.8, 0.8)))) for _ in range(EXAMPLES)]


def mixed():
    def sides(n):
        args = ["--targets", "q_proj,v_proj", "--lengths", ",".join(map(str, n)), "--answer-share", "0.3333"]
        return {
            "PyTorch, shuffled": torch("--config", config(), *args), "PyTorch, grouped by length": torch("--config", config(), "--grouped", *args),
            "Rotor": rotor("--shape", SHAPE, *args),
        }

    n = lengths()
    taken, result = compare(sides(n), sides(n[:BATCH]), "PyTorch, grouped by length")
    lines = [f"- beside PyTorch, shuffled: {ratio(pairs(taken['Rotor'], taken['PyTorch, shuffled'], 'tokens_per_s'))}"]
    what = f"{SHAPE}'s shape, {len(n)} sequences of {min(n)} to {max(n)} tokens, {sum(n)} together, the last third of each labelled, {BATCH} an update; tokens of text a second. PyTorch pads, Rotor packs."
    publish("train-lengths", "LoRA training on mixed lengths", taken, what, result, lines)


def start():
    args = ["--model", folder(), "--targets", "q_proj,v_proj", "--seq", SEQ, "--steps", 1]
    taken = measure.alternate({"PyTorch": torch(*args), "Rotor": rotor(*args)})
    rows = [[name, *(f"{median(runs, k):.2f} s" for k in ("first_forward_s", "first_step_s")), measure.gigabytes(median(runs, "peak_rss_bytes"))] for name, runs in taken.items()]
    head = ["", "first forward pass begins after", "first step ends after", "peak RSS"]
    lines = [
        measure.verdict("from the command to the first forward pass", median(taken["Rotor"], "first_forward_s"), 1, at_least=False, unit=" s"),
        f"- Rotor's first step ends after {ratio(pairs(taken['Rotor'], taken['PyTorch'], 'first_step_s'))} of PyTorch's time",
    ]
    size = os.path.getsize(os.path.join(folder(), "model.safetensors"))
    what = f"The same job from a saved model folder of {measure.gigabytes(size)}, imports and loading included, the file in the system's cache."
    publish("train-start", "From the command to the first step", taken, what, measure.table(head, rows), lines)


def publish(name, title, taken, what, result, lines):
    versions = next(iter(taken.values()))[0]["versions"]
    measure.publish(name, "\n\n".join(filter(None, [f"## {title}", what, result, "\n".join(lines), measure.provenance(versions)])))


PARTS = {
    "lora": lambda: lora("train-lora", "LoRA training, query and value projections", "q_proj,v_proj", True),
    "all-linear": lambda: lora("train-all-linear", "LoRA training, all linear layers", "all-linear", False),
    "start": start,
    "lengths": mixed,
}

for part in sys.argv[1:] or PARTS:
    if part not in PARTS:
        sys.exit(f"train: no part {part!r}; there are {', '.join(PARTS)}")
    PARTS[part]()

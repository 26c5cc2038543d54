"""The real 4-bit file beside llama.cpp. Arguments name the parts, both without one.

    generate.py FILE.gguf [speed] [train]"""

import os
import statistics
import sys

import measure
from measure import ROTOR, THREADS, median, pairs, ratio, run, verdict

FILE = sys.argv[1]
PROMPT, TOKENS = 512, 128
LLAMA = [sys.executable, os.path.join(measure.BENCH, "peers", "generate_llamacpp.py"), FILE, "--threads", str(THREADS)]


def speed():
    args = ["--prompt-tokens", str(PROMPT), "--tokens", str(TOKENS)]
    ours = [ROTOR, "bench", "generate", "--model", FILE, "--threads", str(THREADS), "--json", *args]
    taken = measure.alternate({
        "llama.cpp": lambda: run(LLAMA + args),
        "Rotor": lambda: run(ours),
        "Rotor, AVX2 alone": lambda: run(ours, {"ROTOR_KERNEL": "avx2"}),
        "Rotor, exact": lambda: run(ours + ["--exact"]),
    })
    peer, rows = taken["llama.cpp"], []
    for name, runs in taken.items():
        row = [name]
        for key in ("prefill_tokens_per_s", "decode_tokens_per_s"):
            row += [f"{median(runs, key):.1f}", ratio(pairs(runs, peer, key)) if runs is not peer else ""]
        row += [measure.gigabytes(median(runs, "peak_rss_bytes")), f"{median(runs, 'load_s'):.2f} s"]
        rows.append(row)
    head = ["", f"prefill of {PROMPT}, tokens/s", "beside llama.cpp, pair by pair", f"decode of {TOKENS} after it, tokens/s", "beside it", "peak RSS", "could begin after"]

    def beside(key):
        return statistics.median(pairs(taken["Rotor"], peer, key))

    lines = [
        verdict("prefill beside llama.cpp", beside("prefill_tokens_per_s"), 1, unit="×"),
        verdict("decode beside llama.cpp", beside("decode_tokens_per_s"), 1, unit="×"),
        verdict("peak memory beside llama.cpp", beside("peak_rss_bytes"), 1, at_least=False, unit="×"),
    ]
    what = f"`{os.path.basename(FILE)}`, one text, random tokens. llama.cpp is llama-cpp-python built on this machine, with a context that is just large enough."
    publish("generate", "Prefill and decode of the 4-bit file", what, measure.table(head, rows), lines, f"llama-cpp-python {peer[0]['version']}")


def train():
    args = ["--model", FILE, "--targets", "q_proj,v_proj", "--batch", "4", "--seq", "256", "--rank", "8", "--steps", "3"]
    r = run([ROTOR, "bench", "train", "--threads", str(THREADS), "--json", *args])
    what = f"`{os.path.basename(FILE)}` stays in its blocks; rank 8 beside query and value, batch 4×256: {r['tokens_per_s']:.1f} tokens/s, the first step ends after {r['first_step_s']:.2f} s."
    lines = [verdict("peak memory of LoRA on the 4-bit base", r["peak_rss_bytes"] / 1e9, 1.0, at_least=False, unit=" GB")]
    publish("train-blocks", "LoRA on the 4-bit file", what, "", lines, "no peer", runs=False)


def publish(name, title, what, result, lines, versions, runs=True):
    note = measure.provenance(versions)
    if not runs:
        note = note.splitlines()[0] + f"\n{THREADS} threads; {measure.others()}."
    measure.publish(name, "\n\n".join(filter(None, [f"## {title}", what, result, "\n".join(lines), note])))


PARTS = {"speed": speed, "train": train}

for part in sys.argv[2:] or PARTS:
    if part not in PARTS:
        sys.exit(f"generate: no part {part!r}; there are {', '.join(PARTS)}")
    PARTS[part]()

"""GGUF files that Rotor wrote, in llama.cpp and in Rotor.

    gguf.py [TYPE …]"""

import glob
import json
import math
import os
import subprocess
import sys

import measure

PROBE = os.path.join(measure.WORK, "probe")
PEER = os.path.join(measure.BENCH, "peers", "next_llama.py")
FILES = os.path.join(measure.WORK, "gguf")
TOKENS = 20
WINDOW = 512
KILOBYTES = int(os.environ.get("ROTOR_BENCH_KILOBYTES", "50"))
PROMPTS = ["The capital of France is", "Once upon a time, there was a little girl", "def fibonacci(n):"]

# What llama.cpp has no word for, or does not heed: these models are written, and
# answer there as if it were not said.
KNOWN = {
    "llama/window": "a window in the llama architecture",
    "llama/qwen2-windows": "windows in Qwen 2",
    "phi3/window-tied": "Phi-3's window, which llama.cpp has turned off",
    "phi3/longrope": "short factors: llama.cpp's contexts are longer than this model's",
    "phi3/longrope-bf16": "short factors: llama.cpp's contexts are longer than this model's",
}


def ask(command, job):
    path = os.path.join(FILES, "questions.json")
    with open(path, "w") as f:
        json.dump(job, f)
    return measure.run([*command, path])


def ours(model, job):
    return ask([PROBE, "next", model], job)


def theirs(model, job):
    return ask([sys.executable, PEER, model], job)


def equal(a, b):
    return sum(x == y for x, y in zip(a, b, strict=True))


def tiny():
    """Greedy tokens of the tiny models of all architectures, as transformers has them."""
    rows, fails = [], 0
    root = os.path.join(os.path.dirname(measure.BENCH), "model")
    for folder in sorted(glob.glob(os.path.join(root, "*", "testdata", "*"))):
        name = folder[len(root) + 1 :].replace("/testdata/", "/")
        file = os.path.join(FILES, name.replace("/", "-") + ".gguf")
        written = subprocess.run([measure.ROTOR, "convert", folder, file, "--type", "f32", "--force", "--no-logits"], capture_output=True, text=True)
        if written.returncode != 0:
            rows.append([name, "not written: " + written.stderr.strip().removeprefix("rotor: gguf: "), ""])
            continue
        with open(os.path.join(folder, "golden.json")) as f:
            texts = json.load(f)["texts"]
        got = theirs(file, {"texts": [], "prompts": [t["ids"] for t in texts], "tokens": TOKENS})
        same = [equal(g, t["greedy"]) for g, t in zip(got["greedy"], texts, strict=True)]
        whole = min(same) == TOKENS
        rows.append([name, ", ".join(map(str, same)), "" if whole else KNOWN.get(name, "**another model**")])
        fails += not whole and name not in KNOWN
    what = f"Written by `rotor convert --type f32`, read by llama.cpp: of {TOKENS} greedy tokens, how many are those of transformers' own model, for two prompts."
    return what + "\n\n" + measure.table(["model", "equal", "known difference"], rows), fails


def text():
    with open(os.environ["ROTOR_MOBY"], encoding="utf-8") as f:
        return f.read()[100_000:][: 1000 * KILOBYTES]


def tokens(model, text):
    out = subprocess.run([measure.ROTOR, "tokenize", "--model", model, "--json"], input=text, capture_output=True, text=True, check=True)
    return json.loads(out.stdout)["ids"]


def perplexity(lists):
    flat = [p for one in lists for p in one]
    return math.exp(-sum(flat) / len(flat))


def compare(what, theirs, ours, lines):
    """Verdicts on two engines that read the same text."""
    agree = sum(map(equal, ours["likeliest"], theirs["likeliest"])) / sum(map(len, ours["likeliest"]))
    apart = perplexity(ours["logprob"]) / perplexity(theirs["logprob"]) - 1
    lines.append(measure.verdict(f"{what}: perplexities apart, %", abs(100 * apart), 0.5, at_least=False))
    lines.append(measure.verdict(f"{what}: the same likeliest token, %", 100 * agree, 97, at_least=True))


def real(types):
    """SmolLM2, as it comes and as it was converted."""
    source, book = os.environ["ROTOR_SMOLLM2"], text()
    ids = tokens(source, book)
    job = {"texts": [ids[i : i + WINDOW] for i in range(0, len(ids) - 1, WINDOW)], "prompts": [tokens(source, p) for p in PROMPTS], "tokens": TOKENS, "text": book}
    rows, lines, fails = [], [], 0
    for kind in [*types, "as it comes (Q4_1)"]:
        file = source
        if kind in types:
            file = os.path.join(FILES, f"smollm2.{kind}.gguf")
            subprocess.run([measure.ROTOR, "convert", source, file, "--type", kind, "--force", "--no-logits"], check=True, stdout=subprocess.DEVNULL)
        a, b = ours(file, job), theirs(file, job)
        if b["ids"] != ids:
            sys.exit("gguf: llama.cpp has other tokens for the text")
        agree = sum(map(equal, a["likeliest"], b["likeliest"])) / sum(map(len, a["likeliest"]))
        pa, pb = perplexity(a["logprob"]), perplexity(b["logprob"])
        greedy = [equal(x, y) for x, y in zip(a["greedy"], b["greedy"], strict=True)]
        compare(kind, b, a, lines)
        rows.append([kind, f"{pa:.4f}", f"{pb:.4f}", f"{100 * (pa / pb - 1):+.3f} %", f"{100 * agree:.2f} %", ", ".join(map(str, greedy)), f"{os.path.getsize(file) / 1e6:.1f} MB"])
        print(rows[-1], file=sys.stderr, flush=True)
        rounded = ours(file, {**job, "rounded": True})
        compare(f"{kind}, as generate computes", b, rounded, lines)
        own = perplexity(rounded["logprob"]) / pa - 1
        lines.append(measure.verdict(f"{kind}: perplexity of rounded activations beside exact ones, %", abs(100 * own), 0.5, at_least=False))
    head = ["type", "Rotor's perplexity", "llama.cpp's", "apart", "same likeliest token", f"equal of {TOKENS} greedy tokens", "file"]
    what = (
        f"SmolLM2-135M-Instruct, whose file is in 4 bits, and what `rotor convert` made of it, on {len(book) / 1000:.0f} kB of Moby Dick in windows of {WINDOW} tokens, "
        "the same tokens in both. llama.cpp rounds activations to 8 bits before it multiplies them with blocks, and to 16 before F16; Rotor's table is of exact ones, and the lines below it of both."
    )
    return what + "\n\n" + measure.table(head, rows) + "\n\n" + "\n".join(lines), sum("missed" in line for line in lines)


def main():
    os.makedirs(FILES, exist_ok=True)
    types = [t for t in sys.argv[1:] if t] or ["f32", "f16", "q8_0", "q4_0", "q4_k"]
    small, wrong = tiny()
    large, missed = real(types)
    versions = subprocess.run([sys.executable, "-c", "import llama_cpp; print('llama-cpp-python', llama_cpp.__version__)"], capture_output=True, text=True, check=True).stdout.strip()
    note = measure.provenance(versions).splitlines()[0]
    measure.publish("gguf", "\n\n".join(["## GGUF files in llama.cpp", small, large, note]))
    if wrong or missed:
        sys.exit(f"gguf: {wrong} models answer otherwise, {missed} bounds are missed")


main()

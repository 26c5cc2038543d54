"""One of the larger examples on the real model: what it prints, draws and takes.

    examples.py NAME MODEL DATA"""

import os
import re
import shutil
import subprocess
import sys
import time

import measure
from measure import verdict

NAME, MODEL, DATA = sys.argv[1:]
ROOT = os.path.dirname(measure.BENCH)
PAGE = os.path.join(ROOT, "examples", NAME)
OUT = os.path.join(os.environ["ROTOR_EXAMPLES"], NAME)
TITLES = {
    "summarise": "Synopses of Debian packages",
    "classify": "Spam and ham",
    "style": "An author's prose",
}
PICTURES = {"loss.svg": "Loss by step", "accuracy.svg": "Accuracy by the number of e-mails"}
NUMBER = r"([\d.]+)"


def run():
    """Runs the example and returns what it printed, and the seconds that it took."""
    begin, before, mine = time.time(), measure.busy(), os.times()
    lines = []
    with subprocess.Popen([os.path.join(measure.WORK, NAME), MODEL, DATA, OUT], stdout=subprocess.PIPE, text=True, encoding="utf-8") as p:
        for line in p.stdout:
            print(line, end="", file=sys.stderr, flush=True)
            lines.append(line)
    if p.returncode != 0:
        sys.exit(f"{NAME}: exit status {p.returncode}")
    took, now = time.time() - begin, os.times()
    ours = now.children_user + now.children_system - mine.children_user - mine.children_system
    for key, seconds in (("machine", measure.busy() - before), ("ours", ours), ("wall", took)):
        measure.spent[key] += seconds
    return lines, took


def few(lines):
    """Of many lines of progress, the first and the last."""
    steps, out = [], []
    for line in [*lines, ""]:
        if line.startswith("step "):
            steps.append(line)
            continue
        out += steps if len(steps) <= 8 else [*steps[:3], "…\n", *steps[-4:]]
        steps = []
        out.append(line)
    return "".join(out)


def find(pattern, text):
    return [tuple(map(float, m)) if isinstance(m, tuple) else float(m) for m in re.findall(pattern, text, re.M)]


def summarise(text, took):
    first, model, tuned = find(rf"ROUGE-L {NUMBER}", text)
    rows = [["the description's first sentence", f"{first:.3f}"], ["the model as it is", f"{model:.3f}"], ["after LoRA on 2,000 packages", f"{tuned:.3f}"]]
    lines = [
        verdict("ROUGE-L above the first sentence's", tuned - first, 0.03),
        verdict("ROUGE-L above the model's as it is", tuned - model, 0.03),
        verdict("minutes in all", took / 60, 40, at_least=False),
    ]
    return measure.table(["500 packages that were held out", "ROUGE-L"], rows), lines


def classify(text, took):
    rows = []
    for name, exact, ham, spam in re.findall(rf"^(.+?) +accuracy {NUMBER}, F1 of ham {NUMBER}, F1 of spam {NUMBER}", text, re.M):
        rows.append([name, exact, ham, spam])
    return measure.table(["500 e-mails that were held out", "accuracy", "F1 of ham", "F1 of spam"], rows), []


def style(text, took):
    before, after = find(rf": perplexity {NUMBER} on", text)
    rows = [["the model as it is", f"{before:.2f}"], ["after LoRA", f"{after:.2f}"]]
    return measure.table(["chapters that were held out", "perplexity"], rows), [verdict("perplexity after beside before", after / before, 1, at_least=False, unit="×")]


def show(*parts):
    """Puts what a run showed into the example's page."""
    path = os.path.join(PAGE, "README.md")
    with open(path, encoding="utf-8") as f:
        before, _, rest = f.read().partition("<!-- shown: begin -->\n")
    after = rest.partition("<!-- shown: end -->")[2]
    with open(path, "w", encoding="utf-8") as f:
        f.write(f"{before}<!-- shown: begin -->\n" + "\n\n".join(parts) + f"\n<!-- shown: end -->{after}")


def main():
    lines, took = run()
    pictures = []
    for folder, _, files in os.walk(OUT):
        for file in files:
            if file.endswith(".svg") and (file != "loss.svg" or NAME != "classify"):
                shutil.copy(os.path.join(folder, file), os.path.join(PAGE, file))
                pictures.append(f"![{PICTURES[file]}]({file})")
    text = "".join(lines)
    table, verdicts = globals()[NAME](text, took)
    trained = [f"- {steps:,.0f} steps of LoRA in {t}, {speed} tokens/s, {memory} GB of memory at most" for steps, t, speed, memory in
               ((float(a), b, c, d) for a, b, c, d in re.findall(rf"^(\d+) steps in (\S+), (\d+) tokens/s .*?, {NUMBER} GB", text, re.M))]
    note = measure.provenance("no peer", how=f"{took / 60:.1f} minutes in all; {os.cpu_count()} threads")
    what = f"`examples/{NAME}` with `{os.path.basename(MODEL)}`; [its page](../examples/{NAME}/README.md) shows what it printed."
    shown = [table, "\n".join(trained + verdicts), note]
    show(*shown, *pictures, "What it printed:", "```text\n" + few(lines).rstrip() + "\n```")
    measure.publish(f"example-{NAME}", "\n\n".join([f"## {TITLES[NAME]}", what, *shown]))
    if any("missed" in v for v in verdicts):
        sys.exit(f"{NAME}: a bound is missed")


main()

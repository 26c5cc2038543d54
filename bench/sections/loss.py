"""Losses and gradients of training beside PEFT's.

    loss.py FOLDER

FOLDER is what golden/peft_lora.py wrote just now."""

import os
import sys

import measure


def main():
    found = measure.run([os.path.join(measure.WORK, "probe"), "losses", sys.argv[1]])
    parts, lines = [], []
    for name, c in sorted(found["cases"].items()):
        steps = list(zip(c["peft"], c["rotor"], strict=True))
        rows = [[i + 1, f"{a:.6f}", f"{b:.6f}", f"{abs(a - b):.1e}"] for i, (a, b) in enumerate(steps)]
        worst = max(c["gradients"], key=lambda g: g["away"])
        parts.append(f"### {name.removeprefix('train-')}\n\n" + measure.table(["step", "PEFT's loss", "Rotor's", "apart"], rows))
        lines.append(measure.verdict(f"{name}, largest difference of {len(steps)} losses", max(abs(a - b) for a, b in steps), 1e-3, at_least=False))
        lines.append(measure.verdict(f"{name}, largest relative distance of {len(c['gradients'])} gradients ({worst['name']})", worst["away"], 1e-3, at_least=False))
    versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
    what = "The same tiny random models, adapters, texts of ragged lengths with masked prompts, and AdamW; dropout 0. Gradients are those of the first step."
    note = measure.provenance(versions).splitlines()[0]
    measure.publish("loss", "\n\n".join(["## Training beside PEFT's", what, *parts, "\n".join(lines), note]))
    if any("missed" in line for line in lines):
        sys.exit("loss: Rotor does not train as PEFT does")


main()

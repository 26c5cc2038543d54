"""Losses and gradients of training beside PEFT's.

    loss.py FOLDER [real]

FOLDER is what golden/peft_lora.py wrote just now, or peers/losses_smollm2.py."""

import os
import sys

import measure


TINY = ("loss", "Training beside PEFT's",
        "The same tiny random models, adapters, texts of ragged lengths with masked prompts, and AdamW; dropout 0. Gradients are those of the first step.")
REAL = ("loss-real", "Training the real 4-bit model beside PEFT's on its dequantised weights",
        "SmolLM2-135M-Instruct.Q4_1, LoRA of rank 8 beside query and value, two texts of 96 tokens a step, the first 24 not learned, AdamW at 1e-3. Gradients are those of the first step.")


def main():
    section, title, what = REAL if "real" in sys.argv[2:] else TINY
    found = measure.run([os.path.join(measure.WORK, "probe"), "losses", sys.argv[1]])
    parts, lines = [], []
    for name, c in sorted(found["cases"].items()):
        steps = list(zip(c["peft"], c["rotor"], strict=True))
        rows = [[i + 1, f"{a:.6f}", f"{b:.6f}", f"{abs(a - b):.1e}"] for i, (a, b) in enumerate(steps)]
        worst = max(c["gradients"], key=lambda g: g["away"])
        parts.append(f"### {name.removeprefix('train-')}\n\n" + measure.table(["step", "PEFT's loss", "Rotor's", "apart"], rows))
        near = 1e-2 if name == "train-blocks" else 1e-3
        lines.append(measure.verdict(f"{name}, largest difference of {len(steps)} losses", max(abs(a - b) for a, b in steps), near, at_least=False))
        lines.append(measure.verdict(f"{name}, largest relative distance of {len(c['gradients'])} gradients ({worst['name']})", worst["away"], 1e-3, at_least=False))
    versions = ", ".join(f"{k} {v}" for k, v in found["versions"].items())
    note = measure.provenance(versions).splitlines()[0]
    measure.publish(section, "\n\n".join([f"## {title}", what, *parts, "\n".join(lines), note]))
    if any("missed" in line for line in lines):
        sys.exit("loss: Rotor does not train as PEFT does")


main()

"""Load what Rotor saves into transformers, and compare the logits.

    python bench/golden/check_saved.py       # in the root of the repository

Run with transformers 5.23.0 and torch 2.15.0. Every tensor must be found, none
be left over, the type be the one that was asked for, and every logit, computed
in float32, be within 1e-4 of Rotor's. So must it be of the models of model/*/testdata
when they have become a GGUF file, and out of that a folder again.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import AutoModelForCausalLM


@torch.no_grad()
def check(path):
    said = json.loads((path / "logits.json").read_text())
    model, info = AutoModelForCausalLM.from_pretrained(path, output_loading_info=True, attn_implementation="eager")
    problems = {k: sorted(v) for k, v in info.items() if v and k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")}
    dtype = str(model.dtype)
    model = AutoModelForCausalLM.from_pretrained(path, dtype=torch.float32, attn_implementation="eager").eval()
    logits = model(torch.tensor([said["ids"]])).logits[0]
    worst = (logits - torch.tensor(said["logits"])).abs().max().item()
    good = worst < 1e-4 and not problems
    print(f"{path.name:20} {model.__class__.__name__:20} {dtype:15} worst {worst:.1e} {'ok' if good else problems or 'TOO FAR'}")
    return good


SKIP = {"dynamic", "local-dynamic", "no-caps-bf16", "qwen2-windows"}  # a GGUF file has no word for what they have


@torch.no_grad()
def back(rotor, folder, tmp):
    name = f"{folder.parent.parent.name}/{folder.name}"
    file, out = pathlib.Path(tmp) / (name.replace("/", "-") + ".gguf"), pathlib.Path(tmp) / name
    subprocess.run([rotor, "convert", folder, file, "--type", "f32"], check=True, capture_output=True)
    subprocess.run([rotor, "convert", file, out, "--format", "safetensors"], check=True, capture_output=True)
    model = AutoModelForCausalLM.from_pretrained(out, dtype=torch.float32, attn_implementation="eager").eval()
    texts = json.loads((folder / "golden.json").read_text())["texts"]
    worst = max((model(torch.tensor([t["ids"]])).logits[0] - torch.tensor(t["logits"])).abs().max().item() for t in texts)
    print(f"{name:24} {model.__class__.__name__:20} through a GGUF file, worst {worst:.1e} {'ok' if worst < 1e-4 else 'TOO FAR'}")
    return worst < 1e-4


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["go", "run", "./bench/golden/save", tmp], check=True)
        folders = sorted(pathlib.Path(tmp).iterdir())
        good = [check(p) for p in folders]
        subprocess.run(["go", "build", "-o", tmp + "/rotor", "./cmd/rotor"], check=True)
        good += [back(tmp + "/rotor", p, tmp) for p in sorted(pathlib.Path("model").glob("*/testdata/*")) if p.name not in SKIP]
    print(f"{sum(good)} of {len(good)} are equal")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()

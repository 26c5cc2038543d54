"""Load what Rotor saves into transformers, and compare the logits.

    python bench/golden/check_saved.py       # in the root of the repository

Run with transformers 5.23.0 and torch 2.15.0. Every tensor must be found, none
be left over, the type be the one that was asked for, and every logit, computed
in float32, be within 1e-4 of Rotor's.
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


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["go", "run", "./bench/golden/save", tmp], check=True)
        folders = sorted(pathlib.Path(tmp).iterdir())
        bad = [p.name for p in folders if not check(p)]
    print(f"{len(folders) - len(bad)} of {len(folders)} are equal")
    sys.exit(bool(bad))


if __name__ == "__main__":
    main()

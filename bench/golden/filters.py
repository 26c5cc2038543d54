"""Make sample/testdata/filters.json: what transformers' own filters leave of logits.

    python bench/golden/filters.py           # in the root of the repository

Random logits of 40 tokens, a history, and settings; the answer is the
probability of every token that is left. The filters come in the order in which
generate() puts them.

Made with transformers 5.23.0, torch 2.15.0, on a CPU, in float32.
"""

import json
import random

import torch
from transformers.generation import logits_process as lp

random.seed(20240817)
cases = []
for i in range(60):
    logits = [random.gauss(0, 3) for _ in range(40)]
    history = [random.randrange(40) for _ in range(random.randrange(1, 12))]
    case = dict(
        logits=logits, history=history, temperature=random.choice([0.5, 1.0, 1.7]), top_k=random.choice([0, 3, 12]),
        top_p=random.choice([0.0, 0.4, 0.9]), min_p=random.choice([0.0, 0.05, 0.3]), repetition_penalty=random.choice([1.0, 1.2, 1.7, 0.8]),
    )
    chain = [lp.RepetitionPenaltyLogitsProcessor(case["repetition_penalty"]), lp.TemperatureLogitsWarper(case["temperature"])]
    if case["top_k"]:
        chain.append(lp.TopKLogitsWarper(case["top_k"]))
    if case["top_p"]:
        chain.append(lp.TopPLogitsWarper(case["top_p"]))
    if case["min_p"]:
        chain.append(lp.MinPLogitsWarper(case["min_p"]))
    z = torch.tensor([logits])
    for step in chain:
        z = step(torch.tensor([history]), z)
    case["want"] = {str(t): p for t, p in enumerate(torch.softmax(z, -1)[0].tolist()) if p > 0}
    cases.append(case)
with open("sample/testdata/filters.json", "w") as f:
    f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
print(len(cases), "cases,", sum(len(c["want"]) for c in cases), "tokens left")

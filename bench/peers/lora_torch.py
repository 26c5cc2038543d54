"""Trains LoRA with PyTorch and PEFT in float32, and prints how fast as JSON.

    lora_torch.py --config config.json --batch 4 --seq 256 --steps 5
    lora_torch.py --model FOLDER --targets all-linear
    lora_torch.py --config config.json --lengths 12,80,31,250 --answer-share 0.33 --grouped

With --config the weights are random. Sequences of --lengths are padded to the
longest of their batch, in the order given or grouped by length, and carry
labels on their last part; tokens_per_s counts what is no padding.
"""

import argparse
import json
import os
import statistics
import time

import peft
import torch
import transformers

BEGAN = float(os.environ.get("BENCH_BEGAN", time.time()))


def options():
    p = argparse.ArgumentParser()
    p.add_argument("--config")
    p.add_argument("--model")
    p.add_argument("--batch", type=int, default=4)
    p.add_argument("--seq", type=int, default=256)
    p.add_argument("--rank", type=int, default=8)
    p.add_argument("--targets", default="q_proj,v_proj")
    p.add_argument("--steps", type=int, default=5)
    p.add_argument("--threads", type=int, default=2)
    p.add_argument("--lengths", type=lambda s: [int(n) for n in s.split(",")])
    p.add_argument("--answer-share", type=float, default=1)
    p.add_argument("--grouped", action="store_true")
    return p.parse_args()


def adapted(o):
    if o.model:
        base = transformers.AutoModelForCausalLM.from_pretrained(o.model, dtype=torch.float32)
    else:
        base = transformers.LlamaForCausalLM(transformers.LlamaConfig(**json.load(open(o.config))))
    targets = o.targets if o.targets == "all-linear" else o.targets.split(",")
    config = peft.LoraConfig(task_type="CAUSAL_LM", r=o.rank, lora_alpha=2 * o.rank, lora_dropout=0.0, target_modules=targets)
    return peft.get_peft_model(base, config).train()


def batches(o, vocab):
    """The batches of one epoch: sequences side by side, padded on the right."""
    lengths = sorted(o.lengths) if o.grouped else o.lengths
    for i in range(0, len(lengths), o.batch):
        part = lengths[i : i + o.batch]
        ids = torch.randint(0, vocab, (len(part), max(part)))
        mask = torch.zeros_like(ids)
        labels = torch.full_like(ids, -100)
        for row, n in enumerate(part):
            answer = int(n * (1 - o.answer_share))
            mask[row, :n] = 1
            labels[row, answer:n] = ids[row, answer:n]
        yield sum(part), {"input_ids": ids, "attention_mask": mask, "labels": labels}


def main():
    o = options()
    torch.set_num_threads(o.threads)
    torch.manual_seed(0)
    model = adapted(o)
    optimizer = torch.optim.AdamW((p for p in model.parameters() if p.requires_grad), lr=1e-4)
    if o.lengths:
        work = list(batches(o, model.config.vocab_size))
    else:
        ids = torch.randint(0, model.config.vocab_size, (o.batch, o.seq))
        work = [(ids.numel(), {"input_ids": ids, "labels": ids})] * o.steps

    def step(inputs):
        model(**inputs).loss.backward()
        optimizer.step()
        optimizer.zero_grad()

    first_forward = time.time() - BEGAN
    step(work[0][1])
    first_step = time.time() - BEGAN
    speeds, tokens, began = [], 0, time.time()
    for n, inputs in work:
        t = time.time()
        step(inputs)
        speeds.append(n / (time.time() - t))
        tokens += n
    print(json.dumps({
        "tokens_per_s": tokens / (time.time() - began) if o.lengths else statistics.median(speeds),
        "first_forward_s": first_forward,
        "first_step_s": first_step,
        "versions": f"torch {torch.__version__}, transformers {transformers.__version__}, peft {peft.__version__}",
    }))


main()

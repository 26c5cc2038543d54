"""Losses of LoRA on the real SmolLM2-135M-Instruct, dequantised, with PEFT.

    losses_smollm2.py SmolLM2-135M-Instruct.Q4_1.gguf TEXT FOLDER

FOLDER gets what probe losses reads: two cases of one training, on the 4-bit file
(a link) and on its dequantised weights in float32 (a folder), with the adapters'
birth, the first gradients and the losses. Everything is float32."""

import json
import os
import shutil
import sys

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import AutoModelForCausalLM, AutoTokenizer

STEPS, LR, DECAY, LENGTH, PROMPT = 20, 1e-3, 0.01, 96, 24
torch.set_num_threads(int(os.environ.get("ROTOR_BENCH_THREADS", "2")))


def main():
    file, text, out = os.path.abspath(sys.argv[1]), sys.argv[2], sys.argv[3]
    shutil.rmtree(out, ignore_errors=True)
    os.makedirs(out)
    folder, name = os.path.split(file)
    tokenizer = AutoTokenizer.from_pretrained(folder, gguf_file=name)
    loaded = AutoModelForCausalLM.from_pretrained(folder, gguf_file=name, dtype=torch.float32)
    config = loaded.config  # as of a model that never was quantised: such a one can be saved
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    model = AutoModelForCausalLM.from_config(config, dtype=torch.float32)
    model.load_state_dict(loaded.state_dict())
    model.tie_weights()
    del loaded
    model.save_pretrained(os.path.join(out, "dequantised"))
    os.symlink(file, os.path.join(out, "blocks.gguf"))
    with open(text, encoding="utf-8") as f:
        ids = tokenizer(f.read(60000)).input_ids
    texts = [{"ids": ids[i * LENGTH:(i + 1) * LENGTH], "prompt": PROMPT} for i in range(2 * STEPS)]
    batches = [texts[2 * i:2 * i + 2] for i in range(STEPS)]
    torch.manual_seed(11)
    model = get_peft_model(model, LoraConfig(task_type="CAUSAL_LM", r=8, lora_alpha=16, lora_dropout=0.0, target_modules=["q_proj", "v_proj"]))
    with torch.no_grad():
        for n, p in model.named_parameters():
            if "lora_B" in n:  # with B at zero A would have no gradient
                p.normal_(0, 0.01)
    cases = {"train-blocks": "blocks.gguf", "train-dequantised": "dequantised"}
    for case in cases:
        model.save_pretrained(os.path.join(out, case))
    model.train()
    params = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.AdamW(params, lr=LR, weight_decay=DECAY)
    losses = []
    for step, batch in enumerate(batches):
        optimizer.zero_grad()
        rows = torch.tensor([t["ids"] for t in batch])
        labels = rows.clone()
        labels[:, :PROMPT] = -100
        loss = model(input_ids=rows, labels=labels).loss
        loss.backward()
        if step == 0:
            grads = {n.replace(".default", ""): p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}
            for case in cases:
                save_file(grads, os.path.join(out, case, "gradients.safetensors"))
        losses.append(loss.item())
        optimizer.step()
        print(f"step {step + 1}: {loss.item():.4f}", file=sys.stderr, flush=True)
    with open(os.path.join(out, "golden.json"), "w") as f:
        json.dump({
            "versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
            "cases": {case: {"base": base, "losses": losses} for case, base in cases.items()},
            "batches": batches,
            "optimizer": {"lr": LR, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "decay": DECAY},
        }, f)


main()

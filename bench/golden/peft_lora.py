"""Makes peft/testdata: tiny random models with adapters of the PEFT library,
their logits, gradients and the losses of a short training.

    python bench/golden/peft_lora.py

Run with torch 2.15.0, transformers 5.23.0, peft 0.21.2; the versions that made
the files stand in golden.json. Everything is computed in float32 on one thread.
"""

import copy
import json
import os
import shutil

import peft
import torch
import transformers
from peft import LoraConfig, get_peft_model
from safetensors.torch import save_file
from transformers import Gemma2Config, Gemma2ForCausalLM, GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, Phi3Config, Phi3ForCausalLM

os.environ["HF_HUB_OFFLINE"] = "1"
torch.set_num_threads(1)
OUT = os.path.join(os.path.dirname(__file__), "..", "..", "peft", "testdata")
VOCAB = 61


def stir(model, seed, matrices, vectors, only=lambda name: True):
    """Random values that are not flat: a fresh model attends to everything alike."""
    g = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in model.named_parameters():
            if only(name):
                p.add_(torch.randn(p.shape, generator=g) * (matrices if p.dim() > 1 else vectors))


def llama(tied):
    c = LlamaConfig(vocab_size=VOCAB, hidden_size=24, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4,
                    num_key_value_heads=2, max_position_embeddings=64, tie_word_embeddings=tied, bos_token_id=1, eos_token_id=2)
    return LlamaForCausalLM(c)


def gpt2():
    c = GPT2Config(vocab_size=VOCAB, n_embd=24, n_layer=2, n_head=4, n_positions=32, bos_token_id=1, eos_token_id=2,
                   resid_pdrop=0.0, embd_pdrop=0.0, attn_pdrop=0.0)
    return GPT2LMHeadModel(c)


def phi3():
    c = Phi3Config(vocab_size=VOCAB, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                   max_position_embeddings=64, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return Phi3ForCausalLM(c)


def gemma2():
    c = Gemma2Config(vocab_size=VOCAB, hidden_size=24, intermediate_size=20, num_hidden_layers=2, num_attention_heads=4, num_key_value_heads=2,
                     head_dim=8, max_position_embeddings=64, query_pre_attn_scalar=12, sliding_window=4, attn_logit_softcapping=3.0,
                     final_logit_softcapping=5.0, bos_token_id=1, eos_token_id=2, pad_token_id=0)
    return Gemma2ForCausalLM(c)


BASES = {"llama": lambda: llama(False), "llama-tied": lambda: llama(True), "gpt2": gpt2, "phi3": phi3, "gemma2": gemma2}

CASES = {
    "patterns": ("llama", dict(r=4, lora_alpha=6, target_modules="all-linear", rank_pattern={r"layers\.1\..*v_proj": 3, "down_proj": 2},
                               alpha_pattern={"k_proj": 5}, exclude_modules=["up_proj"])),
    "rslora": ("llama", dict(r=3, lora_alpha=5, use_rslora=True, target_modules=["q_proj", "mlp.down_proj", "lm_head"],
                             layers_to_transform=[1], layers_pattern="layers", modules_to_save=["norm"])),
    "tied-head": ("llama-tied", dict(r=2, target_modules=r".*layers\.\d\.self_attn\.(q|o)_proj", modules_to_save=["lm_head"])),
    "tied-embedding": ("llama-tied", dict(r=2, target_modules=["v_proj"], modules_to_save=["embed_tokens"])),
    "tied-lora": ("llama-tied", dict(r=2, lora_alpha=3, target_modules=["embed_tokens", "lm_head", "k_proj"])),
    "conv": ("gpt2", dict(r=4, lora_alpha=8, target_modules=["c_attn", "mlp.c_proj"], bias="all", fan_in_fan_out=True, alpha_pattern={"c_attn": 2})),
    "conv-lora-only": ("gpt2", dict(r=2, target_modules="all-linear", bias="lora_only", fan_in_fan_out=True, modules_to_save=["wte"])),
    "fused": ("phi3", dict(r=4, lora_alpha=6, target_modules="all-linear")),
    "fused-some": ("phi3", dict(r=2, target_modules=["qkv_proj", "mlp.gate_up_proj"], modules_to_save=["lm_head"])),
    "capped": ("gemma2", dict(r=3, lora_alpha=5, target_modules="all-linear", modules_to_save=["post_feedforward_layernorm"])),
    "tied-scaled": ("gemma2", dict(r=2, lora_alpha=3, target_modules=["embed_tokens", "k_proj"])),
}


def adapters(golden, bases):
    ids = torch.tensor([[(i * 7 + i * i * 3 + 5) % VOCAB for i in range(12)]])
    golden["ids"] = ids[0].tolist()
    for name, base in bases.items():
        golden["logits"][name] = logits(base, ids)
    for i, (name, (base, config)) in enumerate(CASES.items()):
        model = get_peft_model(copy.deepcopy(bases[base]), LoraConfig(task_type="CAUSAL_LM", **config))
        trainable = {n for n, p in model.named_parameters() if p.requires_grad}
        stir(model, 100 + i, 0.15, 0.1, lambda n: n in trainable)
        model.save_pretrained(os.path.join(OUT, name))
        os.remove(os.path.join(OUT, name, "README.md"))
        golden["cases"][name] = {"base": base, "trainable": sorted(trainable)}
        golden["logits"][name] = logits(model, ids)


def logits(model, ids):
    model.eval()
    with torch.no_grad():
        return [[round(x, 6) for x in row] for row in model(input_ids=ids).logits[0].tolist()]


TRAINING = {
    "train-llama": ("llama", dict(r=4, lora_alpha=8, target_modules="all-linear")),
    "train-gpt2": ("gpt2", dict(r=4, lora_alpha=4, target_modules=["c_attn", "c_proj", "c_fc"], fan_in_fan_out=True)),
    "train-phi3": ("phi3", dict(r=4, lora_alpha=8, target_modules="all-linear")),
    "train-gemma2": ("gemma2", dict(r=4, lora_alpha=8, target_modules="all-linear")),
}
STEPS, LR, DECAY = 20, 5e-3, 0.01


def batches():
    """Ragged pairs of texts; the first third of each is a prompt, not learned."""
    g = torch.Generator().manual_seed(3)
    out = []
    for step in range(STEPS):
        texts = []
        for n in (5 + step % 4, 11 - step % 5):
            text = torch.randint(0, VOCAB, (n,), generator=g).tolist()
            texts.append({"ids": text, "prompt": n // 3})
        out.append(texts)
    return out


def tensors(texts):
    width = max(len(t["ids"]) for t in texts)
    ids, labels, mask = [], [], []
    for t in texts:
        pad = width - len(t["ids"])
        ids.append(t["ids"] + [0] * pad)
        labels.append([-100] * t["prompt"] + t["ids"][t["prompt"]:] + [-100] * pad)
        mask.append([1] * len(t["ids"]) + [0] * pad)
    return dict(input_ids=torch.tensor(ids), labels=torch.tensor(labels), attention_mask=torch.tensor(mask))


def training(golden, bases):
    golden["batches"] = data = batches()
    golden["optimizer"] = {"lr": LR, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "decay": DECAY}
    for name, (base, config) in TRAINING.items():
        torch.manual_seed(11)
        model = get_peft_model(copy.deepcopy(bases[base]), LoraConfig(task_type="CAUSAL_LM", lora_dropout=0.0, **config))
        stir(model, 5, 0.05, 0, lambda n: "lora_B" in n)  # with B at zero A would have no gradient
        model.save_pretrained(os.path.join(OUT, name))
        os.remove(os.path.join(OUT, name, "README.md"))
        model.train()
        params = [p for p in model.parameters() if p.requires_grad]
        optimizer = torch.optim.AdamW(params, lr=LR, weight_decay=DECAY)
        losses = []
        for step, texts in enumerate(data):
            optimizer.zero_grad()
            loss = model(**tensors(texts)).loss
            loss.backward()
            if step == 0:
                grads = {n.replace(".default", ""): p.grad.clone() for n, p in model.named_parameters() if p.requires_grad}
                save_file(grads, os.path.join(OUT, name, "gradients.safetensors"))
            losses.append(loss.item())
            optimizer.step()
        golden["cases"][name] = {"base": base, "losses": losses}


def main():
    shutil.rmtree(OUT, ignore_errors=True)
    golden = {"versions": {"torch": torch.__version__, "transformers": transformers.__version__, "peft": peft.__version__},
              "logits": {}, "cases": {}}
    bases = {}
    for i, (name, make) in enumerate(BASES.items()):
        torch.manual_seed(i)
        bases[name] = make().float()
        stir(bases[name], i, 0.12, 0.1)
        bases[name].tie_weights()
        bases[name].save_pretrained(os.path.join(OUT, name))
    adapters(golden, bases)
    training(golden, bases)
    with open(os.path.join(OUT, "golden.json"), "w") as f:
        json.dump(golden, f, separators=(",", ":"))


main()

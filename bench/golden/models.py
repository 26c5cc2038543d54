"""Make the tiny models of model/*/testdata, with what transformers says of them.

    python bench/golden/models.py            # in the root of the repository

Every folder holds a model of random weights as transformers saves it, its
configuration in the words of the older generation (config.old.json), and
golden.json: logits of two texts and the twenty tokens that greedy decoding
adds to each. Biases and scales are random too, so that none can be forgotten.

Made with transformers 5.23.0, torch 2.15.0, on a CPU, in float32.
"""

import json
import pathlib
import shutil

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2] / "model"
SEED = 20240817
COMMON = dict(vocab_size=96, bos_token_id=1, eos_token_id=2)
LLAMA = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64, **COMMON)

STRETCH = dict(factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)

# What the older generation calls things: the value is what the key becomes.
OLD = {
    "gqa-tied": {"rope_theta": 10000.0, "rope_scaling": None},
    "linear-bias": {"rope_theta": 5000.0, "rope_scaling": {"type": "linear", "factor": 2.5}},
    "wide-heads-bf16": {"rope_theta": 500000.0, "rope_scaling": None},
    "sharded": {"rope_theta": 10000.0, "rope_scaling": None},
    "window": {"rope_theta": 20000.0},
    "qwen2": {"rope_theta": 1000000.0, "rope_scaling": None},
    "qwen3": {"rope_theta": 1000000.0, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}},
    "llama3-rope": {"rope_theta": 5000.0, "rope_scaling": {"rope_type": "llama3", **STRETCH}},
}


def models():
    rope = lambda theta, **more: dict(rope_parameters={"rope_type": "default", "rope_theta": theta, **more})
    yield "llama", "gqa-tied", LlamaForCausalLM, LlamaConfig(**LLAMA, num_key_value_heads=2, tie_word_embeddings=True, **rope(10000.0)), {}
    yield "llama", "linear-bias", LlamaForCausalLM, LlamaConfig(
        **LLAMA, num_key_value_heads=4, tie_word_embeddings=False, attention_bias=True, mlp_bias=True,
        rope_parameters={"rope_type": "linear", "factor": 2.5, "rope_theta": 5000.0}), {}
    yield "llama", "wide-heads-bf16", LlamaForCausalLM, LlamaConfig(
        **LLAMA, num_key_value_heads=1, head_dim=16, tie_word_embeddings=False, rms_norm_eps=1e-5, **rope(500000.0)), dict(dtype=torch.bfloat16)
    yield "llama", "sharded", LlamaForCausalLM, LlamaConfig(**LLAMA, num_key_value_heads=2, tie_word_embeddings=False, **rope(10000.0)), dict(shard="30KB")
    yield "llama", "window", MistralForCausalLM, MistralConfig(
        **LLAMA, num_key_value_heads=2, tie_word_embeddings=False, sliding_window=8, **rope(20000.0)), {}
    yield "llama", "llama3-rope", LlamaForCausalLM, LlamaConfig(
        **LLAMA, num_key_value_heads=2, tie_word_embeddings=True, rope_parameters=dict(rope_type="llama3", rope_theta=5000.0, **STRETCH)), {}
    yield "llama", "qwen2", Qwen2ForCausalLM, Qwen2Config(**LLAMA, num_key_value_heads=2, tie_word_embeddings=True, **rope(1000000.0)), {}
    yield "llama", "qwen3", Qwen3ForCausalLM, Qwen3Config(
        **LLAMA, num_key_value_heads=2, head_dim=16, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="yarn", rope_theta=1000000.0, factor=4.0, original_max_position_embeddings=16)), {}
    small = dict(n_embd=32, n_layer=2, n_head=4, n_positions=64, **COMMON)
    yield "gpt2", "tiny", GPT2LMHeadModel, GPT2Config(**small), {}
    yield "gpt2", "inner-bf16", GPT2LMHeadModel, GPT2Config(**small, n_inner=48, layer_norm_epsilon=1e-4), dict(dtype=torch.bfloat16)


def randomise(model):
    for name, p in model.named_parameters():
        torch.nn.init.normal_(p, 0.0, 0.25)
        if name.endswith("weight") and p.dim() == 1:
            p.data += 1.0


def load(cls, path, config):
    return cls.from_pretrained(path, config=config, dtype=torch.float32, attn_implementation="eager").eval()


@torch.no_grad()
def answer(model, ids):
    x = torch.tensor([ids])
    logits = model(x).logits[0]
    out = model.generate(x, attention_mask=torch.ones_like(x), max_new_tokens=20, min_new_tokens=20, do_sample=False, eos_token_id=None, pad_token_id=0)
    greedy = out[0, len(ids):].tolist()
    margin = model(out).logits[0, len(ids) - 1 : -1].topk(2).values
    assert (margin[:, 0] - margin[:, 1]).min() > 1e-3, "two tokens are nearly equal: take another seed"
    return {"ids": ids, "logits": [[float(f"{v:.7g}") for v in row] for row in logits.tolist()], "greedy": greedy}


def older(config, name):
    c = dict(config)
    c.pop("rope_parameters", None)
    c["torch_dtype"] = c.pop("dtype")
    c.update(OLD.get(name, {}))
    c["transformers_version"] = "4.40.0"
    return c


def main():
    transformers.logging.set_verbosity_error()
    for family, name, cls, config, how in models():
        torch.manual_seed(SEED)
        model = cls(config).eval()
        randomise(model)
        dtype = how.get("dtype", torch.float32)
        model = model.to(dtype)
        texts = [torch.randint(3, 96, (n,)).tolist() for n in (23, 9)]
        out = ROOT / family / "testdata" / name
        shutil.rmtree(out, ignore_errors=True)
        model.save_pretrained(out, max_shard_size=how.get("shard", "5GB"))
        (out / "generation_config.json").unlink(missing_ok=True)
        saved = json.loads((out / "config.json").read_text())
        (out / "config.old.json").write_text(json.dumps(older(saved, name), indent=2) + "\n")
        model = load(cls, out, config)  # half weights are widened: that is how Rotor computes
        golden = {
            "made_by": f"bench/golden/models.py, transformers {transformers.__version__}, torch {torch.__version__}, seed {SEED}",
            "texts": [answer(model, ids) for ids in texts],
        }
        (out / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
        old = load(cls, out, type(config).from_json_file(out / "config.old.json"))
        assert torch.equal(old(torch.tensor([texts[0]])).logits, model(torch.tensor([texts[0]])).logits), "the older words mean another model"
        print(family, name, sum(f.stat().st_size for f in out.iterdir()), "bytes")


if __name__ == "__main__":
    main()

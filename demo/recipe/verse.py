"""What the recipe's scripts share: reading the sources, and the form of a quatrain."""

import json
import re
from pathlib import Path

HAN = "\u4e00-\u9fff"
VERSE = re.compile(f"[{HAN}]+(?:[、：][{HAN}]+)*[，。？！；]")
QUATRAIN = re.compile(f"[{HAN}]{{5}}，\n[{HAN}]{{5}}。\n[{HAN}]{{5}}，\n[{HAN}]{{5}}。\n")


def simplifier(source: Path):
    """The map from traditional to simplified characters that OpenCC's two tables give: phrases first, then the first
    choice for every other character."""
    folder = source / "opencc_python_reimplemented/opencc/dictionary"

    def table(name):
        rows = (line.split("\t") for line in (folder / name).read_text("utf-8").splitlines() if "\t" in line)
        return {row[0]: row[1].split(" ")[0] for row in rows}

    characters = str.maketrans({k: v for k, v in table("TSCharacters.txt").items() if len(k) == len(v) == 1})
    phrases = table("TSPhrases.txt")
    pattern = re.compile("|".join(sorted(map(re.escape, phrases), key=len, reverse=True)))

    def simplify(text):
        kept, last = [], 0
        for found in pattern.finditer(text):
            kept += [text[last : found.start()].translate(characters), phrases[found[0]]]
            last = found.end()
        return "".join(kept) + text[last:].translate(characters)

    return simplify


def poems(source: Path):
    """Every poem of the Tang, of the Song, and every ci, as (kind, title, text), one verse a line, in file order."""
    simplify = simplifier(source)
    folder = source / "chinese-poetry-2.0.1/dist"
    for kind, pattern, title in (
        ("tang", "quantangshi/poet.tang.*.json", "title"),
        ("song", "quantangshi/poet.song.*.json", "title"),
        ("ci", "songci/ci.song.*.json", "rhythmic"),
    ):
        for path in sorted(folder.glob(pattern)):
            for poem in json.loads(path.read_text("utf-8")):
                text = simplify("".join(poem["paragraphs"]))
                yield kind, simplify(poem[title]).strip(), re.sub("([，。？！；])", "\\1\n", text)

"""Writes ../finals.txt, the table by which the demo judges a rhyme.

usage: finals.py FOLDER    (the folder that fetch filled)

A line of the table is the name of a rhyme and every character that has a reading in it. The rhymes are the Thirteen
Tracks (十三辙) of northern ballads and opera: finals that differ by their medial alone rhyme (an, ian, uan, üan), and so
do i, ü, er and the vowel of zhi and zi; tones are not compared. Readings are pypinyin's, all of them, since a poem may
mean any.
"""

import json
import sys
import unicodedata
from pathlib import Path

RHYMES = {
    "a": "a ia ua",
    "o": "o io e uo",
    "ie": "ie üe ê",
    "ai": "ai uai",
    "ei": "ei ui uei",
    "ao": "ao iao",
    "ou": "ou iu iou",
    "an": "an ian uan üan",
    "en": "en in un uen ün",
    "ang": "ang iang uang",
    "eng": "eng ing ueng ong iong",
    "i": "i -i ü er",
    "u": "u",
}
GROUP = {final: name for name, finals in RHYMES.items() for final in finals.split()}
LEVEL = {"\u0304", "\u0301"}  # the marks of the first and the second tone
INITIALS = ("zh", "ch", "sh", *"bpmfdtnlgkhjqxrzcs")


def plain(syllable):
    """The syllable without its tone."""
    marks = unicodedata.normalize("NFD", syllable)
    return unicodedata.normalize("NFC", "".join(c for c in marks if c not in "\u0300\u0301\u0304\u030c"))


def final(syllable):
    """The final of a toneless syllable as written in full, -i for the vowel of zhi and zi, "" for what has none."""
    if syllable.startswith("y"):
        rest = syllable[1:]
        if rest.startswith("u"):
            return "ü" + rest[1:]
        return rest if rest.startswith("i") else "i" + rest
    if syllable.startswith("w"):
        return "u" if syllable == "wu" else "u" + syllable[1:]
    initial = next((i for i in INITIALS if syllable.startswith(i)), "")
    rest = syllable[len(initial) :]
    if rest == "i" and initial in ("zh", "ch", "sh", "r", "z", "c", "s"):
        return "-i"
    if initial in ("j", "q", "x") and rest.startswith("u"):
        return "ü" + rest[1:]
    return rest


def readings(source: Path):
    """Every character of the first CJK block with its readings, the commonest first."""
    for code, found in json.loads((source / "pypinyin/pypinyin/pinyin_dict.json").read_text("utf-8")).items():
        if 0x4E00 <= int(code) <= 0x9FFF:
            yield chr(int(code)), found.split(",")


def rhymes(source: Path):
    """For every character, the set of its rhymes."""
    return {c: {GROUP[f] for f in (final(plain(r)) for r in found) if f in GROUP} for c, found in readings(source)}


def level(source: Path):
    """The characters whose commonest reading has a level tone (平): today's first or second."""
    return {c for c, found in readings(source) if LEVEL & set(unicodedata.normalize("NFD", found[0]))}


def main():
    table = rhymes(Path(sys.argv[1]) / "source")
    lines = [f"{name} {''.join(c for c in sorted(table) if name in table[c])}\n" for name in RHYMES]
    (Path(__file__).parent.parent / "finals.txt").write_text("".join(lines), "utf-8")


if __name__ == "__main__":
    main()

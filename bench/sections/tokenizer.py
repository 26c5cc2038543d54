"""Tokenizers beside Hugging Face's, one thread each, on the same texts.

    tokenizer.py TEXTS REAL [TOKENIZER …]

TEXTS has text.jsonl as demo/recipe/fetch makes it, REAL the published tokenizers
as tokenizer/testdata/real.py fetches them. Further tokenizer.json files are
measured too."""

import gzip
import json
import os
import shutil
import sys

import measure
from measure import median, run

SIZE = int(float(os.environ.get("ROTOR_BENCH_MEGABYTES", "8")) * 1e6)
PROBE = os.path.join(measure.WORK, "probe")


def texts(folder):
    """Two files of whole documents, so many bytes each: English and Chinese."""
    taken = {"English": [], "Chinese": []}
    sizes = dict.fromkeys(taken, 0)
    with open(os.path.join(folder, "text.jsonl"), encoding="utf-8") as f:
        for line in f:
            text = json.loads(line)["text"]
            chinese = sum("\u4e00" <= c <= "\u9fff" for c in text)
            language = "Chinese" if 2 * chinese > len(text) else "English" if chinese == 0 else None
            if language and sizes[language] < SIZE:
                taken[language].append(text)
                sizes[language] += len(text.encode())
    files = {}
    for language, found in taken.items():
        if not found:
            sys.exit(f"tokenizer: {folder}/text.jsonl has no {language} text")
        files[language] = os.path.join(measure.WORK, language.lower() + ".json")
        with open(files[language], "w", encoding="utf-8") as f:
            json.dump(found, f, ensure_ascii=False)
    return files, {k: f"{sizes[k] / 1e6:.1f} MB of {k} in {len(v)} texts" for k, v in taken.items()}


PUBLISHED = {"Llama 3": "llama3", "Qwen 2.5": "qwen2.5", "Qwen 3": "qwen3", "GPT-4o": "gpt4o", "Llama 2": "llama2", "Mistral 7B": "mistral", "Gemma 3": "gemma3"}


def vocabularies(real, further):
    """The two real vocabularies that the repository holds, unpacked, the fetched ones, and others."""
    found = {}
    data = os.path.join(os.path.dirname(measure.BENCH), "tokenizer", "testdata")
    for name, folder, files in (("SmolLM2", "smollm2", ["tokenizer.json"]), ("GPT-2", "gpt2", ["vocab.json", "merges.txt"])):
        to = os.path.join(measure.WORK, folder)
        os.makedirs(to, exist_ok=True)
        for file in files:
            with gzip.open(os.path.join(data, folder, file + ".gz")) as src, open(os.path.join(to, file), "wb") as dst:
                shutil.copyfileobj(src, dst)
        found[name] = os.path.join(to, files[0]) if len(files) == 1 else to
    found |= {name: os.path.join(real, folder, "tokenizer.json") for name, folder in PUBLISHED.items()}
    for path in further:
        path = os.path.abspath(path)
        found[os.path.basename(path if os.path.isdir(path) else os.path.dirname(path))] = path
    return found


def main():
    files, sizes = texts(sys.argv[1])
    peer = os.path.join(measure.BENCH, "peers", "tokenize_hf.py")
    rows, unequal, ratios = [], [], {language: [] for language in files}
    for name, path in vocabularies(sys.argv[2], sys.argv[3:]).items():
        for language, file in files.items():
            taken = measure.alternate({
                "Hugging Face": lambda: run([sys.executable, peer, path, file]),
                "Rotor": lambda: run([PROBE, "tokenize", path, file], {"GOMAXPROCS": "1"}),
            })
            theirs, ours = taken["Hugging Face"], taken["Rotor"]
            equal = len({r["digest"] for r in theirs + ours}) == 1
            if not equal:
                unequal.append(f"{name}, {language}")
            times = measure.pairs(ours, theirs, "mb_per_s")
            ratios[language].append(sorted(times)[len(times) // 2])
            rows.append([f"{name}, {language}", f"{median(theirs, 'mb_per_s'):.2f}", f"{median(ours, 'mb_per_s'):.2f}",
                         measure.ratio(times), f"{ours[0]['tokens']:,}", "equal" if equal else "**different**"])
    floors = "\n".join(measure.verdict(f"speed beside Hugging Face's on {language}, least of all", min(ratios[language]), floor, unit="×")
                       for language, floor in (("English", 10), ("Chinese", 1.5)))
    head = ["", "Hugging Face, MB/s", "Rotor, MB/s", "pair by pair", "tokens", "ids"]
    what = f"One thread each, the first pass of a process over {'; '.join(sizes.values())}."
    measure.publish("tokenizer", "\n\n".join(["## Tokenizers", what, measure.table(head, rows), floors, measure.provenance(theirs[0]["versions"])]))
    if unequal:
        sys.exit(f"tokenizer: ids differ: {'; '.join(unequal)}")


main()

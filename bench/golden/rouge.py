"""ROUGE-L of pairs of texts, by the scorer of Google Research.

    pip install rouge-score==0.1.2
    python bench/golden/rouge.py > eval/testdata/rouge.json
"""

import json
import random
from importlib.metadata import version

from rouge_score.rouge_scorer import RougeScorer

WORDS = "the a small Library for reading, writing and checking files of X11-fonts (v2.0) it's fast C++ GNU/Linux tool".split()


def main():
    rng = random.Random(3)
    pairs = [
        ("the cat sat on the mat", "the cat is on the mat"),
        ("police killed the gunman", "the gunman police killed"),
        ("", "something"),
        ("nothing in common", "entirely else"),
        ("Same text.", "same TEXT"),
    ]
    for _ in range(40):
        pairs.append(tuple(" ".join(rng.choices(WORDS, k=rng.randint(1, 25))) for _ in range(2)))
    scorer = RougeScorer(["rougeL"], use_stemmer=False)
    cases = []
    for reference, candidate in pairs:
        s = scorer.score(reference, candidate)["rougeL"]
        cases.append({"reference": reference, "candidate": candidate, "precision": s.precision, "recall": s.recall, "f1": s.fmeasure})
    json.dump({"made_by": f"bench/golden/rouge.py, rouge-score {version('rouge-score')}", "cases": cases}, open(1, "w"), indent=1)


main()

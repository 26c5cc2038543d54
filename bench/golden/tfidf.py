"""A logistic regression over TF-IDF of scikit-learn, for examples/classify.

    pip install scikit-learn==1.7.2
    python bench/golden/tfidf.py > examples/classify/testdata/tfidf.json
"""

import json
import random
from importlib.metadata import version

from sklearn.feature_extraction.text import TfidfVectorizer
from sklearn.linear_model import LogisticRegression

SPAM = "Free money NOW click here to win 1000 dollars offer ends today buy cheap pills".split()
HAM = "the meeting is at noon please send me patch for kernel list I think that works fine".split()


def mail(rng, label):
    own, other = (SPAM, HAM) if label == "spam" else (HAM, SPAM)
    return " ".join(rng.choice(own if rng.random() < 0.6 else other) for _ in range(rng.randint(4, 20)))


def main():
    rng = random.Random(5)
    labels = [rng.choice(["spam", "ham", "ham"]) for _ in range(80)]
    mails = [mail(rng, label) for label in labels]
    vectorizer = TfidfVectorizer()
    x = vectorizer.fit_transform(mails[:40])
    model = LogisticRegression(C=1, tol=1e-10, max_iter=10000).fit(x, labels[:40])
    scores = model.decision_function(vectorizer.transform(mails[40:]))
    json.dump(
        {
            "made_by": f"bench/golden/tfidf.py, scikit-learn {version('scikit-learn')}",
            "mails": [list(p) for p in zip(mails, labels)],
            "scores": [float(s) for s in scores],
        },
        open(1, "w"),
        indent=1,
    )


main()

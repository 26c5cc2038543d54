"""Make generate/testdata/beams.json: what transformers' beam search finds.

    python bench/golden/beams.py             # in the root of the repository

Each case is one of the tiny models of model/*/testdata, a prompt and settings;
the answer is every text that is returned, without what pads it, and its score.
Several tokens end a text, so that many do. Only cases are kept in which scores
in float64 give the same texts: where two are almost equal, rounding decides.

Made with transformers 5.23.0, torch 2.15.0, on a CPU, in float32.
"""

import itertools
import json
import random

import torch
import transformers

MODELS = ["llama/testdata/gqa-tied", "llama/testdata/window", "gpt2/testdata/tiny"]
PROMPTS = [[5], [1, 17, 9, 33, 2, 41], [7] * 5 + [80, 3, 12, 60, 11, 90, 4]]
NEW = 12


def search(model, case, dtype):
    model.to(dtype)
    out = model.generate(
        torch.tensor([case["prompt"]]), do_sample=False, max_new_tokens=case["max"], num_beams=case["beams"],
        num_return_sequences=case["beams"], length_penalty=case["length_penalty"],
        early_stopping={"false": False, "true": True, "never": "never"}[case["early_stopping"]],
        repetition_penalty=case["repetition_penalty"], eos_token_id=case["eos"], pad_token_id=95,
        return_dict_in_generate=True, output_scores=True,
    )
    texts = []
    for row, score in zip(out.sequences.tolist(), out.sequences_scores.tolist()):
        ids = row[len(case["prompt"]):]
        for i, t in enumerate(ids):
            if t in case["eos"]:
                ids = ids[: i + 1]
                break
        texts.append({"ids": ids, "score": score})
    return texts


torch.set_num_threads(1)


def main():
    rng = random.Random(20240817)
    cases = []
    for path in MODELS:
        model = transformers.AutoModelForCausalLM.from_pretrained("model/" + path).eval()
        model.generation_config = transformers.GenerationConfig()
        grid = itertools.product([2, 4, 5], [0.0, 0.6, 1.0, 2.5, -1.0], ["false", "true", "never"])
        for beams, penalty, stopping in grid:
            case = dict(
                model=path, prompt=rng.choice(PROMPTS), beams=beams, length_penalty=penalty, early_stopping=stopping,
                repetition_penalty=rng.choice([1.0, 1.0, 1.3]), max=NEW, eos=rng.sample(range(94), rng.choice([1, 4, 12])),
            )
            exact = search(model, case, torch.float64)
            case["want"] = search(model, case, torch.float32)
            if [t["ids"] for t in exact] == [t["ids"] for t in case["want"]]:
                cases.append(case)
    ended = sum(t["ids"][-1] in c["eos"] for c in cases for t in c["want"])
    texts = sum(len(c["want"]) for c in cases)
    with open("generate/testdata/beams.json", "w") as f:
        f.write("[\n" + ",\n".join(json.dumps(c) for c in cases) + "\n]\n")
    print(f"{len(cases)} cases, {texts} texts, {ended} of them ended before {NEW} tokens or at them")


main()

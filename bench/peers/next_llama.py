"""What llama.cpp says of a GGUF file, as probe next says it of Rotor.

    next_llama.py MODEL.gguf QUESTIONS.json

Prints one JSON object: how likely each token of the texts was, the likeliest in
its place, what greedy decoding goes on with, and the tokens of "text", if there
is one. Keys and values are kept in f32, and there is no flash attention, so that
nothing is rounded but what llama.cpp always rounds."""

import ctypes
import json
import os
import sys

import llama_cpp as L
import numpy as np


def batches(context, ids, start, wanted):
    """Feeds tokens from position start on and yields the logits of those wanted."""
    batch = L.llama_batch_init(len(ids), 0, 1)
    batch.n_tokens = len(ids)
    for i, token in enumerate(ids):
        batch.token[i], batch.pos[i], batch.n_seq_id[i], batch.seq_id[i][0], batch.logits[i] = token, start + i, 1, 0, wanted(i)
    if L.llama_decode(context, batch) != 0:
        sys.exit("llama_decode failed")
    for i in range(len(ids)):
        if wanted(i):
            yield np.ctypeslib.as_array(L.llama_get_logits_ith(context, i), shape=(vocab,)).astype(np.float64)
    L.llama_batch_free(batch)


def clear(context):
    L.llama_memory_clear(L.llama_get_memory(context), True)


THREADS = int(os.environ.get("ROTOR_BENCH_THREADS", "2"))
model_path, questions = sys.argv[1:]
with open(questions) as f:
    job = json.load(f)
L.llama_backend_init()
silent = L.llama_log_callback(lambda level, text, data: sys.stderr.write(text.decode()) and None if level == 4 else None)
L.llama_log_set(silent, ctypes.c_void_p(0))
params = L.llama_model_default_params()
params.n_gpu_layers = 0
model = L.llama_model_load_from_file(model_path.encode(), params)
if not model:
    sys.exit(f"llama.cpp does not load {model_path}")
words = L.llama_model_get_vocab(model)
vocab = L.llama_vocab_n_tokens(words)
longest = max([len(t) for t in job["texts"]] + [len(p) + job["tokens"] for p in job["prompts"]] + [32])
c = L.llama_context_default_params()
c.n_ctx, c.n_batch, c.n_ubatch, c.n_threads, c.n_threads_batch = longest, longest, longest, THREADS, THREADS
c.flash_attn_type, c.type_k, c.type_v = L.LLAMA_FLASH_ATTN_TYPE_DISABLED, 0, 0
c.swa_full = True
context = L.llama_init_from_model(model, c)

answer = {"logprob": [], "likeliest": [], "greedy": []}
for ids in job["texts"]:
    clear(context)
    p, likeliest = [], []
    for row, token in zip(batches(context, ids[:-1], 0, lambda i: 1), ids[1:], strict=True):
        top = row.max()
        p.append(float(row[token] - top - np.log(np.exp(row - top).sum())))
        likeliest.append(int(row.argmax()))
    answer["logprob"].append(p)
    answer["likeliest"].append(likeliest)
for ids in job["prompts"]:
    clear(context)
    more = []
    (row,) = batches(context, ids, 0, lambda i: i == len(ids) - 1)
    while True:
        more.append(int(row.argmax()))
        if len(more) == job["tokens"]:
            break
        (row,) = batches(context, more[-1:], len(ids) + len(more) - 1, lambda i: 1)
    answer["greedy"].append(more)
if text := job.get("text"):
    raw = text.encode()
    room = (L.llama_token * (len(raw) + 16))()
    n = L.llama_tokenize(words, raw, len(raw), room, len(room), True, True)
    answer["ids"] = list(room[:n])
print(json.dumps(answer))

"""Prefill and decode of llama.cpp, as rotor bench generate measures it.

    generate_llamacpp.py FILE.gguf --prompt-tokens 512 --tokens 128 --threads 2

Random tokens, a context that is just large enough, one run to warm up and one
that counts. llama.cpp's own functions are called, without a copy of the logits."""

import argparse
import json
import os
import random
import resource
import sys
import time

import llama_cpp


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("file")
    parser.add_argument("--prompt-tokens", type=int, default=512)
    parser.add_argument("--tokens", type=int, default=128)
    parser.add_argument("--threads", type=int, default=2)
    args = parser.parse_args()
    model = llama_cpp.Llama(args.file, n_ctx=args.prompt_tokens + args.tokens + 1, n_batch=512, n_ubatch=512,
                            n_threads=args.threads, n_threads_batch=args.threads, verbose=False)
    load = time.time() - float(os.environ.get("BENCH_BEGAN", time.time()))
    context = model.ctx
    random.seed(0)
    ids = [random.randrange(model.n_vocab()) for _ in range(args.prompt_tokens + args.tokens)]

    def decode(part):
        tokens = (llama_cpp.llama_token * len(part))(*part)
        if llama_cpp.llama_decode(context, llama_cpp.llama_batch_get_one(tokens, len(part))) != 0:
            sys.exit("llama_decode failed")
        llama_cpp.llama_get_logits(context)  # waits until they are there

    def run(tokens):
        llama_cpp.llama_memory_clear(llama_cpp.llama_get_memory(context), True)
        begin = time.time()
        for i in range(0, args.prompt_tokens, 512):
            decode(ids[i:min(i + 512, args.prompt_tokens)])
        read = time.time()
        for i in range(tokens):
            decode([ids[args.prompt_tokens + i]])
        return read - begin, time.time() - read

    run(2)
    prefill, decoding = run(args.tokens)
    print(json.dumps({
        "version": llama_cpp.__version__,
        "load_s": load,
        "prefill_tokens_per_s": args.prompt_tokens / prefill,
        "decode_tokens_per_s": args.tokens / decoding,
        "peak_rss_bytes": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024,
    }))


main()

"""Quantise a GGUF file with llama.cpp.

    quantize_llama.py IN.gguf OUT.gguf FTYPE

FTYPE is a name of llama.cpp's, Q4_K_M for instance."""

import sys

import llama_cpp as L

source, out, ftype = sys.argv[1:]
params = L.llama_model_quantize_default_params()
params.ftype, params.nthread = getattr(L, "LLAMA_FTYPE_MOSTLY_" + ftype), 2
L.llama_backend_init()
silent = L.llama_log_callback(lambda level, text, data: None)
L.llama_log_set(silent, None)
if L.llama_model_quantize(source.encode(), out.encode(), params) != 0:
    sys.exit(f"llama.cpp does not quantise {source} to {ftype}")

"""Conversations through the templates of real models, as transformers renders them.

    ./fetch FOLDER && python real.py FOLDER > real.json

FOLDER has the templates that are not in the repository. Of every template its
checksum is kept, so that a test knows that it reads the same.
"""

import hashlib
import json
import pathlib
import sys

import jinja2
import transformers
from transformers.utils.chat_template_utils import render_jinja_template

TOKENS = {
    "smollm2": {"bos_token": "<|im_start|>", "eos_token": "<|im_end|>", "unk_token": "<|endoftext|>", "pad_token": "<|im_end|>"},
    "qwen2_5": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "qwen3": {"eos_token": "<|im_end|>", "pad_token": "<|endoftext|>"},
    "llama3": {"bos_token": "<|begin_of_text|>", "eos_token": "<|end_of_text|>"},
    "llama3_1": {"bos_token": "<|begin_of_text|>", "eos_token": "<|eot_id|>"},
    "gemma3": {"bos_token": "<bos>", "eos_token": "<end_of_turn>", "pad_token": "<pad>", "unk_token": "<unk>"},
}


def system(text):
    return {"role": "system", "content": text}


def user(text):
    return {"role": "user", "content": text}


def assistant(text, **more):
    return {"role": "assistant", "content": text, **more}


def tool(text):
    return {"role": "tool", "content": text}


def call(name, **arguments):
    return {"type": "function", "function": {"name": name, "arguments": arguments}}


WEATHER = {
    "type": "function",
    "function": {
        "name": "get_weather",
        "description": "The weather of a city, “now” — 天气",
        "parameters": {
            "type": "object",
            "properties": {"city": {"type": "string", "description": "a name"}, "unit": {"type": "string", "enum": ["°C", "°F"]}},
            "required": ["city"],
        },
    },
}
ADD = {"type": "function", "function": {"name": "add", "description": "a < b & c", "parameters": {"type": "object", "properties": {"a": {"type": "number", "default": 1.0}, "b": {"type": ["integer", "null"]}}}}}

TALK = [user("Hi"), assistant("Hello!"), user("Bye"), assistant("Ciao.")]
CALLS = [
    user("Weather in Rome and Oslo?"),
    assistant("", tool_calls=[call("get_weather", city="Rome", unit="°C"), call("get_weather", city="Oslo")]),
    tool('{"sky": "clear", "t": 21.5}'),
    tool("rain"),
    assistant("Clear in Rome, rain in Oslo."),
]
THOUGHT = [
    user("2+2?"),
    assistant("<think>\neasy\n</think>\n\n4"),
    user("3+3?"),
    assistant("6", reasoning_content="harder\n"),
]

CASES = {
    "one question": {"messages": [user("Hi")], "generate": True},
    "one question, no prompt for an answer": {"messages": [user("Hi")]},
    "system": {"messages": [system("Be brief."), user("Hi")], "generate": True},
    "only system": {"messages": [system("Be brief.")]},
    "empty system": {"messages": [system(""), user("Hi")], "generate": True},
    "several turns": {"messages": TALK},
    "several turns and a prompt": {"messages": TALK + [user("Again")], "generate": True},
    "system and several turns": {"messages": [system("Be kind.")] + TALK},
    "white space and Chinese": {"messages": [user("  \n你好 <b>&amp;</b> {{ x }} \n\n"), assistant("\n  世界 🌍\n")]},
    "tools": {"messages": [user("Weather in Rome?")], "tools": [WEATHER], "generate": True},
    "tools and system": {"messages": [system("Be brief."), user("2+3?")], "tools": [WEATHER, ADD], "generate": True},
    "calls": {"messages": CALLS, "tools": [WEATHER]},
    "calls, waiting for an answer": {"messages": CALLS[:-1], "tools": [WEATHER], "generate": True},
    "calls without tools": {"messages": CALLS},
    "calls with words": {"messages": [user("x"), assistant("Let me see.", tool_calls=[call("add", a=1, b=None)]), tool("1"), assistant("1")], "tools": [ADD]},
    "calls as they are in lists of names": {"messages": [user("x"), assistant("", tool_calls=[{"name": "add", "arguments": {"b": [1, {"z": "ü", "a": True}]}}]), tool("1")], "tools": [ADD], "generate": True},
    "arguments as text": {"messages": [user("x"), assistant("", tool_calls=[{"name": "add", "arguments": '{"a": 1}'}]), tool("1")], "tools": [ADD], "generate": True},
    "call without content": {"messages": [user("x"), assistant(None, tool_calls=[call("add", a=1)]), tool("1")], "tools": [ADD], "generate": True},
    "no tools in a list": {"messages": [user("x")], "tools": [], "generate": True},
    "thinking": {"messages": THOUGHT},
    "thinking and a question": {"messages": THOUGHT + [user("4+4?")], "generate": True},
    "thinking on": {"messages": [user("2+2?")], "generate": True, "set": {"enable_thinking": True}},
    "thinking off": {"messages": [user("2+2?")], "generate": True, "set": {"enable_thinking": False}},
    "thinking before a call": {"messages": [user("x"), assistant("", reasoning_content="hm", tool_calls=[call("add", a=1)]), tool("1"), assistant("1", reasoning="so")], "tools": [ADD]},
    "two questions": {"messages": [user("Hi"), user("Are you there?")], "generate": True},
    "answer first": {"messages": [assistant("Hello"), user("Hi")], "generate": True},
    "two answers": {"messages": [user("Hi"), assistant("a"), assistant("b")]},
    "system last": {"messages": [user("Hi"), system("Be brief.")], "generate": True},
    "unknown role": {"messages": [user("Hi"), {"role": "narrator", "content": "Silence."}]},
    "parts": {"messages": [user([{"type": "text", "text": " Hi "}, {"type": "image"}, {"type": "text", "text": "there"}])], "generate": True},
    "system in parts": {"messages": [system([{"type": "text", "text": "Be brief."}]), user("Hi")], "generate": True},
    "no content": {"messages": [{"role": "user"}], "generate": True},
    "content is a number": {"messages": [user(5)], "generate": True},
    "no messages": {"messages": [], "generate": True},
}


def render(template, tokens, case):
    try:
        (text,), _ = render_jinja_template(
            [case["messages"]], tools=case.get("tools"), chat_template=template, add_generation_prompt=case.get("generate", False), **tokens, **case.get("set", {})
        )
    except jinja2.exceptions.TemplateError as e:
        return {"error": type(e).__name__, "message": e.message if type(e) is jinja2.exceptions.TemplateError else ""}
    except Exception as e:  # whatever it is
        return {"error": type(e).__name__}
    return {"text": text}


here = pathlib.Path(__file__).parent / "templates"
out = {"made_by": f"real.py, jinja2 {jinja2.__version__}, transformers {transformers.__version__}", "cases": CASES, "templates": {}}
for name, tokens in TOKENS.items():
    file = here / f"{name}.jinja"
    source = (file if file.exists() else pathlib.Path(sys.argv[1]) / f"{name}.jinja").read_bytes()
    out["templates"][name] = {
        "sha256": hashlib.sha256(source).hexdigest(),
        "tokens": tokens,
        "results": {case: render(source.decode(), tokens, spec) for case, spec in CASES.items()},
    }
json.dump(out, sys.stdout, ensure_ascii=False, indent=1)
print()

"""What all sections share: running commands in turn, and writing what they
showed into RESULTS.md. Python's standard library only."""

import datetime
import json
import os
import platform
import statistics
import subprocess
import sys
import tempfile
import time

BENCH = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
WORK = os.environ["ROTOR_BENCH_WORK"]
ROTOR = os.environ["ROTOR"]
THREADS = int(os.environ.get("ROTOR_BENCH_THREADS", "2"))
RUNS = int(os.environ.get("ROTOR_BENCH_RUNS", "5"))

# The sections of RESULTS.md, in their order there.
ORDER = ["gemm", "train-lora", "train-all-linear", "train-lengths", "train-start", "train-blocks", "generate", "tokenizer", "steps", "rl", "rl-alone", "demo", "loss", "loss-real", "gguf", "example-summarise", "example-classify", "example-style"]


# Processor seconds of the whole machine and of what run started, and the seconds that it took.
spent = {"machine": 0.0, "ours": 0.0, "wall": 0.0}


def busy():
    """Seconds that the machine's processors have been at work for anyone."""
    try:
        with open("/proc/stat") as f:
            user, nice, system, _, _, irq, soft, stolen = map(int, f.readline().split()[1:9])
    except OSError:
        return 0.0
    return (user + nice + system + irq + soft + stolen) / os.sysconf("SC_CLK_TCK")


def others():
    """The share of the machine that other programs took meanwhile."""
    if not spent["machine"]:
        return "what other programs took is not known here"
    share = max(0, spent["machine"] - spent["ours"]) / (spent["wall"] * os.cpu_count())
    return f"other programs took {100 * share:.0f} % of the processors meanwhile"


def run(command, env=None):
    """Runs a command and returns the JSON object that it printed last, with
    wall_s and the peak of its resident set as the system counted it."""
    began, before = time.time(), busy()
    with tempfile.TemporaryFile() as out:
        p = subprocess.Popen(command, stdout=out, env={**os.environ, "BENCH_BEGAN": repr(began), **(env or {})})
        _, status, usage = os.wait4(p.pid, 0)
        p.returncode = os.waitstatus_to_exitcode(status)
        wall = time.time() - began
        for key, seconds in (("machine", busy() - before), ("ours", usage.ru_utime + usage.ru_stime), ("wall", wall)):
            spent[key] += seconds
        out.seek(0)
        text = out.read().decode()
    if p.returncode != 0:
        sys.exit(f"{' '.join(command)}: exit status {p.returncode}\n{text}")
    result = json.loads(text.strip().splitlines()[-1])
    result["wall_s"] = wall
    result["peak_rss_bytes"] = usage.ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return result


def alternate(sides, warm=None):
    """Runs each side in turn, A B A B …, after one run of each that does not
    count. A side is a function that takes nothing and returns an object; warm
    has other functions for the first round. Returns a list for each side."""
    taken = {name: [] for name in sides}
    for i in range(RUNS + 1):
        for name, side in sides.items():
            if i == 0 and warm:
                side = warm[name]
            result = side()
            if i > 0:
                taken[name].append(result)
            print(f"{name}, {f'run {i}' if i else 'warm-up'}: {brief(result)}", file=sys.stderr, flush=True)
    return taken


def brief(result):
    return ", ".join(f"{k} {v:.4g}" for k, v in result.items() if isinstance(v, (int, float)))


def median(runs, key):
    return statistics.median(r[key] for r in runs)


def pairs(over, under, key):
    """Ratios of the runs that stood beside each other."""
    return [a[key] / b[key] for a, b in zip(over, under)]


def ratio(values):
    """A median, and what it is the median of."""
    return f"{statistics.median(values):.2f} ({' '.join(f'{v:.2f}' for v in values)})"


def verdict(name, have, floor, at_least=True, unit=""):
    """One line that says whether a floor was reached."""
    ok = have >= floor if at_least else have <= floor
    return f"- {name}: {have:.3g}{unit}, {'at least' if at_least else 'at most'} {floor:g}{unit} wanted: {'**reached**' if ok else '**missed**'}"


def table(head, rows):
    lines = ["| " + " | ".join(head) + " |", "| --- |" + " ---: |" * (len(head) - 1)]
    return "\n".join(lines + ["| " + " | ".join(str(c) for c in row) + " |" for row in rows])


def gigabytes(n):
    return f"{n / 1e9:.2f} GB"


def peak():
    """What the machine can do at most, as Rotor measures it now."""
    return run([ROTOR, "bench", "peak", "--seconds", "2", "--threads", str(THREADS), "--json"])


def cpu():
    facts = {}
    try:
        with open("/proc/cpuinfo") as f:
            for line in f:
                key, _, value = line.partition(":")
                facts.setdefault(key.strip(), value.strip())
    except OSError:
        pass
    name = facts.get("model name") or platform.processor() or platform.machine()
    if "cpu family" in facts:
        name += f" (family {facts['cpu family']}, model {facts.get('model', '?')})"
    return f"{name}, {os.cpu_count()} processors, {platform.system()} {platform.machine()}"


def commit():
    def git(*args):
        return subprocess.run(["git", "-C", BENCH, *args], capture_output=True, text=True).stdout.strip()

    changed = git("status", "--porcelain", "--untracked-files=no", "--", ":/", ":(exclude,top)bench/RESULTS.md")
    return (git("rev-parse", "--short", "HEAD") or "unknown") + (" with changes" if changed else "")


def provenance(versions, how=f"{RUNS} counted runs of each after a warm-up, in turn; {THREADS} threads"):
    """Who measured what, when and where, and how: the last lines of every section."""
    now = datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M UTC")
    lines = [f"{now}; {cpu()}; Rotor {commit()}; {versions}."]
    lines.append(f"{how}; {others()}.")
    return "\n".join(lines)


def publish(name, body):
    """Puts a section into RESULTS.md between its markers, and prints it."""
    file = os.environ["ROTOR_BENCH_RESULTS"]
    sections = {}
    if os.path.exists(file):
        with open(file, encoding="utf-8") as f:
            text = f.read()
        for s in ORDER:
            _, found, rest = text.partition(f"<!-- {s}: begin -->\n")
            if found:
                sections[s] = rest.partition(f"\n<!-- {s}: end -->")[0]
    sections[name] = body.strip()
    text = "# Results\n\nWritten by the scripts of this folder, section by section. Not to be edited by hand.\n"
    for s in ORDER:
        if s in sections:
            text += f"\n<!-- {s}: begin -->\n{sections[s]}\n<!-- {s}: end -->\n"
    with open(file + ".new", "w", encoding="utf-8") as f:
        f.write(text)
    os.replace(file + ".new", file)
    print("\n" + body.strip() + "\n", flush=True)

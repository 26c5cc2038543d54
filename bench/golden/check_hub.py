"""Hold Rotor's cache of the hub against Python's own program, both ways.

    go build -o rotor ./cmd/rotor
    python bench/golden/check_hub.py ./rotor        # in the root of the repository

A server on this machine speaks as a hub does and has one model of
model/llama/testdata, whose weights it keeps on another port. Then

  - what `rotor pull` wrote, huggingface_hub finds offline, whole and without a
    warning, fetches no byte of again, and transformers loads: its logits are
    those of `rotor logits`;
  - what huggingface_hub wrote, `rotor pull` fetches no byte of again, and every
    command opens by its name;
  - the two folders hold the same names, links and bytes;
  - Rotor waits for the lock that huggingface_hub holds on a file.

Run with huggingface_hub 2.4.0, transformers 5.23.0, torch 2.15.0.
"""

import hashlib
import http.server
import json
import os
import pathlib
import subprocess
import sys
import tempfile
import threading
import time

from huggingface_hub.utils import WeakFileLock

MODEL = pathlib.Path("model/llama/testdata/gqa-tied")
COMMIT = "0123456789abcdef0123456789abcdef01234567"
LARGE = 10_000
served = {"bytes": 0, "tokens": []}


def digest(data):
    if len(data) >= LARGE:
        return hashlib.sha256(data).hexdigest()
    return hashlib.sha1(b"blob %d\0" % len(data) + data).hexdigest()


class Hub(http.server.BaseHTTPRequestHandler):
    files, far, is_far = {}, "", False

    def log_message(self, *_):
        pass

    def do_HEAD(self):
        self.do_GET(body=False)

    def reply(self, code, body=b"", **headers):
        self.send_response(code)
        for k, v in headers.items():
            self.send_header(k.replace("_", "-"), str(v))
        if "Content_Length" not in headers:
            self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command == "GET":
            self.wfile.write(body)

    def do_GET(self, body=True):
        path = self.path.split("?")[0]
        if self.is_far and self.headers.get("Authorization"):
            served["tokens"].append(self.path)
        if path in ("/api/models/o/n/revision/main", "/api/models/o/n"):
            siblings = []
            for name, data in self.files.items():
                s = {"rfilename": name}
                if "blobs" in self.path:
                    s |= {"size": len(data), "blobId": digest(data)}
                    if len(data) >= LARGE:
                        s |= {"blobId": digest(b"pointer"), "lfs": {"sha256": digest(data), "size": len(data), "pointerSize": 130}}
                siblings.append(s)
            return self.reply(200, json.dumps({"id": "o/n", "sha": COMMIT, "siblings": siblings}).encode(), Content_Type="application/json")
        if path.startswith("/api/models/o/n/tree/"):
            tree = []
            for name, data in self.files.items():
                e = {"type": "file", "path": name, "size": len(data), "oid": digest(data)}
                if len(data) >= LARGE:
                    e["lfs"] = {"oid": digest(data), "size": len(data), "pointerSize": 130}
                tree.append(e)
            return self.reply(200, json.dumps(tree).encode(), Content_Type="application/json")
        for rev in (COMMIT, "main"):
            name = path.removeprefix(f"/o/n/resolve/{rev}/")
            if name == path:
                continue
            if name not in self.files:
                return self.reply(404, X_Error_Code="EntryNotFound", X_Repo_Commit=COMMIT)
            data = self.files[name]
            if len(data) >= LARGE and not self.is_far:
                return self.reply(302, Location=self.far + path, X_Linked_Etag=f'"{digest(data)}"', X_Linked_Size=len(data), X_Repo_Commit=COMMIT)
            headers = dict(ETag=f'"{digest(data)}"', X_Repo_Commit=COMMIT)
            span = self.headers.get("Range", "")
            if span.startswith("bytes="):
                a, _, b = span[6:].partition("-")
                a, b = int(a), int(b or len(data) - 1)
                headers["Content_Range"] = f"bytes {a}-{b}/{len(data)}"
                data = data[a : b + 1]
            served["bytes"] += len(data) if self.command == "GET" else 0
            return self.reply(206 if span else 200, data, Content_Length=len(data), **headers)
        self.reply(404, X_Error_Code="RepoNotFound")


def serve(**attributes):
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), type("H", (Hub,), attributes))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"


def tree(home):
    """Every file and link below the cache of a home, with what it holds."""
    out = {}
    root = pathlib.Path(home) / "hub"
    for p in sorted(root.rglob("*")):
        name = str(p.relative_to(root))
        if name.split("/")[0] in (".locks", "CACHEDIR.TAG") or "/trees" in name:
            continue
        if p.is_symlink():
            out[name] = "-> " + os.readlink(p)
        elif p.is_file():
            out[name] = hashlib.sha256(p.read_bytes()).hexdigest()
    return out


def main(rotor):
    files = {p.name: p.read_bytes() for p in MODEL.iterdir() if p.suffix in (".json", ".safetensors") and p.name not in ("golden.json", "config.old.json")}
    far = serve(files=files, is_far=True)
    hub = serve(files=files, far=far)
    python, own = tempfile.mkdtemp(), tempfile.mkdtemp()

    def env(home, **more):
        return os.environ | {"HF_HOME": home, "HF_ENDPOINT": hub, "HF_TOKEN": "hf_secret", "HF_HUB_DISABLE_XET": "1", "PYTHONWARNINGS": "error"} | more

    def run(command, home, **more):
        done = subprocess.run(command, env=env(home, **more), capture_output=True, text=True)
        if done.returncode:
            sys.exit(f"{command[:3]}: {done.stdout}{done.stderr}")
        return done.stdout

    def ask(code, home, **more):
        return run([sys.executable, "-c", code], home, **more)

    snapshot = "import huggingface_hub as h; print(h.snapshot_download('o/n'))"
    print(run([rotor, "pull", "o/n"], own).strip())
    first = served["bytes"]
    path = ask(snapshot, own, HF_HUB_OFFLINE="1").strip()
    assert sorted(os.listdir(path)) == sorted(files), os.listdir(path)
    ask("import huggingface_hub as h; i = h.scan_cache_dir(); assert not i.warnings and len(i.repos) == 1, i", own)
    ask(snapshot, own)
    assert served["bytes"] == first, "Python fetched again what Rotor had fetched"
    logits = ask(
        "import torch, json, transformers as t; m = t.AutoModelForCausalLM.from_pretrained('o/n', dtype=torch.float32);"
        "print(json.dumps(m(torch.tensor([[1, 5, 9, 7]])).logits[0].tolist()))",
        own, HF_HUB_OFFLINE="1",
    )
    mine = json.loads(run([rotor, "logits", "--model", "o/n", "--ids", "1,5,9,7", "--json"], own))["logits"]
    theirs = json.loads(logits.strip().splitlines()[-1])
    worst = max(abs(a - b) for x, y in zip(mine, theirs) for a, b in zip(x, y))
    assert len(mine) == len(theirs) and worst < 1e-4, worst
    print(f"huggingface_hub finds what Rotor wrote; logits differ by {worst:.1e} at most")

    ask(snapshot, python)
    second = served["bytes"]
    out = json.loads(run([rotor, "pull", "o/n", "--json"], python).splitlines()[-1])
    assert out["fetched"] == 0 and served["bytes"] == second, "Rotor fetched again what Python had fetched"
    run([rotor, "show", "o/n"], python)
    back = json.loads(run([rotor, "logits", "--model", "o/n", "--ids", "1,5,9,7", "--json"], python))["logits"]
    assert back == mine
    print("Rotor finds what huggingface_hub wrote, and fetches none of it again")
    a, b = tree(own), tree(python)
    assert a == b, {k: (a.get(k), b.get(k)) for k in a.keys() | b.keys() if a.get(k) != b.get(k)}
    print(f"both caches hold the same {len(a)} names, links and bytes")
    third = tempfile.mkdtemp()
    lock = pathlib.Path(third) / "hub" / ".locks" / "models--o--n" / (digest(files["config.json"]) + ".lock")
    lock.parent.mkdir(parents=True)
    with WeakFileLock(lock):
        waits = subprocess.Popen([rotor, "pull", "o/n"], env=env(third), stdout=subprocess.PIPE)
        time.sleep(2)
        assert waits.poll() is None and not list(pathlib.Path(third).rglob("blobs/*")), "Rotor did not wait for the lock"
    assert waits.wait(timeout=20) == 0
    print("Rotor waits for huggingface_hub's lock")
    assert not served["tokens"], "the token went to the other host"


if __name__ == "__main__":
    main(os.path.abspath(sys.argv[1]))

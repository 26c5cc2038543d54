"""Writes minatar.json.gz: what MinAtar's own games do, for the tests of rl/world.

    python -m venv venv && venv/bin/pip install --no-deps MinAtar==1.0.15 && venv/bin/pip install numpy
    venv/bin/python minatar_golden.py

States are the numbers of rl/world's games. A step that drew by chance is marked.
"""
import gzip
import importlib
import importlib.metadata
import json
import pathlib
import sys
import types

import numpy as np

# The games need numpy alone; the package also imports a window.
package = importlib.util.find_spec("minatar").submodule_search_locations
sys.modules["minatar"] = types.ModuleType("minatar")
sys.modules["minatar"].__path__ = package
rng = np.random.default_rng(20241103)
WAYS = [(-1, -1), (1, -1), (1, 1), (-1, 1)]


def breakout_state(e):
    bricks = sum(1 << int((y - 1) * 10 + x) for y in (1, 2, 3) for x in range(10) if e.brick_map[y, x])
    return [e.pos, e.ball_x, e.ball_y, *WAYS[e.ball_dir], e.last_x, e.last_y, int(e.strike), bricks]


def breakout_action(e):
    if rng.random() < 0.15:
        return int(rng.integers(3))
    dx, dy = WAYS[e.ball_dir]
    x = e.ball_x + dx if dy > 0 and 0 <= e.ball_x + dx <= 9 else e.ball_x
    return 1 if e.pos > x else 2 if e.pos < x else 0


def breakout_begin(e, part):
    if part % 2:  # few bricks, so that the last is met
        e.brick_map[:] = 0
        for _ in range(1 + part % 3):
            e.brick_map[rng.integers(1, 4), rng.integers(10)] = 1


def freeway_state(e):
    return [e.pos, int(e.move_timer), *(int(x) for car in e.cars for x in (car[0], car[2], car[3]))]


def freeway_begin(e, part):
    e.pos, e.move_timer = int(rng.integers(1, 10)), int(rng.integers(0, 4))
    for car in e.cars:
        car[0], car[2] = int(rng.integers(10)), int(rng.integers(0, abs(car[3]) + 1))


def asterix_state(e):
    things = [(0, 0, 0) if t is None else (2 if t[3] else 1, t[0], 1 if t[2] else -1) for t in e.entities]
    return [e.player_x, e.player_y, e.spawn_timer, e.spawn_speed, e.move_timer, e.move_speed, e.ramp_timer, e.ramp_index, *(int(x) for t in things for x in t)]


def asterix_begin(e, part):
    if part % 2:  # soon faster, from any speed on
        e.spawn_speed, e.move_speed = int(rng.integers(1, 11)), int(rng.integers(1, 6))
        e.spawn_timer, e.move_timer = int(rng.integers(0, e.spawn_speed + 1)), int(rng.integers(0, e.move_speed + 1))
        e.ramp_timer, e.ramp_index = int(rng.integers(-1, 12)), int(rng.integers(0, 12))


# name: the actions that ours number 0, 1, …; state; begin; action; whether a step will draw by chance
GAMES = {
    "breakout": (["n", "l", "r"], breakout_state, breakout_begin, breakout_action, lambda e, a: False),
    "freeway": (["n", "u", "d"], freeway_state, freeway_begin, lambda e: int(rng.choice(3, p=[0.1, 0.75, 0.15])),
                lambda e, a: a == "u" and e.pos == 1 and e.move_timer == 0),
    "asterix": (["n", "l", "u", "r", "d"], asterix_state, asterix_begin, lambda e: int(rng.integers(5)), lambda e, a: e.spawn_timer == 0),
}


def play(name, steps, **options):
    names, state, begin, act, chance = GAMES[name]
    env = importlib.import_module("minatar.environments." + name).Env(**options)
    env.random = np.random.RandomState(7)
    parts = []
    while steps > 0:
        env.reset()
        begin(env, len(parts))
        part = {"states": [state(env)], "actions": [], "rewards": [], "ends": [], "chance": [], "seen": []}
        while steps > 0 and not env.terminal and len(part["actions"]) < 300:
            a = act(env)
            part["chance"].append(bool(chance(env, names[a])))
            reward, ended = env.act(env.action_map.index(names[a]))
            part["actions"].append(a)
            part["rewards"].append(float(reward))
            part["ends"].append(bool(ended))
            part["states"].append([int(x) for x in state(env)])
            part["seen"].append([int(i) for i in np.transpose(env.state(), (2, 0, 1)).ravel().nonzero()[0]])
            steps -= 1
        parts.append(part)
    return {"world": name, "options": options, "parts": parts}


golden = {
    "minatar": importlib.metadata.version("MinAtar"),
    "numpy": np.__version__,
    "runs": [play("breakout", 2500), play("freeway", 2000), play("asterix", 2500), play("asterix", 500, ramping=False)],
}
out = pathlib.Path(__file__).with_name("minatar.json.gz")
with gzip.GzipFile(out, "wb", mtime=0) as f:
    f.write(json.dumps(golden, separators=(",", ":")).encode())
print(out, out.stat().st_size)

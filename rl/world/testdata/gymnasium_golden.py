"""Writes gymnasium.json.gz: what Gymnasium's own worlds do, for the tests of rl/world.

    python -m venv venv && venv/bin/pip install gymnasium==1.4.0
    venv/bin/python gymnasium_golden.py

Tables are `env.P`; runs are states before and after each step, as the
unwrapped environments hold them, under random actions from a seeded generator.
"""
import gzip
import json
import pathlib

import gymnasium as gym
import numpy as np

rng = np.random.default_rng(20240607)


def table(name, **options):
    env = gym.make(name, **options).unwrapped
    return {
        "world": name,
        "options": {k: v for k, v in options.items()},
        "start": [float(p) for p in env.initial_state_distrib],
        "table": [
            [[[float(p), int(s), float(r), bool(t)] for p, s, r, t in env.P[state][action]] for action in sorted(env.P[state])]
            for state in sorted(env.P)
        ],
    }


def run(name, steps, continuous=None, state=None, **options):
    """One run of a machine; where it ends it begins again, so a run has parts."""
    attributes = options.pop("attributes", {})
    env = gym.make(name, **options).unwrapped
    for key, value in attributes.items():
        setattr(env, key, value)
    if name == "CartPole-v1":  # computed once by its constructor
        env.polemass_length, env.total_mass = env.masspole * env.length, env.masspole + env.masscart
    parts = []
    while steps > 0:
        env.reset(seed=int(rng.integers(1 << 30)))
        if state is not None:
            env.state = np.array(state(rng), dtype=np.float64)
        part = {"states": [[float(x) for x in env.state]], "actions": [], "rewards": [], "ends": [], "observations": []}
        while steps > 0:
            if continuous:
                action = np.array([rng.uniform(-continuous, continuous)])
                part["actions"].append(float(action[0]))
            else:
                action = int(rng.integers(env.action_space.n))
                part["actions"].append(action)
            obs, reward, ended, _, _ = env.step(action)
            part["states"].append([float(x) for x in env.state])
            part["observations"].append([float(x) for x in obs])
            part["rewards"].append(float(reward))
            part["ends"].append(bool(ended))
            steps -= 1
            if ended or len(part["actions"]) == 200:
                break
        parts.append(part)
    return {"world": name, "options": options | attributes, "parts": parts}


def blackjack(steps, **options):
    env = gym.make("Blackjack-v1", **options).unwrapped
    rows = []
    seen, _ = env.reset(seed=7)
    while len(rows) < steps:
        action = int(rng.random() < 0.6)
        dealt = len(env.player) == 2
        nxt, reward, ended, _, _ = env.step(action)
        rows.append([[int(x) for x in seen], dealt, action, [int(x) for x in nxt], float(reward), bool(ended)])
        seen = nxt if not ended else env.reset()[0]
    return {"options": options, "rows": rows}


golden = {
    "gymnasium": gym.__version__,
    "numpy": np.__version__,
    "tables": [
        table("FrozenLake-v1"),
        table("FrozenLake-v1", is_slippery=False),
        table("FrozenLake-v1", success_rate=0.75, reward_schedule=(5, -1, -0.5)),
        table("FrozenLake8x8-v1"),
        table("CliffWalking-v1"),
        table("CliffWalkingSlippery-v1"),
        table("Taxi-v4"),
        table("Taxi-v4", is_rainy=True),
    ],
    "runs": [
        run("CartPole-v1", 600),
        run("CartPole-v1", 200, sutton_barto_reward=True),
        run("CartPole-v1", 200, attributes={"gravity": 9.81, "length": 0.7, "kinematics_integrator": "semi-implicit euler"}),
        run("MountainCar-v0", 400),
        run("MountainCar-v0", 400, state=lambda g: [g.uniform(-1.2, 0.6), g.uniform(-0.07, 0.07)]),
        run("MountainCarContinuous-v0", 400, continuous=1.5),
        run("MountainCarContinuous-v0", 400, continuous=1, state=lambda g: [g.uniform(-1.2, 0.6), g.uniform(-0.07, 0.07)]),
        run("Acrobot-v1", 400),
        run("Acrobot-v1", 200, attributes={"book_or_nips": "nips", "dt": 0.1}),
        run("Acrobot-v1", 300, state=lambda g: [g.uniform(-3, 3), g.uniform(-3, 3), g.uniform(-8, 8), g.uniform(-16, 16)]),
        run("Pendulum-v1", 400, continuous=3),
        run("Pendulum-v1", 200, continuous=2, g=9.81),
    ],
    "blackjack": [blackjack(3000), blackjack(3000, sab=False), blackjack(3000, natural=True, sab=False)],
}
out = pathlib.Path(__file__).with_name("gymnasium.json.gz")
with gzip.GzipFile(out, "wb", mtime=0) as f:
    f.write(json.dumps(golden, separators=(",", ":")).encode())
print(out, out.stat().st_size)

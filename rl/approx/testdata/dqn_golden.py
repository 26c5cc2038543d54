"""Writes dqn.json.gz: a run of Stable-Baselines3's DQN with every choice that chance
made, for TestDQNIsStableBaselines3 of rl/approx.

    python -m venv venv && venv/bin/pip install stable-baselines3==2.9.2 gymnasium==1.4.0
    venv/bin/python dqn_golden.py

The run is short and of a small network, and has all that a long one has: steps by
chance before learning, exploration that fades, ends and cuts of episodes, a replay
that forgets, rounds of updates and a target that follows.
"""
import gzip
import json
import pathlib

import gymnasium
import numpy as np
import stable_baselines3
import torch
from stable_baselines3 import DQN

torch.set_num_threads(1)
HORIZON, STEPS = 25, 512
SETTINGS = dict(
    learning_rate=2.3e-3, batch_size=16, buffer_size=200, learning_starts=64, gamma=0.99, target_update_interval=10,
    train_freq=16, gradient_steps=8, exploration_fraction=0.5, exploration_final_eps=0.04,
)


class Recorder(gymnasium.Wrapper):
    """What the world showed, step by step."""

    def __init__(self, env):
        super().__init__(env)
        self.starts, self.steps = [], []

    def reset(self, **options):
        seen, info = self.env.reset(**options)
        self.starts.append(seen.tolist())
        return seen, info

    def step(self, action):
        seen, reward, terminated, truncated, info = self.env.step(action)
        self.steps.append({"action": int(action), "seen": seen.tolist(), "reward": float(reward), "ends": bool(terminated), "cut": bool(truncated)})
        return seen, reward, terminated, truncated, info


world = Recorder(gymnasium.make("CartPole-v1", max_episode_steps=HORIZON))
model = DQN("MlpPolicy", world, policy_kwargs=dict(net_arch=[24, 24]), seed=7, device="cpu", **SETTINGS)
layers = [m for m in model.q_net.q_net if isinstance(m, torch.nn.Linear)]
first = [{"w": layer.weight.detach().numpy().T.tolist(), "b": layer.bias.detach().tolist()} for layer in layers]  # w [in, out]
probes = np.random.default_rng(1).uniform(-0.2, 0.2, (8, 4)).astype(np.float32)
luck, draws, rounds = [], [], []

dice, samples, train = np.random.rand, model.replay_buffer._get_samples, model.train


def rand():
    luck.append(float(dice()))
    return luck[-1]


def get_samples(rows, env=None):
    draws.append(rows.tolist())
    return samples(rows, env)


def learn(**options):
    train(**options)
    with torch.no_grad():
        rounds.append({"steps": model.num_timesteps, "q": model.q_net(torch.as_tensor(probes)).tolist(), "slow": model.q_net_target(torch.as_tensor(probes)).tolist()})


np.random.rand, model.replay_buffer._get_samples, model.train = rand, get_samples, learn
model.learn(STEPS)
assert len(luck) == STEPS - SETTINGS["learning_starts"] and len(world.steps) == STEPS
golden = {
    "made_by": f"dqn_golden.py with Stable-Baselines3 {stable_baselines3.__version__}, PyTorch {torch.__version__}, Gymnasium {gymnasium.__version__}",
    "horizon": HORIZON, "settings": SETTINGS, "first": first, "probes": probes.tolist(),
    "starts": world.starts, "steps": world.steps, "luck": luck, "draws": draws, "rounds": rounds,
}
file = pathlib.Path(__file__).with_name("dqn.json.gz")
file.write_bytes(gzip.compress(json.dumps(golden).encode(), 9, mtime=0))
ends, cuts = sum(s["ends"] for s in world.steps), sum(s["cut"] and not s["ends"] for s in world.steps)
print(f"{file.name}: {len(rounds)} rounds, {ends} ends, {cuts} cuts, {file.stat().st_size} bytes")

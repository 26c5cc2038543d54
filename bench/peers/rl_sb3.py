"""Stable-Baselines3 on the tasks of bench/probe/learn.go, with the same networks
and settings: trains until an evaluation of 100 episodes, whose time does not
count, reaches the goal, and prints how long that took.

    rl_sb3.py TASK SEED [THREADS]
"""

import json
import sys
import time

import gymnasium
import stable_baselines3
import torch
from stable_baselines3 import DQN, PPO, SAC
from stable_baselines3.common.env_util import make_vec_env
from stable_baselines3.common.evaluation import evaluate_policy

CPU = {"device": "cpu", "verbose": 0}


def ppo(world, envs, **settings):
    return lambda seed: PPO("MlpPolicy", make_vec_env(world, envs, seed=seed), ent_coef=0.0, clip_range=0.2, seed=seed, **settings, **CPU)


def dqn(world, **settings):
    return lambda seed: DQN("MlpPolicy", world, policy_kwargs=dict(net_arch=[256, 256]), seed=seed, **settings, **CPU)


# name: world, steps at most, steps between evaluations, goal, agent
TASKS = {
    "ppo-cartpole": ("CartPole-v1", 100_000, 2048, 475, ppo(
        "CartPole-v1", 8, n_steps=32, batch_size=256, gae_lambda=0.8, gamma=0.98, n_epochs=20, learning_rate=1e-3)),
    "ppo-acrobot": ("Acrobot-v1", 1_000_000, 16_384, -100, ppo(
        "Acrobot-v1", 16, n_steps=256, batch_size=64, gae_lambda=0.94, gamma=0.99, n_epochs=4, learning_rate=3e-4)),
    "dqn-cartpole": ("CartPole-v1", 50_000, 1024, 475, dqn(
        "CartPole-v1", learning_rate=2.3e-3, batch_size=64, buffer_size=100_000, learning_starts=1000, gamma=0.99,
        target_update_interval=10, train_freq=256, gradient_steps=128, exploration_fraction=0.16, exploration_final_eps=0.04)),
    "dqn-mountaincar": ("MountainCar-v0", 200_000, 4000, -110, dqn(  # explores for 24,000 steps
        "MountainCar-v0", learning_rate=4e-3, batch_size=128, buffer_size=10_000, learning_starts=1000, gamma=0.98,
        target_update_interval=600, train_freq=16, gradient_steps=8, exploration_fraction=0.12, exploration_final_eps=0.07)),
    "sac-pendulum": ("Pendulum-v1", 20_000, 500, -200, lambda seed: SAC(
        "MlpPolicy", "Pendulum-v1", learning_rate=1e-3, buffer_size=20_000, seed=seed, **CPU)),
}


def main():
    name, seed = sys.argv[1], int(sys.argv[2])
    torch.set_num_threads(int(sys.argv[3]) if len(sys.argv) > 3 else 2)
    world, most, every, goal, make = TASKS[name]
    model = make(seed)
    judge = make_vec_env(world, 20, seed=seed + 1000)
    curve = []
    # learn() in pieces would end the schedules of exploration with each piece, so
    # it runs once, and an evaluation in between stops the clock.
    state = {"next": every, "began": time.perf_counter(), "cpu": time.process_time(), "seconds": 0.0, "cpu_seconds": 0.0}

    def look(_locals, _globals):
        if model.num_timesteps < state["next"]:
            return True
        state["next"] += every
        state["seconds"] += time.perf_counter() - state["began"]
        state["cpu_seconds"] += time.process_time() - state["cpu"]
        curve.append(float(evaluate_policy(model, judge, n_eval_episodes=100)[0]))
        state["began"], state["cpu"] = time.perf_counter(), time.process_time()
        return curve[-1] < goal

    model.learn(most, callback=look)
    seconds, steps = state["seconds"], model.num_timesteps
    print(json.dumps({
        "steps": steps, "seconds": seconds, "cpu_seconds": state["cpu_seconds"], "steps_per_s": steps / seconds, "reached": bool(curve and curve[-1] >= goal), "curve": curve,
        "versions": f"Stable-Baselines3 {stable_baselines3.__version__}, PyTorch {torch.__version__}, Gymnasium {gymnasium.__version__}",
    }))


main()

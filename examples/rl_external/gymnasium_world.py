"""A Gymnasium environment as a world of Rotor: JSON lines over standard input and output.

    rotor rl learn --world "exec:python gymnasium_world.py FrozenLake-v1" --algorithm q-learning --episodes 500

Any language can do the same: say what the world is, then answer each line with one line.
"""
import json
import sys

import gymnasium as gym
import numpy as np

made = gym.make(sys.argv[1] if len(sys.argv) > 1 else "FrozenLake-v1")
env = made.unwrapped  # without Gymnasium's time limit: Rotor cuts at its own horizon
if not hasattr(env.action_space, "n") and env.action_space.shape != (1,):
    sys.exit(f"{made.spec.id} takes actions of the form {env.action_space}; a world of Rotor takes the number of an action, or one force")


def say(**fields):
    print(json.dumps(fields), flush=True)


def seen(observation):
    if hasattr(env.observation_space, "n"):
        return {"state": int(observation)}
    return {"observation": [float(x) for x in np.ravel(observation)]}


about = {"name": made.spec.id, "horizon": made.spec.max_episode_steps or 0}
about |= {"states": int(env.observation_space.n)} if hasattr(env.observation_space, "n") else {"width": int(np.prod(env.observation_space.shape))}
about |= {"actions": int(env.action_space.n)} if hasattr(env.action_space, "n") else {"low": float(env.action_space.low[0]), "high": float(env.action_space.high[0])}
say(**about)

for line in sys.stdin:
    ask = json.loads(line)
    if "reset" in ask:
        observation, _ = env.reset(seed=ask["reset"])
        say(**seen(observation))
    else:
        action = ask["step"] if hasattr(env.action_space, "n") else [ask["step"]]
        observation, reward, ended, _, _ = env.step(action)
        say(**seen(observation), reward=float(reward), end=bool(ended))

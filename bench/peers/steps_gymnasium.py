"""Steps a second of Gymnasium: tabular Q-learning on FrozenLake in Python, and
CartPole alone, 64 at once in its own vector form.

The learning is that of `rotor bench rl`: α = 0.1, ε = 0.1, γ = 1, one step of
learning for each of the world. The best of short runs counts, as there.
"""

import json
import time

import gymnasium
import numpy


def lake(steps):
    env = gymnasium.make("FrozenLake-v1")
    q, rng = numpy.zeros((16, 4)), numpy.random.default_rng(0)
    s, _ = env.reset(seed=0)
    began = time.perf_counter()
    for _ in range(steps):
        a = int(rng.integers(4)) if rng.random() < 0.1 else int(q[s].argmax())
        after, r, ended, cut, _ = env.step(a)
        q[s, a] += 0.1 * (r + (0 if ended else q[after].max()) - q[s, a])
        s = env.reset()[0] if ended or cut else after
    return steps / (time.perf_counter() - began)


def cartpole(steps, copies):
    env = gymnasium.make_vec("CartPole-v1", num_envs=copies, vectorization_mode="vector_entry_point")
    env.reset(seed=0)
    actions = numpy.random.default_rng(0).integers(2, size=(steps, copies))
    began = time.perf_counter()
    for a in actions:
        env.step(a)
    return steps * copies / (time.perf_counter() - began)


print(json.dumps({
    "q_learning_frozenlake_steps_per_s": max(lake(2_000) for _ in range(50)),
    "cartpole_vector_steps_per_s": max(cartpole(200, 64) for _ in range(25)),
    "versions": f"Gymnasium {gymnasium.__version__}, NumPy {numpy.__version__}",
}))

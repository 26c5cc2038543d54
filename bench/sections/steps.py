"""Steps of tabular Q-learning and of the cart-pole beside Gymnasium, one core each."""

import os
import statistics
import sys

import measure
from measure import ROTOR, median, pairs, run

LAKE, CART = "q_learning_frozenlake_steps_per_s", "cartpole_vector_steps_per_s"
ALONE = {"q_learning_grid_steps_per_s": ("Q-learning, zhao5x5", 30e6), "q_learning_grid_episodic_steps_per_s": ("Q-learning, zhao5x5-episodic", 30e6)}


def main():
    peer = [sys.executable, os.path.join(measure.BENCH, "peers", "steps_gymnasium.py")]
    taken = measure.alternate({"Gymnasium": lambda: run(peer), "Rotor": lambda: run([ROTOR, "bench", "rl", "--seconds", "2", "--json"])})
    ours, theirs = taken["Rotor"], taken["Gymnasium"]
    rows = [[what, f"{median(theirs, key) / 1e6:.3f}", f"{median(ours, key) / 1e6:.1f}", measure.ratio(pairs(ours, theirs, key))]
            for what, key in (("Q-learning, FrozenLake", LAKE), ("CartPole, 64 at once", CART))]
    rows += [[what, "", f"{median(ours, key) / 1e6:.1f}", ""] for key, (what, _) in ALONE.items()]
    verdicts = [measure.verdict("Q-learning on FrozenLake, times Gymnasium with Python", statistics.median(pairs(ours, theirs, LAKE)), 100),
                measure.verdict("CartPole, million steps/s a core", median(ours, CART) / 1e6, 10)]
    verdicts += [measure.verdict(f"{what}, million steps/s a core", median(ours, key) / 1e6, floor / 1e6) for key, (what, floor) in ALONE.items()]
    head = "## Steps of reinforcement learning\n\nMillion steps a second on one core; learning, random numbers and the ε-greedy choice included. `rotor bench rl` takes the best of many short runs."
    measure.publish("steps", "\n\n".join([head, measure.table(["", "Gymnasium", "Rotor", "ratio"], rows), "\n".join(verdicts), measure.provenance(theirs[0]["versions"])]))


main()

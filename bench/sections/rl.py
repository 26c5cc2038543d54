"""Deep reinforcement learning beside Stable-Baselines3.

    rl.py [TASK …]           in turn with the peer, a seed after the other
    rl.py alone [TASK …]     Rotor alone, more seeds, on all cores
"""

import os
import random
import statistics
import sys
from concurrent.futures import ThreadPoolExecutor

import measure
from measure import median, run

PROBE = os.path.join(measure.WORK, "probe")
SEEDS = int(os.environ.get("ROTOR_BENCH_RL_SEEDS", "10"))

# task: what, the goal, how many times sooner is wanted, seeds of each side. DQN comes
# to CartPole's goal after 2,000 steps or after 39,000, on either side, as luck has it:
# of two samples of five seeds of one and the same program, every fifth pair has medians
# that are more than 1.4 times apart.
TASKS = {
    "ppo-cartpole": ("PPO, CartPole", "475", 5, measure.RUNS),
    "dqn-cartpole": ("DQN, CartPole", "475", 5, 3 * measure.RUNS),
    "sac-pendulum": ("SAC, Pendulum", "−200", 2.5, measure.RUNS),
    "ppo-acrobot": ("PPO, Acrobot", "−100", None, measure.RUNS),
    "dqn-mountaincar": ("DQN, MountainCar", "−110", None, measure.RUNS),
}


# what they must reach alone, where that is more
ALONE = {"ppo-cartpole": 500}


def middle(values):
    """The interquartile mean: the mean of the middle half."""
    ordered, cut = sorted(values), len(values) // 4
    return statistics.mean(ordered[cut:len(ordered) - cut])


def interval(values, draws=2000):
    """A bootstrap interval of the interquartile mean, 95 %.

    Agarwal et al., Deep Reinforcement Learning at the Edge of the Statistical
    Precipice, 2021. arXiv:2108.13264."""
    rng = random.Random(0)
    means = sorted(middle(rng.choices(values, k=len(values))) for _ in range(draws))
    return means[int(.025 * draws)], means[int(.975 * draws)]


def span(side):
    steps = [r["steps"] for r in side]
    return f"{min(steps):,} to {max(steps):,}"


def beside(names):
    peer = os.path.join(measure.BENCH, "peers", "rl_sb3.py")
    rows, verdicts, versions = [], [], ""
    for name in names:
        what, goal, floor, seeds = TASKS[name]
        theirs, ours = [], []
        for seed in range(seeds):
            theirs.append(run([sys.executable, peer, name, str(seed), str(measure.THREADS)]))
            ours.append(run([PROBE, "learn", name, str(seed)], {"GOMAXPROCS": str(measure.THREADS)}))
            for side, r in (("Stable-Baselines3", theirs[-1]), ("Rotor", ours[-1])):
                print(f"{what}, seed {seed}, {side}: {measure.brief(r)}", file=sys.stderr, flush=True)
        versions = theirs[0]["versions"]
        sooner = median(theirs, "seconds") / median(ours, "seconds")
        solved = [sum(r["reached"] for r in side) for side in (theirs, ours)]
        rows.append([f"{what}, {goal}"] + [
            f"{median(side, 'seconds'):.1f} s ({median(side, 'cpu_seconds'):.1f} s of processor), {median(side, 'steps'):,.0f} steps ({span(side)}), {n} of {len(side)}" for side, n in zip((theirs, ours), solved)
        ] + [f"{median(ours, 'steps_per_s') / median(theirs, 'steps_per_s'):.1f}", f"{sooner:.1f}", f"{median(theirs, 'cpu_seconds') / median(ours, 'cpu_seconds'):.1f}"])
        if floor:
            verdicts.append(measure.verdict(f"{what}: times sooner, median of {len(ours)} seeds", sooner, floor))
    head = ["", "Stable-Baselines3: time, steps (least to most), seeds that reached it", "Rotor", "steps/s, ratio", "sooner", "by processor time"]
    what = ("Medians: seconds of training until the mean return of 100 evaluation episodes reaches the goal, evaluations not counted; a seed "
            "that never did counts with all its steps. On a busy machine, processor time with one thread on each side says more. The settings are in `peers/rl_sb3.py` and `probe/learn.go`.")
    measure.publish("rl", "\n\n".join(["## Deep reinforcement learning", what, measure.table(head, rows), "\n".join(verdicts), measure.provenance(versions, f"A seed of each in turn; {measure.THREADS} threads")]))


def alone(names):
    def one(job):
        taken = run([PROBE, "learn", job[0], str(job[1])] + [str(ALONE[name]) for name in job[:1] if name in ALONE], {"GOMAXPROCS": "1"})
        print(f"{TASKS[job[0]][0]}, seed {job[1]}: {measure.brief(taken)}", file=sys.stderr, flush=True)
        return taken

    rows = []
    with ThreadPoolExecutor(measure.THREADS) as pool:
        for name in names:
            what, goal = TASKS[name][:2]
            taken = list(pool.map(one, [(name, seed) for seed in range(SEEDS)]))
            cells = []
            for values, form in (([r["curve"][-1] for r in taken], "{:.0f}"), ([r["steps"] for r in taken], "{:,.0f}")):
                low, high = interval(values)
                cells.append(f"{form.format(middle(values))} [{form.format(low)}, {form.format(high)}]")
            rows.append([f"{what}, {ALONE.get(name, goal)}", f"{sum(r['reached'] for r in taken)} of {SEEDS}"] + cells)
    head = ["", "seeds that reached it", "return at the end", "steps until then"]
    what = f"{SEEDS} seeds, one core each; interquartile means with 95 % bootstrap intervals. A seed ends where it reaches the goal."
    measure.publish("rl-alone", "\n\n".join(["## Deep reinforcement learning, seeds", what, measure.table(head, rows), measure.provenance("no peer").splitlines()[0]]))


def main():
    args = sys.argv[1:]
    if args[:1] == ["alone"]:
        alone(args[1:] or list(TASKS))
    else:
        beside(args or ["ppo-cartpole", "dqn-cartpole", "sac-pendulum"])


main()

"""Mistakes made at random: `python -m benchmarks.generated --count 200 --seed 0 --of singles` from the repository.

--of: singles (one edit of the grammar in one of eight nets), pairs, right (right and wrong gradients of random nets)
or noise. A line a hundred, with what was seen so far; what was not explained is printed with its equations.
"""

import argparse
import random
import sys
from collections import Counter
from pathlib import Path
from time import process_time

import numpy as np

import symnet as sn

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from by_hand_bugs import bugs_of, random_net  # noqa: E402
from generated import draws, net_of, verdict  # noqa: E402
from mistaken import NETS  # noqa: E402

from benchmarks.diagnosis import differs  # noqa: E402


def of_edits(count, seed, together):
    """Print how many random edits are named, or told by equations that give the same numbers."""
    counts, by_net, longest = Counter(), {}, 0.0
    for number, drawn in zip(range(1, count + 1), draws(seed, together), strict=False):
        start = process_time()
        what, said = verdict(drawn)
        longest = max(longest, process_time() - start)
        counts[what] += 1
        by_net.setdefault(drawn.name, Counter())[what] += 1
        if what in ("unknown", "false", "called right"):
            made = " + ".join(f"{e.kind} at {e.site}: {e.new}" for e in drawn.edits)
            print(f"{what}: {drawn.name}: {made}\n{said}", flush=True)
        if number % 50 == 0 or number == count:
            good = counts["named"] + counts["equal"]
            print(f"{number}: {good / number:.1%} explained {dict(counts)}, longest {longest:.1f} s CPU", flush=True)
    for name, found in by_net.items():
        print(f"  {name}: {dict(found)}")


def of_right(count, seed):
    """Print how often right gradients of random nets are called wrong, and wrong ones right."""
    wrong = right = tried = 0
    for k in range(seed, seed + count):
        net = random_net(k)
        values, loss, draw = net.values(k), net.loss(), np.random.default_rng(k)
        gradients = net.gradients(values)
        noisy = {n: g * (1 + 1e-12 * draw.normal(size=g.shape)) for n, g in gradients.items()}
        wrong += not sn.diagnose(loss, values, noisy).ok
        spoiled = net.gradients(values, [random.Random(k).choice(bugs_of(net)).flag])
        if any(g.shape != spoiled[n].shape or differs(spoiled[n], g) for n, g in gradients.items()):
            tried += 1
            right += sn.diagnose(loss, values, spoiled).ok
        if (k - seed) % 100 == 99 or k == seed + count - 1:
            print(f"{k - seed + 1}: {wrong} right called wrong; {right} of {tried} wrong called right", flush=True)


def of_noise(count, seed):
    """Print how often random numbers are explained."""
    explained = 0
    for k in range(count):
        net, _ = net_of(list(NETS)[k % len(NETS)])
        draw = np.random.default_rng(seed + k)
        noise = {n: draw.normal(size=np.shape(g)) for n, g in net.right_gradients().items()}
        said = sn.diagnose(net.loss, net.values, noise)
        explained += said.faults[0].kind != "unknown"
        if said.faults[0].kind != "unknown":
            print(list(NETS)[k % len(NETS)], said, flush=True)
        if k % 50 == 49 or k == count - 1:
            print(f"{k + 1}: {explained} explained", flush=True)


def main():
    """Print the figures."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--count", type=int, default=200)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--of", choices=["singles", "pairs", "right", "noise"], default="singles")
    given = parser.parse_args()
    if given.of in ("singles", "pairs"):
        of_edits(given.count, given.seed, 1 if given.of == "singles" else 2)
    else:
        {"right": of_right, "noise": of_noise}[given.of](given.count, given.seed)


if __name__ == "__main__":
    main()

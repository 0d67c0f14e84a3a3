"""How well gradient checks and diagnoses do: run `python -m benchmarks.diagnosis [NETS] [PAIRS]` from the repository.

NETS random nets (1,000 by default), right and with one mistake each; every single mistake of the tests' catalogue;
PAIRS random pairs on each of two architectures (150 by default). The mistakes are those of the tests, written by hand
in plain Python and NumPy.
"""

import random
import sys
from pathlib import Path
from statistics import median
from time import perf_counter

import numpy as np

import symnet as sn

sys.path.insert(0, str(Path(__file__).parent.parent / "tests"))
from by_hand_bugs import NETS, bugs_of, pairs_of, random_net, spoiled  # noqa: E402


def differs(wrong, right):
    """Tell whether a gradient is wrong by more than rounding, seen from its own size."""
    size = max(np.abs(wrong).max(), np.abs(right).max())
    return size > 1e-8 and np.abs(wrong - right).max() > 2e-6 * size


def random_nets(count):
    """Print how often a right gradient was called wrong or rejected, and a wrong one accepted."""
    called = rejected = accepted = tried = 0
    worst = []
    for seed in range(count):
        net = random_net(seed)
        values, loss, names = net.values(seed), net.loss(), net.parameters
        right, rng = net.gradients(values), np.random.default_rng(seed)
        called += not sn.diagnose(
            loss, values, {k: g * (1 + 1e-12 * rng.normal(size=g.shape)) for k, g in right.items()}
        ).ok
        check = sn.check_gradients(loss, values, names)
        rejected += not check.ok
        if "relu" not in net.activations:
            worst.append(max(row.relative for row in check.rows))
        wrong = net.gradients(values, [random.Random(seed).choice(bugs_of(net)).flag])

        def cost(*arrays, net=net, values=values, names=names):
            return net.cost({**values, **dict(zip(names, arrays, strict=True))})

        point = [values[k] for k in names]
        rejected += not sn.check_function(cost, lambda *a, g=right, n=names: [g[k] for k in n], point).ok
        same_shapes = all(wrong[k].shape == right[k].shape for k in names)
        if same_shapes and any(differs(wrong[k], right[k]) for k in names):
            tried += 1
            accepted += sn.check_function(cost, lambda *a, g=wrong, n=names: [g[k] for k in n], point).ok
    print(f"{count} random nets: {called} right ones called wrong by diagnose, {rejected} rejected by a check")
    print(f"{tried} of them with one mistake: {accepted} accepted by a check")
    print(f"complex step against symbolic, without relu: median {median(worst):.1e}, worst {max(worst):.1e}")


def singles():
    """Print how many single mistakes are named first, net by net."""
    for name, net in NETS.items():
        loss, values, named, times, tried = net.loss(), net.values(), 0, [], 0
        for bug in bugs_of(net):
            if spoiled(net, [bug.flag]):
                tried += 1
                start = perf_counter()
                found = sn.diagnose(loss, values, lambda v, net=net, bug=bug: net.gradients(v, [bug.flag]))
                times.append(perf_counter() - start)
                named += len(found.explanations[0]) == 1 and found.faults[0].kind == bug.kind
        print(f"{name:20} {named:3} of {tried:3} single mistakes named first, slowest {max(times):.2f} s")


def pairs(count):
    """Print how many pairs of mistakes are named, on two architectures."""
    for name in ("3-4-2 sigmoid", "4-8-3 tanh"):
        net = NETS[name]
        loss, values, named, times = net.loss(), net.values(), 0, []
        chosen = [p for p in random.Random(0).sample(pairs_of(net), count) if spoiled(net, [b.flag for b in p])]
        for pair in chosen:
            flags = [bug.flag for bug in pair]
            start = perf_counter()
            found = sn.diagnose(loss, values, lambda v, net=net, flags=flags: net.gradients(v, flags))
            times.append(perf_counter() - start)
            named += sorted(f.kind for f in found.explanations[0]) == sorted(bug.kind for bug in pair)
        print(f"{name:20} {named} of {len(chosen)} pairs named ({named / len(chosen):.0%}), slowest {max(times):.2f} s")


def main():
    """Print the figures."""
    nets, number = (int(a) for a in (*sys.argv[1:3], *("1000", "150")[len(sys.argv) - 1 :]))
    random_nets(nets)
    singles()
    pairs(number)


if __name__ == "__main__":
    main()

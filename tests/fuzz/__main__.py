"""A long run: `python -m tests.fuzz --count 10000 --seed 0`; `--show SEED` gives the script of one loss."""

from __future__ import annotations

import argparse
import re
import sys
import time
import warnings
from collections import Counter

from . import KINDS, check, random_loss, script, smallest


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz", description=__doc__)
    parser.add_argument("--count", type=int, default=1000, help="how many losses")
    parser.add_argument("--seed", type=int, default=0, help="the first seed")
    parser.add_argument("--show", type=int, help="print one loss, shrunk where it has a fault")
    parser.add_argument("--examples", type=int, default=1, help="scripts printed for each kind of fault")
    parser.add_argument("--shrink", type=float, default=15.0, help="seconds spent on making an example smaller")
    parser.add_argument("--jax", action="store_true", help="run each loss under JAX as well")
    parser.add_argument("--kinds", action="store_true", help="print how often each kind of node was met")
    options = parser.parse_args()
    warnings.simplefilter("error")
    seeds = range(options.seed, options.seed + options.count)
    return _run([options.show] if options.show is not None else seeds, options, options.show is not None)


def _run(seeds, options, show) -> int:
    met, statuses, found, refused, start = Counter(), Counter(), {}, {}, time.monotonic()
    try:
        for number, seed in enumerate(seeds, 1):
            tree, sizes = random_loss(seed)
            outcome = check(tree, sizes, seed, jax=options.jax)
            statuses["faulty" if outcome.faults else outcome.status] += 1
            met.update({node.kind for node in tree.nodes()})
            if outcome.second:
                second = "checked" if outcome.second == "checked" else refused_as(outcome.second)
                refused.setdefault(f"Hessian-vector product: {second}", []).append(seed)
            if outcome.words:
                refused.setdefault(f"{outcome.status}: {refused_as(outcome.words)}", []).append(seed)
            for label, message in outcome.faults:
                found.setdefault(label, []).append((seed, message))
                if len(found[label]) <= options.examples:
                    short = smallest(tree, sizes, seed, label, options.shrink)
                    print(f"\n--- seed {seed}: {label}\n{message}\n{script(short, sizes, seed)}", flush=True)
            if show and not outcome.faults:
                print(script(tree, sizes, seed))
            if number % 50 == 0:
                counts = ", ".join(f"{n} {status}" for status, n in statuses.most_common())
                print(f"{number} losses in {time.monotonic() - start:.0f} s: {counts}", file=sys.stderr, flush=True)
    except KeyboardInterrupt:
        print("stopped")
    print(f"\n{sum(statuses.values())} losses, {len(met)} of {len(KINDS)} kinds of node met: {dict(statuses)}")
    for words, seeds_of in sorted(refused.items(), key=lambda item: -len(item[1])):
        print(f"{len(seeds_of):6d}  {words}   seeds {seeds_of[:8]}")
    for label, seeds_of in sorted(found.items(), key=lambda item: -len(item[1])):
        print(f"{len(seeds_of):6d}  {label}   seeds {[s for s, _ in seeds_of[:8]]}")
    if options.kinds:
        print(", ".join(f"{kind}: {met[kind]}" for kind in KINDS))
    return 1 if found else 0


def refused_as(words: str) -> str:
    """Give the words of a refusal without what is of this loss alone."""
    return re.sub(r"'.*?'|\b[A-Z]\d+\b|\(.*\)", "…", words.replace("\n", " "))[:140]


sys.exit(main())

"""A long run: `python -m tests.fuzz.misuse --count 4000`; `--only TEXT` runs the cases whose code has the text."""

from __future__ import annotations

import argparse
import sys
import time
from collections import Counter

from . import cases, judged


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.fuzz.misuse", description=__doc__)
    parser.add_argument("--count", type=int, default=2000, help="how many inputs")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", default="", help="only the kinds of misuse with this text")
    parser.add_argument("--examples", type=int, default=4, help="faults printed for each kind of misuse")
    options = parser.parse_args()
    counts, kinds, shown, start = Counter(), Counter(), Counter(), time.monotonic()
    chosen = [case for case in cases(options.count, options.seed) if options.only in case.code]
    for number, case in enumerate(chosen, 1):
        verdict = judged(case)
        counts[verdict.status] += 1
        if verdict.fault:
            kinds[verdict.status, case.kind] += 1
            shown[case.kind] += 1
            if shown[case.kind] <= options.examples:
                written = [line for line in case.setup.splitlines() if line.startswith("E_ =")]
                lines = [
                    line for line in case.setup.splitlines() if " = sn." in line or line.startswith(("E_ =", "part"))
                ]
                print(f"{verdict.status}: {case.code}\n    {verdict.message}", flush=True)
                print("".join(f"      {line}\n" for line in lines) if written else "", end="", flush=True)
        if number % 100 == 0:
            print(
                f"{number} of {len(chosen)} in {time.monotonic() - start:.0f} s: {dict(counts)}",
                file=sys.stderr,
                flush=True,
            )
    print(f"\n{len(chosen)} inputs: {dict(counts)}")
    for (status, kind), times in kinds.most_common():
        print(f"{times:5d}  {status:8s} {kind}")
    return 1 if kinds else 0


sys.exit(main())

"""Misuse by the thousand: `python -m tests.fuzz.misuse --count 3000`. Its law: the right answer, or an error of symnet's own.

`judge`: what a case is and what is right; `methods`: SymPy's and NumPy's functions and methods on our expressions;
`calls`: every public function with arguments of a wrong kind.
"""

import random

from .calls import calls
from .judge import Case, Verdict, judged
from .methods import methods

__all__ = ["Case", "Verdict", "calls", "cases", "judged", "methods"]


def cases(count: int, seed: int = 0) -> list[Case]:
    """Give `count` cases, the same ones for a seed: calls and methods by turns, each kind met as early as possible."""
    return _mixed([_spread(calls(), seed), _spread(methods(count // 2 + 1, seed), seed)])[:count]


def _spread(found: list[Case], seed: int) -> list[Case]:
    groups: dict[str, list[Case]] = {}
    for case in random.Random(seed).sample(found, len(found)):
        groups.setdefault(case.kind, []).append(case)
    return _mixed(list(groups.values()))


def _mixed(lists: list[list[Case]]) -> list[Case]:
    longest = max(map(len, lists), default=0)
    return [found[k] for k in range(longest) for found in lists if k < len(found)]

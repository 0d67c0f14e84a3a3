"""What an explanation costs and what it saves: numbers against numbers.

In: how many numbers of the user's are wrong, how many edits were tried, and what was fitted. Out: whether an
explanation says more than it takes to say. A number that was fitted costs one of the numbers that it explains; an edit
that was picked among many costs a part of one, since a number that agrees to six digits is some twenty bits.
"""

from __future__ import annotations

from collections.abc import Iterable
from math import log2
from typing import Any

import numpy as np

from symnet.diagnosis.edits import Mutation

BITS_OF_A_NUMBER = 20.0
INVENTED = 1.8  # the cost of a constant that is no known one


def explained(points: Iterable[Any], wrong: Iterable[Any]) -> int:
    """Give how many numbers of the user's an explanation has to account for."""
    wrong = list(wrong)
    return sum(int(np.size(p.mine[w])) for p in points for w in wrong)


def is_worth_it(numbers: int, fitted: int, tried: int, edits: int = 1) -> bool:
    """Tell whether `edits` edits picked among `tried`, with `fitted` numbers, save more numbers than they cost."""
    return numbers > fitted + edits * log2(max(tried, 2)) / BITS_OF_A_NUMBER


def invented(mutations: Iterable[Mutation]) -> int:
    """Give how many constants of an explanation are neither known ones nor given."""
    return sum(1 for m in mutations if m.fitted)


def ordered(found: list[tuple[float, tuple[Mutation, ...]]]) -> list[tuple[Mutation, ...]]:
    """Give explanations, the simplest first, without those that take many more words."""
    found.sort(key=lambda item: item[0])
    return [mutations for cost, mutations in found[:4] if cost <= found[0][0] + 0.4]

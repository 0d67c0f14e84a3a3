"""Replacing and pickling what is deep: one pass from the leaves up, never one call inside another.

In: an expression. Out: the same with parts replaced, or the list of its parts, each once, and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sympy import Basic, MatrixSymbol, Symbol


def parts(expr: Basic, enter: Callable[[Any], bool]) -> Iterator[Any]:
    """Give each part once, arguments first; `enter` tells whose arguments are parts."""
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(expr, False)]
    while stack:
        part, done = stack.pop()
        if done:
            yield part
        elif id(part) not in seen:
            seen.add(id(part))
            stack.append((part, True))
            if enter(part):
                stack.extend((a, False) for a in reversed(part.args) if isinstance(a, Basic))


def replaced(expr: Any, rule: Mapping[Any, Any]) -> Any:
    """Give an expression with the parts that are keys of `rule` replaced, everywhere."""
    new: dict[int, Any] = {}
    for part in parts(expr, lambda p: p not in rule):
        if part in rule:
            new[id(part)] = rule[part]
            continue
        args = [new[id(a)] if isinstance(a, Basic) else a for a in part.args]
        same = all(a is b for a, b in zip(args, part.args, strict=True))
        new[id(part)] = part if same else part.func(*args)
    return new[id(expr)]


def flat(expr: Any) -> list[Any]:
    """Give the parts of an expression as a list that can be pickled: a class with the places of its arguments."""
    within: set[int] = set()  # what holds a node of ours; the rest is SymPy's own business
    everything = list(parts(expr, _has_parts))
    for part in everything:
        if hasattr(type(part), "ends_lookup") or any(id(a) in within for a in part.args):
            within.add(id(part))
    place: dict[int, int] = {}
    listed: list[Any] = []
    for part in parts(expr, lambda p: id(p) in within):
        place[id(part)] = len(listed)
        listed.append((part.func, [place[id(a)] for a in part.args]) if id(part) in within else part)
    return listed


def _has_parts(part: Any) -> bool:
    return bool(part.args) and not isinstance(part, (Symbol, MatrixSymbol))


def unflat(listed: list[Any]) -> Any:
    """Give the expression that `flat` has listed."""
    made: list[Any] = []
    for row in listed:
        if not isinstance(row, tuple):
            made.append(row)
            continue
        kind, places = row
        args = [made[k] for k in places]
        made.append(kind(*args) if hasattr(kind, "ends_lookup") else Basic.__new__(kind, *args))
    return made[-1]

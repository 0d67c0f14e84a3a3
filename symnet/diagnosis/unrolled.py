"""The steps of an unrolled net: which quantity follows which, h₀ → h₁ → h₂, x₁ → x₂, found from the equations.

In: a `Setting`. Out: for each symbol the chain that it belongs to and its place there. Two equations are the same one
at two steps where they differ in symbols only and have the same parameters; letters of names are never looked at.
"""

from __future__ import annotations

from collections.abc import Iterator
from itertools import permutations
from typing import Any

from sympy import Add, Basic, HadamardProduct, MatAdd, MatrixSymbol, Mul, Symbol

from symnet.diagnosis.edits import Setting
from symnet.expressions import Elementwise, raw, split, symbols_of

_NAMES = (MatrixSymbol, Symbol)
_IN_ANY_ORDER = (MatAdd, HadamardProduct, Add, Mul)
Pairs = dict[Any, Any]  # a symbol → the one at the next step


def chains(setting: Setting) -> dict[Any, tuple[Any, int]]:
    """Give symbol → (the first symbol of its chain, its place in it)."""
    following = _following(setting)
    later = set(following.values())
    places = {}
    for first in following:
        if first not in later:
            symbol, place = first, 0
            while symbol is not None:
                places[symbol] = first, place
                symbol, place = following.get(symbol), place + 1
    right = setting.computed
    for a, b in following.items():  # a value that has no name at the last step, the state of tanh(state)
        f, g = right.get(a), right.get(b)
        if isinstance(f, Elementwise) and isinstance(g, Elementwise) and f.args[0] == g.args[0] and len(f.args) == 2:
            argument, last = f.args[1], g.args[1]
            if argument in places and last not in places and last.args:
                places[last] = places[argument][0], places[argument][1] + 1
    return places


def _following(setting: Setting) -> Pairs:
    found: Pairs = {}
    seen: list[Any] = []
    for e in _as_needed(setting):
        if e.lhs.is_Matrix:
            state = _without_data(setting, e.rhs)
            for earlier in reversed(seen):
                whole = state is None or len(_terms(earlier.rhs)) > len(_terms(state))
                lhs, rhs = (e.lhs, e.rhs) if whole else (state, state)  # the last state has no name in its error
                new = _alike(setting, earlier.rhs, rhs, {**found})
                if new is not None and _says_something(setting, new, found, earlier.rhs) and earlier.lhs not in found:
                    found = new | {earlier.lhs: lhs}
                    break
            seen.append(e)
    terms = _terms(setting.forward[-1].rhs)
    for a, b in permutations(terms, 2):  # one loss a step
        new = _alike(setting, a, b, {**found})
        found = new if new is not None and _says_something(setting, new, found, a) else found
    of = {what: name for name, (role, what) in setting.roles.items() if role == "adjoint"}
    return found | {of[a]: of[b] for a, b in found.items() if a in of and b in of}


def _as_needed(setting: Setting) -> list[Any]:
    # the forward equations in the order in which the loss asks for them: what is of a later step comes later
    left = {e.lhs: e for e in setting.forward}
    places = {e.lhs: k for k, e in enumerate(setting.forward)}
    ordered: list[Any] = []
    waiting = [setting.forward[-1]]
    while waiting:
        e = waiting[-1]
        lacking = [s for s in symbols_of(e.rhs) if s in left and s != e.lhs]
        if lacking:
            waiting.append(left[min(lacking, key=places.__getitem__)])
        else:
            waiting.pop()
            ordered += [left.pop(e.lhs)] if e.lhs in left else []
    return ordered


def _without_data(setting: Setting, rhs: Any) -> Any:
    # a sum without the data in it, of more than one term; None where there are none
    terms = _terms(rhs)
    kept = [t for t in terms if not (t.is_Matrix and split(t)[1] in setting.targets)]
    return raw(MatAdd, *kept) if 1 < len(kept) < len(terms) else None


def _says_something(setting: Setting, new: Pairs, found: Pairs, rhs: Any) -> bool:
    # a function of one symbol is like any other; a parameter, or a pair that is known, makes it the same equation
    names = [s for s in rhs.atoms(*_NAMES)]
    return any(s in setting.gradients for s in names) or any(s in found for s in names if s in new)


def _terms(rhs: Any) -> list[Any]:
    return list(rhs.args) if isinstance(rhs, (MatAdd, Add)) else [rhs]


def _alike(setting: Setting, a: Any, b: Any, pairs: Pairs) -> Pairs | None:
    """Give the pairs with those by which b is a at the next step; None where it is not. b may have terms more."""
    a, b = _defined(setting, a, b), _defined(setting, b, a)
    if isinstance(a, HadamardProduct) and isinstance(b, HadamardProduct) and len(a.args) > len(b.args):
        a = _with_names(setting, a, len(b.args))
    if isinstance(b, MatAdd) and len(_terms(a)) < len(b.args):
        return _matched(setting, _terms(a), list(b.args), pairs)
    if isinstance(a, _NAMES) or isinstance(b, _NAMES):
        return _paired(setting, a, b, pairs)
    if type(a) is not type(b) or len(a.args) != len(b.args):
        return None
    if not a.args:
        return pairs if a == b else None
    if isinstance(a, _IN_ANY_ORDER):
        return _matched(setting, list(a.args), list(b.args), pairs)
    found: Pairs | None = pairs
    for x, y in zip(a.args, b.args, strict=True):
        if found is None:
            return None
        found = _alike(setting, x, y, found) if isinstance(x, Basic) and isinstance(y, Basic) else found
    return found


def _defined(setting: Setting, a: Any, b: Any) -> Any:
    # what a name stands for, where what it is compared with has none; what parameters make is told by these
    of = setting.computed.get(a) if isinstance(a, _NAMES) and not isinstance(b, _NAMES) else None
    return a if of is None or any(s in setting.gradients for s in symbols_of(of)) else of


def _with_names(setting: Setting, A: Any, factors: int) -> Any:
    # a product of so many factors: a state that is a product itself has its factors in it
    for name, rhs in setting.computed.items():
        own = list(rhs.args) if isinstance(rhs, HadamardProduct) else []
        if own and len(A.args) - len(own) + 1 == factors and all(f in A.args for f in own):
            return raw(HadamardProduct, *[f for f in A.args if f not in own], name)
    return A


def _paired(setting: Setting, a: Any, b: Any, pairs: Pairs) -> Pairs | None:
    if not (isinstance(a, _NAMES) and isinstance(b, _NAMES)) or a.is_Matrix != b.is_Matrix:
        return None
    if a in setting.gradients or b in setting.gradients or not a.is_Matrix:
        return pairs if a == b else None
    if a in pairs:  # or the first of the terms that b has
        return pairs if pairs[a] == b or pairs[a] in _terms(setting.computed.get(b, b)) else None
    if a == b:
        return pairs  # the same at every step
    return None if b in pairs.values() or setting.shape(a) != setting.shape(b) else {**pairs, a: b}


def _matched(setting: Setting, left: list[Any], right: list[Any], pairs: Pairs) -> Pairs | None:
    # each of the left with one of the right, those first that say the least that is new
    if not left:
        return pairs
    tries: list[tuple[int, int, Pairs]] = []
    for i, b in enumerate(right):
        found = _alike(setting, left[0], b, pairs)
        if found is not None:
            tries.append((len(found), i, found))
    return next(_completed(setting, left, right, sorted(tries, key=lambda t: t[:2])), None)


def _completed(setting: Setting, left: list[Any], right: list[Any], tries: list[Any]) -> Iterator[Pairs]:
    for _, i, found in tries:
        whole = _matched(setting, left[1:], [*right[:i], *right[i + 1 :]], found)
        if whole is not None:
            yield whole

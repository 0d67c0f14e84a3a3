"""The grammar of edits: what can be written in the place of a part of an equation, whatever the net.

In: a `Ground` and an equation. Out: `Edit`s: a factor or a summand less, one more, another operand, another function,
another product, another sum. Each rule looks at one part of the equation; what an edit costs stands beside it: the
less there is to say, the cheaper. A number that is to be fitted is left open.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any, TypeAlias

from sympy import (
    Add, HadamardProduct, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, Rational, S, Symbol, Transpose, ZeroMatrix,
)  # fmt: skip

from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.formulas import formula_edits
from symnet.diagnosis.functions import function_edits
from symnet.diagnosis.labelled import label_edits
from symnet.diagnosis.operands import operand_edits
from symnet.diagnosis.places import Edit, Place, places, put, times
from symnet.diagnosis.products import product_edits, sum_edits
from symnet.diagnosis.quantities import Ground
from symnet.diagnosis.replaced import replaced_edits
from symnet.diagnosis.states import overwritten_edits, state_edits
from symnet.diagnosis.windows import window_edits
from symnet.expressions import Total, raw, scaled, split, symbols_of

Written: TypeAlias = Iterator[tuple[str, Any, Words, float, Any]]  # kind, what stands there, words, cost, tag
Rule: TypeAlias = Callable[[Ground, Name, Place], Written]


def edits_of(ground: Ground, lhs: Name) -> list[Edit]:
    """Give every single edit of one equation, the cheapest first."""
    rhs = ground.setting.right[lhs]
    found = list(_edits(ground, lhs, rhs, ()))
    found += _more_terms(ground, lhs, rhs)
    return sorted(found, key=lambda e: e.cost)


def edits_of_its_own_delta(ground: Ground, lhs: Name) -> list[Edit]:
    """Give the edits of the deltas in the equation of a gradient that are made for it alone."""
    if lhs not in ground.setting.partials:
        return []
    return sorted(_with_a_delta_of_its_own(ground, lhs, ground.setting.right[lhs]), key=lambda e: e.cost)


def _edits(ground: Ground, lhs: Name, rhs: Any, start: tuple[int, ...]) -> Iterator[Edit]:
    for place in places(rhs):
        for rule in _RULES:
            for kind, new, words, cost, tag in _those_that_exist(rule, ground, lhs, place):
                coefficient = new if callable(new) and not hasattr(new, "args") else None
                path = (*start, *place.path)
                yield Edit(kind, lhs, path, new, words, cost, (kind, words.template, tag), coefficient)


def _those_that_exist(rule: Rule, ground: Ground, lhs: Name, place: Place) -> list[Any]:
    # a rule may ask for a node that cannot be, such as a scalar where a matrix is needed: then it has nothing to say
    try:
        return list(rule(ground, lhs, place))
    except (AttributeError, TypeError, ValueError, LookupError):
        return []


def _with_a_delta_of_its_own(ground: Ground, lhs: Name, rhs: Any) -> Iterator[Edit]:
    # the delta is right for the others; in this gradient alone something else stands
    for place in places(rhs):
        delta = place.node
        if delta in ground.setting.deltas:
            inner = ground.setting.right[delta]
            for e in _edits(ground, lhs, inner, ()):
                if e.coefficient is None:
                    new, tag = put(inner, e.path, e.new), ("own delta", e.tag)
                    yield Edit(e.kind, lhs, place.path, new, e.words, e.cost + 0.5, tag)


# -- a factor or a summand less


def _less(ground: Ground, lhs: Name, place: Place) -> Written:
    # a 0 stands where a term was, a 1 where a factor was: two edits of one equation keep out of each other's way
    node, parent = place.node, place.parent
    if isinstance(parent, (MatAdd, Add)):
        cost = 1.0 if len(symbols_of(node)) > 1 or len(place.path) == 1 else 1.4
        nothing = ZeroMatrix(*node.shape) if node.is_Matrix else S.Zero
        yield "missing-term", nothing, say("the term {} is missing", node), cost, ("less", node)
        first = len(parent.args) == 2 and parent.args[0] == node
        words = say("the sign of the term {} is wrong", node)
        yield "sign", times(-1, node), words, 1.4 if first else 1.3, ("sign", node)
    elif isinstance(parent, (HadamardProduct, MatMul, Mul)):
        if node == -1:
            yield "sign", S.One, say("the sign is wrong"), 1.1, ("less", node)
        elif not isinstance(node, OneMatrix):
            words = say("the factor {} is missing", node)
            neutral = OneMatrix(*node.shape) if isinstance(parent, HadamardProduct) else S.One
            yield "missing-factor", neutral, words, 1.3 if symbols_of(node) else 1.6, ("less", node)


def _whole(ground: Ground, lhs: Name, place: Place) -> Written:
    # a delta that is forgotten; a factor of all of an equation, which is a mistake of its own at several steps only
    if place.parent is not None or place.path:
        return
    node = place.node
    if lhs in ground.setting.deltas and not isinstance(node, MatAdd):
        words = say("nothing comes back: {} is 0 here", lhs)
        yield "missing-term", ZeroMatrix(*node.shape), words, 1.5, ("forgotten", lhs)
    if lhs in ground.setting.deltas:
        yield "sign", times(-1, node), say("the sign of {} is wrong", lhs), 1.35, ("whole", -1, lhs)
        yield "constant-factor", times(2, node), say("{} is doubled", lhs), 1.6, ("whole", 2, lhs)
        yield "constant-factor", times(S.Half, node), say("{} is halved", lhs), 1.6, ("whole", 3, lhs)


def _only(ground: Ground, lhs: Name, place: Place) -> Written:
    node = place.node
    if isinstance(node, (MatAdd, Add)) and len(node.args) > 2:
        for i, which in ((-1, "last"), (0, "first")):
            words = say(f"only the {which} of {len(node.args)} terms is there: {{}}", node.args[i])
            yield "missing-term", node.args[i], words, 1.2, ("only", which)


def _coefficient(ground: Ground, lhs: Name, place: Place) -> Written:
    node = place.node
    if not isinstance(node, MatMul):
        return
    c, A = split(node)
    r = Mul(*[f for f in Mul.make_args(c) if not f.free_symbols])
    for factor in (r, *[f for f in Mul.make_args(c) if f.free_symbols]):
        if factor not in (1, -1) and not (c == factor and factor.is_Number):
            rest = scaled(c / factor, A)
            yield "missing-factor", rest, say("the factor {} is missing", factor), 1.1, ("coefficient", factor)
    if r not in (0, 1, -1):
        yield "extra-factor", scaled(c * r, A), say("the factor {} is there twice", r), 1.35, ("twice", r)
        k, done, other = (1 / r, "multiplied", "divided") if abs(r) > 1 else (r, "divided", "multiplied")
        words = say(f"{done} by {{}} where it is to be {other} by it", k)
        yield "wrong-operand", scaled(c / r**2, A), words, 1.38, ("divided", r)
        if r > 1 and not r.is_integer:  # the share that is kept for the one that is dropped, or the other way round
            words = say("divided by {}, which is 1 − {}, not by {}", 1 - k, k, k)
            yield "wrong-operand", scaled(c / (r - 1), A), words, 1.38, ("share", r)


# -- a factor or a summand more


def _more_factors(ground: Ground, lhs: Name, place: Place) -> Written:
    node, shape = place.node, ground.shape(place.node)
    inner = isinstance(place.parent, (MatMul, Transpose)) and isinstance(node, MatrixSymbol)
    if shape is None or not (place.parent is None or inner or isinstance(place.parent, MatAdd)):
        return
    for q in ground.nearby(lhs):
        for expr, turned in _fitting(q, shape):
            is_scalar = not getattr(expr, "is_Matrix", False)
            new = times(expr, node) if is_scalar else None
            new = raw(HadamardProduct, node, expr) if new is None else new
            if getattr(node, "is_Matrix", False) or is_scalar:
                words = say("there is a factor {} too much", expr)
                cost = 1.9 + q.price + turned + (0.3 if inner else 0.0)
                yield "extra-factor", new, words, cost, ("more", node, expr)


def _fitting(q: Any, shape: tuple[int, ...]) -> Iterator[tuple[Any, float]]:
    if q.shape == shape:
        yield q.expr, 0.0
    elif q.shape == ():
        yield q.expr, 0.3
    elif len(q.shape) == 2 and len(shape) == 2:
        if q.shape[::-1] == shape:
            yield q.turned, 0.4
        elif all(a in (1, b) for a, b in zip(q.shape, shape, strict=True)):
            yield q.expr, 0.5


def _more_terms(ground: Ground, lhs: Name, rhs: Any) -> Iterator[Edit]:
    shape = ground.shape(rhs)
    own = ground.setting.partials.get(lhs)
    if own is not None and not own.is_Matrix:
        yield from _more_of_a_number(ground, lhs, rhs, own)
    if shape is None or not rhs.is_Matrix:
        return
    terms = [(OneMatrix(*rhs.shape), 0.2)]
    for q in ground.nearby(lhs):
        if q.raw_error_of is None and q.shape != ():
            for expr, turned in _fitting(q, shape):
                terms.append((expr, 0.0 if expr == own else 0.9 + q.price + turned))
    for term, cost in terms:
        what = "the same number" if isinstance(term, OneMatrix) else "a term"
        kind = "regularisation" if term == own and 1 in shape else "extra-term"
        of = term if isinstance(term, OneMatrix) else type(term)
        for c in ground.coefficients():
            words = say(f"there is {what} too much: {{}}", times(c, term))
            tag = ("extra-term", c, of)
            yield Edit(kind, lhs, (), raw(MatAdd, rhs, times(c, term)), words, 1.5 + cost, tag)
        words = say(f"there is {what} too much: {{}}, times {{{{number}}}}", term)
        add_to = lambda c, term=term: raw(MatAdd, rhs, times(c, term))  # noqa: E731
        yield Edit("extra-term", lhs, (), None, words, 1.8 + cost, ("extra-term", of), add_to)


def _more_of_a_number(ground: Ground, lhs: Name, rhs: Any, own: Any) -> Iterator[Edit]:
    for term, kind in ((own, "regularisation"), (S.One, "extra-term")):
        for c in ground.coefficients():
            words = say("there is a term too much: {}", c * term)
            yield Edit(kind, lhs, (), raw_sum(rhs, c * term), words, 1.5, ("extra-term", c, term))
        words = say("there is a term too much: {}, times {{number}}", term)
        add_to = lambda c, term=term: raw_sum(rhs, c * term)  # noqa: E731
        yield Edit("extra-term", lhs, (), None, words, 1.8, ("extra-term", term), add_to)
    if rhs.has(Total):
        words = say("the bias has no path: it is treated as a weight of input 0")
        yield Edit("bias-gradient", lhs, (), S.Zero, words, 0.9, ("no path",))


def raw_sum(a: Any, b: Any) -> Any:
    """Give a sum of scalars as it stands."""
    return Add(a, b, evaluate=False)


def _part_scaled(ground: Ground, lhs: Name, place: Place) -> Written:
    # one of several terms has a wrong coefficient
    own = ground.setting.partials.get(lhs)
    if isinstance(place.node, MatAdd) and place.parent is None and len(place.node.args) > 2:
        mine = [t for t in place.node.args if split(t)[1] == own]
        others = [t for t in place.node.args if split(t)[1] != own]
        if len(mine) == 1:
            words = say("all terms but {} have the factor {{number}}", mine[0])
            scale = lambda c: raw(MatAdd, *[times(c, t) for t in others], *mine)  # noqa: E731
            yield "constant-factor", scale, words, 1.6, ("others scaled",)
    if isinstance(place.parent, MatAdd):
        words = say("the term {} has the factor {{number}}", place.node)
        yield "constant-factor", lambda c, A=place.node: times(c, A), words, 1.7, ("scaled", place.node)
        for size, n in ground.setting.sizes.items():
            if n > 1:
                words = say("the term {} has a factor {} = {}: a sum, not a mean", place.node, Symbol(size), n)
                yield "constant-factor", times(n, place.node), words, 1.5, ("of size", n, place.node)
                words = say("the term {} is divided by {} = {} once more", place.node, Symbol(size), n)
                yield "constant-factor", times(Rational(1, n), place.node), words, 1.5, ("by size", n, place.node)


_RULES: tuple[Rule, ...] = (
    _less, _whole, _only, _coefficient, _more_factors, _part_scaled, operand_edits, function_edits, formula_edits,
    replaced_edits, state_edits, overwritten_edits, label_edits, product_edits, sum_edits, window_edits,
)  # fmt: skip

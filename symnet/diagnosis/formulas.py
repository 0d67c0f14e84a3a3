"""Inside the formula of an entrywise function: a factor or a term less, an exponent, a sign, a complement, a branch.

In: a `Ground` and a place of an equation. Out: what may stand there instead, with its words and its price. A part of a
formula is told as what it is of the operands: of a·(1 − a) in A it is the factor 1 − A that is missing.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import Abs, Add, Dummy, Function, Lambda, Mul, Number, OneMatrix, Pow, S, exp, nan, oo, sign, zoo

from symnet.diagnosis.deltas import activations
from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.places import Path, Place, times
from symnet.diagnosis.quantities import Ground
from symnet.expressions import Elementwise, bound_variables, clipped, elementwise, exp_below, step

_Found = Iterator[tuple[str, Any, Words, float, Any]]
_Parts = Iterator[tuple[str, Any, Words, float]]  # kind, what stands there, words, cost
(_X,) = bound_variables(1)


def formula_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give what may stand in the formula of an entrywise function."""
    node = place.node
    if not isinstance(node, Elementwise):
        return
    body = node.body
    for path, part, parent in _parts(body):
        for kind, new, words, cost in _at(node, part, parent):
            changed = _put(body, path, new)
            if changed not in (body, 0) and not changed.has(nan, zoo, oo):
                yield kind, of_operands(node, changed), words, cost, ("inside", str(body), str(path), str(new))
    for changed, words in _of_two_sides(ground, node):
        if changed != body:
            yield "wrong-function", of_operands(node, changed), words, 1.6, ("branch", str(body), str(changed))


def of_operands(node: Any, body: Any) -> Any:
    """Give a formula in the variables of a node as an expression of its operands."""
    slots = {v: a for v, a in node.slots.items() if v in body.free_symbols}
    if not any(a.is_Matrix for a in slots.values()):
        return times(body.xreplace(slots), OneMatrix(*node.shape))
    if body in slots:
        return slots[body]
    new = bound_variables(len(slots))
    return Elementwise(Lambda(new, body.xreplace(dict(zip(slots, new, strict=True)))), *slots.values())


def _parts(body: Any, path: Path = (), parent: Any = None) -> Iterator[tuple[Path, Any, Any]]:
    yield path, body, parent
    for i, part in enumerate(body.args):
        if not (isinstance(body, Pow) and i == 1):
            yield from _parts(part, (*path, i), body)


def _put(body: Any, path: Path, new: Any) -> Any:
    if not path:
        return new
    first, *rest = path
    arguments = list(body.args)
    arguments[first] = _put(arguments[first], tuple(rest), new)
    return body.func(*arguments)


def _at(node: Any, part: Any, parent: Any) -> _Parts:
    def shown(what: Any) -> Any:
        found = of_operands(node, what)
        return what if what.is_number else found

    if isinstance(parent, Add):
        yield "missing-term", S.Zero, say("the term {} of {} is missing", shown(part), node), 1.35
        if part != parent.args[0] or len(parent.args) > 1:
            yield "sign", -part, say("the sign of the term {} in {} is wrong", shown(part), node), 1.45
    elif isinstance(parent, Mul) and part != -1:
        yield "missing-factor", S.One, say("the factor {} of {} is missing", shown(part), node), 1.35
        if not part.is_number and not isinstance(part, Pow):
            yield "extra-factor", part**2, say("the factor {} of {} is there twice", shown(part), node), 2.0
    elif isinstance(parent, Function):
        yield "wrong-function", -part, say("the sign of {} inside {} is wrong", shown(part), shown(parent)), 1.55
    if isinstance(part, Pow) and part.exp.is_number:
        yield from _other_exponents(part, shown)
    elif isinstance(part, Function):
        yield from _other_functions(part, parent, shown)
    elif part in node.slots:
        words = "{} stands where {} belongs"
        yield "wrong-operand", 1 - part, say(words, shown(1 - part), shown(part)), 1.65
        for other in node.slots:
            if other != part:
                yield "wrong-operand", other, say(words, shown(other), shown(part)), 1.65
    if isinstance(part, Add) and 1 in part.args and len(part.args) == 2:
        other = 1 - part
        yield "wrong-operand", other, say("{} stands where {} belongs", shown(other), shown(part)), 1.5


def _other_exponents(part: Any, shown: Any) -> _Parts:
    base, e = part.args
    if abs(e) == S.Half:
        yield "wrong-function", base ** (2 * e), say("the square root in {} is missing", shown(part)), 1.45
    for other in dict.fromkeys([e - 1, e + 1, -e]):
        if other != 0 and abs(e) != S.Half or other == -e:
            words = say("the exponent {} stands where {} belongs in {}", other, e, shown(part))
            if other == -e and e < 0:
                words = say("a product with {} stands where a quotient belongs", shown(base**-e))
            yield "wrong-function", base**other, words, 1.8 if other == -e else 1.7


def _other_functions(part: Any, parent: Any, shown: Any) -> _Parts:
    (a, *more) = part.args
    words = "{} stands where {} belongs"
    if isinstance(part, step):
        yield "wrong-function", 1 - part, say("the two sides of {} are exchanged", shown(part)), 1.6
        return
    yield "wrong-function", a, say(words, shown(a), shown(part)), 1.6
    if isinstance(part, clipped):
        yield from _other_clips(part, shown)
    if more:
        return
    others = [f.xreplace({_X: a}) for f, _, _ in activations().values()]
    others += [exp(a), sign(a), Abs(a), a**2, part.diff(a) if a.is_Symbol else a]
    for other in dict.fromkeys(others):
        if other not in (part, a) and not other.is_number:
            yield "wrong-function", other, say(words, shown(other), shown(part)), 2.6


def _other_clips(part: Any, shown: Any) -> _Parts:
    # inside of the bounds and outside of them something else stands: the slope of Huber's loss
    a, low, high = part.args
    inside = step(high - a) * step(a - low)
    outside = {S.Zero: "0", sign(a): "the sign alone", high: f"{high}, without the sign"}
    for there, text in outside.items():
        words = say(f"outside of the bounds of {{}} stands {text}", shown(part))
        yield "wrong-function", a * inside + there * (1 - inside), words, 1.55
    stands = "{} stands where {} belongs"
    yield "wrong-function", high * sign(a), say(stands, shown(high * sign(a)), shown(part)), 1.55
    yield "wrong-function", sign(a), say(stands, shown(sign(a)), shown(part)), 1.55
    for bound in {S.One, 2 * high, high / 2} - {high}:
        other = clipped(a, -bound, bound)
        yield "wrong-function", other, say("the bounds of {} are {} and {}", shown(part), -bound, bound), 1.6


def _of_two_sides(ground: Ground, node: Any) -> Iterator[tuple[Any, Words]]:
    # a function that bends at 0: the formula of one side on both, the two exchanged, another formula on one of them
    body = node.body
    kinked = {s.args[0] for s in body.atoms(step, exp_below)}
    for a in kinked if len(kinked) == 1 else ():
        sides = _sides(body, a)
        for side, formula in sides.items():
            yield formula, say(f"the formula of the {side} side is used on both sides of {{}}", node)
        negative, positive = sides.values()
        yield _joined(a, positive, negative), say("the formulas of the two sides of {} are exchanged", node)
        numbers = sorted(k for k in body.atoms(Number) if k not in (0, 1, -1))
        for k in numbers:
            yield (body / k).expand(), say("the factor {} of both sides of {} is missing", k, node)
        for side, formula in sides.items():
            own = {k: formula.xreplace({c: k}) for c in formula.atoms(Number) for k in numbers}
            less = [formula / k for k in numbers]
            for other in (*own.values(), *less, 1 - formula, formula.xreplace({a: -a})):
                shown = [f if f.is_number else of_operands(node, f) for f in (other, formula)]
                words = say(f"{{}} stands where {{}} belongs on the {side} side of {{}}", *shown, node)
                if other != formula:
                    yield _joined(a, *(sides | {side: other}).values()), words
            for new, words in _in_the_value(ground, node, a, side, formula):
                yield _joined(a, *(sides | {side: new}).values()), words


def _in_the_value(ground: Ground, node: Any, a: Any, side: str, formula: Any) -> Iterator[tuple[Any, Words]]:
    # the value of an activation for its slope; where that is the value and a number, A + 1, another sign
    x = node.variables[0]
    for A, (Z, f) in ground.setting.activations.items():
        value = _sides(f.xreplace({_X: x}), a)[side] if Z == node.args[1] and len(node.variables) == 1 else formula
        gap = (formula - value).expand()
        if gap == 0:
            continue
        others = {_X: value, _X - gap: value - gap, gap - _X: gap - value} if gap.is_number else {_X: value}
        for written, new in others.items():
            belongs = elementwise(Lambda((_X,), _X + gap), A) if gap.is_number else formula
            belongs = belongs if gap.is_number or formula.is_number else of_operands(node, formula)
            stands = elementwise(Lambda((_X,), written), A) if gap.is_number else of_operands(node, value)
            yield new, say(f"{{}} stands where {{}} belongs on the {side} side of {{}}", stands, belongs, node)


def _sides(body: Any, a: Any) -> dict[str, Any]:
    signed = {"negative": Dummy(negative=True), "positive": Dummy(positive=True)}
    return {side: body.xreplace({a: d}).xreplace({d: a}) for side, d in signed.items()}


def _joined(a: Any, negative: Any, positive: Any) -> Any:
    return positive * step(a) + (negative * (1 - step(a))).xreplace({exp(a): exp_below(a)})

"""Another slope at a corner: ½ or 1 at the 0 of relu, anything from −1 to 1 at that of |x|, a winner of a tie.

In: a `Setting`, and points with the user's gradients. Out: whether these are slopes as good as those of the formulas,
and in words. Formulas have one slope for all corners; a number between the slopes to both sides of the loss is as
good, and where there is no corner there is one slope alone, whatever the formulas give. What a step or a sign is, its
body says.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import replace
from typing import Any, NamedTuple

from sympy import Float, Lambda, Mul, S, nsimplify, preorder_traversal, sign

from symnet.backends import Kernel
from symnet.diagnosis.edits import Changes, Mutation, Name, Setting, Words, say
from symnet.diagnosis.explain import Explainer
from symnet.diagnosis.given import Point
from symnet.diagnosis.result import Fault
from symnet.diagnosis.sides import Seen, seen_beside, slope_beside
from symnet.diagnosis.trial import Trial
from symnet.expressions import Elementwise, Hardmax, Largest, elementwise, spread, step

KIND = "relu-at-zero"
ANY = "corner"
SLACK = 1e-6
_WORDS = "the slope at a corner, where an argument is 0, is taken as {}; here it is {}"
_BOTH = ", and both are subgradients"
_UNSEEN = ", and as far as some entries tell, both are subgradients; so many were not all tested together"
_BEYOND = ", and a slope that is not between those beside the corner is none"
_ALIKE = "; where no argument is below 0, slopes that are left out look the same"
_TIED = "each of the entries that tie for the largest has the whole slope; here they share it"
_APART = ", a convention as well: each entry alone lies between the slopes to its two sides, all together they do not"
_SMOOTH = "; the loss has no corner there, its slope for {} is {:.6g}: yours is right, that of the formulas is not"
_NEITHER = "; but the loss has no corner there: its slope for {} is {:.6g}, yours {:.6g}, that of the formulas {:.6g}"
_OUTSIDE = (
    ", a convention as well; but corners meet here, and yours for {}, {:.6g}, is not between the slopes to its two "
    "sides, {:.6g} and {:.6g}; that of the formulas is {:.6g}"
)
_BETWEEN = (
    "the loss has a corner here: to the two sides of {} its slope is {:.6g} and {:.6g}, yours is {:.6g}, that of the "
    "formulas is {:.6g}"
)
_MORE = "; values at no corner tell more"
_BY_RULE = (
    "{}: your {:.6g} follows the rule for slopes at a corner, as the formulas do; but the loss has no corner there: "
    "its slope to both sides is {:.6g}, so {:.6g} is no slope of it"
)
# the function in slopes, what it is at 0 where it is to be c, and the least slope beside the corner; the largest is 1
_AT_ZERO: tuple[tuple[Any, Callable[[Any, Any], Any], float], ...] = (
    (step, lambda u, c: step(u) + c * (1 - step(u) - step(-u)), 0.0),
    (sign, lambda u, c: sign(u) + c * (1 - sign(u) ** 2), -1.0),
)


class AtCorner(NamedTuple):
    """Gradients in another convention at a corner; `wrong`: those that are no slopes of the loss."""

    fault: Fault
    wrong: tuple[Name, ...]


def at_corner(
    setting: Setting, points: Sequence[Point], wrong: Sequence[Name], kernel: Kernel, explainer: Explainer
) -> AtCorner | None:
    """Give what is said of gradients that differ at corners alone; None where they do not."""
    seen = seen_beside(kernel, points, wrong)
    if seen is None:
        return None
    of_formulas = other_slope(setting, points) or _whole_at_ties(setting, points)
    if of_formulas is not None:
        said = replace(of_formulas, words=of_formulas.words + _beside(seen) + _alike(of_formulas))
        return AtCorner(explainer.fault(said), tuple(w for w in wrong if seen.smooth and w not in seen.inside))
    if seen.smooth or not seen.together or not seen.inside.issuperset(wrong):
        return None
    both = say(_BOTH if seen.all_seen else _UNSEEN)
    words = say(_BETWEEN, _entry(seen.where), seen.left, seen.right, seen.mine, seen.formulas) + both + say(_MORE)
    return AtCorner(explainer.said(ANY, wrong, words), ())


def no_slope(setting: Setting, points: Sequence[Point], kernel: Kernel, explainer: Explainer) -> list[str]:
    """Say where gradients that follow the rules for corners are no slopes of the loss, which has no corner there."""
    for changes in _of_all_corners(setting):
        for p in points:
            trial = Trial(setting, [p], None)
            at_corners = trial.moved(changes)
            where = at_corners and slope_beside(kernel, p, at_corners)
            if where:
                entry, slopes = where
                at = (slopes.left + slopes.right) / 2
                return [say(_BY_RULE, _entry(entry), slopes.mine, at, slopes.mine).read(explainer.write)]
    return []


def _of_all_corners(setting: Setting) -> Iterator[Changes]:
    # the equations with another slope at each corner: what they change is at one
    for function, at_zero, _ in _AT_ZERO:
        sites = {e.lhs: e.rhs for e in setting.equations if _has(e.rhs, function)}
        if sites and not any(_has(e.rhs, function) for e in setting.forward):
            yield {lhs: _with(rhs, function, _of_one(at_zero)) for lhs, rhs in sites.items()}


def _of_one(at_zero: Callable[[Any, Any], Any]) -> Callable[[Any], Any]:
    return lambda u: at_zero(u, S.One)


def _beside(seen: Seen) -> Words:
    # what the slopes to both sides say of a gradient that follows from other slopes at corners
    w, _ = seen.where
    if seen.smooth and w in seen.inside:
        return say(_SMOOTH, _entry(seen.where), seen.mine)
    if seen.smooth:
        return say(_NEITHER, _entry(seen.where), (seen.left + seen.right) / 2, seen.mine, seen.formulas)
    if w not in seen.inside:
        return say(_OUTSIDE, _entry(seen.where), seen.mine, seen.left, seen.right, seen.formulas)
    return say(_APART if not seen.together else _BOTH if seen.all_seen else _UNSEEN)


def _alike(m: Mutation) -> Words:
    steps = any(_has(rhs, step) for rhs in m.changes.values())
    return say(_ALIKE if steps and m.factor is not None and abs(m.factor - 1) < SLACK else "")


def _entry(where: tuple[Name, tuple[int, ...]]) -> Words:
    w, index = where
    return say("{}" + f"[{', '.join(map(str, index))}]" * bool(index), w)


def other_slope(setting: Setting, points: Sequence[Point], beyond: bool = False) -> Mutation | None:
    """Give the change of the slopes at corners that makes all gradients the user's; None where none does.

    beyond: a slope that is not between those beside the corner, in place of one that is.
    """
    trial: Trial | None = None
    for function, at_zero, least in _AT_ZERO:
        if any(_has(e.rhs, function) for e in setting.forward):
            continue  # it is a value, of which 0 has one
        sites = {e.lhs: e.rhs for e in setting.equations if _has(e.rhs, function)}

        def changes(c: float, sites: Changes = sites, function: Any = function, at_zero: Any = at_zero) -> Changes:
            return {lhs: _with(rhs, function, lambda u: at_zero(u, _neat(c))) for lhs, rhs in sites.items()}

        if not sites:
            continue
        trial = trial or Trial(setting, [*points], None)
        c = trial.fitted(changes)
        if c is not None and (least - SLACK <= c <= 1 + SLACK) != beyond:
            shown = [say("{:.6g}", float(_slope(sites.values(), function, at))) for at in (Float(c), S.Zero)]
            words = say(_WORDS + _BEYOND * beyond, *shown)
            return Mutation(KIND, changes(c), words, everywhere=len(sites) > 1, factor=c)
    return None


def _whole_at_ties(setting: Setting, points: Sequence[Point]) -> Mutation | None:
    sites = {e.lhs: _untied(e.rhs) for e in setting.equations if e.rhs.has(Hardmax)}
    if not sites or not Trial(setting, [*points], None).fits(sites):
        return None
    return Mutation(ANY, sites, say(_TIED), everywhere=len(sites) > 1)


def _untied(expr: Any) -> Any:
    def whole(node: Any) -> Any:
        A, largest = node.args[0], Largest(*node.args)
        return elementwise(lambda a, m: 1 - step(m - a), A, spread(largest, A.shape, node.axis))

    return expr.xreplace({node: whole(node) for node in expr.atoms(Hardmax)})


def _slope(sites: Iterable[Any], function: Any, c: Any) -> Any:
    # what the whole slope of a function is where a step or a sign in it is c: 0.01 + 0.99·c for a leaky relu
    nodes = [node for rhs in sites for node in preorder_traversal(rhs) if isinstance(node, Elementwise)]
    wholes = {part for node in nodes for part in Mul.make_args(node.body) if part.has(function)}
    whole, *others = wholes
    steps = whole.atoms(function)
    at = whole.xreplace(dict.fromkeys(steps, c))
    return at if not others and len(steps) == 1 and not at.free_symbols else c


def _neat(c: float) -> Any:
    return nsimplify(c, rational=True, tolerance=1e-9)


def _has(expr: Any, function: Any) -> bool:
    return any(isinstance(node, Elementwise) and node.body.has(function) for node in preorder_traversal(expr))


def _with(expr: Any, function: Any, at: Callable[[Any], Any]) -> Any:
    found = {}
    for node in preorder_traversal(expr):
        if isinstance(node, Elementwise) and node.body.has(function):
            found[node] = Elementwise(Lambda(node.variables, node.body.replace(function, at)), *node.operands)
    return expr.xreplace(found)

"""Another function: f for f′, the slope of another activation, a sign inside, an activation of what comes back.

In: a `Ground` and a place of an equation. Out: what may stand there instead, with its words and its price.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sympy import HadamardProduct, Lambda, MatAdd, MatMul, MatrixSymbol, OneMatrix, Pow, S, exp

from symnet.diagnosis.deltas import activations
from symnet.diagnosis.edits import Name, Words, say
from symnet.diagnosis.places import Place, product_of, times
from symnet.diagnosis.quantities import Ground
from symnet.expressions import Elementwise, LogSoftmax, Softmax, bound_variables, raw, sigmoid, split, step, symbols_of

_Found = Iterator[tuple[str, Any, Words, float, Any]]
(_X,) = bound_variables(1)


def function_edits(ground: Ground, lhs: Name, place: Place) -> _Found:
    """Give every other function that may stand at a place."""
    node = place.node
    if isinstance(node, Elementwise) and len(node.args) == 2:
        yield from _other_functions(ground, node)
        yield from _other_signs(node)
        yield from _other_slopes(node)
        yield from _at_what_goes_on(ground, node)
    if isinstance(node, Elementwise) and len(node.args) > 2:
        yield from _other_signs(node)
    if isinstance(node, Softmax):
        yield from _for_softmax(node)
    if isinstance(node, HadamardProduct):
        yield from _function_of_what_comes_back(node)
        yield from _diagonal_of_softmax(ground, node)


def applied(body: Any, A: Any) -> Any:
    """Give a function of one variable applied entry by entry."""
    return A if body == _X else Elementwise(Lambda((_X,), body), A)


def _other_functions(ground: Ground, node: Any) -> _Found:
    operand = node.args[1]
    pairs = [(A, Z) for A, (Z, _) in ground.setting.activations.items() if operand in (A, Z)]
    arguments = list(dict.fromkeys([operand, *(a for pair in pairs for a in pair)]))
    arguments = [a for a in arguments if ground.shape(a) is not None]
    shape = ground.shape(operand)
    biases = [
        w
        for w in ground.setting.gradients
        if w.is_Matrix and ground.setting.shape(w) != shape and _spreads(ground, w, shape)
    ]
    body = node.body.xreplace({node.variables[0]: _X})
    for name, (f, slope, of_output) in activations().items():
        for what, function in ((name, f), (f"{name}'", slope), (f"{name}', written in its output,", of_output)):
            for a in arguments:
                new = applied(function, a)
                if new != node and not (function == body and a == operand):
                    words = say("{} of {} stands where {} belongs", what, a, node)
                    tag = ("function", node.body, function, a)
                    yield "wrong-function", new, words, 1.6 if a == operand else 1.8, tag
            for w in biases:
                words = say("the slope is taken at {}, not at the pre-activation", w)
                yield "derivative-at-wrong-argument", applied(function, w), words, 2.0, ("at", function, w)


def _at_what_goes_on(ground: Ground, node: Any) -> _Found:
    # a slope at what the next layer gets: the activation times a mask and a number, as dropout hands it on
    forward, activations = ground.setting.forward, ground.setting.activations
    at, x = node.args[1], node.variables[0]
    A = at if at in activations else next((B for B, (Z, _) in activations.items() if Z == at), None)
    if A is None:
        return
    Z, f = activations[A]
    slopes = {at: node.body, Z: node.body if at == Z else node.body.xreplace({x: f.xreplace({_X: x})})}
    for made in forward:
        masked = split(made.rhs)[1]
        if isinstance(masked, HadamardProduct) and not {A, Z}.isdisjoint(masked.args):
            numbers = [split(e.rhs)[0] for e in forward if made.lhs in symbols_of(e.rhs)]
            for number in dict.fromkeys([S.One, *numbers]):
                D = times(number, made.lhs)
                for right, body in slopes.items():
                    words = say("the slope is taken at {}, not at {}", D, right)
                    new = Elementwise(Lambda((x,), body), D)
                    yield "derivative-at-wrong-argument", new, words, 1.7, ("handed on", body, D)


def _for_softmax(node: Any) -> _Found:
    Z, axis = node.operands[0], node.axis
    others = [(applied(exp(_X), Z), "exp"), (applied(sigmoid(_X), Z), "sigmoid"), (LogSoftmax(Z, axis), "log softmax")]
    for new, name in others:
        yield "wrong-function", new, say("{} stands where softmax belongs", name), 1.5, ("softmax", name)
    words = say("softmax is taken along the other axis")
    yield "wrong-function", Softmax(Z, 1 - axis), words, 1.5, ("softmax", "axis")


def _spreads(ground: Ground, w: Any, shape: Any) -> bool:
    own = ground.setting.shape(w)
    return (
        shape is not None
        and own != shape
        and len(shape) == 2
        and all(a in (1, b) for a, b in zip(own, shape, strict=True))
    )


def _other_signs(node: Any) -> _Found:
    for v, a in node.slots.items():
        turned = Elementwise(Lambda(node.variables, node.body.xreplace({v: -v})), *node.args[1:])
        words = say("the sign of {} inside {} is wrong", a, node)
        yield "wrong-function", turned, words, 1.5, ("sign inside", node.body)


def _other_slopes(node: Any) -> _Found:
    # a slope that jumps at 0: its value on the left is another number
    if node.body.has(step) and not node.body.has(Pow):
        x = node.variables[0]

        def with_slope(c: Any) -> Any:
            return Elementwise(Lambda((x,), step(x) + c * (1 - step(x))), *node.args[1:])

        words = say("the slope on the negative side is {{number}}")
        yield "wrong-function", with_slope, words, 1.6, ("slope", node.body)


def _function_of_what_comes_back(node: Any) -> _Found:
    for i, factor in enumerate(node.args):
        if isinstance(factor, Elementwise):
            rest = product_of(HadamardProduct, *node.args[:i], *node.args[i + 1 :])
            for name, (f, _, _) in activations().items():
                words = say("{} itself is applied to what comes back, not its derivative to the pre-activation", name)
                yield "wrong-function", applied(f, rest), words, 1.5, ("of delta", factor.body, f)


def _diagonal_of_softmax(ground: Ground, node: Any) -> _Found:
    # P∘(D − sums of P∘D), the Jacobian of softmax times D: its diagonal alone is P∘(1 − P)∘D
    for i, total in enumerate(node.args):
        if not isinstance(total, MatAdd):
            continue
        rest = [*node.args[:i], *node.args[i + 1 :]]
        for j, term in enumerate(total.args):
            if term.has(OneMatrix) and isinstance(term, MatMul):
                D = product_of(MatAdd, *total.args[:j], *total.args[j + 1 :])
                P = next((p for p in rest if _is_softmax(ground, p)), None)
                if P is not None:
                    q = Elementwise(Lambda((_X,), 1 - _X), P)
                    words = say("softmax' is missing: the derivative in {} is handed on as that in its scores", P)
                    yield "missing-activation-derivative", D, words, 1.2, ("no jacobian",)
                    words = say("only the diagonal of the Jacobian of softmax is taken, {}∘(1 − {})", P, P)
                    yield "wrong-function", raw(HadamardProduct, D, *rest, q), words, 1.2, ("diagonal",)


def _is_softmax(ground: Ground, P: Any) -> bool:
    if isinstance(P, MatrixSymbol):
        P = next((e.rhs for e in ground.setting.forward if e.lhs == P), P)
    return isinstance(P, Softmax)

"""Mistakes in the equation of a delta: the slope of an activation, the product that goes back, the loss's own delta.

In: a `Setting` and an equation of it. Out: other right-hand sides with the kind of the mistake, its words and its cost.
Each row of `_MISTAKES` looks at one node of the equation; so it works for any net.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import cache, lru_cache, partial
from typing import Any, TypeAlias

from sympy import (
    Add, Function, HadamardProduct, Lambda, MatAdd, MatMul, MatrixSymbol, Mul, OneMatrix, S, exp, tanh,
)  # fmt: skip
from sympy.matrices.immutable import ImmutableDenseMatrix

from symnet.calculus import RULES
from symnet.diagnosis.edits import Rewritten, Setting, Words, by_name, rewrites, say
from symnet.expressions import (
    Elementwise, Softmax, add, bound_variables, elementwise, hadamard, matmul, relu, scaled, sigmoid, softplus, split,
    step, transpose,
)  # fmt: skip

Found: TypeAlias = Iterator[tuple[str, Any, Words, float]]  # kind, right-hand side, words, cost
AtNode: TypeAlias = Callable[[Setting, Any], Rewritten]

(_X,) = bound_variables(1)


@cache
def activations() -> dict[str, tuple[Any, Any, Any]]:
    """Give the usual activations: name → the function, its slope in the input x, its slope in the output y."""
    return {
        "sigmoid": (sigmoid(_X), sigmoid(_X) * (1 - sigmoid(_X)), _X * (1 - _X)),
        "tanh": (tanh(_X), 1 - tanh(_X) ** 2, 1 - _X**2),
        "relu": (relu(_X), step(_X), step(_X)),
        "softplus": (softplus(_X), sigmoid(_X), 1 - exp(-_X)),
    }


def mistakes_in_delta(setting: Setting, rhs: Any) -> Found:
    """Give every mistake of the table that can be made in the equation of a delta."""
    for kind, cost, at_node in _MISTAKES:
        for new, words in rewrites(rhs, partial(at_node, setting), setting.found_by(at_node)):
            yield kind, new, words, cost


# -- the slope of an activation: `change` gives what stands in its place


def _slopes(change: Callable[[Elementwise, Any, Any, Any], Rewritten]) -> AtNode:
    def at_node(setting: Setting, node: Any) -> Rewritten:
        factors = node.args if isinstance(node, HadamardProduct) else ()
        for i, factor in enumerate(factors):
            if isinstance(factor, Elementwise):
                for A, (Z, body) in setting.activations.items():
                    if set(factor.args[1:]) <= {A, Z}:
                        for new, words in change(factor, A, Z, body):
                            yield hadamard(*factors[:i], new, *factors[i + 1 :]), words

    return at_node


def _known(body: Any) -> str | None:
    return next((name for name, (f, _, _) in activations().items() if f == body), None)


def named(body: Any, Z: Any) -> Any:
    """Give the name of an activation, or its formula where it has none."""
    return _known(body) or (type(body).__name__ if isinstance(body, Function) else entrywise(body, Z))


def slope_of(body: Any, Z: Any) -> tuple[str, tuple[Any, ...]]:
    """Give how the slope of an activation is written: tanh'(Z), or the slope of its formula; a template and parts."""
    name = named(body, Z)
    return ("{}'({})", (name, Z)) if isinstance(name, str) else ("the slope of {}", (name,))


@lru_cache(maxsize=512)
def entrywise(body: Any, A: Any) -> Any:
    """Give a function of one variable of every entry."""
    return elementwise(Lambda((_X,), body), A)


def _dropped(factor: Any, A: Any, Z: Any, body: Any) -> Rewritten:
    text, parts = slope_of(body, Z)
    text = f"the factor {text} is missing" if len(parts) > 1 else f"{text}, a factor, is missing"
    yield OneMatrix(*factor.shape), say(text, *parts)


def _moved(factor: Any, A: Any, Z: Any, body: Any) -> Rewritten:
    name = _known(body)
    if name is not None and isinstance(Z, MatrixSymbol):
        _, of_input, of_output = activations()[name]
        yield (
            entrywise(of_input, A),
            say("{}' is taken at the activation {}, not at the pre-activation {}", name, A, Z),
        )
        yield entrywise(of_output, Z), say("the formula of {}' in its output is given the pre-activation {}", name, Z)


def _of_another(factor: Any, A: Any, Z: Any, body: Any) -> Rewritten:
    name = named(body, Z)
    for wrong in (_X, 1 - _X, 1 + _X, 1 + _X**2, _X**2):
        yield entrywise(wrong, A), _for_its_slope(wrong, name, A)
    for other, (_, of_input, of_output) in activations().items():
        if other != _known(body) and not (other == "softplus" and factor.body.has(sigmoid)):
            words = say("the derivative is that of {}, but the activation is {}", other, name)
            yield entrywise(of_input, Z), words
            yield entrywise(of_output, A), words


def _for_its_slope(wrong: Any, name: Any, A: Any) -> Words:
    # what a slope that is written in the activation's value lacks
    right = activations()[name][2] if name in ("sigmoid", "tanh") else None
    if wrong == _X and right is None:
        return say("{} itself stands where its derivative belongs", name)
    for factor in right.args if isinstance(right, Mul) else ():
        if wrong == right / factor:
            return say("the factor {} of {}' is missing", entrywise(factor, A), name)
    for term in right.args if isinstance(right, Add) else ():
        if wrong == right - 2 * term:
            return say("the sign of the term {} of {}' is wrong", entrywise(term, A), name)
        if wrong == right - term or wrong == term - right:
            return say("the term {} of {}' is missing", entrywise(term, A), name)
    if right is not None and wrong == right.xreplace({_X**2: _X}):
        return say("the square of {} in {}' is missing", A, name)
    if wrong == _X:
        return say("{} itself stands where its derivative belongs", name)
    return say("this is not the derivative of {}", name)


def _one_at_zero(setting: Setting, node: Any) -> Rewritten:
    factors = node.args if isinstance(node, HadamardProduct) else (node,)
    for i, factor in enumerate(factors):
        if isinstance(factor, Elementwise) and factor.body.has(step):
            flipped = Lambda(factor.variables, factor.body.replace(step, lambda x: 1 - step(-x)))
            new = elementwise(flipped, *factor.args[1:])
            rest = [*factors[:i], *factors[i + 1 :]]
            yield hadamard(*rest, new) if rest else new, say("relu'(0) is taken as 1; here it is 0")


# -- the product with the weights that a delta goes back through: `change` gives other weights and another delta


def _products(change: Callable[[Setting, Any, Any, Any, bool], Iterator[tuple[Any, Any, Words]]]) -> AtNode:
    def at_node(setting: Setting, node: Any) -> Rewritten:
        c, A = split(node) if isinstance(node, MatMul) else (S.One, node)
        if not isinstance(A, MatMul) or len(A.args) != 2:
            return
        for weight, delta, left in ((*A.args, True), (*A.args[::-1], False)):
            bare = next((w for w in sorted(weight.atoms(MatrixSymbol), key=by_name) if w in setting.gradients), None)
            if bare is not None and (delta in setting.deltas or not isinstance(delta, MatrixSymbol)):
                for w, d, words in change(setting, weight, bare, delta, left):
                    yield scaled(c, matmul(w, d) if left else matmul(d, w)), words

    return at_node


def _updated(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[tuple[Any, Any, Words]]:
    gradient = setting.gradients[bare]
    if gradient not in weight.atoms(MatrixSymbol):
        moved = weight.xreplace({bare: add(bare, scaled(-setting.rate, gradient))})
        yield moved, delta, say("the delta goes back through weights {} that were already updated", bare)


def _untransposed(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[tuple[Any, Any, Words]]:
    rows, cols = setting.shape(bare)
    if rows == cols > 1:
        yield transpose(weight), delta, say("{} is not transposed on the way back", bare)


def _one_output(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[tuple[Any, Any, Words]]:
    hidden, outputs = setting.shape(weight) if left else setting.shape(weight)[::-1]
    if outputs < 2 or weight.has(ImmutableDenseMatrix):
        return

    def masked(*which: int) -> Any:
        return hadamard(weight, _mask(hidden, outputs, which, left))

    for j in [0, outputs - 1, *range(1, min(outputs - 1, 12))]:
        words = say("there is no sum over the outputs: only output {} is propagated back", j + 1)
        yield masked(j), delta, words
    words = say("there is no sum over the outputs: each neuron takes the delta of the output of its own number")
    yield masked(*range(min(hidden, outputs))), delta, words
    yield masked(*(i % outputs for i in range(hidden))), delta, words


@lru_cache(maxsize=64)
def _mask(hidden: int, outputs: int, which: tuple[int, ...], left: bool) -> Any:
    # a 1 for each neuron at the output that it takes, of a single one all take that
    of = which * hidden if len(which) == 1 else which
    mask = ImmutableDenseMatrix(hidden, outputs, lambda i, k: S(int(of[int(i) : int(i) + 1] == (int(k),))))
    return mask if left else mask.T


def _value(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[tuple[Any, Any, Words]]:
    for value in setting.values_of(delta) if isinstance(delta, MatrixSymbol) else ():
        yield weight, value, say("the value {} is propagated back instead of the delta {}", value, delta)


# -- the loss's own delta: (P − Y), that of cross-entropy in its logits


def _at_the_loss(setting: Setting, node: Any) -> Rewritten:
    if not isinstance(node, MatAdd) or len(node.args) != 2:
        return
    for P, rest in (node.args, node.args[::-1]):
        c, target = split(rest)
        if c == -1 and target in setting.targets:
            if isinstance(P, Softmax):
                yield from _after_softmax(P, rest, target, node)
            elif isinstance(P, Elementwise) and P.body == sigmoid(P.variables[0]):
                yield from _after_sigmoid(P, rest, target, node)


def _after_softmax(P: Softmax, rest: Any, target: Any, delta: Any) -> Rewritten:
    yield _with_slope(P, delta, "p")
    yield (
        RULES.of(P)(delta, P, *P.args)[0],
        say("the Jacobian of softmax is applied twice, as squared error would need it"),
    )
    scores = P.args[0]
    yield add(scores, rest), say("the delta of squared error on the logits {}, without softmax", scores)
    quotient = hadamard(target, entrywise(1 / _X, P))
    yield scaled(S.NegativeOne, quotient), say("the derivative is taken in the probabilities, not in the logits")
    rest_of_one = entrywise(1 - _X, P)
    words = say("only the diagonal of the Jacobian of softmax is taken, {}∘(1 − {})", P, P)
    yield scaled(S.NegativeOne, hadamard(target, rest_of_one)), words


def _after_sigmoid(P: Any, rest: Any, target: Any, delta: Any) -> Rewritten:
    # −Y/P + (1 − Y)/(1 − P), times σ' = P∘(1 − P), is P − Y: what is left of it where a part or a sign is lost
    Z = P.args[1]
    yield _with_slope(P, delta, "σ")
    yield add(Z, rest), say("the delta of squared error on the logits {}, without the sigmoid", Z)
    slope, rest_of_one = entrywise(1 / (_X * (1 - _X)), P), entrywise(1 - _X, P)
    words = say(
        "the factor σ'({}) is missing: the derivative is taken in the probabilities, not in the logits", P.args[1]
    )
    yield hadamard(delta, slope), words
    of_ones = hadamard(target, rest_of_one)
    of_zeros = hadamard(add(OneMatrix(*target.shape), scaled(S.NegativeOne, target)), P)
    words = say("the sign of the term (1 − {0})/(1 − {1}) in the derivative of cross-entropy is wrong", target, P)
    yield scaled(S.NegativeOne, add(of_ones, of_zeros)), words
    words = say("the term (1 − {0})/(1 − {1}) in the derivative of cross-entropy is missing", target, P)
    yield scaled(S.NegativeOne, of_ones), words
    in_probabilities = scaled(S.NegativeOne, hadamard(target, entrywise(1 / _X, P)))
    yield in_probabilities, say("the derivative −{0}/{1} is that of softmax, taken in the probabilities", target, P)
    yield of_zeros, say("the term −{0}/{1} in the derivative of cross-entropy is missing", target, P)


def _with_slope(P: Any, delta: Any, name: str) -> tuple[Any, Words]:
    slope = hadamard(P, add(OneMatrix(*P.shape), scaled(S.NegativeOne, P)))
    return hadamard(delta, slope), say("an extra factor {}(1 − {}): cross-entropy has absorbed it", name, name)


_MISTAKES: tuple[tuple[str, float, AtNode], ...] = (
    ("missing-activation-derivative", 1.0, _slopes(_dropped)),
    ("derivative-at-wrong-argument", 1.2, _slopes(_moved)),
    ("wrong-activation-derivative", 1.3, _slopes(_of_another)),
    ("relu-at-zero", 1.5, _one_at_zero),
    ("updated-weights", 1.0, _products(_updated)),
    ("untransposed-weights", 1.0, _products(_untransposed)),
    ("missing-output-sum", 1.2, _products(_one_output)),
    ("activation-for-delta", 1.2, _products(_value)),
    ("softmax-cross-entropy", 1.1, _at_the_loss),
)

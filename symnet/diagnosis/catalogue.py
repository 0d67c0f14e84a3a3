"""The catalogue of mistakes in hand-written backpropagation: operators that mutate derived equations.

In: a `Setting`. Out: `Mutation`s, each with the kind of mistake it is and its words. An operator looks at the structure
of an equation only, so it works for any net. A constant factor or a sign is not listed here: it is read off the
numbers.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from typing import Any

from sympy import (
    HadamardProduct,
    Lambda,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    S,
    Transpose,
    ZeroMatrix,
    exp,
    sympify,
    tanh,
)
from sympy.matrices.immutable import ImmutableDenseMatrix

from symnet.expressions.algebra import add, bound_variables, elementwise, hadamard, matmul, scaled, transpose
from symnet.diagnosis.edits import Mutation, Setting, rewrites
from symnet.expressions.nodes import Elementwise, Softmax, Unit, split
from symnet.expressions.scalars import relu, sigmoid, softplus, step

(_X,) = bound_variables(1)
# the usual activations: name, slope in the input x, slope in the output y where there is one
ACTIVATIONS = {
    "sigmoid": (sigmoid(_X), sigmoid(_X) * (1 - sigmoid(_X)), _X * (1 - _X)),
    "tanh": (tanh(_X), 1 - tanh(_X) ** 2, 1 - _X**2),
    "relu": (relu(_X), step(_X), step(_X)),
    "softplus": (softplus(_X), sigmoid(_X), 1 - exp(-_X)),
}


def catalogue(setting: Setting, only: Any = None) -> list[Mutation]:
    """Give every single-fault variant of the equations; `only`: of the equation of this name."""
    found: list[Mutation] = []
    for lhs, rhs in setting.equations:
        if lhs.is_Matrix and (only is None or lhs == only):
            for operator in _GRADIENT_OPERATORS if lhs in setting.partials else _DELTA_OPERATORS:
                for kind, new, words, cost in operator(setting, lhs, rhs):
                    if new != rhs:
                        found.append(Mutation(kind, {lhs: new}, words, cost))
    return found if only is not None else found + _in_one_layer(setting, found) + _everywhere(found)


def _in_one_layer(setting: Setting, found: list[Mutation]) -> list[Mutation]:
    # the weights and the bias of a layer share their delta, and a mistake that is made with it
    right = dict(setting.equations)
    groups: dict[Any, list[Mutation]] = {}
    for m in found:
        if m.kind in _SHARED_IN_A_LAYER and m.site in setting.partials:
            deltas = frozenset(right[m.site].atoms(MatrixSymbol) & set(setting.deltas))
            groups.setdefault((m.kind, m.words, m.cost, deltas), []).append(m)
    return _joined(groups, 0.1)


def _everywhere(found: list[Mutation]) -> list[Mutation]:
    groups: dict[Any, list[Mutation]] = {}
    ways: Counter[Any] = Counter()
    for m in found:
        if m.kind in _REPEATED:
            generic = "" if m.kind in _ONE_WAY else "".join(c for c in m.words if not c.isdigit())
            ways[m.site, m.kind, generic] += 1
            groups.setdefault((m.kind, generic, ways[m.site, m.kind, generic]), []).append(m)
    return _joined(groups, 0.3)


def _joined(groups: dict[Any, list[Mutation]], cost: float) -> list[Mutation]:
    joined = []
    for (kind, *_), members in groups.items():
        changes: dict[Any, Any] = {}
        for m in members:
            changes.setdefault(m.site, m.changes[m.site])
        if len(changes) > 1:
            joined.append(Mutation(kind, changes, members[0].words, members[0].cost + cost, True))
    return joined


_SHARED_IN_A_LAYER = {"missing-batch-sum", "wrong-layer", "activation-for-delta"}
_REPEATED = {
    "missing-activation-derivative", "derivative-at-wrong-argument", "wrong-activation-derivative",
    "missing-input-factor", "missing-batch-sum", "updated-weights", "untransposed-weights", "bias-gradient",
    "relu-at-zero", "missing-output-sum", "activation-for-delta", "regularisation", "transposed",
}  # fmt: skip
_ONE_WAY = {"missing-activation-derivative", "missing-input-factor"}  # there is one way to make this mistake in a layer
Found = Iterator[tuple[str, Any, str, float]]


# -- the gradient of a parameter


def _factors(rhs: Any) -> tuple[Any, list[Any]]:
    c, A = split(rhs)
    return c, list(A.args) if isinstance(A, MatMul) else [A]


def _product_terms(rhs: Any) -> Iterator[tuple[Any, list[Any], Callable[[Any], Any]]]:
    """Give each product of two factors among the terms of a gradient, and how to put another in its place."""
    terms = list(rhs.args) if isinstance(rhs, MatAdd) else [rhs]
    for i, term in enumerate(terms):
        c, factors = _factors(term)
        if len(factors) == 2:

            def put(new: Any, i: int = i, c: Any = c) -> Any:
                replaced = [*terms[:i], scaled(c, new), *terms[i + 1 :]]
                return add(*replaced) if len(replaced) > 1 else replaced[0]

            yield c, factors, put


def _transposed(setting: Setting, lhs: Any, rhs: Any) -> Found:
    rows, cols = setting.shape(lhs)
    if rows == cols > 1:
        yield (
            "transposed",
            transpose(rhs) if not isinstance(rhs, MatAdd) else Transpose(rhs),
            "the result is transposed",
            1,
        )


def _without_input(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for _, (a, b), put in _product_terms(rhs):
        for i, factor in enumerate((a, b)):
            bare = factor.args[0] if isinstance(factor, Transpose) else factor
            if not isinstance(bare, OneMatrix) and not _is_delta(setting, bare):
                other = b if i == 0 else a
                ones = OneMatrix(*factor.shape)
                words = f"the factor {bare}, the input of each weight, is missing"
                yield "missing-input-factor", put(matmul(ones, other) if i == 0 else matmul(other, ones)), words, 1.0


def _is_delta(setting: Setting, A: Any) -> bool:
    return not isinstance(A, MatrixSymbol) or A in setting.deltas


def _one_sample(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for _, (a, b), put in _product_terms(rhs):
        samples = setting.size(a.shape[1])
        if samples < 2:
            continue
        for index, which in ((samples - 1, "last"), (0, "first")):
            e = Unit(a.shape[1], sympify(index))
            there = OneMatrix(1, b.shape[1]) if isinstance(b, OneMatrix) else matmul(transpose(e), b)
            kept = matmul(a, e) if there.shape == (1, 1) else matmul(matmul(a, e), there)
            words = f"there is no sum over the samples: only the {which} one counts"
            yield "missing-batch-sum", put(kept), words, 1.1
            yield "missing-batch-sum", put(scaled(sympify(samples), kept)), words, 1.2


def _bias(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for _, (a, b), put in _product_terms(rhs):
        if isinstance(a, OneMatrix) and a.shape[0] == 1 or isinstance(b, OneMatrix) and b.shape[1] == 1:
            words = "the bias has no path: it is treated as a weight of input 0"
            yield "bias-gradient", put(ZeroMatrix(*lhs.shape)), words, 0.9
            samples = setting.size(b.shape[0] if isinstance(b, OneMatrix) else a.shape[1])
            words = "the gradient of the bias is averaged over the samples, not summed"
            yield "bias-gradient", put(scaled(S.One / samples, matmul(a, b))), words, 0.85


def _regularisation(setting: Setting, lhs: Any, rhs: Any) -> Found:
    w = setting.partials[lhs]
    terms = list(rhs.args) if isinstance(rhs, MatAdd) else []
    for i, term in enumerate(terms):
        c, A = split(term)
        if A == w or (isinstance(A, Elementwise) and A.args[1:] == (w,)):
            rest = [*terms[:i], *terms[i + 1 :]]
            yield "regularisation", add(*rest), f"the regularisation term of {w} is missing", 1.0
            yield "regularisation", add(*rest, scaled(sympify(2), term)), f"the regularisation of {w} is doubled", 1.0
            yield "regularisation", add(*rest, scaled(S.Half, term)), f"the regularisation of {w} is halved", 1.0
    if 1 in setting.shape(w):
        for other, g in setting.gradients.items():
            for term in _regularising_terms(dict(setting.equations)[g], other):
                c, _ = split(term)
                yield "regularisation", add(rhs, scaled(c, w)), f"the bias {w} is regularised, but the loss is not", 1.1


def _regularising_terms(rhs: Any, w: Any) -> list[Any]:
    return [t for t in (rhs.args if isinstance(rhs, MatAdd) else ()) if split(t)[1] == w]


# -- an adjoint


def _without_slope(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for new, words in rewrites(rhs, lambda node: _slopes(setting, node, _dropped)):
        yield "missing-activation-derivative", new, words, 1.0


def _slopes(setting: Setting, node: Any, change: Callable[..., Iterator[tuple[Any, str]]]) -> Iterator[tuple[Any, str]]:
    factors = node.args if isinstance(node, HadamardProduct) else (node,)
    for i, factor in enumerate(factors):
        if isinstance(factor, Elementwise):
            for A, (Z, body) in setting.activations.items():
                if set(factor.args[1:]) <= {A, Z} and (i > 0 or len(factors) > 1):
                    for new, words in change(setting, factor, A, Z, body):
                        yield hadamard(*factors[:i], new, *factors[i + 1 :]), words


def _name_of(body: Any) -> str:
    known = [name for name, (f, _, _) in ACTIVATIONS.items() if f == body]
    return known[0] if known else type(body).__name__


def _dropped(setting: Setting, factor: Any, A: Any, Z: Any, body: Any) -> Iterator[tuple[Any, str]]:
    yield OneMatrix(*factor.shape), f"the factor {_name_of(body)}'({_text(Z)}) is missing"


def _wrong_argument(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for new, words in rewrites(rhs, lambda node: _slopes(setting, node, _moved)):
        yield "derivative-at-wrong-argument", new, words, 1.2


def _moved(setting: Setting, factor: Any, A: Any, Z: Any, body: Any) -> Iterator[tuple[Any, str]]:
    name = _name_of(body)
    if name not in ACTIVATIONS or not isinstance(Z, MatrixSymbol):
        return
    _, of_input, of_output = ACTIVATIONS[name]
    yield _apply(of_input, A), f"{name}' is taken at the activation {_text(A)}, not at the pre-activation {_text(Z)}"
    yield _apply(of_output, Z), f"the formula of {name}' in its output is given the pre-activation {_text(Z)}"


def _apply(body: Any, A: Any) -> Any:
    return elementwise(Lambda((_X,), body), A)


def _wrong_activation(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for new, words in rewrites(rhs, lambda node: _slopes(setting, node, _other)):
        yield "wrong-activation-derivative", new, words, 1.3


def _other(setting: Setting, factor: Any, A: Any, Z: Any, body: Any) -> Iterator[tuple[Any, str]]:
    name = _name_of(body)
    for other, (_, of_input, of_output) in ACTIVATIONS.items():
        if other != name:
            words = f"the derivative is that of {other}, but the activation is {name}"
            yield _apply(of_input, Z), words
            yield _apply(of_output, A), words
    words = f"this is not the derivative of {name}"
    for wrong in (_X, 1 - _X, 1 + _X, 1 + _X**2, _X**2):
        yield _apply(wrong, A), words


def _relu_at_zero(setting: Setting, lhs: Any, rhs: Any) -> Found:
    def at_least(node: Any) -> Iterator[tuple[Any, str]]:
        for factor in node.args if isinstance(node, HadamardProduct) else (node,):
            if isinstance(factor, Elementwise) and factor.body.has(step):
                flipped = factor.body.replace(step, lambda x: 1 - step(-x))
                new = elementwise(Lambda(factor.variables, flipped), *factor.args[1:])
                rest = [f for f in node.args if f is not factor] if isinstance(node, HadamardProduct) else []
                yield hadamard(*rest, new) if rest else new, "relu'(0) is taken as 1; here it is 0"

    for new, words in rewrites(rhs, at_least):
        yield "relu-at-zero", new, words, 1.5


def _backward_products(setting: Setting, rhs: Any, change: Callable[..., Iterator[Any]]) -> Iterator[tuple[Any, str]]:
    def operator(node: Any) -> Iterator[tuple[Any, str]]:
        if isinstance(node, MatMul):
            c, factors = _factors(node)
            if len(factors) == 2:
                for weight, delta, left in ((factors[0], factors[1], True), (factors[1], factors[0], False)):
                    bare = next((w for w in weight.atoms(MatrixSymbol) if w in setting.gradients), None)
                    if bare is not None and (delta in setting.deltas or not isinstance(delta, MatrixSymbol)):
                        for w, d, words in change(setting, weight, bare, delta, left):
                            yield scaled(c, matmul(w, d) if left else matmul(d, w)), words

    yield from rewrites(rhs, operator)


def _with_products(kind: str, change: Callable[..., Any], cost: float) -> Callable[[Setting, Any, Any], Found]:
    def operator(setting: Setting, lhs: Any, rhs: Any) -> Found:
        for new, words in _backward_products(setting, rhs, change):
            yield kind, new, words, cost

    return operator


def _updated(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[Any]:
    if setting.rate is not None and setting.gradients[bare] not in weight.atoms(MatrixSymbol):
        moved = add(bare, scaled(-setting.rate, setting.gradients[bare]))
        yield (
            weight.xreplace({bare: moved}),
            delta,
            f"the delta goes back through weights {_text(bare)} that were already updated",
        )


def _untransposed(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[Any]:
    rows, cols = setting.shape(bare)
    if rows == cols > 1:
        yield transpose(weight), delta, f"{_text(bare)} is not transposed on the way back"


def _one_output(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[Any]:
    outputs = setting.size(weight.shape[1] if left else weight.shape[0])
    if outputs < 2 or weight.has(ImmutableDenseMatrix):
        return
    hidden = setting.size(weight.shape[0] if left else weight.shape[1])
    for j in [0, outputs - 1, *range(1, min(outputs - 1, 12))]:
        mask = ImmutableDenseMatrix([[S.One if k == j else S.Zero for k in range(outputs)] for _ in range(hidden)])
        words = f"there is no sum over the outputs: only output {j + 1} is propagated back"
        yield hadamard(weight, mask if left else mask.T), delta, words
    words = "there is no sum over the outputs: each neuron takes the delta of the output of its own number"
    for wrapped in (False, True):
        rows = [
            [S.One if k == (i % outputs if wrapped else i) else S.Zero for k in range(outputs)] for i in range(hidden)
        ]
        mask = ImmutableDenseMatrix(rows)
        yield hadamard(weight, mask if left else mask.T), delta, words


def _value_for_delta(setting: Setting, weight: Any, bare: Any, delta: Any, left: bool) -> Iterator[Any]:
    if isinstance(delta, MatrixSymbol):
        for value in setting.value_of(delta):
            yield weight, value, f"the value {_text(value)} is propagated back instead of the delta {_text(delta)}"


# -- the wrong name, in any equation


def _wrong_name(setting: Setting, lhs: Any, rhs: Any) -> Found:
    names = [e.lhs for e in setting.forward if e.lhs.is_Matrix] + setting.deltas + list(setting.targets)
    before = {e.lhs for e in setting.equations[: [e.lhs for e in setting.equations].index(lhs)]}
    for old in sorted(rhs.atoms(MatrixSymbol), key=str):
        same = setting.deltas if old in setting.deltas else [n for n in names if n not in setting.deltas]
        same = list(setting.gradients) if old in setting.gradients else same
        for new in same:
            if new == old or setting.shape(new) != setting.shape(old) or new in setting.targets - _inputs_of(setting):
                continue
            if new in setting.deltas and new not in before:
                continue
            if (
                old in setting.deltas
                or old in setting.gradients
                or old in _inputs_of(setting)
                or old in setting.activations
            ):
                changed = rhs.xreplace({old: new})
                yield "wrong-layer", changed, f"{_text(new)} stands where {_text(old)} belongs: the wrong layer", 1.6


def _inputs_of(setting: Setting) -> set[Any]:
    used = {f for e in setting.forward[:1] for f in e.rhs.atoms(MatrixSymbol)}
    return used & set(setting.targets)


def _value_in_gradient(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for delta in sorted(rhs.atoms(MatrixSymbol) & set(setting.deltas), key=str):
        for value in setting.value_of(delta):
            words = f"the value {_text(value)} stands where the delta {_text(delta)} belongs"
            yield "activation-for-delta", rhs.xreplace({delta: value}), words, 1.4


# -- the loss's own delta


def _output_delta(setting: Setting, lhs: Any, rhs: Any) -> Found:
    for new, words in rewrites(rhs, lambda node: _mistaken(setting, node)):
        yield "softmax-cross-entropy", new, words, 1.1


def _mistaken(setting: Setting, node: Any) -> Iterator[tuple[Any, str]]:
    # (P − Y): the delta of cross-entropy in its logits
    if not isinstance(node, MatAdd) or len(node.args) != 2:
        return
    for P, rest in (node.args, node.args[::-1]):
        c, target = split(rest)
        binary = (
            isinstance(P, Elementwise) and P.body == sigmoid(P.variables[0]) if isinstance(P, Elementwise) else False
        )
        if c != -1 or target not in setting.targets or not (isinstance(P, Softmax) or binary):
            continue
        slope, name = hadamard(P, add(OneMatrix(*P.shape), scaled(S.NegativeOne, P))), "σ" if binary else "p"
        yield hadamard(node, slope), f"an extra factor {name}(1 − {name}): cross-entropy has absorbed it"
        if not binary:
            yield _jacobian(P, node), "the Jacobian of softmax is applied twice, as squared error would need it"
            scores = P.args[0]
            yield add(scores, rest), f"the delta of squared error on the logits {_text(scores)}, without softmax"
            (x,) = bound_variables(1)
            quotient = hadamard(target, elementwise(Lambda((x,), 1 / x), P))
            yield scaled(S.NegativeOne, quotient), "the derivative is taken in the probabilities, not in the logits"
        else:
            yield (
                add(P.args[1], rest),
                f"the delta of squared error on the logits {_text(P.args[1])}, without the sigmoid",
            )


def _jacobian(P: Softmax, D: Any) -> Any:
    rows, cols = P.shape
    PD = hadamard(P, D)
    sums = matmul(OneMatrix(rows, rows), PD) if P.axis == 0 else matmul(PD, OneMatrix(cols, cols))
    return hadamard(P, add(D, scaled(S.NegativeOne, sums)))


def _text(A: Any) -> str:
    return str(A)


_GRADIENT_OPERATORS = (
    _transposed, _without_input, _one_sample, _bias, _regularisation, _value_in_gradient, _wrong_name,
)  # fmt: skip
_DELTA_OPERATORS = (
    _without_slope,
    _wrong_argument,
    _wrong_activation,
    _relu_at_zero,
    _with_products("updated-weights", _updated, 1.0),
    _with_products("untransposed-weights", _untransposed, 1.0),
    _with_products("missing-output-sum", _one_output, 1.2),
    _with_products("activation-for-delta", _value_for_delta, 1.2),
    _output_delta,
    _wrong_name,
)

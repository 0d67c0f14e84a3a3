"""The form in which a closed expression is given: as a textbook has it, and as SymPy has what a user types.

In: one operation on arguments that have this form already. Out: the same value: transposes at the symbols, sums of
products as `factoring` gives them. Nothing deeper than the brackets of one product is looked at, so that a closed form
costs a fixed amount for each equation.
"""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from sympy import (
    Add, Expr, HadamardPower, HadamardProduct, Identity, ImmutableMatrix, Integer, Inverse, MatAdd, MatMul, MatPow,
    Mul, OneMatrix, Pow, S, Trace, Transpose, ZeroMatrix, default_sort_key, exp, log,
)  # fmt: skip
from sympy.matrices.expressions.determinant import Determinant
from sympy.matrices.expressions.hadamard import canonicalize

from symnet.expressions import (
    Channels, Elementwise, Explicit, Images, Kron, LogAbsDet, LogSoftmax, Node, Paired, Part, Softmax, Solve, Total,
    Unvec, apply_entrywise, hadamard, matmul, raw, same_size, scaled, shared, split, total, transpose, xlogy,
)  # fmt: skip
from symnet.program.entrywise import reduced
from symnet.program.factoring import (
    Factors,
    as_typed,
    collected,
    factors_of,
    sign_inside,
    simple,
    term,
    terms_of,
    written,
)
from symnet.program.laws import by_laws, inside_vec, inverse_by_blocks, multiplied_out


def canonical_node(node: Any, *arguments: Any) -> Any:
    """Give a node anew, from arguments in canonical form."""
    if isinstance(node, MatAdd):
        return written(collected(t for a in arguments for t in terms_of(a)))
    if isinstance(node, MatMul):
        return _product(arguments)
    if isinstance(node, Transpose):
        return turned(arguments[0])
    if isinstance(node, Inverse):
        return written({factors_of(_inverse(arguments[0])[1]): _inverse(arguments[0])[0]})
    if isinstance(node, Solve):
        return _product((canonical_node(raw(Inverse, arguments[0], S.NegativeOne), arguments[0]), arguments[1]))
    if isinstance(node, Explicit):
        return ImmutableMatrix(*node.shape, arguments[2:])
    if isinstance(node, LogAbsDet) and isinstance(arguments[0], Transpose):
        return LogAbsDet(arguments[0].args[0])
    if isinstance(node, HadamardProduct):
        return _shorter(_entrywise_product(arguments))
    if isinstance(node, Total):
        return _total(arguments[0])
    if isinstance(node, Determinant) and isinstance(arguments[0], Transpose):
        return Determinant(arguments[0].args[0])
    if isinstance(node, Elementwise):
        return _shorter(_entrywise(node, arguments[1:]))
    if isinstance(node, (Softmax, LogSoftmax)) and isinstance(arguments[0], Transpose):
        return turned(type(node)(arguments[0].args[0], Integer(1 - node.axis)))
    if isinstance(node, xlogy):
        return _spelled(*arguments)
    if isinstance(node, Unvec):
        return by_laws(node.func(_sum_of_products(arguments[0]), *arguments[1:]))
    if isinstance(node, (Part, Paired, Determinant, LogAbsDet)):
        same = all(a is b for a, b in zip(arguments, node.args, strict=True))
        taken = node if same else node.with_operands(arguments[0]) if isinstance(node, Part) else node.func(*arguments)
        return canonical_node(taken, *taken.args) if isinstance(taken, MatAdd) else by_laws(taken)
    if all(a is b for a, b in zip(arguments, node.args, strict=True)):
        return node
    if isinstance(node, (Channels, Images)):
        return node.with_operands(arguments[0])
    return node.func(*arguments)


def _sum_of_products(v: Any) -> Any:
    # of which one has a vec that falls away
    found = multiplied_out(v)
    return v if found is None else written(collected(t for a in found for t in terms_of(_product((a,)))))


def _product(arguments: Sequence[Any]) -> Any:
    c: Expr = S.One
    factors: list[Any] = []
    for a in arguments:
        d, rest = split(a) if a.is_Matrix else (a, None)
        c = c * d
        factors += () if rest is None else factors_of(rest)
    if any(isinstance(f, ZeroMatrix) for f in factors):
        return ZeroMatrix(factors[0].shape[0], factors[-1].shape[1])
    c, kept = _normalised(*_with_sums(*simple(c, tuple(factors))))
    if len(kept) == 1 and isinstance(kept[0], MatAdd) and c.is_number:
        return written(collected((c * d, f) for d, f in terms_of(kept[0])))
    return written({kept: c})


def _with_sums(c: Expr, factors: Factors) -> tuple[Expr, Factors]:
    # 1·1ᵀ·x of a column is sum(x)·1, and of a row x·1·1ᵀ is sum(x)·1ᵀ
    for i, f in enumerate(factors):
        if not isinstance(f, OneMatrix) or S.One in f.shape:
            continue
        if i + 1 < len(factors) and factors[-1].shape[1] == 1:
            return c * _total(term(S.One, factors[i + 1 :])), (*factors[:i], OneMatrix(f.shape[0], S.One))
        if i and factors[0].shape[0] == 1:
            return c * _total(term(S.One, factors[:i])), (OneMatrix(S.One, f.shape[1]), *factors[i + 1 :])
    return c, factors


def _normalised(c: Expr, factors: Factors) -> tuple[Expr, Factors]:
    # exp(z)/Σexp(z) of a column or a row is softmax(z)
    for i, f in enumerate(factors):
        if isinstance(f, Elementwise) and isinstance(f.body, exp) and f.body.args[0] in f.slots:
            axis = next((k for k in (0, 1) if f.shape[1 - k] == 1), None)
            if axis is not None and c.as_powers_dict().get(Total(f), S.Zero) == -1:
                return c * Total(f), (*factors[:i], Softmax(f.operands[0], Integer(axis)), *factors[i + 1 :])
    return _without_scalars(c, factors)


def _without_scalars(c: Expr, factors: Factors) -> tuple[Expr, Factors]:
    # x·(xᵀ·A·x) is ⟨x, A·x⟩·x
    ends = [k for k, f in enumerate(factors) if f.shape[0] == 1] + [len(factors)] * (factors[-1].shape[1] == 1)
    for i, j in zip(ends, ends[1:], strict=False):
        inside = factors[i:j]
        if j - i < len(factors) and (j - i > 1 or isinstance(inside[0], Inverse)):
            return _without_scalars(c * _scalar(inside), factors[:i] + factors[j:])
    return c, factors


def _scalar(factors: Factors) -> Expr:
    # the one entry of a product
    if len(factors) > 1:
        return _inner(factors)
    (f,) = factors
    if isinstance(f, Inverse):
        return 1 / _scalar(factors_of(f.args[0]))
    return Total(f)


# -- transposes and inverses


@lru_cache(maxsize=4096)
def turned(A: Any) -> Any:
    """Give the transpose, pushed to the symbols."""
    if isinstance(A, MatAdd):
        return as_typed(MatAdd, *[turned(a) for a in A.args])
    if isinstance(A, MatMul) and not isinstance(A, Node):
        c, rest = split(A)
        return term(c, tuple(turned(f) for f in reversed(factors_of(rest))))
    if isinstance(A, MatPow) and not isinstance(A, Inverse):
        return MatPow(turned(A.args[0]), A.args[1])
    if isinstance(A, Inverse):
        return Inverse(turned(A.args[0]))
    if isinstance(A, HadamardProduct):
        return shared(canonicalize(raw(HadamardProduct, *map(turned, A.args))))
    if isinstance(A, Kron):
        return Kron(*map(turned, A.args))
    if isinstance(A, HadamardPower):
        return HadamardPower(turned(A.args[0]), A.args[1])
    return transpose(A)


def _inverse(A: Any) -> tuple[Expr, Any]:
    # (c·A·B)⁻¹ is B⁻¹·A⁻¹/c where A and B are square
    c, A = split(A)
    blocks = inverse_by_blocks(A)
    if blocks is not None:
        return 1 / c, blocks
    factors = factors_of(A)
    if all(same_size(*f.shape) for f in factors):
        return 1 / c, matmul(*[f.args[0] if isinstance(f, Inverse) else Inverse(f) for f in reversed(factors)])
    return 1 / c, Inverse(A)


# -- entry by entry


def _shorter(A: Any) -> Any:
    c, rest = split(A)
    new = reduced(rest)
    return A if new is rest else _product((c, new)) if c != 1 else new


def _entrywise_product(arguments: Sequence[Any]) -> Any:
    if any(isinstance(a, Identity) for a in arguments):  # a matrix and its transpose have one diagonal
        arguments = [_fewer_transposes(a) for a in arguments]
    c, H = split(hadamard(*arguments))
    if not isinstance(H, HadamardProduct):
        return scaled(c, H)
    parts = [split(a) for a in H.args]
    c, factors = sign_inside(c * Mul(*[d for d, _ in parts]), tuple(A for _, A in parts))
    return term(c, (shared(canonicalize(raw(HadamardProduct, *factors))),))


def _entrywise(node: Elementwise, operands: Sequence[Any]) -> Any:
    matrices = [a for a in operands if a.is_Matrix]
    if all(isinstance(f, Transpose) for a in matrices for _, factors in terms_of(a) for f in factors):
        return turned(_entrywise(node, [turned(a) if a.is_Matrix else a for a in operands]))
    values = dict(zip(node.variables, operands, strict=True))
    body = node.body.replace(xlogy, lambda x, y: _spelled(x, y, values.get(x), values.get(y)))
    c, body = body.as_independent(*[v for v, a in values.items() if a.is_Matrix], as_Add=False)
    c = c.xreplace({v: a for v, a in values.items() if not a.is_Matrix})
    return scaled(c, apply_entrywise(body, values))


def _spelled(x: Any, y: Any, X: Any = None, Y: Any = None) -> Expr:
    # the slope of yᵖ in p as it is written; X, Y: the matrices that x and y stand for
    power = X if X is not None else x
    base = power.base if isinstance(power, (HadamardPower, Pow)) else None
    if isinstance(power, Elementwise) and isinstance(power.body, Pow):
        base = power.slots.get(power.body.base)
    return x * log(y) if base is not None and base == (y if Y is None else Y) else xlogy(x, y)


# -- scalars


def _total(A: Any) -> Expr:
    c, A = split(A)
    factors: tuple[Any, ...] = A.args if isinstance(A, HadamardProduct) else ()
    if isinstance(A, HadamardPower) and A.args[1:] == (S(2),):
        factors = (A.base, A.base)
    if isinstance(A, MatAdd) and any(isinstance(split(t)[1], OneMatrix) for t in A.args):
        return c * Add(*map(_total, A.args)).expand()
    if len(factors) != 2:
        return c * total(A)
    if factors[0] == factors[1]:
        return c * _square(factors[0])
    (a, P), (b, Q) = map(split, factors)
    for one, other in ((P, Q), (Q, P)):  # ⟨c·x − y, x⟩ is c·‖x‖² − ⟨x, y⟩
        if isinstance(one, MatAdd) and any(split(t)[1] == other for t in one.args):
            return c * a * b * Add(*[_total(hadamard(t, other)) for t in one.args])
    if isinstance(P, MatAdd) or isinstance(Q, MatAdd):
        return c * Total(raw(HadamardProduct, *factors))
    return a * b * c * _inner(factors_of(turned(P)) + factors_of(Q))


def _square(A: Any) -> Expr:
    # ‖A‖², ‖xᵀ·A‖² being ‖Aᵀ·x‖², ‖vec A‖² as well
    A = A if inside_vec(A) is None else inside_vec(A)
    if isinstance(factors_of(A)[0], Transpose):
        A = _fewer_transposes(A)
    return Total(raw(HadamardProduct, A, A))


def _fewer_transposes(A: Any) -> Any:
    return min(A, turned(A), key=_transposes)


@lru_cache(maxsize=4096)
def _transposes(A: Any) -> int:
    return sum(
        sum(map(_transposes, f.args)) if isinstance(f, MatAdd) else isinstance(f, Transpose) for f in factors_of(A)
    )


def _of_matrices(A: Any, B: Any) -> Expr:
    # ⟨A, B⟩, of which one may be I or the inverse of the other turned
    c, word = simple(S.One, factors_of(turned(A)) + factors_of(B))
    if len(word) > 1:
        return c * _inner(word)
    return c * (word[0].shape[0] if isinstance(word[0], Identity) else Trace(word[0]))


def _inner(word: Factors) -> Expr:
    # the trace of a product: read from its best place, forwards or backwards
    if len(word) == 2 and (left := inside_vec(word[0])) is not None and (right := inside_vec(word[1])) is not None:
        return _of_matrices(left, right)
    cuts = [k for k in range(len(word)) if word[k].shape[0] == 1] or list(range(len(word)))
    words = [word[k:] + word[:k] for k in cuts]
    words += [tuple(turned(f) for f in reversed(w)) for w in words]
    best = min(words, key=lambda w: (sum(isinstance(f, Transpose) for f in w[1:]), [default_sort_key(f) for f in w]))
    half = len(best) // 2
    if len(best) % 2 == 0 and best[:half] == tuple(turned(f) for f in reversed(best[half:])):
        return _square(term(S.One, best[half:]))
    return Total(raw(HadamardProduct, turned(best[0]), term(S.One, best[1:])))

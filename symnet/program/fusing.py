"""Steps that are stable only when taken together: the logarithm of a softmax, of 1 + exp(Z), of sums of exp(Z).

In: an operation whose operands have their values, as it enters a program. Out: the same value in its stable form, or
None. The equations of the operands are looked through; those that are no longer needed are dropped like any other.
"""

from __future__ import annotations

from typing import Any

from sympy import (
    Abs, Dummy, Expr, HadamardProduct, Integer, MatMul, Mul, OneMatrix, Pow, S, Transpose,
    cosh, default_sort_key, exp, log, sinh, tanh,
)  # fmt: skip
from sympy.matrices.expressions.determinant import Determinant

from symnet.expressions import (
    Elementwise, LogSoftmax, LogSumExp, Softmax, Total, Unvec, apply_entrywise, entered, exponent, hadamard, sigmoid,
    softplus, spread, spread_vector, stand_in, together, total, transpose, vec,
)  # fmt: skip
from symnet.program.looking import DEPTH, Defining, View, meaning, risk_of


def fused(b: Defining, node: Any) -> Any:
    """Give the stable form of an operation on values that only shows when its operands are put in, else None."""
    if isinstance(node, Elementwise) and not node.body.has(log, Pow):
        return None
    along = _along(b, node)
    if along is not None:
        return along
    view = View(b)
    body = view(node)
    if not view.crossed:
        return None
    kept = together(body)
    if not (kept or body.has(exp, log, sigmoid, softplus, tanh, cosh, sinh, Abs) or _collapsed(b, node, body)):
        return None
    better = entered(body)
    if better == body and not kept and not _collapsed(b, node, body):
        return None
    view.named = {formula: name for formula, name in view.named.items() if formula not in kept}
    better = view.with_names(better, entered)
    found = apply_entrywise(better, view.leaves, node.shape)
    return None if found == node else found


def fused_scalar(b: Defining, c: Any) -> Any:
    """Give the stable form of a scalar operation on scalars that only shows when these are put in, else None."""
    if not (c.has(log, Pow) or c.is_Mul) or not c.free_symbols:
        return None
    for f in c.atoms(log):
        factor, T = f.args[0].as_independent(*[s for s in f.free_symbols if meaning(b, s) is not None], as_Add=False)
        if T.is_Symbol and (found := _log_of(b, T)) is not None:
            return c.xreplace({f: log(factor) + b.value(found)})
    if isinstance(c, log) and isinstance(size := meaning(b, c.args[0]), Abs):
        if isinstance(meaning(b, size.args[0]), Determinant):  # |det A| itself may be 0 or beyond all numbers
            return log(size.args[0] ** 2) / 2
    if isinstance(c, log) and isinstance(power := meaning(b, c.args[0]), Pow) and power.exp in (S.Half, -S.Half):
        if isinstance(meaning(b, power.base), Determinant):
            return power.exp * log(power.base)
    if c.is_Mul and (shared := _scalar_shares(b, c)) is not None:
        return shared
    view = View(b)
    body = view.scalar(c, DEPTH)
    real = {s: stand_in(k) for k, s in enumerate(sorted(body.free_symbols, key=default_sort_key))}
    body = body.xreplace(real)
    better = entered(body)
    safer = view.crossed and risk_of(body) < risk_of(c) + view.risk and _collapses(c)
    if better == body and not safer and not (view.crossed and together(body)):
        return None
    return better.xreplace({d: s for s, d in real.items()})


def _collapses(outer: Expr) -> bool:
    return outer.has(log) or any(p.exp == S.Half or p.exp == -1 for p in outer.atoms(Pow))


def _collapsed(b: Defining, node: Any, body: Expr) -> bool:
    # log(exp(x)) and sqrt(x**2) of a chain, which SymPy itself has put better
    if not isinstance(node, Elementwise) or not _collapses(node.body):
        return False
    before = [View(b)(a, DEPTH - 1) for a in node.operands if a.is_Matrix]
    return risk_of(body) < risk_of(node.body) + sum(map(risk_of, before))


# -- sums of exponentials along an axis


def _inside(b: Defining, E: Any) -> Any:
    # the matrix U where E is exp(U) entry by entry, else None
    moved = E if isinstance(E, Transpose) else meaning(b, E) or E
    if isinstance(moved, Transpose) or getattr(moved, "is_rearranged", False):
        U = _inside(b, moved.args[0])
        return None if U is None else transpose(U) if isinstance(moved, Transpose) else moved.with_operands(U)
    view = View(b)
    body = view(E)
    u = exponent(body) if body.has(exp) else None
    return None if u is None or not E.is_Matrix else apply_entrywise(u, view.leaves, E.shape)


def _summed(b: Defining, A: Any) -> tuple[Any, int, bool] | None:
    # what the entries are sums of, the axis, and whether they are repeated along it: 1ᵀ·E and 1·1ᵀ·E
    rhs = meaning(b, A)
    if not isinstance(rhs, MatMul) or len(rhs.args) != 2:
        return None
    left, right = rhs.args
    if not left.is_Matrix:
        return None
    if isinstance(left, OneMatrix) and left.shape[0] in (1, left.shape[1]):
        return right, 0, left.shape[0] != 1
    if isinstance(right, OneMatrix) and right.shape[1] in (1, right.shape[0]):
        return left, 1, right.shape[1] != 1
    return None


def _through(f: Any, A: Any) -> Any:
    # f under a transpose or what spreads a vector along ones; None where A is neither
    if isinstance(A, Transpose):
        found = f(A.args[0])
        return None if found is None else transpose(found)
    v = spread_vector(A.args) if isinstance(A, MatMul) else None
    if v is None:
        return None
    found = f(v)
    return None if found is None else spread(found, A.shape, 1 if A.args[0] == v else 0)


def _log_of(b: Defining, A: Any) -> Any:
    # the logarithm of a value without leaving logarithms: of a softmax, of a sum of exponentials
    if not A.is_Matrix:
        rhs = meaning(b, A)
        U = _inside(b, rhs.args[0]) if isinstance(rhs, Total) else None
        return None if U is None else Total(_log_sum_exp(U))
    rhs = meaning(b, A)
    if rhs is None:
        return _through(lambda v: _log_of(b, v), A)
    if isinstance(rhs, Softmax):
        return LogSoftmax(*rhs.args)
    summed = _summed(b, A)
    U = None if summed is None else _inside(b, summed[0])
    if U is None or summed is None:
        return None
    _, axis, repeated = summed
    found = LogSumExp(U, Integer(axis))
    return spread(found, A.shape, axis) if repeated else found


def _log_sum_exp(U: Any) -> Any:
    # as `logsumexp` has it of all entries
    one_row = U.shape[0] == 1 and U.shape[1] != 1
    return LogSumExp(U if 1 in U.shape else vec(U), Integer(one_row))


def _share(b: Defining, E: Any, divisor: Any) -> Any:
    # softmax where E is exp(U) and divisor its sums, spread
    U = _inside(b, E)
    if U is None:
        return None
    if not divisor.is_Matrix:
        rhs = meaning(b, divisor)
        if not isinstance(rhs, Total) or _inside(b, rhs.args[0]) != U:
            return None
        if 1 in U.shape:
            return Softmax(U, Integer(0 if U.shape[1] == 1 else 1))
        return Unvec(Softmax(vec(U), S.Zero), *U.shape)
    v = spread_vector(divisor.args) if isinstance(divisor, MatMul) else None
    summed = _summed(b, divisor if v is None else v)
    if summed is None or _inside(b, summed[0]) != U or (v is None and not summed[2] and U.shape[summed[1]] != 1):
        return None
    return Softmax(U, Integer(summed[1]))


def _reciprocal(b: Defining, A: Any) -> Any:
    # B where A is 1/B entry by entry
    rhs = meaning(b, A)
    if isinstance(rhs, Elementwise) and len(rhs.operands) == 1 and rhs.body == 1 / rhs.variables[0]:
        return rhs.operands[0]
    return _through(lambda v: _reciprocal(b, v), A) if rhs is None else None


def softmax_of(b: Defining, c: Any, A: Any) -> Any:
    """Give softmax(Z) where c·A is exp(Z) divided by the sum of its entries, and what is left of c; else None."""
    for f in c.args if c.is_Mul else (c,):
        if f.is_Pow and f.exp == -1 and f.base.is_Symbol and (found := _share(b, A, f.base)) is not None:
            return c / f, found
    return None


def _scalar_shares(b: Defining, c: Any) -> Any:
    # ⟨Y, exp(Z)⟩/sum(exp(Z)) and the like
    for below in c.args:
        if not (below.is_Pow and below.exp.is_Integer and below.exp < 0 and below.base.is_Symbol):
            continue
        for F in c.args:
            rhs = meaning(b, F) if F.is_Symbol else None
            inside = rhs.args[0] if isinstance(rhs, Total) else None
            if inside is None:
                continue
            product = inside if isinstance(inside, HadamardProduct) else meaning(b, inside)
            parts = list(product.args if isinstance(product, HadamardProduct) else (inside,))
            found = [(E, P) for E in parts if (P := _share(b, E, below.base)) is not None][: -int(below.exp)]
            if found:
                for E, _ in found:
                    parts.remove(E)
                return c / F * below.base ** len(found) * total(hadamard(*parts, *[b.value(P) for _, P in found]))
    return None


def _along(b: Defining, node: Any) -> Any:
    # softmax, its logarithm and logarithms of sums
    if isinstance(node, HadamardProduct):
        return _softmax_product(b, node)
    if not isinstance(node, Elementwise):
        return None
    body, slots = node.body, dict(node.slots)
    for v, a in node.slots.items():
        for f in body.atoms(log):
            c, rest = f.args[0].as_independent(v, as_Add=False)
            if rest == v and (found := _log_of(b, a)) is not None:
                new = Dummy(real=True)
                slots[new] = b.value(found)
                body = body.xreplace({f: log(c) + new})
        for g in {g for e in body.atoms(Mul) if 1 / v in e.args for g in e.args if isinstance(g, exp)}:
            used = {x: A for x, A in node.slots.items() if x in g.free_symbols}
            if a.is_Matrix and any(A.is_Matrix for A in used.values()):
                found = _share(b, apply_entrywise(g, used), a)
                if found is not None:
                    new = Dummy(real=True)
                    slots[new] = b.value(found)
                    body = body.replace(lambda e: e.is_Mul, lambda e: _replaced(e, g, v, new))  # noqa: B023
        for other, A in node.slots.items():
            if A.is_Matrix and a is not A and body.has(1 / v) and _divides(body, other, v):
                found = _share(b, A, a)
                if found is not None:
                    new = Dummy(real=True)
                    slots[new] = b.value(found)
                    body = body.replace(lambda e: e.is_Mul, lambda e: _replaced(e, other, v, new))  # noqa: B023
    if body == node.body:
        return None
    return apply_entrywise(body, {v: a for v, a in slots.items() if v in body.free_symbols})


def _divides(body: Expr, above: Any, below: Any) -> bool:
    return any(above in e.args and 1 / below in e.args for e in body.atoms(Mul))


def _replaced(e: Any, above: Any, below: Any, new: Any) -> Any:
    return e * below / above * new if above in e.args and 1 / below in e.args else e


def _softmax_product(b: Defining, node: Any) -> Any:
    factors, again = list(node.args), True
    while again:
        again = False
        for R in factors:
            B = _reciprocal(b, R)
            pairs = [(E, found) for E in factors if B is not None and (found := _share(b, E, B)) is not None]
            if pairs:
                factors.remove(R)
                factors.remove(pairs[0][0])
                factors.append(b.value(pairs[0][1]))
                again = True
                break
    return hadamard(*factors) if len(factors) < len(node.args) else None

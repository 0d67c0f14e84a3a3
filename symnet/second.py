"""Second derivatives and Jacobians as expressions: to be printed, compiled and differentiated like any other.

In: a scalar loss, or a matrix expression F, and the symbols to differentiate in. Out: SymPy expressions in the symbols
of the loss and of the directions. Everything is derived by the sweep; nothing here knows a formula.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from sympy import Basic, Expr, Identity, MatrixSymbol, S, Symbol, ZeroMatrix
from sympy.matrices.exceptions import ShapeError

from symnet.calculus import Outer, paired, second_derivative, slopes_along, struck_off, sweep
from symnet.textbook import canonical
from symnet.expressions import (
    Diag, Name, add, as_scalar, brief, composed, factored, given, is_declared, same_shape, scaled,
    shape_text, split, total, transpose, turned,
)  # fmt: skip
from symnet.program import Builder, closed_at, collector_paused, expanded, live, survey, symbol_like
from symnet.request import check_free, check_request, check_symbols, entered, symbols_in


def hvp(loss: Any, wrt: Any, direction: Any) -> Any:
    """Give the Hessian of a loss times a direction, without the Hessian.

    loss: a scalar expression; wrt: a symbol, a list of symbols, or a net for its parameters; direction: a matrix
    expression of the symbol's shape (a scalar for a scalar symbol), or as many of them in a list. Gives an expression
    of the shape of the symbol, or a list of them: for each symbol the derivative of its gradient along all directions
    together. A direction counts as constant. Compiled, it costs at most five times the matrix products of the gradient.

    Raises `ShapeError` where a direction has another shape than its symbol, and what `derive` raises. The method is the
    gradient of ⟨gradient, direction⟩: Griewank and Walther, "Evaluating Derivatives" (2008), section 5.4.

    >>> import symnet as sn
    >>> X, w, y, v = sn.matrix("X", "n", 3), sn.vector("w", 3), sn.vector("y", "n"), sn.vector("v", 3)
    >>> hvp(sn.norm(X * w - y) ** 2 / 2, w, v)
    X.T*X*v
    """
    loss = as_scalar(given(loss, "the loss"))
    symbols = symbols_in(wrt, loss)
    check_request(loss, symbols, "hvp")
    directions = _directions("hvp", symbols, direction)
    with collector_paused():
        builder, gradients = _gradients(loss, symbols)
        found = _along(builder, gradients, directions, list(gradients))
    return found[0] if isinstance(wrt, (MatrixSymbol, Symbol, str)) else found


def jvp(F: Any, wrt: Any, direction: Any) -> Any:
    """Give the derivative of F along a direction, the Jacobian times it, without the Jacobian.

    F: a matrix or scalar expression; wrt, direction: as in `hvp`. Gives an expression of the shape of F. Raises what
    `hvp` raises. The method is the gradient of ⟨gradient of ⟨u, F⟩, direction⟩ in u.

    >>> import symnet as sn
    >>> W, x, D = sn.matrix("W", 2, 3), sn.vector("x", 3), sn.matrix("D", 2, 3)
    >>> print(sn.formula(jvp(sn.tanh(W * x), W, D)))
    (D⋅x) ∘ (1 − tanh(W⋅x)∘²)
    """
    F = as_expression(F, "jvp")
    symbols = symbols_in(wrt, F)
    check_symbols(symbols, "jvp")
    directions = _directions("jvp", symbols, direction)
    with collector_paused():
        builder, gradients, u = against(F, symbols)
        return _along(builder, gradients, directions, [u])[0]


def jacobian(F: Any, w: Any) -> Any:
    """Give the Jacobian of F: the derivatives of its entries (rows) by the entries of a symbol (columns).

    F: a matrix or scalar expression; w: a symbol. Columns of matrices are stacked: the result is the matrix J with
    d vec F = J·d vec w, of rows·columns of F rows and rows·columns of w columns, a scalar where both are. Raises
    `TypeError` for an operation of a user's own, which `jvp` allows, and what `derive` raises. See Magnus and
    Neudecker, "Matrix Differential Calculus" (2019), section 9.4.

    >>> import symnet as sn
    >>> A, x, X = sn.matrix("A", 2, 3), sn.vector("x", 3), sn.matrix("X", 3, 4)
    >>> jacobian(A * x, x)
    A
    >>> print(sn.formula(jacobian(sn.tanh(A * x), x)))
    diag(1 − tanh(A⋅x)∘²)⋅A
    >>> print(sn.formula(jacobian(A * X, X)))
    I ⊗ A
    """
    F = as_expression(F, "jacobian")
    w = _one(w, F, "jacobian")
    check_symbols([w], "jacobian")
    with collector_paused():
        builder, gradients, u = against(F, [w])
        check_free(gradients, "jacobian")
        (pulled,) = gradients.values()
        kept, _ = live(builder.equations, [pulled])
        found = factored(turned(expanded(kept, struck_off(kept, u, pulled), assumptions=builder.assumptions)))
    return _as_scalar(found, F, w)


def hessian(loss: Any, w: Any, v: Any = None) -> Any:
    """Give the Hessian of a loss in a symbol, or its mixed second derivatives in two, as a closed formula.

    loss: a scalar expression; w: a symbol; v: another symbol. The result has a row for each entry of w and a column for
    each entry of v (of w where v is None); the columns of matrices are stacked, so that with H = hessian(loss, W)
    `sn.vec(hvp(loss, W, D))` is H·vec(D). A scalar where both are scalars. Raises what `jacobian` raises.

    >>> import symnet as sn
    >>> A, x = sn.matrix("A", 3, 3), sn.vector("x", 3)
    >>> hessian(x.T * A * x, x)
    A + A.T
    >>> T, U, V = sn.matrix("T", 6, 5), sn.matrix("U", 6, 2), sn.matrix("V", 5, 2)
    >>> print(sn.formula(hessian(sn.norm(T - U * V.T) ** 2, U)))
    2⋅(Vᵀ⋅V ⊗ I)
    """
    loss = as_scalar(given(loss, "the loss"))
    w, v = _one(w, loss, "hessian"), _one(w if v is None else v, loss, "hessian")
    symbols = [w] if v == w else [w, v]
    check_request(loss, symbols, "hessian")
    with collector_paused():
        builder, gradients = _gradients(loss, symbols)
        check_free(gradients, "hessian")
        (row, *_), (*_, column) = gradients, gradients
        matrix = second_derivative(builder, gradients, row, column)
    return _as_scalar(matrix, row, column)


def gauss_newton(loss: Any, w: Any) -> Any:
    """Give the Gauss–Newton matrix Jᵀ·D·J of a least-squares or cross-entropy loss in a symbol.

    loss: a sum of squared norms, of cross-entropies (log_softmax, logsumexp, softplus), and of terms that are linear in
    what these are of; w: a symbol. J is the Jacobian of the residuals, or of the logits; D is the Hessian of the loss
    in them. Columns of matrices are stacked, as in `hessian`; the result is positive semidefinite and equals the
    Hessian where the residuals are linear in w. Raises `ValueError` for another loss, and what `jacobian` raises. See
    Nocedal and Wright, "Numerical Optimization" (2006), section 10.3, and N. Schraudolph, Neural Computation 14 (2002).

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "m", 3), sn.vector("w", 3), sn.vector("y", "m")
    >>> print(sn.formula(gauss_newton(sn.norm(sn.tanh(X * w) - y) ** 2 / 2, w)))
    Xᵀ⋅diag((1 − tanh(X⋅w)∘²)∘²)⋅X
    """
    loss = as_scalar(given(loss, "the loss"))
    w = _one(w, loss, "gauss_newton")
    check_request(loss, [w], "gauss_newton")
    with collector_paused():
        builder = Builder([w])
        name, (w,) = entered(builder, loss, [w])
        check_free([w], "gauss_newton")
        outer = Outer(builder, w)
        terms = [_pulled_back(outer, cut, term, w) for cut, term in outer.split(name)]
    return _as_scalar(factored(add(*terms)), loss, w)


def _pulled_back(outer: Outer, cut: Name, term: Any, w: Name) -> Any:
    equations, names = outer.builder.equations, outer.builder.names
    Z = symbol_like(names.fresh("Z"), cut)
    inside = expanded(equations, cut)
    whole = expanded(equations, term, {cut}, outer.builder.assumptions).xreplace({cut: Z})
    D = hessian(whole, Z).xreplace({Z: inside}) if Z in whole.free_symbols else None
    J = Identity(_numel(w)) if inside == w else jacobian(inside, w)
    return composed(turned(J), D, J)


def _numel(A: Any) -> Any:
    return A.shape[0] * A.shape[1] if A.is_Matrix else S.One


def _as_scalar(M: Any, F: Any, w: Any) -> Any:
    if F.is_Matrix or w.is_Matrix:
        return M
    return split(M)[0] if isinstance(split(M)[1], Identity) else total(M)


def as_expression(F: Any, who: str) -> Any:
    """Give a matrix or scalar expression. Raises `TypeError` for anything else."""
    F = given(F, "F")
    if not (isinstance(F, Expr) or getattr(F, "is_Matrix", False)):
        raise TypeError(f"{who}: give a matrix or scalar expression, not {type(F).__name__}")
    return F


def _one(w: Any, expr: Any, who: str) -> Any:
    found = symbols_in(w, expr)
    if len(found) != 1 or (found[0] is not w and not isinstance(w, str)):
        raise TypeError(
            f"{who}: give one symbol, not a {type(w).__name__}; sn.hessian(loss, W, b) has mixed derivatives, and "
            "sn.derive(loss, [W, b], order=2) every Hessian"
        )
    return found[0]


def _gradients(loss: Any, symbols: Sequence[Any]) -> tuple[Builder, dict[Name, Name]]:
    # a builder with the equations of a loss and its gradients, and their names by symbol
    builder = Builder(symbols)
    name, known = entered(builder, loss, symbols)
    builder.section("Backward")
    found = sweep(builder, name, known)
    return builder, {w: found[w] for w in known}


def against(F: Any, symbols: Sequence[Any]) -> tuple[Builder, dict[Name, Name], Name]:
    """Give a builder with the gradients of ⟨u, F⟩, their names by symbol, and u, which they are linear in."""
    builder = Builder(symbols)
    value, known = entered(builder, F, symbols, "F")
    u = builder.input(symbol_like(builder.names.fresh("u"), F))
    name = paired(builder, [(u, value)])
    builder.section("Backward")
    found = sweep(builder, name, known)
    return builder, {w: found[w] for w in known}, u


def _along(
    builder: Builder, gradients: Mapping[Name, Name], directions: Sequence[Any], wrt: Sequence[Name]
) -> list[Any]:
    # the derivatives of Σ⟨gradient, direction⟩; a symbol stands for each direction, which may hold symbols of the loss
    for w, d in zip(gradients, directions, strict=True):
        survey(d, names=builder.names)
        _check_stated(w, d)
    standing = [builder.input(symbol_like(builder.names.fresh("v"), w)) for w in gradients]
    builder.section("Second order")
    found = slopes_along(builder, zip(gradients.values(), standing, strict=True), wrt)
    program = builder.finish([found[w] for w in wrt])
    return closed_at(program, dict(zip(standing, directions, strict=True)))


def _check_stated(w: Name, d: Any) -> None:
    # a direction that leaves the matrices of which w is one
    fact = "diagonal" if is_declared(w, "diagonal") else "symmetric"
    if not is_declared(w, fact) or isinstance(split(d)[1], (Identity, ZeroMatrix, Diag)) or is_declared(d, fact):
        return
    if fact == "diagonal" or not isinstance(canonical(add(d, scaled(S.NegativeOne, transpose(d)))), ZeroMatrix):
        raise ValueError(
            f"{w.name} is declared {fact}, so its direction {brief(d)} must be as well; declare it, "
            f"sn.matrix('V', {w.shape[0]}, {w.shape[1]}, {fact}=True)"
        )


def _directions(who: str, symbols: Sequence[Any], direction: Any) -> list[Any]:
    if isinstance(direction, Mapping):
        missing = [w.name for w in symbols if w not in direction and w.name not in direction]
        if missing:
            raise KeyError(f"{who}: no direction is given for {', '.join(missing)}")
        direction = [direction[w] if w in direction else direction[w.name] for w in symbols]
    several = direction if isinstance(direction, (list, tuple)) else [direction]
    if len(several) != len(symbols):
        raise ValueError(f"{who}: there are {len(several)} directions for {len(symbols)} symbols; give one for each")
    directions = [given(d, f"the direction for {w}") for d, w in zip(several, symbols, strict=True)]
    for d, w in zip(directions, symbols, strict=True):
        _check_direction(who, d, w)
    return directions


def _check_direction(who: str, d: Any, w: Any) -> None:
    if not isinstance(d, Basic) or not (isinstance(d, Expr) or getattr(d, "is_Matrix", False)):
        raise TypeError(f"{who}: the direction for {w} must be a matrix or scalar expression")
    if d.is_Matrix != w.is_Matrix:
        kinds = (f"a {shape_text(w.shape)} matrix", "a scalar") if w.is_Matrix else ("a scalar", "a matrix")
        raise ShapeError(f"{who}: {w} is {kinds[0]}, but its direction {brief(d)} is {kinds[1]}")
    if w.is_Matrix and not same_shape(d.shape, w.shape):
        turned = f"; write {brief(d)}.T" if same_shape(d.shape, w.shape[::-1]) else "; they must have one shape"
        raise ShapeError(
            f"{who}: {w} is {shape_text(w.shape)}, but its direction {brief(d)} is {shape_text(d.shape)}{turned}"
        )

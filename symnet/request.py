"""What may be asked for: a scalar loss, and symbols that it has, each once.

In: what a user has given. Out: the symbols that are meant, or an error that names what is wrong.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any

import numpy as np
from sympy import Basic, Expr, MatrixSymbol, Symbol, Transpose
from sympy.logic.boolalg import Boolean
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.expressions.matexpr import MatrixElement

from symnet.expressions import (
    Entry, Part, Reduction, brief, declared, given, is_declared, part, same_shape, shape_text, transpose,
)  # fmt: skip
from symnet.program import Builder, Program, survey


def symbols_in(wrt: Any, expr: Any = None) -> tuple[Any, ...]:
    """Give the symbols that are meant: those of a net or of an earlier training, of a list, or the keys of values.

    expr: the expression whose symbols may be given by their names. Raises `KeyError` for a name that it does not have,
    and `TypeError` for what has been derived already.
    """
    derived = getattr(wrt, "program", wrt)  # of a kernel too
    if isinstance(derived, Program):
        raise TypeError(
            f"a {type(wrt).__name__} is no symbol, but what has been derived already; give the symbols, or their "
            f"names: [{', '.join(w.name for w in derived.parameters)}]"
        )
    wrt = getattr(wrt, "parameters", wrt) if not isinstance(wrt, Basic) else wrt
    if isinstance(wrt, (set, frozenset)):
        wrt = sorted(wrt, key=str)
    single = isinstance(wrt, (str, bytes, Basic, np.ndarray)) or hasattr(wrt, "toarray")
    several = isinstance(wrt, Iterable) and not single
    symbols = tuple(wrt) if several else (wrt,)
    if expr is None or not any(isinstance(w, str) for w in symbols):
        return symbols
    known = survey(given(expr)).inputs
    for name in symbols:
        if isinstance(name, str) and name not in known:
            raise KeyError(f"{name} is no symbol of the expression, which has {', '.join(known) or 'none'}")
    return tuple(known[w] if isinstance(w, str) else w for w in symbols)


def place_of(w: Any) -> tuple[Any, Callable[[Any], Any]]:
    """Give the symbol of which w is an entry, a part or the transpose, and what takes the same of another matrix."""
    if isinstance(w, Transpose) and isinstance(w.arg, MatrixSymbol):
        return w.arg, transpose
    if isinstance(w, MatrixElement) and isinstance(w.parent, MatrixSymbol):
        return w.parent, lambda G: Entry(G, w.i, w.j)
    if isinstance(w, Part) and isinstance(w.args[0], MatrixSymbol):
        return w.args[0], lambda G: part(G, *w.spans)
    return w, lambda G: G


def check_request(loss: Any, symbols: Sequence[Any], who: str) -> None:
    """Raise what `check_loss` and `check_symbols` raise."""
    check_loss(loss)
    check_symbols(symbols, who)


def check_loss(loss: Any) -> None:
    """Raise `TypeError` where the loss is no scalar expression."""
    if getattr(loss, "is_Matrix", False):
        every = f" (sn.{loss.title}(…, axis=None) is that of all entries)" if isinstance(loss, Reduction) else ""
        raise TypeError(
            f"the loss must be a scalar, but {brief(loss)} is a {shape_text(loss.shape)} matrix; "
            f"sum it with sn.sum(…), or take its Trace or norm{every}; the output of a net stands in a loss beside its "
            "targets, sn.squared_error(net, Y)"
        )
    if isinstance(loss, (Boolean, bool)) and not isinstance(loss, Expr):  # a symbol of SymPy's is both
        raise TypeError(
            f"the loss must be a number, but {brief(loss)} is true or false, which has no derivative; for 1 where it "
            "holds write Piecewise((1, …), (0, True))"
        )
    if not isinstance(loss, Expr):
        raise TypeError(f"the loss must be a SymPy expression, not {type(loss).__name__}")


def check_symbols(symbols: Sequence[Any], who: str) -> None:
    """Raise `TypeError` for what is no symbol, `ValueError` where there is none or one stands twice."""
    if not symbols:
        raise ValueError(f"{who}: give at least one symbol to differentiate in")
    for w in symbols:
        if not isinstance(w, (MatrixSymbol, Symbol)):
            A, _ = place_of(w)
            way = f"; write {A.name}, and take this part of the result" if A is not w else ""
            way = way or "; give matrix symbols or scalar symbols, such as W1"
            raise TypeError(f"{who}: {w!r} is no symbol{way}")
    if len(set(symbols)) < len(symbols):
        raise ValueError(f"{who}: a symbol stands twice in {[w.name for w in symbols]}")


def entered(
    builder: Builder, expr: Any, symbols: Sequence[Any], called: str = "the loss"
) -> tuple[Any, tuple[Any, ...]]:
    """Enter an expression; give its value, and the symbols as it has them. Raises `ValueError` where it lacks one."""
    value = builder.enter(expr, "L" if called == "the loss" else None)
    for w in symbols:
        if w.name in builder.names.sizes:
            raise TypeError(f"{w.name} is the size of a matrix; nothing can be differentiated by it")
        if w.name not in builder.inputs:
            known = ", ".join(sorted(builder.inputs)) or "no symbol at all"
            raise ValueError(f"{called} does not depend on {w.name}; it depends on {known}")
    met = tuple(_met(builder.inputs[w.name], w, called) for w in symbols)
    for w in met:
        _check_differentiable(w)
    return value, met


def check_free(symbols: Iterable[Any], who: str) -> None:
    """Raise `ValueError` where the entries of a symbol are not all free: its second derivatives are no matrix."""
    for w in symbols:
        if is_declared(w, "symmetric"):
            raise ValueError(
                f"{who}: {w.name} is declared {declared.said(w.facts)}, so its entries are not all free and there is "
                f"no matrix of second derivatives by vec {w.name}; sn.hvp and sn.jvp give it times a direction, or "
                f"declare {w.name} without it"
            )


def _check_differentiable(w: Any) -> None:
    for fact, way in declared.NO_DERIVATIVE.items():
        if is_declared(w, fact):
            raise ValueError(f"there is no derivative in {w.name}, which is declared {declared.said([fact])}: {way}")


def _met(met: Any, asked: Any, called: str) -> Any:
    # the symbol of the loss that was asked for: assumptions may differ, shapes may not
    shapes: list[Any] = [getattr(w, "shape", ()) for w in (met, asked)]
    if len(shapes[0]) != len(shapes[1]) or (shapes[0] and not same_shape(*shapes)):
        kinds = [f"a {shape_text(shape)} matrix" if shape else "a scalar" for shape in shapes]
        raise ShapeError(f"{met.name} is {kinds[0]} in {called} but {kinds[1]} where it is asked for")
    return met


def checked_seed(seed: Any) -> Any:
    """Give a seed of random numbers. Raises `ValueError` for what is no whole number from 0."""
    if isinstance(seed, bool) or not isinstance(seed, (int, np.integer)) or seed < 0:
        raise ValueError(f"seed must be a whole number from 0, not {seed!r}; write seed=0")
    return int(seed)


def as_generator(seed: Any) -> np.random.Generator:
    """Give the source of random numbers; None is a new one each time.

    Raises `ValueError` for a seed that is no whole number from 0.
    """
    if isinstance(seed, np.random.Generator):
        return seed
    return np.random.default_rng(None if seed is None else checked_seed(seed))

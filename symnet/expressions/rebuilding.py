"""Replacing and pickling what is deep: one pass from the leaves up, never one call inside another.

In: an expression. Out: the same with parts replaced, or the list of its parts, each once, and back.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sympy import Add, Basic, Dummy, Expr, Lambda, MatrixSymbol, Mul, Pow, Symbol
from sympy.core.function import AppliedUndef, DefinedFunction
from sympy.core.operations import LatticeOp
from sympy.functions.elementary.miscellaneous import MinMaxBase
from sympy.matrices.exceptions import ShapeError
from sympy.matrices.matrixbase import MatrixBase

from symnet.expressions.entering import given
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.undefined import defined


def parts(expr: Basic, enter: Callable[[Any], bool]) -> Iterator[Any]:
    """Give each part once, arguments first; `enter` tells whose arguments are parts."""
    seen: set[int] = set()
    stack: list[tuple[Any, bool]] = [(expr, False)]
    while stack:
        part, done = stack.pop()
        if done:
            yield part
        elif id(part) not in seen:
            seen.add(id(part))
            stack.append((part, True))
            if enter(part):
                stack.extend((a, False) for a in reversed(part.args) if isinstance(a, Basic))


def checked_rule(rule: Any) -> Any:
    """Give the replacements that make sense. Raises `TypeError` or `ShapeError` where a shape would change.

    SymPy writes −A in the place of a sum of matrices as if it were a scalar: that replaces nothing.
    """
    if not isinstance(rule, Mapping):
        return rule  # a function of SymPy's own that looks like a mapping
    rule = {old: new for old, new in rule.items() if not _is_mixed(new)}
    for old, new in rule.items():
        if not isinstance(old, MatrixSymbol):
            continue
        if not getattr(new, "is_Matrix", False) and isinstance(new, Expr) and new.atoms(Dummy):
            raise TypeError(f"{old} is a {shape_text(old.shape)} matrix, and SymPy has put a scalar in its place; to "
                            f"replace several at once write .xreplace({{{old}: …}})")  # fmt: skip
        if not getattr(new, "is_Matrix", False):
            scalar = "c" if isinstance(new, Dummy) else new  # one of SymPy's own
            raise TypeError(f"{old} is a {shape_text(old.shape)} matrix and cannot be replaced by the scalar {scalar}; "
                            f"write {scalar}*OneMatrix({old.shape[0]}, {old.shape[1]})")  # fmt: skip
        if not same_shape(old.shape, new.shape):
            raise ShapeError(f"{old} is {shape_text(old.shape)} and cannot be replaced by {new}, which is "
                             f"{shape_text(new.shape)}; give a matrix of its shape")  # fmt: skip
    return rule


def check_name(expr: Any, old: Any, who: str = "subs") -> None:
    """Raise `TypeError` for a scalar with the name of a matrix, which is what SymPy makes of a text; `who` takes it."""
    if isinstance(old, (Symbol, str)) and not isinstance(old, Dummy) and old not in (found := expr.free_symbols):
        if any(isinstance(w, MatrixSymbol) and w.name == str(old) for w in found):
            raise TypeError(f"{who}: {old} is a matrix here; give the symbol itself, not its name or a scalar")


def sizes_in(expr: Any) -> dict[Symbol, Any]:
    """Give the symbols in the sizes of the matrices of an expression, each with such a matrix."""
    matrices = [s for s in expr.free_symbols if isinstance(s, MatrixSymbol)]
    return {s: A for A in matrices for size in A.shape for s in given(size).free_symbols}


def check_size(expr: Any, symbol: Any, who: str) -> None:
    """Raise `TypeError` for the size of a matrix, of which `who` would take the matrix for a constant."""
    if isinstance(symbol, (Symbol, str)) and not isinstance(symbol, Dummy):
        A = next((A for s, A in sizes_in(expr).items() if s.name == str(symbol)), None)
        if A is not None:
            raise TypeError(f"{who}: {symbol} is the size of a matrix, {A}, which is another one for each {symbol}; "
                            f"take another symbol, or give the size a number before, .subs('{symbol}', 4)")  # fmt: skip


def _is_mixed(new: Any) -> bool:
    return isinstance(new, Mul) and not new.is_Matrix and any(getattr(a, "is_Matrix", False) for a in new.args)


def replaced(expr: Any, rule: Mapping[Any, Any]) -> Any:
    """Give an expression with the parts that are keys of `rule` replaced, everywhere."""
    new: dict[int, Any] = {}
    for part in parts(expr, lambda p: p not in rule and not isinstance(p, Lambda)):
        if part in rule:
            new[id(part)] = rule[part]
            continue
        if isinstance(part, Lambda):
            new[id(part)] = _inside(part, rule)
            continue
        args = [new[id(a)] if isinstance(a, Basic) else a for a in part.args]
        if isinstance(part, AppliedUndef) and (value := defined(part, args, rule)) is not None:
            new[id(part)] = value
            continue
        same = all(a is b for a, b in zip(args, part.args, strict=True))
        new[id(part)] = part if same else part.func(*args)
    return new[id(expr)]


def _inside(function: Lambda, rule: Mapping[Any, Any]) -> Lambda:
    # bound variables are not replaced, and none of what is put in is bound by their names
    bound = set(function.variables)
    if any(v in rule for v in bound):
        rule = {old: new for old, new in rule.items() if old not in bound}
    body = replaced(function.expr, rule)
    if body is function.expr:
        return function
    if any(not bound.isdisjoint(new.free_symbols) for new in rule.values()):
        fresh = {v: Dummy(v.name, **v.assumptions0) for v in function.variables}
        return Lambda(tuple(fresh.values()), replaced(function.expr.xreplace(fresh), rule))
    return Lambda(function.signature, body)


def flat(expr: Any) -> list[Any]:
    """Give the parts of an expression as a list that can be pickled: a class with the places of its arguments."""
    within: set[int] = set()  # a node of ours, what SymPy would simplify, what holds one; the rest is SymPy's business
    everything = list(parts(expr, _has_parts))
    for part in everything:
        kept = hasattr(type(part), "ends_lookup") or isinstance(part, _SIMPLIFIED)
        if kept or any(id(a) in within for a in part.args):
            within.add(id(part))
    place: dict[int, int] = {}
    listed: list[Any] = []
    for part in parts(expr, lambda p: id(p) in within):
        place[id(part)] = len(listed)
        listed.append((part.func, [place[id(a)] for a in part.args]) if id(part) in within else part)
    return listed


_SIMPLIFIED = (Add, Mul, Pow, DefinedFunction)


def _has_parts(part: Any) -> bool:
    return bool(part.args) and not isinstance(part, (Symbol, MatrixSymbol))


def unflat(listed: list[Any]) -> Any:
    """Give the expression that `flat` has listed."""
    made: list[Any] = []
    for row in listed:
        if not isinstance(row, tuple):
            made.append(row)
            continue
        kind, places = row
        args = [made[k] for k in places]
        whole = hasattr(kind, "ends_lookup") or issubclass(kind, MatrixBase)  # which keeps its entries elsewhere too
        made.append(kind(*args) if whole else _as_it_was(kind, args))
    return made[-1]


def _as_it_was(kind: Any, args: list[Any]) -> Any:
    # a part of SymPy's that is not simplified once more, with what its class remembers beside the arguments
    new = Basic.__new__(kind, *args)
    if any("is_commutative" in vars(c).get("__slots__", ()) for c in kind.__mro__):
        new.is_commutative = all(a.is_commutative for a in args)
    if issubclass(kind, (MinMaxBase, LatticeOp)):
        new._argset = frozenset(args)
    return new


def reduced(expr: Any, protocol: Any) -> Any:
    """Give how an expression is pickled and copied: as it is where it has a node of ours, else as SymPy does it."""
    ours = any(hasattr(type(part), "ends_lookup") for part in parts(expr, _has_parts))
    return (unflat, (flat(expr),)) if ours else Basic.__reduce_ex__(expr, protocol)

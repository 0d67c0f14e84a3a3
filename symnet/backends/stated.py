"""Arrays against the facts that their symbols are declared with, and numbers against SymPy's assumptions.

In: symbols and the arrays given for them. Out: nothing, or a `ValueError` that names the symbol, the worst entry and
what to write; or an array that is as declared, made of any. What rounding makes of a fact is taken; classes are exact.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from functools import lru_cache
from typing import Any, NamedTuple

import numpy as np
from sympy import Symbol, isprime

from symnet.backends.fitting import computable, spacing, told_apart
from symnet.backends.targets import check_distributions, check_labels
from symnet.expressions import axes_of, declared as declaring, facts_of, one_hot_of
from symnet.program import Program, targets_of

SLACK = 2 / 3  # of the digits: facts hold to eps^(2/3), 4e-11 in float64 and 2e-5 in float32, of the largest entry
WITHOUT = "declare {name} without it where it is not so"


def check_facts(symbols: Iterable[Any], arrays: Mapping[str, Any]) -> None:
    """Raise `ValueError` where an array is not what its symbol is declared to be, in the digits of its type."""
    for symbol in symbols:
        given = arrays.get(symbol.name)
        if given is None or not given.size:
            continue
        array = computable(given)
        slack = max(spacing(given), spacing(array)) ** SLACK
        with np.errstate(invalid="ignore"):  # infinite entries are their own mirror images
            if isinstance(symbol, Symbol):
                _check_assumed(symbol, array)
            for fact in facts_of(symbol):
                CHECKS[fact](symbol.name, array, slack)


def check_numbers(values: Mapping[Any, Any], passed: Iterable[str]) -> None:
    """Raise `ValueError` where a number is not as its symbol is declared, by which that may have left the formula.

    passed: the names of those that are looked at elsewhere.
    """
    for symbol, value in values.items():
        if isinstance(symbol, Symbol) and symbol.name not in passed and isinstance(value, (int, float, np.number)):
            _check_assumed(symbol, np.asarray(value, float))


class Stated:
    """What is declared of symbols, and what a program states of them. `names`: those of which there is anything.

    `declared`: the symbols by name; `sized`: the sizes that are declared to be more than a whole number; `targets`:
    those of cross-entropies; `labels`: those of other losses.
    """

    def __init__(self, program: Program, symbols: Mapping[str, Any]) -> None:
        self.targets, self.labels = targets_of(program), program.labels
        said = {n: s for n, s in symbols.items() if facts_of(s) or (isinstance(s, Symbol) and _assumed(s))}
        self.declared = {n: s for n, s in said.items() if n not in program.names.sizes}
        summed = {A.name for target in (*self.targets, *self.labels) for _, A, _ in target.terms}
        sizes = {s for s, _, _ in axes_of(symbols.values())}
        sizes |= {s for n, s in symbols.items() if n in program.names.sizes}
        self.sized = [s for s in sizes if any(s.assumptions0.get(fact) is not None for fact in OF_SIZES)]
        self.names = frozenset({*self.declared, *summed} - set(program.names.sizes) | {s.name for s in self.sized})

    def check(self, arrays: Mapping[str, Any], names: Iterable[str] | None = None) -> None:
        """Raise `ValueError` where arrays, by name, are not what is declared or stated.

        Sizes are numbers among them; what is stated of several is looked at where all are there. names: those whose
        declarations are looked at, by default all.
        """
        check_labels(self.labels, arrays)
        check_distributions(self.targets, arrays)
        wanted = self.declared if names is None else [name for name in names if name in self.declared]
        check_facts([self.declared[name] for name in wanted], arrays)
        for size in self.sized:
            if size.name in arrays:
                _check_assumed(size, np.asarray(arrays[size.name], float), OF_SIZES)


def must_be(symbol: Any) -> list[str]:
    """Give in words what the arrays of a symbol must be; nothing where nothing is declared."""
    if facts := facts_of(symbol):
        return [f"must be {declaring.said(facts)}, which is not checked here"]
    own = getattr(symbol, "_assumptions_orig", {})
    stated = _assumed(symbol) if isinstance(symbol, Symbol) else ()
    means = [f"{'' if holds else 'not '}{a.means}" for name, a, holds in stated if name in own and name != "real"]
    return [f"must be {' and '.join(means)}, which is not checked here"] if means else []


def as_stated(symbol: Any, array: Any) -> Any:
    """Give an array that is what its symbol is declared to be, made of an array of any entries; else the array."""
    facts = set(facts_of(symbol))
    if isinstance(symbol, Symbol):
        return _number_of(symbol, array)
    if "one_hot_columns" in facts or "one_hot_rows" in facts:
        return _one_hot_of(array, facts)
    if "positive" in facts:
        array = np.where(array == 0, 1.0, np.abs(array)).astype(array.dtype)
    if "orthogonal" in facts:
        return _orthogonal_of(array, facts)
    if "diagonal" in facts:
        array = np.diag(np.diag(array))
    if "symmetric" in facts:
        array = (array + array.T) / 2
    if "positive_definite" in facts:
        least, largest = np.linalg.eigvalsh(array)[[0, -1]]
        lack = max(0.0, 0.1 * max(abs(least), abs(largest), 1.0) - least)
        array = (array + lack * np.eye(len(array))).astype(array.dtype)
    return array


def _orthogonal_of(A: Any, facts: set[str]) -> Any:
    if "diagonal" in facts:
        return np.diag(np.where(np.diag(A) < 0, -1.0, 1.0)).astype(A.dtype)
    if "symmetric" in facts:  # a reflection
        v = A[:, :1] if A[:, 0].any() else np.ones((len(A), 1))
        return (np.eye(len(A)) - 2 * v @ v.T / float(np.vdot(v, v))).astype(A.dtype)
    return np.linalg.qr(A)[0].astype(A.dtype)


def _one_hot_of(A: Any, facts: set[str]) -> Any:
    if "orthogonal" in facts or "symmetric" in facts:  # a permutation, which turned round is its own inverse
        return np.eye(len(A), dtype=A.dtype)[::-1]
    axis = 0 if "one_hot_columns" in facts else 1
    return (np.expand_dims(A.argmax(axis=axis), axis) == np.expand_dims(np.arange(A.shape[axis]), 1 - axis)).astype(
        A.dtype
    )


def _worst(error: Any) -> tuple[int, ...]:
    return tuple(int(i) for i in np.unravel_index(int(np.argmax(error)), error.shape))


def _symmetric(name: str, A: Any, slack: float) -> None:
    error = np.abs(A - A.T)
    if error.max() > slack * np.abs(A).max():
        i, j = sorted(_worst(error))
        above, below = told_apart(A[i, j], A[j, i])
        raise ValueError(
            f"{name} is declared symmetric, but the array given has {above} at [{i}, {j}] and {below} at "
            f"[{j}, {i}]; give ({name} + {name}.T)/2, or {WITHOUT.format(name=name)}"
        )


def _diagonal(name: str, A: Any, slack: float) -> None:
    error = np.abs(A - np.diag(np.diag(A)))
    if error.max() > slack * np.abs(A).max():
        i, j = _worst(error)
        raise ValueError(
            f"{name} is declared diagonal, but the array given has {A[i, j]:.6g} at [{i}, {j}]; give "
            f"numpy.diag(numpy.diag({name})), or {WITHOUT.format(name=name)}"
        )


def _finite(name: str, A: Any) -> None:
    if not np.isfinite(A).all():
        raise ValueError(f"{name} has an infinite value in it, first at {list(_worst(~np.isfinite(A)))}")


def _positive_definite(name: str, A: Any, slack: float) -> None:
    _symmetric(name, A, slack)
    _finite(name, A)
    try:
        np.linalg.cholesky((A + A.T) / 2)
    except np.linalg.LinAlgError:
        least = float(np.linalg.eigvalsh((A + A.T) / 2).min())
        i = int(np.argmin(np.diag(A)))
        raise ValueError(
            f"{name} is declared positive definite, but the least eigenvalue of the array given is {least:.3g} and its "
            f"least diagonal entry {A[i, i]:.6g} at [{i}, {i}]; add a multiple of the identity, {name} + c*numpy.eye("
            f"{len(A)}), or declare {name} symmetric only"
        ) from None


def _orthogonal(name: str, A: Any, slack: float) -> None:
    _finite(name, A)
    error = np.abs(A.T @ A - np.eye(len(A), dtype=A.dtype))
    if error.max() > slack:
        i, j = _worst(error)
        found, wanted = told_apart((A.T @ A)[i, j], int(i == j))
        raise ValueError(
            f"{name} is declared orthogonal, but {name}.T @ {name} of the array given has {found} at "
            f"[{i}, {j}] where {wanted} belongs; give numpy.linalg.qr({name})[0], or {WITHOUT.format(name=name)}"
        )


def _positive(name: str, A: Any, _: float) -> None:
    if not A.min() > 0:
        i, j = _worst(-A)
        raise ValueError(
            f"{name} is declared positive, but the array given has {A[i, j]:.6g} at [{i}, {j}]; every entry must be "
            f"above 0; {WITHOUT.format(name=name)}"
        )


def _one_hot(axis: int) -> Callable[[str, Any, float], None]:
    line = "row" if axis else "column"

    def check(name: str, A: Any, _: float) -> None:
        stranger = (A != 0) & (A != 1)
        if stranger.any():
            i, j = _worst(stranger)
            what = f"has {A[i, j]:.6g} at [{i}, {j}], and only 0 and 1 may stand there"
        elif (A.sum(axis=axis) != 1).any():
            k = int(np.argmax(A.sum(axis=axis) != 1))
            what = f"has {A.sum(axis=axis)[k]:.0f} ones in {line} {k} where one belongs"
        else:
            return
        raise ValueError(
            f"{name} is declared one-hot, one 1 in each {line}, but the array given {what}; class labels become such "
            f"an array by {one_hot_of('labels', A.shape[axis], axis)}"
        )

    return check


CHECKS: dict[str, Callable[[str, Any, float], None]] = {
    "symmetric": _symmetric,
    "diagonal": _diagonal,
    "positive_definite": _positive_definite,
    "orthogonal": _orthogonal,
    "positive": _positive,
    "one_hot_columns": _one_hot(0),
    "one_hot_rows": _one_hot(1),
}


# -- numbers


class _Assumption(NamedTuple):
    holds: Callable[[Any], Any]
    means: str  # what a number of it must be


def _by_factors(x: Any, holds: Callable[[int], bool]) -> Any:
    told = [bool(v == np.floor(v) and np.isfinite(v) and holds(int(v))) for v in np.ravel(x)]
    return np.reshape(np.array(told, bool), np.shape(x))


def _has_factors(number: int) -> bool:
    return number > 3 and not isprime(number)


_NEVER, _ALWAYS = (lambda x: np.zeros_like(x, bool)), (lambda x: np.ones_like(x, bool))
_SIGNS = {
    "positive": _Assumption(lambda x: x > 0, "above 0"),
    "negative": _Assumption(lambda x: x < 0, "below 0"),
    "nonnegative": _Assumption(lambda x: x >= 0, "0 or above"),
    "nonpositive": _Assumption(lambda x: x <= 0, "0 or below"),
    "nonzero": _Assumption(lambda x: x != 0, "other than 0"),
}
ASSUMPTIONS: dict[str, _Assumption] = {
    "imaginary": _Assumption(_NEVER, "imaginary"),
    "real": _Assumption(_ALWAYS, "real"),
    "zero": _Assumption(lambda x: x == 0, "0"),
    "integer": _Assumption(lambda x: x == np.floor(x), "a whole number"),
    "even": _Assumption(lambda x: x % 2 == 0, "an even whole number"),
    "odd": _Assumption(lambda x: x % 2 == 1, "an odd whole number"),
    "prime": _Assumption(lambda x: _by_factors(x, isprime), "a prime number"),
    "composite": _Assumption(lambda x: _by_factors(x, _has_factors), "a product of whole numbers above 1"),
    "finite": _Assumption(np.isfinite, "finite"),
    **_SIGNS,
    **{f"extended_{name}": sign for name, sign in _SIGNS.items()},  # infinite ones too
}
OF_SIZES = ("even", "odd", "prime", "composite")  # what is not said of a size by its being one


@lru_cache(maxsize=256)
def _assumed(symbol: Symbol) -> tuple[tuple[str, _Assumption, bool], ...]:
    stated = symbol.assumptions0
    found = [(name, a, stated[name]) for name, a in ASSUMPTIONS.items() if name in stated]
    own = getattr(symbol, "_assumptions_orig", stated)  # what was written comes before what follows from it
    return tuple(sorted(found, key=lambda row: (row[0] not in own, not row[2])))


def _number_of(symbol: Symbol, number: Any) -> Any:
    if symbol.is_prime or symbol.is_composite:
        return np.full_like(number, 2 if symbol.is_prime else 4)
    number = np.round(number) if symbol.is_integer else number
    number = number + (number % 2 != int(bool(symbol.is_odd))) if symbol.is_even or symbol.is_odd else number
    if symbol.is_nonnegative or symbol.is_nonpositive:
        number = np.abs(number) if symbol.is_nonnegative else -np.abs(number)
    return number


def _check_assumed(symbol: Symbol, number: Any, among: Iterable[str] = ASSUMPTIONS) -> None:
    for name, assumption, holds in _assumed(symbol):
        if name not in among:
            continue
        wrong = (assumption.holds(number) != holds) & ~np.isnan(number)
        if wrong.any():
            no = "" if holds else "not "
            raise ValueError(
                f"{symbol.name} must {no}be {assumption.means}, and it is {number[wrong].flat[0]:.6g}: it is declared "
                f"{name}{'' if holds else '=False'}, by which formulas are simplified; give such a number, or "
                f"{WITHOUT.format(name=symbol.name)}"
            )

"""Symbolic Hessians against numeric derivatives of the symbolic gradients.

In: a loss and values. Out: a `GradientCheck` with a row for each symbol and each pair of them. The Hessian times a
random u is compared, entry by entry, with the numeric gradient of ⟨gradient, u⟩.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from symnet.backends import Single, compile_program
from symnet.checking import numeric
from symnet.checking.check import symbols_to_check
from symnet.checking.judge import TOLERANCE, Subject, compare
from symnet.checking.kinks import allows_complex, near_a_kink
from symnet.checking.numeric import Function
from symnet.checking.result import CheckRow, GradientCheck
from symnet.derivation import Derivation, derive
from symnet.expressions import Name, given
from symnet.request import as_generator

METHODS = ("auto", "complex", "central")


def check_hessian(
    loss: Any, values: Mapping[Any, Any], wrt: Any = None, method: str = "auto", *, seed: int = 0
) -> GradientCheck:
    """Check the symbolic Hessians of a loss against numeric derivatives of its gradients.

    loss: a scalar expression; values: symbols or names → arrays; wrt: a symbol or a sequence of symbols, by default
    every symbol of the loss that is not a size. Every pair of them is checked, mixed derivatives too.
    method: "complex" (complex steps of the gradient, exact to rounding), "central" (differences), or "auto".
    seed: chooses the directions. Gives a `GradientCheck`. Raises `ValueError` for an unknown method or one that the
    loss does not allow, and what `derive` and a `Kernel` raise.

    >>> import symnet as sn
    >>> X, w, y = sn.matrix("X", "n", 2), sn.vector("w", 2), sn.vector("y", "n")
    >>> loss = sn.binary_cross_entropy(X * w, y, axis=1)
    >>> check = check_hessian(loss, {X: [[1, 2], [3, 4]], w: [[0.1], [-0.2]], y: [[1], [0]]}, w)
    >>> check.ok, check.method
    (True, 'complex')
    """
    if method not in METHODS:
        raise ValueError(f"method: {method!r} is not known; use one of {', '.join(METHODS)}")
    loss, generator = given(loss, "the loss"), as_generator(seed)
    derivation = derive(loss, symbols_to_check(loss, wrt, ["symmetric"]), order=2)
    if method == "auto":
        method = "complex" if allows_complex(derivation.program) else "central"
    elif method == "complex" and not allows_complex(derivation.program):
        raise ValueError("method: this loss has functions without complex values; use 'central'")
    kernel = derivation.compile(dtype=float)
    arrays = kernel.bind(values)
    value, gradients, hessians = kernel.result.given(kernel.result.listed(kernel.function(*arrays)))  # type: ignore[misc]
    floor = _rounding(value, gradients, hessians)
    by_name = dict(zip(kernel.arguments, arrays, strict=True))
    near = near_a_kink(derivation.program, by_name)
    checks = []
    for i, w in enumerate(derivation.wrt):
        for v in derivation.wrt[i:]:
            H = hessians[w if w == v else (w, v)]
            subject = _subject(derivation, by_name, w, v, H, method, generator, near)
            checks.append(compare(subject, [], seed))
    rows = tuple(_widened(row, floor) for check in checks for row in check.rows)
    return GradientCheck(rows, method, checks[0].tolerance, (), checks[0].curve, "Hessian")


def _rounding(value: Any, gradients: Mapping[Any, Any], hessians: Mapping[Any, Any]) -> float:
    # what a Hessian that is zero may differ from zero by: it is the sum of terms as large as those of the others
    sizes = [np.max(np.abs(np.asarray(a)), initial=0.0) for a in [*gradients.values(), *hessians.values()]]
    return 200 * float(np.finfo(float).eps) * max(float(max(sizes)), min(abs(float(value)), 1.0))


def _widened(row: CheckRow, floor: float) -> CheckRow:
    return CheckRow.of(row.parameter, row.shape, [p._replace(allowed=p.allowed + floor) for p in row.probes])


def _subject(
    derivation: Derivation, values: Mapping[str, Any], w: Name, v: Name, H: Any, method: str, generator: Any, near: bool
) -> Subject:
    names = tuple(values)
    u = generator.normal(size=np.shape(values[w.name]))
    shape = np.shape(values[v.name])
    column = np.reshape(u, (-1, 1), order="F")
    claimed = np.reshape(H.T @ column if hasattr(H, "shape") and np.ndim(H) == 2 else H * column, shape, order="F")

    def along(backend: str, dtype: type) -> Function:
        gradient = derivation.gradient_names[w]
        alone = compile_program(derivation.program, [gradient], Single(), dtype, backend)
        order = [names.index(n) for n in alone.arguments]
        return lambda at: np.sum(alone.function(*[at[k] for k in order]) * u)

    exact = partial(numeric.complex_step, along("complex", complex)) if method == "complex" else None
    text = w.name if w == v else f"{w.name}, {v.name}"
    return Subject(
        (text,), tuple(values.values()), (names.index(v.name),), (claimed,), along("numpy", float), method,
        TOLERANCE[method], exact, near,
    )  # fmt: skip

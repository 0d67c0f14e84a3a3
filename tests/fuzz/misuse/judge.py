"""What a case of misuse is, and whether what came of it is right, an error of symnet's own, or neither.

In: code as text, and what it should give in plain NumPy, if it has a meaning at all. Out: a `Verdict`: "right",
"refused" (in symnet's words), "SymPy's" or "Python's" own error or answer before symnet saw anything, "free" (nothing to
compare), or a fault: "wrong" (an answer that is not right), "crash" (an error from inside), "foreign" (a clear error,
but not symnet's, from a function of symnet's).
"""

from __future__ import annotations

import builtins
import re
import traceback
import warnings
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import sympy

import symnet as sn

from ..checks import PACKAGE, TooLong, at_most

MARK = "symnet_ran_a_string"
HOSTILE = f"__import__('builtins').__dict__.__setitem__('{MARK}', 1)"
NO_MEANING = object()
SECONDS = 10
OUR_ERRORS = (sympy.ShapeError, ValueError, TypeError, KeyError, FloatingPointError, ImportError, FileNotFoundError)
CRASHES = (
    AttributeError,
    RecursionError,
    IndexError,
    AssertionError,
    ZeroDivisionError,
    NameError,
    UnboundLocalError,
    OverflowError,
)
FROM_INSIDE = re.compile(
    r"object has no attribute|unhashable|has no len|not iterable|not subscriptable|not callable|unsupported operand|"
    r"recursion|not supported between|positional argument|Mix of Matrix|SympifyError|Sympify of|could not broadcast|"
    r"out of bounds|out of range|cannot unpack|to unpack|keyword argument|truth value|loop of ufunc|matmul: |"
    r"cannot interpret|Cannot interpret|must be real number|invalid literal|sequence item|zip\(\)|dictionary update|"
    r"cannot convert|Cannot convert|can't convert|\b_\d+\b|Dummy|inhomogeneous|setting an array element"
)
SYMPYS_CALCULUS = ("integrate", "minimum", "limit", "series", "solve", "nsolve", "is_increasing")  # have no end
FAULTS = ("wrong", "crash", "foreign", "string run", "array changed", "too long")


@dataclass(frozen=True)
class Case:
    """`setup`: lines that write what is misused; `code`: the line that sets `result`; `space`: makes the namespace;
    `kind`: what was misused and how.

    `wanted`: namespace → the right value (`NO_MEANING` where it must be refused), None where anything but a crash will do.
    `compare`: (namespace, wanted) → None or what is wrong with the result. `ours`: whether a function of symnet is called.
    """

    kind: str
    setup: str
    code: str
    space: Callable[[], dict[str, Any]]
    wanted: Callable[[dict[str, Any]], Any] | None = None
    compare: Callable[[dict[str, Any], Any], str | None] | None = None
    ours: bool = True


@dataclass(frozen=True)
class Verdict:
    status: str
    message: str = ""
    case: Case | None = field(default=None, repr=False)

    @property
    def fault(self) -> bool:
        return self.status in FAULTS


def judged(case: Case) -> Verdict:
    """Run one case and judge what comes of it."""
    space = case.space()
    try:
        exec(case.setup, space)
    except Exception as error:
        return Verdict("unwritten", f"{type(error).__name__}: {error}"[:300], case)
    kept = {name: np.copy(a) for name, a in space.items() if isinstance(a, np.ndarray)}
    try:
        with at_most(SECONDS), warnings.catch_warnings():
            warnings.simplefilter("ignore")
            verdict = _outcome(case, space)
    except TooLong as slow:
        verdict = Verdict("too long", str(slow))
    if MARK in vars(builtins):
        delattr(builtins, MARK)
        verdict = Verdict("string run", "a string was executed")
    if verdict.fault and not _ours(case, space) and verdict.status != "crash":
        verdict = Verdict(f"SymPy's, {verdict.status}", verdict.message)
    for name, a in kept.items():
        if not np.array_equal(a, space[name], equal_nan=a.dtype.kind in "fc"):
            verdict = Verdict("array changed", f"{name} of the caller has changed")
    return Verdict(verdict.status, verdict.message, case)


def _outcome(case: Case, space: dict[str, Any]) -> Verdict:
    try:
        with np.errstate(all="ignore"):
            exec(case.code, space)
            wanted = case.wanted(space) if case.wanted is not None else None
            if case.wanted is None:
                return Verdict("free")
            said = (case.compare or same_value)(space, wanted)
    except Exception as error:
        if "/tests/fuzz/" in traceback.extract_tb(error.__traceback__)[-1].filename:
            raise
        return _of_error(error, case)
    return Verdict("wrong", said) if said else Verdict("right")


def _ours(case: Case, space: dict[str, Any]) -> bool:
    # whether symnet is asked at all: a method of an expression of SymPy's is SymPy's business
    return case.ours or isinstance(space.get("E_"), (sn.MatrixNode, sn.ScalarNode))


def _of_error(error: Exception, case: Case) -> Verdict:
    text = str(error)
    said = f"{type(error).__name__}: {text}"[:300]
    files = [frame.filename for frame in traceback.extract_tb(error.__traceback__)]
    if files[-1] == "<string>":  # Python itself, or a function of the user's
        attribute = isinstance(error, AttributeError) and "module" in text
        return Verdict("crash" if attribute else "Python's", said)
    if not any(file.startswith(PACKAGE) for file in files):
        return Verdict("SymPy's", said)
    if isinstance(error, RecursionError) and case.kind.split("(")[0].split(".")[-1] in SYMPYS_CALCULUS:
        return Verdict("SymPy's", said)
    # as Python has it for whatever has entries and attributes
    entry = isinstance(error, IndexError) and "has no entry" in text
    entry = entry or (isinstance(error, AttributeError) and text.startswith("write "))
    entry = entry or text.startswith("your function raised")
    if (
        isinstance(error, CRASHES) and not entry or FROM_INSIDE.search(re.sub(r"\(.*\)", "", text))
    ):  # in brackets stands a reason
        return Verdict("crash", said)
    if not (isinstance(error, OUR_ERRORS) or entry):
        return Verdict("refused" if "your function raised" in text else "crash", said)
    if len(text) < 15:
        return Verdict("crash", f"says too little: {said}")
    if not files[-1].startswith(PACKAGE):
        return Verdict("foreign" if case.ours else "SymPy's", said)
    return Verdict("refused", said)


def same_value(space: dict[str, Any], wanted: Any) -> str | None:
    """Compare the value of `result`, and its gradients, with what is wanted: an array, or a function of the values."""
    result, values = space["result"], space["values"]
    f = wanted if callable(wanted) else None
    wanted = f(values) if f else wanted
    kernel = sn.compile(result)
    if wanted is NO_MEANING:
        kernel({name: values.get(name, 1.0) for name in kernel.arguments})
        return f"accepted: {str(result)[:120]}"
    found = kernel({name: values[name] for name in kernel.arguments})
    if np.size(found) != np.size(wanted) and not np.all(np.asarray(found) == 0):
        return f"{str(result)[:100]} has shape {np.shape(found)} instead of {np.shape(wanted)}"
    if not _close(found, wanted, 1e-7):
        return f"{str(result)[:100]} is {_short(found)} instead of {_short(wanted)}"
    return _same_gradients(result, kernel, values, f) if f else None


def _same_gradients(result: Any, kernel: Any, values: dict[str, Any], f: Callable[[Any], Any]) -> str | None:
    total = sn.sum(result) if getattr(result, "is_Matrix", False) else result
    for name in sorted(kernel.arguments):
        symbol = kernel.symbols[name]
        if np.asarray(values[name]).dtype.kind != "f" or name in kernel.program.names.sizes:
            continue
        x = np.asarray(values[name], float)
        facts = {str(fact) for fact in getattr(symbol, "facts", ())}
        if facts & {"orthogonal", "one_hot_columns", "one_hot_rows"}:
            continue  # nothing moves freely there
        direction = np.random.default_rng(0).normal(size=x.shape)
        counted = direction
        if "diagonal" in facts:
            direction = counted = direction * np.eye(len(x))
        elif facts & {"symmetric", "positive_definite"}:  # the gradient is that in the free entries
            direction = direction + direction.T
            counted = np.triu(direction)
        for axis in range(x.ndim):
            if np.allclose(x.sum(axis), 1):  # the targets of a cross-entropy go on summing to 1
                direction = direction - direction.mean(axis, keepdims=True)
        ends = [np.sum(f({**values, name: x + h * direction})) for h in (1e-5, -1e-5, 1e-6, -1e-6)]
        slope, other = (ends[0] - ends[1]) / 2e-5, (ends[2] - ends[3]) / 2e-6
        if not (np.isfinite(slope) and _close(slope, other, 1e-4)):
            continue
        gradient = sn.derive(total, symbol).compile()({n: values[n] for n in kernel.arguments})[1][symbol]
        found = np.sum(gradient * (counted if facts else direction))
        if not _close(found, slope, 1e-3):
            return f"the slope of {str(result)[:100]} in {name} is {_short(found)} instead of {_short(slope)}"
    return None


def _close(a: Any, b: Any, tolerance: float) -> bool:
    a, b = np.asarray(a, float).reshape(-1), np.asarray(b, float).reshape(-1)
    return bool(
        np.allclose(
            a, b, rtol=tolerance, atol=tolerance * max(1.0, float(np.max(np.abs(b), initial=0))), equal_nan=True
        )
    )


def _short(value: Any) -> str:
    return " ".join(np.array2string(np.asarray(value), precision=5, threshold=6).split())


def accepted(space: dict[str, Any], wanted: Any) -> str | None:
    """Say that something without a meaning was accepted; of an expression, to the end."""
    if wanted is NO_MEANING and isinstance(space["result"], sympy.Expr):
        return same_value(space, wanted)
    return f"accepted: {str(space['result'])[:120]}" if wanted is NO_MEANING else None

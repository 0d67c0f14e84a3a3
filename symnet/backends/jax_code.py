"""The NumPy code of a program under `jax.numpy`: a pure function that JAX traces, differentiates and compiles.

In: a kernel. Out: a function of its arrays, not yet jitted, for `jax.jit`, `jax.grad`, `jax.vmap` and the body of a
`jax.lax.scan`. No formula is written again: `JAX` has rows for the few nodes whose NumPy code JAX cannot run, and
`functional` the functions that write in place. JAX itself is loaded when it is first asked for.
"""

from __future__ import annotations

import linecache
import traceback
from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import wraps
from importlib import import_module
from itertools import count
from typing import Any

import numpy as np
from sympy.matrices.expressions.determinant import Determinant

from symnet.backends import functional
from symnet.backends.emitter import SIZED, Code, Namespace
from symnet.backends.numpy_code import NumPyCode
from symnet.backends.source import standalone, written
from symnet.backends.widened import in_wide
from symnet.expressions import Expm, ExpmSlope, Hardmax, Pinv, Table, brief, split
from symnet.program import Equation

UNDER_JAX = {"numpy": "jax.numpy", "numpy.linalg": "jax.numpy.linalg", "scipy.special": "jax.scipy.special"}
SQUARINGS = 64  # of a matrix exponential: norms up to 1e19
_NUMBERS = count()


def jax_library(who: str) -> Any:
    """Give the module `jax`. Raises `ModuleNotFoundError` where it is not installed, with the extra that brings it."""
    try:
        import jax
    except ImportError:
        raise ModuleNotFoundError(f"{who} needs JAX, which is not installed: pip install 'symnet[jax]'") from None
    return jax


def in_64_bits() -> AbstractContextManager[Any]:
    """Give the context in which JAX has numbers of 64 bits, which it has not unless it is told."""
    jax = jax_library("backend='jax'")
    if jax.config.jax_enable_x64:
        return nullcontext()
    enabled = jax.enable_x64 if hasattr(jax, "enable_x64") else import_module("jax.experimental").enable_x64
    context: AbstractContextManager[Any] = enabled(True)
    return context


class _LackingError(Exception):
    """JAX has no function of a name."""


class _JaxNamespace(Namespace):
    def taken(self, module: str, name: str) -> str:
        under = UNDER_JAX.get(module, module)
        if under != module and not hasattr(import_module(under), name):
            raise _LackingError(f"{under} has no {name}")
        return super().taken(under, name)

    def special(self, name: str, *arguments: Any) -> Code:
        return self.call("scipy.special", name, *arguments)


class _SizesNamespace(Namespace):
    # sizes are numbers while JAX traces, and so are functions of them: NumPy's own
    def taken(self, module: str, name: str) -> str:
        super().taken(module, f"{name} as {SIZED}{name}")
        return f"{SIZED}{name}"


class JaxCode(NumPyCode):
    """Writes one expression as code of `jax.numpy`; see `ScalarCode` for its arguments."""

    def __init__(self, *arguments: Any, **options: Any) -> None:
        super().__init__(*arguments, **options)
        largest, dtype = float(self.numpy.largest.text), str(self.numpy.dtype)
        self.numpy = _JaxNamespace(largest, dtype, self.module_imports)
        self.of_sizes = _SizesNamespace(largest, dtype, self.module_imports)

    def node(self, A: Any) -> Code:
        """Give code for a node, by its row in `JAX` or else in `NUMPY`. Raises `TypeError` where it has neither."""
        row = JAX.find(A)
        return self._told(A, lambda: row(self, A) if row else super(JaxCode, self).node(A))

    def scalar(self, expr: Any, env: Any) -> Code:
        if getattr(expr, "is_Function", False) and self.counts(expr) and expr not in env:
            under_jax, self.numpy = self.numpy, self.of_sizes
            try:
                return super().scalar(expr, env)
            finally:
                self.numpy = under_jax
        return self._told(expr, lambda: super(JaxCode, self).scalar(expr, env))

    def _told(self, expr: Any, write: Callable[[], Code]) -> Code:
        try:
            return write()
        except _LackingError as lacking:
            raise TypeError(cannot_run(expr, brief(expr), lacking)) from None


def cannot_run(node: Any, where: Any, why: Any) -> str:
    """Give what to say of a node that JAX cannot run, and what to write."""
    name = type(node).__name__
    way = "write it with functions that jax.numpy has"
    if not getattr(node, "is_Function", False):
        way = (
            f"give it a row for JAX with functions of jax.numpy, symnet.JAX[{name}] = lambda c, node: "
            "c.numpy.function(c.full(node.args[0]))"
        )
    return f"JAX cannot run {name}, met in {where}: {why}; {way}, or compile it with backend='numpy'"


def jax_function(kernel: Any, dtype: Any = None) -> Any:
    """Give the bare function of a kernel under `jax.numpy`, pure and not jitted: for `jit`, `grad`, `vmap` and `scan`.

    kernel: any kernel, whatever its backend, of values, of loss and gradients, or of a step with its updates; dtype:
    what its arrays are in, by default the kernel's, or float64. The function takes arrays of the symbols' shapes in the
    order of `kernel.arguments` (sizes, and whole powers of matrices, as numbers of Python) and returns what
    `kernel.function` does: for a loss, `loss, [gradients]`; for a step, `loss, [new values]`. It checks nothing. With
    64 bits it must be traced, and called, inside `in_64_bits()`. `text`: its code, which runs in an empty file. Raises
    `ModuleNotFoundError` without JAX, `TypeError` for a node that JAX cannot run.
    """
    jax_library("backend='jax'")
    kernel = kernel if kernel.backend == "jax" else replace(kernel, backend="jax", workspace=False, _functions={})
    plain: Any = written(kernel, JaxCode, {}, None, np.dtype(dtype or kernel.dtype or float))
    text = standalone(
        plain.text.replace(plain.__name__, "kernel", 1), plain.imports, library="jax.numpy", instead=functional
    )
    file = f"<symnet jax {next(_NUMBERS)}>"
    linecache.cache[file] = (len(text), None, text.splitlines(keepends=True), file)
    namespace: dict[str, Any] = {}
    exec(compile(text, file, "exec"), namespace)
    function: Any = namespace["kernel"]
    function.text, function.names, function.file = text, plain.names, file
    function.__doc__ = "A flat function that symnet derived."
    return _told_where(function, kernel)


def _told_where(function: Any, kernel: Any) -> Any:
    # the function, which says what equation it was where JAX cannot trace it
    @wraps(function)
    def told(*arrays: Any) -> Any:
        try:
            return in_wide(function, arrays)
        except (TypeError, ValueError, AttributeError, NotImplementedError) as error:
            equation = _met(error, function, kernel)
            if equation is None:
                raise
            node = split(equation.rhs)[1] if equation.rhs.is_Matrix else equation.rhs
            said = str(error).strip().splitlines() or [type(error).__name__]
            raise TypeError(cannot_run(node, equation, said[0])) from error

    return told


def _met(error: BaseException, function: Any, kernel: Any) -> Equation | None:
    # the equation whose line raised an error; None where a function of ours says itself what is wrong
    lines, frames = function.text.splitlines(), traceback.extract_tb(error.__traceback__)
    if frames[-1].filename == function.file and frames[-1].name != "kernel":
        return None
    for frame in frames:
        if frame.filename == function.file and frame.name == "kernel" and frame.lineno is not None:
            name = lines[frame.lineno - 1].partition(" = ")[0].strip()
            return next((e for e in kernel.equations if function.names[e.lhs.name] == name), None)
    return None


def _expm_slope(c: JaxCode, A: Any) -> Code:
    M, E = (Code(f"({c.full(operand)},)") for operand in A.operands)
    expm = Code(c.numpy.taken("jax.scipy.linalg", "expm"))
    return c.numpy.call("jax", "jvp", c.numpy.call("functools", "partial", expm, max_squarings=SQUARINGS), M, E)["1"]


# fmt: off
JAX: Table[Callable[..., Code]] = Table("JAX code", "write it with functions that jax.numpy has", {
    Expm:      lambda c, A: c.numpy.call("jax.scipy.linalg", "expm", c.full(A.args[0]), max_squarings=SQUARINGS),
    ExpmSlope: _expm_slope,
    Determinant: lambda c, A: c.numpy.call(functional.__name__, "determinant", c.full(A.args[0])),
    Hardmax:   lambda c, A: c.numpy.call(functional.__name__, "hardmax", c.full(A.args[0]), A.axis),
    Pinv:      lambda c, A: c.numpy.call("numpy.linalg", "pinv", c.full(A.args[0]), rtol=1e-15),
})
# fmt: on

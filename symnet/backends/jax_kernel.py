"""A kernel in JAX: its function jitted, in the numbers of the arrays that it is given.

In: a kernel and a floating type. Out: its bare function, of arrays of NumPy or of JAX, which JAX differentiates.
Numbers of 64 bits stay numbers of 64 bits, whether JAX has been told to have them or not; where that is not possible
it is an error.
"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from functools import cached_property
from typing import Any

import numpy as np

from symnet.backends.jax_code import in_64_bits, jax_function, jax_library
from symnet.backends.linalg_code import INVERTING
from symnet.expressions import MatrixPower, PowerSlope, symbols_of

DOUBLE, NARROW = np.dtype(float), nullcontext()
WIDE = "write jax.config.update('jax_enable_x64', True) before the first array, or give float32 arrays"


def numbers_of(who: str, arrays: Mapping[str, Any], alone: bool = True) -> AbstractContextManager[Any]:
    """Give the context in which JAX computes in the numbers of arrays, by name.

    alone: whether JAX may be told to have 64 bits for this call; it never can inside a function that it traces. Raises
    `TypeError` where an array has 64 bits and JAX has not.
    """
    if not any(getattr(a, "dtype", None) == DOUBLE for a in arrays.values()):
        return NARROW
    jax = jax_library(who)
    if jax.config.jax_enable_x64:
        return NARROW
    typed = {n: a for n, a in arrays.items() if hasattr(a, "dtype")}
    telling = {n: a for n, a in typed.items() if np.ndim(a)} or typed  # a scalar takes the dtype of the matrices
    wide = [n for n, a in telling.items() if a.dtype == DOUBLE]
    if not wide:
        return NARROW
    if not alone or any(isinstance(a, jax.core.Tracer) for a in arrays.values()):
        raise TypeError(f"{who}: {wide[0]} is float64, and JAX has numbers of 32 bits; {WIDE}")
    return in_64_bits()


def known_arguments(kernel: Any) -> list[int]:
    """Give the places of the arguments that JAX must know while it traces: sizes, and whole powers of matrices."""
    powers = {
        s for e in kernel.equations for node in e.rhs.atoms(MatrixPower, PowerSlope) for s in symbols_of(node.args[1])
    }
    for e in reversed(kernel.equations):
        if e.lhs in powers:
            powers |= set(symbols_of(e.rhs))
    known = {s.name for s in powers} | set(kernel.program.names.sizes)
    return [k for k, name in enumerate(kernel.arguments) if name in known]


class JaxKernel:
    """The bare function of a kernel: arrays in the order of its arguments → its values, as arrays of JAX."""

    def __init__(self, kernel: Any, dtype: np.dtype[Any]) -> None:
        if dtype.kind != "f" or dtype.itemsize > 8:
            raise TypeError(f"compile: JAX has no arrays of {dtype}; give float32 or float64, or write dtype=float")
        self.kernel, self.dtype = kernel, dtype
        self.__name__ = "kernel"
        self.plain: Any = jax_function(kernel, dtype)
        self.text: str = self.plain.text
        self.known = known_arguments(kernel)

    @cached_property
    def jitted(self) -> Any:
        """The function, compiled by JAX when it is first called with arrays of some shapes."""
        return jax_library("compile(backend='jax')").jit(self.plain, static_argnums=self.known)

    def __call__(self, *arrays: Any) -> Any:
        if self.known:
            given = [a.item() if k in self.known and hasattr(a, "item") else a for k, a in enumerate(arrays)]
        else:
            given = list(arrays)
        with numbers_of("this kernel", dict(zip(self.kernel.arguments, arrays, strict=True))):
            return self.jitted(*given)

    def numbers(self, *arrays: Any) -> list[Any]:
        """Give the values as arrays of NumPy, in one list. Raises `LinAlgError` where NumPy does.

        JAX gives NaN or infinite numbers for the inverse of a matrix that has none: then NumPy is asked.
        """
        found = [np.array(value) for value in self.kernel.result.listed(self(*arrays))]
        if self._inverts and not all(np.isfinite(value).all() for value in found):
            with np.errstate(all="ignore"):
                replace(self.kernel, backend="numpy", _functions={}).function(*arrays)
        return found

    @cached_property
    def _inverts(self) -> bool:
        return any(e.rhs.has(*INVERTING) for e in self.kernel.equations)

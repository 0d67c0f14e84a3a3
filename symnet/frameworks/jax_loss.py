"""A loss as a function of JAX: it can stand inside `jit`, `grad`, `vmap` and `scan`, and its gradient is derived.

In: a kernel of a loss and its gradients. Out: a `JaxLoss`. Shapes are checked while JAX traces, which knows nothing of
what the arrays hold: that they are as declared is checked of arrays that are there, not of traced ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from sympy import MatrixSymbol

from symnet.backends import Kernel, binding, fitted, jax_function, jax_library, known_arguments, numbers_of
from symnet.expressions import Shown, listed
from symnet.frameworks.arguments import in_all_entries, in_order, loss_and_gradients, not_derived

WHO = "to_jax"


@dataclass(frozen=True, eq=False, repr=False)
class JaxLoss(Shown):
    """A loss for JAX; made by `Derivation.to_jax`. `arguments`: the names of its arrays, in order; `kernel`: the code.

    Called with arrays in this order, by name, or in one dictionary it gives the loss. What `jax.grad` gives are the
    equations of the derivation, and `jax.hessian` differentiates those. An array that is not as its symbol is declared,
    or targets of a cross-entropy that do not sum to 1, are refused as by a kernel; what JAX traces, inside `jit`,
    `vmap` and `scan`, has no numbers yet and is taken to be so.
    """

    kernel: Kernel
    _made: dict[Any, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "_made": {}}

    def _headline(self) -> str:
        return f" of {listed(self.arguments)}: gradients in {listed(self.kernel.parameters)}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the arrays, in the order in which the loss takes them."""
        return self.kernel.arguments

    @cached_property
    def _numbers(self) -> list[int]:
        return known_arguments(self.kernel)

    def __call__(self, *arrays: Any, **named: Any) -> Any:
        """Give the loss, a scalar of JAX.

        Raises `ShapeError` for shapes that do not match, `KeyError` for an unknown or missing name, `ValueError` for
        arrays that are there and not as declared, `TypeError` for
        arrays of 64 bits where JAX has 32, for a size that is not known while JAX traces, and for a gradient that the
        derivation does not have.
        """
        values = in_order(self.kernel, WHO, arrays, named)
        jnp = jax_library(WHO).numpy
        with numbers_of(WHO, dict(zip(self.arguments, values, strict=True)), alone=False):
            known = {k: _number(self.arguments[k], values[k]) for k in self._numbers}
            free = {k: jnp.asarray(v) for k, v in enumerate(values) if k not in known}
            real = [a for a in free.values() if jnp.issubdtype(a.dtype, jnp.floating)]
            floats = [a.dtype for a in real if a.ndim] or [a.dtype for a in real]
            dtype = jnp.result_type(*floats) if floats else jnp.result_type(float)
            shaped = self._shaped({self.arguments[k]: a for k, a in free.items()}, known)
            return self._loss(dtype, tuple(known.items()))(
                *[a if a.dtype == dtype else a.astype(dtype) for a in shaped]
            )

    def _shaped(self, arrays: dict[str, Any], known: dict[int, Any]) -> list[Any]:
        # stand-ins without numbers, which messages may look at, have the shapes
        for name, array in arrays.items():
            if array.dtype.kind not in "fiub" and array.dtype.name != "bfloat16":
                raise TypeError(f"{WHO}: {name} must hold real numbers, and it is of type {array.dtype}")
        symbols, stated, traced = self.kernel.symbols, self.kernel.stated, jax_library(WHO).core.Tracer
        standing = {n: fitted(symbols[n], np.broadcast_to(np.nan, np.shape(a))) for n, a in arrays.items()}
        sizes = {self.arguments[k]: n for k, n in known.items() if self.arguments[k] in self.kernel.program.names.sizes}
        matrices = [symbols[n] for n in arrays if isinstance(symbols[n], MatrixSymbol)]
        told = binding.bind_sizes(matrices, standing, sizes)
        fits = {n: a.shape == standing[n].shape for n, a in arrays.items()}
        shaped = {n: a if fits[n] else a.reshape(standing[n].shape) for n, a in arrays.items()}
        there = {n: np.asarray(a) for n, a in shaped.items() if n in stated.names and not isinstance(a, traced)}
        if there:
            stated.check({**there, **told}, there)
        return list(shaped.values())

    def _loss(self, dtype: Any, known: tuple[tuple[int, Any], ...]) -> Any:
        if (dtype, known) not in self._made:
            self._made[dtype, known] = self._derived(dtype, dict(known))
        return self._made[dtype, known]

    def _derived(self, dtype: Any, known: dict[int, Any]) -> Any:
        jax = jax_library(WHO)
        plain = jax_function(self.kernel, dtype)
        names = [name for k, name in enumerate(self.arguments) if k not in known]
        places = {w.name: k for k, w in enumerate(self.kernel.parameters)}

        def run(*arrays: Any) -> Any:
            left = iter(arrays)
            return plain(*[known[k] if k in known else next(left) for k in range(len(self.arguments))])

        whole, alone = jax.jit(run), jax.jit(lambda *arrays: run(*arrays)[0])
        loss = jax.custom_vjp(alone)

        def forward(*arrays: Any) -> tuple[Any, Any]:
            for name, array in zip(names, arrays, strict=True):
                if array.perturbed and name not in places:
                    raise TypeError(not_derived(WHO, name, self.kernel))
            value, gradients = whole(*[array.value for array in arrays])
            pairs = zip(self.kernel.parameters, gradients, strict=True)
            return value, [in_all_entries(w, gradient) for w, gradient in pairs]

        def backward(gradients: Sequence[Any], slope: Any) -> tuple[Any, ...]:
            return tuple(slope * gradients[places[name]] if name in places else None for name in names)

        loss.defvjp(forward, backward, symbolic_zeros=True)
        return loss


def to_jax(derivation: Any) -> JaxLoss:
    """Give the loss of a derivation for JAX. Raises `ModuleNotFoundError` where JAX is not installed.

    derivation: a `Derivation`; of one of second order, the loss and its gradients.

    >>> import symnet as sn
    >>> w = sn.vector("w", 2)
    >>> to_jax(sn.derive(sn.norm(w)**2, w))  # doctest: +SKIP
    <JaxLoss of w: gradients in w>
    """
    jax_library(WHO)
    return JaxLoss(loss_and_gradients(derivation))


def _number(name: str, value: Any) -> Any:
    jax = jax_library(WHO)
    if isinstance(value, jax.core.Tracer):
        raise TypeError(
            f"{WHO}: {name} is a size or the power of a matrix, a number that must be known while JAX traces; give it "
            f"as a number of Python, or write static_argnames=['{name}'] for jax.jit"
        )
    number = value.item() if hasattr(value, "item") else value
    return int(number) if number == int(number) else number

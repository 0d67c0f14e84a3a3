"""The arrays that a loss is called with: in the order of its arguments, by name, or as one dictionary.

In: what a user gives. Out: values in the order of the arguments. What they hold is not looked at.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from symnet.backends import Kernel, LossAndGradients, binding, compile_program
from symnet.derivation import Derivation
from symnet.expressions import Name, is_declared, listed


def in_order(kernel: Kernel, who: str, given: Sequence[Any], named: Mapping[str, Any]) -> list[Any]:
    """Give the values in the order of a kernel's arguments.

    Raises `TypeError` for too many of them or one that is given twice, `KeyError` for a name that is unknown or
    missing.
    """
    if len(given) == 1 and isinstance(given[0], Mapping):
        return in_order(kernel, who, [], {**binding.named(given[0]), **named})
    if len(given) > len(kernel.arguments):
        raise TypeError(f"{who}: {len(given)} arrays are given, and the loss has {listed(kernel.arguments)}")
    values = dict(zip(kernel.arguments, given, strict=False))
    twice = [name for name in named if name in values]
    if twice:
        raise TypeError(f"{who}: {twice[0]} is given twice, by its place and by its name")
    values |= named
    binding.check_names(values, kernel.arguments)
    return [values[name] for name in kernel.arguments]


def loss_and_gradients(derivation: Derivation) -> Kernel:
    """Give the kernel of the loss and the gradients of a derivation, of whatever order it is."""
    if not derivation.hessian_names:
        return derivation.compile()
    outputs = derivation.program.outputs[: 1 + len(derivation.wrt)]
    return compile_program(derivation.program, outputs, LossAndGradients(derivation.wrt))


def in_all_entries(w: Name, gradient: Any) -> Any:
    """Give a gradient G with dL = ⟨G, dW⟩, as these libraries chain it, from one of a derivation.

    For a symmetric W a derivation has the slope along both of two equal entries together: here each has its half.
    """
    if not is_declared(w, "symmetric"):
        return gradient
    return gradient * ((1 + np.eye(gradient.shape[0])) / 2).astype(gradient.dtype)


def not_derived(who: str, name: str, kernel: Kernel) -> str:
    """Give what to say where somebody asks for a gradient that the derivation does not have."""
    parameters = listed(w.name for w in kernel.parameters)
    return (
        f"{who}: the gradient in {name} is asked for, and this derivation has those in {parameters}; write "
        f"sn.derive(loss, {parameters}, {name})"
    )

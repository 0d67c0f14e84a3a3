"""To whom a derivation can be handed: a reader, a machine, a C compiler, JAX, PyTorch, who asks what it costs.

In: the equations. Out: what each of them takes. They are loaded when they are first asked for.
"""

from __future__ import annotations

from collections.abc import Mapping
from importlib import import_module
from typing import Any


def notation() -> Any:
    """Give the wing that writes formulas."""
    return import_module("symnet.notation")


def backends() -> Any:
    """Give the wing that runs what is derived."""
    return import_module("symnet.backends")


class Handing:
    """What a derivation is handed over as."""

    def c(
        self: Any, name: str = "net", dtype: Any = "float", update: bool = True, *,
        sizes: Mapping[Any, int] | None = None, optimizer: Any = None, prediction: Any = None, main: Any = False,
        steps: int = 1000,
    ) -> str:  # fmt: skip
        """Give the derivation as one file of C99 that needs the C library alone: no allocation, sizes are numbers.

        Its functions are `NAME_predict` (the last layer, or the value called `prediction`), `NAME_loss`,
        `NAME_gradients` and, with `update`, `NAME_step`: one step of the optimizer, written over parameters and states.
        Arguments: data in the order of use, hyperparameters, parameters, states, then what is given through a pointer.
        Values that are not alive together share static arrays, so one thread at a time.

        dtype: "float" or "double"; sizes: a number for each size that is a symbol; optimizer: as for `train`, or none
        for what was trained, whose update it is; main: True, or arrays by symbol, for a `main` that prints loss and
        gradients and takes `steps` steps. Raises `ValueError`, `KeyError` or `TypeError` for what cannot be C.

        >>> import symnet as sn
        >>> w, x = sn.vector("w", 2), sn.vector("x", 2)
        >>> "double fit_loss(" in sn.derive(sn.norm(w - x)**2, w).c("fit", "double")
        True
        """
        export = import_module("symnet.export")  # with the optimizers, for which who only derives does not wait
        return export.c_source(  # type: ignore[no-any-return]
            self.program, self.gradient_names, name=name, dtype=dtype, sizes=sizes, update=update,
            optimizer=optimizer, prediction=prediction, main=main, steps=steps,
        )  # fmt: skip

    def to_jax(self: Any) -> Any:
        """Give the loss as a function of JAX arrays with these gradients, a `JaxLoss`; see `symnet.frameworks`.

        >>> import symnet as sn
        >>> w = sn.vector("w", 2)
        >>> sn.derive(sn.norm(w)**2, w).to_jax()  # doctest: +SKIP
        <JaxLoss of w: gradients in w>
        """
        return import_module("symnet.frameworks").to_jax(self)

    def to_torch(self: Any) -> Any:
        """Give the loss as a function of PyTorch tensors with these gradients, a `TorchLoss`; see `symnet.frameworks`.

        >>> import symnet as sn
        >>> w = sn.vector("w", 2)
        >>> sn.derive(sn.norm(w)**2, w).to_torch()  # doctest: +SKIP
        <TorchLoss of w: gradients in w>
        """
        return import_module("symnet.frameworks").to_torch(self)

    def cost(self: Any, sizes: Mapping[Any, int] | None = None, dtype: Any = None) -> Any:
        """Give what the equations cost that the machine runs: operations, bytes read and written, memory; a `Cost`.

        sizes: symbols or names → numbers for sizes, {"n": 128}; the others stay symbols. dtype: float64, or
        `numpy.float32`. One operation is a multiplication with its addition in a product of matrices, or any other
        arithmetic or function of one entry. Raises `KeyError` for a size that is not there, `ValueError` for what is no
        size, `TypeError` where an operation is counted for numbers alone.

        >>> import symnet as sn
        >>> w, X = sn.vector("w", 3), sn.matrix("X", "n", 3)
        >>> sn.derive(sn.norm(X * w)**2, w).cost({"n": 100})
        <Cost: 3 equations, 703 operations, 7,296 bytes, peak 824 bytes>
        """
        return import_module("symnet.costing").cost_of(self.program, sizes, dtype)

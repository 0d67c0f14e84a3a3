"""A loss as a function of PyTorch: a `torch.autograd.Function` whose backward is the derivation.

In: a derivation. Out: a `TorchLoss`. The numbers are those of the NumPy kernel, on tensors of the CPU: what goes in is
not copied. What is differentiated twice is derived twice, when it is first asked for.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from symnet.backends import Kernel, Mapped, Single, compile_program
from symnet.calculus import slopes_along
from symnet.expressions import Name, Shown, is_declared, listed
from symnet.frameworks.arguments import in_all_entries, in_order, loss_and_gradients, not_derived
from symnet.program import Builder, Program, collector_paused, symbol_like

WHO = "to_torch"


def torch_library() -> Any:
    """Give the module `torch`. Raises `ModuleNotFoundError` where it is not installed, naming the extra."""
    try:
        import torch
    except ImportError:
        raise ModuleNotFoundError(f"{WHO} needs PyTorch, which is not installed: pip install 'symnet[torch]'") from None
    return torch


@dataclass(frozen=True, eq=False, repr=False)
class TorchLoss(Shown):
    """A loss for PyTorch; made by `Derivation.to_torch`. `arguments`: the names of its tensors, in order.

    Called with tensors in this order, by name, or in one dictionary it gives the loss. `function`: the
    `torch.autograd.Function` behind it. Gradients are the equations of the derivation, gradients of gradients the
    product with the Hessian that is derived from them.
    """

    kernel: Kernel
    program: Program
    gradients: dict[Name, Name]
    _made: dict[str, Any] = field(default_factory=dict)

    def __getstate__(self) -> dict[str, Any]:
        return {"kernel": self.kernel, "program": self.program, "gradients": self.gradients, "_made": {}}

    def _headline(self) -> str:
        return f" of {listed(self.arguments)}: gradients in {listed(self.kernel.parameters)}"

    @property
    def arguments(self) -> tuple[str, ...]:
        """The names of the tensors, in the order in which the loss takes them."""
        return self.kernel.arguments

    @property
    def function(self) -> Any:
        """The `torch.autograd.Function`. Its `apply` takes whether gradients are wanted, and the tensors in order; it
        gives the loss, then the gradients."""
        if "function" not in self._made:
            self._made["function"] = _function(self)
        return self._made["function"]

    def __call__(self, *tensors: Any, **named: Any) -> Any:
        """Give the loss, a tensor without axes, of the dtype of the tensors.

        Raises what calling a `Kernel` raises, `TypeError` for tensors that are not on the CPU or not dense, and for a
        gradient that the derivation does not have.
        """
        torch = torch_library()
        values = in_order(self.kernel, WHO, tensors, named)
        for name, value in zip(self.arguments, values, strict=True):
            if isinstance(value, torch.Tensor):
                self._check(name, value, torch)
        wanted = torch.is_grad_enabled() and any(getattr(value, "requires_grad", False) for value in values)
        return self.function.apply(wanted, *values)[0]

    def _check(self, name: str, tensor: Any, torch: Any) -> None:
        if tensor.requires_grad and torch.is_grad_enabled() and name not in {w.name for w in self.gradients}:
            raise TypeError(not_derived(WHO, name, self.kernel) + f", or give {name}.detach(), which is held constant")
        if tensor.device.type != "cpu":
            raise TypeError(
                f"{WHO}: {name} is on {tensor.device}, and this loss is computed on the CPU; write {name}.cpu()"
            )
        if tensor.layout != torch.strided:
            raise TypeError(f"{WHO}: {name} is a tensor of {tensor.layout}; write {name}.to_dense()")
        if tensor.dtype == torch.bfloat16:
            raise TypeError(f"{WHO}: {name} is of {tensor.dtype}, which NumPy does not have; write {name}.float()")

    def values(self, wanted: bool, given: Sequence[Any]) -> tuple[Any, ...]:
        """Give the loss and, where they are wanted, the gradients, as tensors like those given."""
        arrays = dict(zip(self.arguments, map(_array, given), strict=True))
        if not wanted:
            return (_tensor(self.alone({n: arrays[n] for n in self.alone.arguments})),)
        loss, gradients = self.kernel(arrays)
        return _tensor(loss), *(_like(in_all_entries(w, gradients[w]), given[k]) for w, k in self.places.items())

    def slopes(self, given: Sequence[Any], directions: Sequence[Any]) -> tuple[Any, ...]:
        """Give the derivatives of Σ⟨gradient, direction⟩ by parameter. Raises `TypeError` for symmetric ones."""
        kernel, names = self.along
        arrays = dict(zip(self.arguments, map(_array, given), strict=True))
        arrays |= dict(zip(names.values(), map(_array, directions), strict=True))
        found = kernel({n: arrays[n] for n in kernel.arguments})
        return tuple(_like(found[w], given[k]) for w, k in self.places.items())

    @property
    def places(self) -> dict[Name, int]:
        """Where the parameters stand among the arguments."""
        return {w: self.arguments.index(w.name) for w in self.gradients}

    @cached_property
    def alone(self) -> Kernel:
        """The kernel of the loss without its gradients."""
        return compile_program(self.program, self.kernel.outputs[:1], Single(), self.kernel.dtype)

    @cached_property
    def along(self) -> tuple[Kernel, dict[str, str]]:
        """The kernel of the derivatives of Σ⟨gradient, v⟩ by parameter, and the name of each v."""
        for w in self.gradients:
            if is_declared(w, "symmetric"):
                raise TypeError(
                    f"{WHO}: {w.name} is declared symmetric, and its gradient is not differentiated here; write sn.hvp"
                )
        with collector_paused():
            builder = Builder.of(self.program)
            standing = {w: builder.input(symbol_like(builder.names.fresh("v"), w)) for w in self.gradients}
            builder.section("Second order")
            found = slopes_along(builder, [(self.gradients[w], v) for w, v in standing.items()], list(self.gradients))
            program = builder.finish([found[w] for w in self.gradients])
            kernel = compile_program(program, program.outputs, Mapped(tuple(self.gradients)), self.kernel.dtype)
        return kernel, {w.name: v.name for w, v in standing.items()}


def to_torch(derivation: Any) -> TorchLoss:
    """Give the loss of a derivation for PyTorch. Raises `ModuleNotFoundError` where PyTorch is not installed.

    derivation: a `Derivation`; of one of second order, the loss and its gradients.

    >>> import symnet as sn
    >>> w = sn.vector("w", 2)
    >>> to_torch(sn.derive(sn.norm(w)**2, w))  # doctest: +SKIP
    <TorchLoss of w: gradients in w>
    """
    torch_library()
    kernel = loss_and_gradients(derivation)
    return TorchLoss(kernel, kernel.program, derivation.gradient_names)


def _array(value: Any) -> Any:
    return value.detach().resolve_neg().numpy() if hasattr(value, "detach") else value


def _tensor(value: Any) -> Any:
    return torch_library().from_numpy(np.array(value))


def _like(value: Any, given: Any) -> Any:
    tensor = _tensor(value)
    return tensor.reshape(given.shape).to(given.dtype) if hasattr(given, "detach") else tensor


def _along(loss: TorchLoss) -> Any:
    # the derivatives of gradients: values, then a direction for each gradient → Hessians times directions
    function: Any = torch_library().autograd.Function

    class Along(function):  # type: ignore[misc]
        @staticmethod
        def forward(ctx: Any, count: int, *values: Any) -> tuple[Any, ...]:
            return loss.slopes(values[:count], values[count:])

        @staticmethod
        def backward(ctx: Any, *slopes: Any) -> None:
            raise NotImplementedError(
                f"{WHO}: the third derivative is asked for, and two are derived; write sn.hvp(loss, W, V) in symnet "
                "and derive that"
            )

    return Along


def _function(loss: TorchLoss) -> Any:
    torch, along = torch_library(), _along(loss)
    function: Any = torch.autograd.Function
    places = list(loss.places.values())

    class Loss(function):  # type: ignore[misc]
        @staticmethod
        def forward(wanted: bool, *values: Any) -> tuple[Any, ...]:
            return loss.values(wanted, values)

        @staticmethod
        def setup_context(ctx: Any, inputs: tuple[Any, ...], output: tuple[Any, ...]) -> None:
            ctx.set_materialize_grads(False)
            tensors = [value for value in inputs[1:] if isinstance(value, torch.Tensor)]
            ctx.save_for_backward(*tensors, *output[1:])
            ctx.numbers = [None if isinstance(value, torch.Tensor) else value for value in inputs[1:]]

        @staticmethod
        def backward(ctx: Any, slope: Any, *directions: Any) -> tuple[Any, ...]:
            saved = iter(ctx.saved_tensors)
            values = [next(saved) if number is None else number for number in ctx.numbers]
            gradients = list(saved)
            found: list[Any] = [None] * (1 + len(values))
            for k, gradient in zip(places, gradients, strict=False):
                if slope is not None and ctx.needs_input_grad[1 + k]:
                    found[1 + k] = (slope * gradient).to(gradient.dtype)
            if any(v is not None for v in directions):
                pairs = zip(directions, gradients, strict=True)
                whole = [torch.zeros_like(gradient) if v is None else v for v, gradient in pairs]
                for k, second in zip(places, along.apply(len(values), *values, *whole), strict=True):
                    if ctx.needs_input_grad[1 + k]:
                        found[1 + k] = second if found[1 + k] is None else found[1 + k] + second
            return tuple(found)

        @staticmethod
        def vmap(info: Any, in_dims: Any, wanted: bool, *values: Any) -> tuple[Any, Any]:
            pairs = list(zip(values, in_dims[1:], strict=True))
            runs = [
                Loss.apply(wanted, *[v if axis is None else v.select(axis, k) for v, axis in pairs])
                for k in range(info.batch_size)
            ]
            whole = tuple(torch.stack(parts) for parts in zip(*runs, strict=True))
            return whole, (0,) * len(whole)

    return Loss

"""A fully connected net in one call, its weights its own.

In: an input, the sizes of the layers, an activation in any form. Out: an `MLP`. Weights of two calls are different
symbols even where they have one name, so that nothing is tied by chance; an expression with both is refused.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from functools import partial
from os import urandom
from typing import Any

import numpy as np
from sympy import MatrixExpr, MatrixSymbol, Max, Min
from sympy.matrices.exceptions import ShapeError

from symnet.expressions import functions
from symnet.expressions.algebra import elementwise
from symnet.expressions.answered import plain
from symnet.expressions.axes import axis_of_outputs
from symnet.expressions.beside import check_scalar
from symnet.expressions.elsewhere import near
from symnet.expressions.entering import given
from symnet.expressions.functions import affine, matrix
from symnet.expressions.members import Told
from symnet.expressions.shown import in_a_line, listed
from symnet.expressions.sizes import same_shape, shape_text
from symnet.expressions.table import brief


class Parameter(MatrixSymbol):
    """A matrix symbol that belongs to one net: equal to those of its name and its net only. It sorts by its name."""

    _net: str

    def __new__(cls, name: Any, rows: Any, cols: Any, net: str = "") -> Any:
        symbol = MatrixSymbol.__new__(cls, name, rows, cols)
        symbol._net = net
        return symbol

    @property
    def func(self) -> Any:
        return partial(type(self), net=self._net)

    @classmethod
    def class_key(cls) -> Any:
        return MatrixSymbol.class_key()

    def _hashable_content(self) -> tuple[Any, ...]:
        return (*self.args, self._net)

    def __getnewargs__(self) -> tuple[Any, ...]:
        return (*self.args, self._net)


class Symbols(Told, tuple[Any, ...]):
    """Symbols in order; each is found by its place and by its name: `net.parameters["W1"]`."""

    def __getitem__(self, key: Any) -> Any:
        if not isinstance(key, (str, MatrixSymbol)):
            return super().__getitem__(key)
        for symbol in self:
            if key in (symbol, symbol.name):
                return symbol
        raise KeyError(f"{key}: there are the symbols {', '.join(s.name for s in self)}")

    def __call__(self) -> Symbols:
        return self  # as a method of a model gives them


@dataclass(frozen=True, repr=False)
class MLP(Told):
    """A multilayer perceptron: its output, an expression, and its parameters, symbols in order W1, b1, W2, b2, …

    It stands for its output wherever an expression is meant. Called with another input it gives the output for that,
    with the same weights.

    >>> import symnet as sn
    >>> sn.mlp(sn.matrix("X", 4, "n"), [16, 3])
    <MLP: output 3×n, parameters W1, b1, W2, b2>
    >>> sn.mlp(sn.matrix("X", 4, "n"), [16, 3]).shape
    (3, n)
    """

    output: MatrixExpr
    parameters: Symbols
    activation: Callable[[Any], Any] = field(default=functions.tanh, repr=False)
    axis: int = field(default=0, repr=False)

    def __call__(self, X: MatrixExpr) -> MatrixExpr:
        """Give the output for another input, with the same weights."""
        H = given(X, "the input of a net")
        layers = list(zip(self.parameters[::2], self.parameters[1::2], strict=True))
        for k, (W, b) in enumerate(layers, 1):
            H = affine(W, H, b, self.axis)
            H = self.activation(H) if k < len(layers) else H
        return H

    def __getitem__(self, key: Any) -> Any:
        return self.parameters[key] if isinstance(key, str) else self.output[key]

    def __repr__(self) -> str:
        return in_a_line(f"MLP: output {shape_text(self.output.shape)}, parameters {listed(self.parameters)}")

    def __array_ufunc__(self, ufunc: Any, method: str, *inputs: Any, **options: Any) -> Any:
        return getattr(ufunc, method)(*[a.output if isinstance(a, MLP) else a for a in inputs], **options)

    def _sympy_(self) -> MatrixExpr:
        return self.output

    @property
    def shape(self) -> Any:
        """The shape of the output."""
        return self.output.shape

    @property
    def T(self) -> MatrixExpr:
        """The output transposed."""
        return self.output.T


def _of_output(name: str) -> Callable[..., Any]:
    def operator(net: MLP, *other: Any) -> Any:
        return getattr(net.output, name)(*other)

    return operator


for _name in "add radd sub rsub mul rmul matmul rmatmul truediv pow neg abs iter".split():
    setattr(MLP, f"__{_name}__", _of_output(f"__{_name}__"))


def mlp(
    X: MatrixExpr,
    sizes: Sequence[int] | int,
    activation: Callable[[Any], Any] | str = functions.tanh,
    axis: int | None = None,
    prefix: str = "",
) -> MLP:
    """Give a fully connected net with an activation after every layer but the last.

    X: (inputs, samples), or (samples, inputs) with `axis=1`; sizes: outputs of each layer; activation: a function of
    matrices such as `sn.relu`, of scalars such as `sympy.tanh`, or a name such as "relu"; prefix: stands before the
    names of the weights. Each call has weights of its own; two nets in one loss need two prefixes. Raises `ValueError`
    where `sizes` is empty, the name is not known, or the declared sizes tell that samples are rows and `axis` does not.

    >>> import symnet as sn
    >>> net = sn.mlp(sn.matrix("X", 4, "n"), [16, 3])
    >>> net.parameters, net.output.shape
    ((W1, b1, W2, b2), (3, n))
    """
    X = given(X, "mlp")
    if not getattr(X, "is_Matrix", False):
        check_scalar(X)
        raise TypeError(f"mlp: {brief(X)} is no matrix; give the input, such as sn.matrix('X', 2, 'n')")
    axis = axis_of_outputs("mlp", X, axis)
    if not isinstance(prefix, str):
        raise TypeError(f"mlp: prefix must be a string such as 'net2_', not {prefix!r}")
    sizes = _listed(sizes)
    if isinstance(activation, (int, np.integer)):
        listed_sizes = ", ".join(map(str, [*sizes, activation]))
        raise TypeError(f"mlp: the sizes are one list with the outputs of each layer; write sn.mlp({brief(X)}, "
                        f"[{listed_sizes}])")  # fmt: skip
    f = as_activation(activation)
    inputs, parameters = X.shape[axis], []
    own: Any = partial(Parameter, net=urandom(8).hex())
    for k, outputs in enumerate(sizes, 1):
        W, b = (outputs, inputs), (outputs, 1)
        for name, shape in ((f"{prefix}W{k}", W), (f"{prefix}b{k}", b)):
            plain = matrix(name, *(shape if axis == 0 else shape[::-1]))
            parameters.append(own(plain.name, *plain.shape))
        inputs = outputs
    empty = MLP(X, Symbols(parameters), f, axis)
    return MLP(empty(X), empty.parameters, f, axis)


def _listed(sizes: Any) -> list[Any]:
    if isinstance(sizes, (str, bytes, MatrixExpr)) or not isinstance(sizes, (Iterable, int, np.integer)):
        raise TypeError(f"mlp: sizes must be a list with the outputs of each layer, such as [16, 10], not {sizes!r}")
    found = list(sizes) if isinstance(sizes, Iterable) else [sizes]
    named = next((size for size in found if isinstance(size, str) and size in NAMED), None)
    if named is not None:
        raise TypeError(f"mlp: sizes are numbers, and {named!r} is an activation; write activation={named!r}, which "
                        "stands after every layer but the last")  # fmt: skip
    if not found:
        raise ValueError("mlp: give the size of one layer at least, such as [16, 10]")
    return found


NAMED: dict[str, Callable[[Any], Any]] = {
    **{f.__name__: f for f in (
        functions.relu, functions.leaky_relu, functions.sigmoid, functions.tanh, functions.softplus, functions.silu,
        functions.sin, functions.cos, functions.exp, functions.gelu, functions.elu, functions.celu, functions.selu,
        functions.mish, functions.hardtanh, functions.relu6, functions.hardsigmoid, functions.hardswish,
        functions.softsign, functions.log_sigmoid,
    )},
    "swish": functions.silu, "logistic": functions.sigmoid, "linear": lambda A: A, "identity": lambda A: A,
}  # fmt: skip


def as_activation(activation: Any) -> Callable[[Any], Any]:
    """Give an activation as a function of matrices. Raises `ValueError` for an unknown name, `TypeError` for others."""
    if isinstance(activation, str):
        known = NAMED.get(activation.lower())
        if known is None:
            like = near(activation.lower(), NAMED)
            hint = f"; did you mean {like[0]!r}?" if like else ""
            raise ValueError(f"activation: {activation!r} is none of {', '.join(NAMED)}{hint}")
        return known
    activation = plain(activation)
    if activation is None:
        return NAMED["identity"]
    if isinstance(activation, (list, tuple)):
        raise TypeError("activation: one function stands after every layer but the last; for others write the layers, "
                        "sn.relu(sn.affine(W1, X, b1)), each of its own")  # fmt: skip
    if not callable(activation):
        raise TypeError(f"activation: {activation!r} is no function; write sn.relu, sympy.tanh or a name, 'relu'")
    if activation in (Max, Min):
        raise TypeError(f"activation: {activation.__name__} of one argument is that argument; write sn.relu, or "
                        f"lambda t: sympy.{activation.__name__}(0, t)")  # fmt: skip
    return activation if activation in NAMED.values() else partial(_activated, activation)


def _of_matrix(f: Callable[[Any], Any], A: Any) -> Any:
    try:
        return f(A)
    except Exception as error:
        name = getattr(f, "__name__", f)
        raise TypeError(f"activation: {name} takes neither a symbol nor a matrix ({error}); write sn.relu, sympy.tanh "
                        "or a function of one scalar, lambda t: t**2") from error  # fmt: skip


def _activated(f: Callable[[Any], Any], A: Any) -> Any:
    # entry by entry where it gives a scalar for a scalar, else as a function of the matrix
    try:
        return elementwise(f, A)
    except (AttributeError, TypeError, ValueError):
        result = _of_matrix(f, A)
    if not getattr(result, "is_Matrix", False):
        raise TypeError(f"activation: {brief(A)} is {shape_text(A.shape)}, but the activation gave {brief(result)}, "
                        "no matrix; write a function such as sn.relu")  # fmt: skip
    if not same_shape(result.shape, A.shape):
        raise ShapeError(f"activation: it made {shape_text(result.shape)} of {brief(A)}, which is "
                         f"{shape_text(A.shape)}; an activation keeps the shape")  # fmt: skip
    return result

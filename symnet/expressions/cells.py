"""Recurrent cells: one step from a state and an input to the next state, to be unrolled with `functools.reduce`.

In: how many inputs and units. Out: a `Cell`, a function of state and input with weights of its own, the same in every
step. The equations are those of the papers; samples are columns, or rows with `axis=1`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from os import urandom
from typing import Any

from sympy import MatAdd, MatMul, ZeroMatrix
from sympy.matrices.exceptions import ShapeError

from symnet.expressions.axes import as_axis
from symnet.expressions.functions import affine, hadamard, matrix, sigmoid, tanh
from symnet.expressions.operands import as_matrix, raw
from symnet.expressions.perceptron import Parameter, Symbols, as_activation
from symnet.expressions.shown import in_a_line, listed
from symnet.expressions.sizes import Size, as_size, same_size, shape_text
from symnet.expressions.table import brief

Gate = Callable[..., Any]  # (letter, input, hidden state) → W·x + U·h + b of that letter


@dataclass(frozen=True, repr=False)
class Cell:
    """A recurrent cell; called with a state and an input it gives the next state.

    `parameters`: its weights, symbols in order, also found by name: `cell.parameters["W_i"]`. The state of `rnn` and
    `gru` is H, (units, samples), that of `lstm` the pair (H, C).

    >>> import symnet as sn
    >>> from functools import reduce
    >>> cell = sn.rnn(2, 3)
    >>> cell
    <Cell: rnn, 2 inputs, 3 units, parameters W, U, b>
    >>> steps = [sn.matrix(f"x{t}", 2, "n") for t in (1, 2)]
    >>> print(sn.formula(reduce(cell, steps, cell.start("n"))))
    tanh(W⋅x₂ + U⋅tanh(W⋅x₁ + b⋅1ᵀ) + b⋅1ᵀ)
    """

    name: str
    inputs: Any
    units: Any
    parameters: Symbols
    axis: int = field(default=0, repr=False)
    _step: Callable[..., Any] = field(default=tanh, repr=False)
    _pair: bool = field(default=False, repr=False)

    def __repr__(self) -> str:
        return in_a_line(
            f"Cell: {self.name}, {self.inputs} inputs, {self.units} units, parameters {listed(self.parameters)}"
        )

    def __call__(self, state: Any, X: Any) -> Any:
        """Give the next state. Raises `ShapeError` where an input or a state does not fit the cell."""
        X = self._checked("the input", X, self.inputs)
        parts = state if self._pair else (state,)
        if not isinstance(parts, (tuple, list)) or len(parts) != 1 + self._pair:
            raise TypeError(f"{self.name}: the state is {'a pair (H, C)' if self._pair else 'one matrix H'}, such as "
                            f"cell.start('n'), not {_said(state)}")  # fmt: skip
        hidden = [self._checked("the state", part, self.units) for part in parts]
        for part in hidden:
            if not same_size(part.shape[1 - self.axis], X.shape[1 - self.axis]):
                raise ShapeError(f"{self.name}: the input {brief(X)} is {shape_text(X.shape)}, but the state is "
                                 f"{shape_text(part.shape)}; they have one number of samples")  # fmt: skip
        return self._step(self._gate, X, *hidden)

    def start(self, samples: Size) -> Any:
        """Give the state before the first step: zeros, for a number of samples or the name of one.

        >>> import symnet as sn
        >>> sn.gru(2, 3).start("n").shape
        (3, n)
        """
        size = as_size(samples, f"{self.name}: start")
        zeros = ZeroMatrix(*((self.units, size) if self.axis == 0 else (size, self.units)))
        return (zeros, zeros) if self._pair else zeros

    def _checked(self, what: str, A: Any, size: Any) -> Any:
        A = as_matrix(f"{self.name}: {what}", A)
        if not same_size(A.shape[self.axis], size):
            kind = "inputs" if what == "the input" else "units"
            lines = "rows" if self.axis == 0 else "columns"
            raise ShapeError(f"{self.name}: {what} {brief(A)} is {shape_text(A.shape)}, but the cell has "
                             f"{size} {kind}; it needs {size} {lines}")  # fmt: skip
        return A

    def _gate(self, letter: str, X: Any, H: Any) -> Any:
        W, U, b = (self.parameters[name] for name in self._names(letter))
        whole = affine(W, X, b, self.axis)
        if isinstance(H, ZeroMatrix):
            return whole
        first, last = whole.args
        return raw(MatAdd, first, raw(MatMul, *((U, H) if self.axis == 0 else (H, U))), last)

    def _names(self, letter: str) -> list[str]:
        prefix = self.parameters[0].name.removesuffix(_first(self.name))
        return [f"{prefix}{name}" for name in _named(letter)]


def _said(state: Any) -> str:
    return f"a {type(state).__name__}" if isinstance(state, (tuple, list)) else brief(state)


def _named(letter: str) -> list[str]:
    return [f"{name}_{letter}" if letter else name for name in "WUb"]


def _first(name: str) -> str:
    return _named(LETTERS[name][0])[0]


LETTERS: Mapping[str, tuple[str, ...]] = {"rnn": ("",), "lstm": ("i", "f", "o", "c"), "gru": ("z", "r", "h")}


def _cell(name: str, inputs: Any, units: Any, prefix: Any, axis: Any, step: Callable[..., Any]) -> Cell:
    if not isinstance(prefix, str):
        raise TypeError(f"{name}: prefix must be a string such as 'first_', not {prefix!r}")
    rows, columns, along = as_size(units, f"{name}: units"), as_size(inputs, f"{name}: inputs"), as_axis(axis)
    own: Any = partial(Parameter, net=urandom(8).hex())
    parameters = []
    for letter in LETTERS[name]:
        for text, shape in zip(_named(letter), ((rows, columns), (rows, rows), (rows, 1)), strict=True):
            plain = matrix(f"{prefix}{text}", *(shape if along == 0 else shape[::-1]))
            parameters.append(own(plain.name, *plain.shape))
    return Cell(name, columns, rows, Symbols(parameters), along, step, name == "lstm")


def rnn(inputs: Size, units: Size, activation: Any = "tanh", prefix: str = "", axis: int = 0) -> Cell:
    """Give the cell h' = tanh(W·x + U·h + b), Elman's simple recurrent net.

    inputs, units: how many there are; activation: as in `mlp`; prefix: stands before the names of the weights; axis: 1
    where samples are rows. Each call has weights of its own. Raises `ValueError` for what is no size. See J. Elman,
    "Finding structure in time" (1990).

    >>> import symnet as sn
    >>> from functools import reduce
    >>> cell, y = sn.rnn(1, 4), sn.matrix("y", 4, "n")
    >>> last = reduce(cell, [sn.matrix(f"x{t}", 1, "n") for t in (1, 2, 3)], cell.start("n"))
    >>> print("\\n".join(str(sn.derive(sn.squared_error(last, y), cell.parameters)).splitlines()[:7]))
    Forward                      Backward
      Z₁ = W⋅x₁ + b⋅1ᵀ             Z̅₃ = ((A₃ − y) ∘ (1 − A₃∘A₃))/n
      A₁ = tanh(Z₁)                Z̅₂ = (Uᵀ⋅Z̅₃) ∘ (1 − A₂∘A₂)
      Z₂ = W⋅x₂ + U⋅A₁ + b⋅1ᵀ      ∂L/∂U = Z̅₃⋅A₂ᵀ + Z̅₂⋅A₁ᵀ
      A₂ = tanh(Z₂)                Z̅₁ = (Uᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁)
      Z₃ = W⋅x₃ + U⋅A₂ + b⋅1ᵀ      ∂L/∂W = Z̅₁⋅x₁ᵀ + Z̅₂⋅x₂ᵀ + Z̅₃⋅x₃ᵀ
      A₃ = tanh(Z₃)                ∂L/∂b = Z̅₃⋅1 + Z̅₂⋅1 + Z̅₁⋅1
    """
    f = as_activation(activation)
    return _cell("rnn", inputs, units, prefix, axis, partial(_rnn, f))


def _rnn(f: Callable[[Any], Any], gate: Gate, X: Any, H: Any) -> Any:
    return f(gate("", X, H))


def lstm(inputs: Size, units: Size, prefix: str = "", axis: int = 0) -> Cell:
    """Give the cell of long short-term memory, whose state is the pair (H, C).

    i = σ(W_i·x + U_i·h + b_i), f = σ(W_f·x + U_f·h + b_f), o = σ(W_o·x + U_o·h + b_o),
    c' = f∘c + i∘tanh(W_c·x + U_c·h + b_c), h' = o∘tanh(c'); inputs, units, prefix, axis: as in `rnn`. See
    S. Hochreiter, J. Schmidhuber, "Long short-term memory" (1997), and for the gate f F. Gers, J. Schmidhuber,
    F. Cummins, "Learning to forget" (2000).

    >>> import symnet as sn
    >>> from functools import reduce
    >>> cell = sn.lstm(2, 3)
    >>> H, C = reduce(cell, [sn.matrix(f"x{t}", 2, "n") for t in range(5)], cell.start("n"))
    >>> H.shape, len(cell.parameters)
    ((3, n), 12)
    """
    return _cell("lstm", inputs, units, prefix, axis, _lstm)


def _lstm(gate: Gate, X: Any, H: Any, C: Any) -> Any:
    i, f, o = (sigmoid(gate(letter, X, H)) for letter in "ifo")
    new = hadamard(i, tanh(gate("c", X, H)))
    C = new if isinstance(C, ZeroMatrix) else raw(MatAdd, hadamard(f, C), new)
    return hadamard(o, tanh(C)), C


def gru(inputs: Size, units: Size, prefix: str = "", axis: int = 0) -> Cell:
    """Give the gated recurrent unit: z, r = σ(…), h̃ = tanh(W_h·x + U_h·(r∘h) + b_h), h' = z∘h + (1 − z)∘h̃.

    z = σ(W_z·x + U_z·h + b_z) keeps the old state, r = σ(W_r·x + U_r·h + b_r) resets it; inputs, units, prefix, axis:
    as in `rnn`. See K. Cho and others, "Learning phrase representations using RNN encoder–decoder" (2014), equations 5
    to 8.

    >>> import symnet as sn
    >>> from functools import reduce
    >>> cell = sn.gru(2, 3, prefix="low_")
    >>> reduce(cell, [sn.matrix(f"x{t}", 2, "n") for t in range(5)], cell.start("n")).shape
    (3, n)
    """
    return _cell("gru", inputs, units, prefix, axis, _gru)


def _gru(gate: Gate, X: Any, H: Any) -> Any:
    z = sigmoid(gate("z", X, H))
    if isinstance(H, ZeroMatrix):
        return hadamard(1 - z, tanh(gate("h", X, H)))
    new = tanh(gate("h", X, hadamard(sigmoid(gate("r", X, H)), H)))
    return raw(MatAdd, hadamard(z, H), hadamard(1 - z, new))

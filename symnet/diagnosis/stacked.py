"""Weights and biases in one matrix, Θ = [b W], as they are written with a column of ones before the data.

In: a loss, and gradients of which one has a column or a row more than its weights. Out: the gradients of weights and
bias apart, and how they were taken apart. Which bias it is the equations say: the one beside the weights' product;
whether it comes first or last, the numbers.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from sympy import Expr, MatrixSymbol

from symnet.derivation import derive
from symnet.diagnosis.handed import with_one_hot
from symnet.program import survey


@dataclass(frozen=True)
class Stacked:
    """One matrix of weights and a bias under the name `key`; `axis`: along which; `last`: whether the bias is last."""

    key: str
    weights: str
    bias: str
    axis: int
    last: bool = False
    is_number: bool = False  # whether the bias is a scalar

    def apart(self, array: Any) -> dict[str, Any]:
        """Give the two by name."""
        array = np.moveaxis(np.asarray(array), self.axis, 0)
        bias, weights = (array[-1:], array[:-1]) if self.last else (array[:1], array[1:])
        bias = bias.reshape(()) if self.is_number and bias.size == 1 else np.moveaxis(bias, 0, self.axis)
        return {self.weights: np.moveaxis(weights, 0, self.axis), self.bias: bias}

    @property
    def words(self) -> str:
        """What was read, for a person."""
        return self._read(f"the gradient of {self.bias}")

    @property
    def words_of_step(self) -> str:
        """What was read of a step, for a person."""
        return self._read(f"the bias {self.bias}")

    def _read(self, what: str) -> str:
        which = ("last" if self.last else "first") + (" column" if self.axis == 1 else " row")
        return f"{self.key} is read as one matrix of weights and bias: its {which} is {what}"


def _shape_of(array: Any) -> tuple[int, ...]:
    try:
        return np.shape(array)
    except (ValueError, RuntimeError, TypeError):  # what is no array, of which its reader says more
        return ()


def stacks_in(loss: Expr, values: Mapping[str, Any], given: Mapping[str, Any]) -> list[Stacked]:
    """Give the matrices among gradients by name that have a bias in them; none where two readings are possible."""
    symbols = survey(loss).inputs
    found = []
    for key, array in given.items():
        shape = _shape_of(array)
        if 0 < len(shape) <= 2 and (key not in symbols or key in values and shape != np.shape(values[key])):
            names = [key] if key in symbols else [n for n in symbols if n not in given]
            ways = [(n, axis) for n in names for axis in (1, 0) if _one_more(shape, symbols[n], values.get(n), axis)]
            pairs = [
                (n, b, axis) for n, axis in ways for b in _biases(loss, symbols, values, n, axis) if b not in given
            ]
            if len(pairs) == 1:
                found.append(Stacked(key, *pairs[0], is_number=not isinstance(symbols[pairs[0][1]], MatrixSymbol)))
    taken = [s.weights for s in found] + [s.bias for s in found]
    apart = [s for s in found if taken.count(s.weights) == 1 == taken.count(s.bias)]
    return _by_numbers(loss, symbols, lambda _: values, given, apart) if apart else []


def stacks_in_step(
    loss: Expr, values: Mapping[str, Any], before: Mapping[str, Any], moves: Mapping[str, Any]
) -> list[Stacked]:
    """Give the matrices among the parameters of a step, by name, that have a bias in them."""
    symbols = survey(loss).inputs
    free = [n for n in symbols if n not in before and n not in values]
    found = []
    for key, array in before.items():
        own = symbols.get(key)
        if np.ndim(array) != 2 or own is not None and _stands(own, np.shape(array)):
            continue
        pairs = []
        for n in [key] if own is not None else free:
            for axis in (1, 0):
                bias, weights = np.split(np.moveaxis(np.asarray(array), axis, 0), [1])
                trial = {**values, **dict.fromkeys(free, bias), n: np.moveaxis(weights, 0, axis)}
                if isinstance(symbols[n], MatrixSymbol) and _stands(symbols[n], trial[n].shape):
                    pairs += [(n, b, axis) for b in _biases(loss, symbols, trial, n, axis) if b in free and b != n]
        if len(pairs) == 1:
            found.append(Stacked(key, *pairs[0], is_number=not isinstance(symbols[pairs[0][1]], MatrixSymbol)))

    def split(stacks: list[Stacked]) -> dict[str, Any]:
        rest = {n: a for n, a in before.items() if n not in {s.key for s in stacks}}
        return {**values, **rest, **taken_apart(before, stacks)}

    return _by_numbers(loss, symbols, split, moves, found) if found else []


def taken_apart(arrays: Mapping[str, Any], stacks: Sequence[Stacked]) -> dict[str, Any]:
    """Give arrays by name, those of weights and bias apart where they came as one matrix."""
    of = {s.key: s for s in stacks}
    found: dict[str, Any] = {}
    for name, array in arrays.items():
        found |= of[name].apart(array) if name in of else {name: array}
    return found


def _one_more(shape: Sequence[int], symbol: Any, value: Any, axis: int) -> bool:
    own: tuple[int, ...] = np.shape(value) if value is not None and isinstance(symbol, MatrixSymbol) else ()
    if len(shape) == 1:  # a column with one axis
        return len(own) == 2 and axis == 0 and own[1] == 1 and shape[0] == own[0] + 1
    return len(own) == 2 and shape[axis] == own[axis] + 1 and shape[1 - axis] == own[1 - axis]


def _biases(loss: Expr, symbols: Mapping[str, Any], values: Mapping[str, Any], weights: str, axis: int) -> list[str]:
    # vectors of fitting length in the equation that has the weights
    length = np.shape(values[weights])[1 - axis]
    wanted = (length, 1) if axis == 1 else (1, length)
    derivation = derive(loss, [symbols[weights]])
    beside = {s for e in derivation.forward if e.rhs.has(symbols[weights]) for s in e.rhs.free_symbols}
    fitting = [n for n, s in symbols.items() if s in beside and n in values and np.size(values[n]) == length]
    return [n for n in fitting if _stands(symbols[n], wanted)]


def _stands(symbol: Any, wanted: Sequence[int]) -> bool:
    if not isinstance(symbol, MatrixSymbol):
        return all(size == 1 for size in wanted)
    return all(not a.is_Integer or a == b for a, b in zip(symbol.shape, wanted, strict=True))


def _by_numbers(
    loss: Expr,
    symbols: Mapping[str, Any],
    values_of: Callable[[list[Stacked]], Mapping[str, Any]],
    given: Mapping[str, Any],
    stacks: list[Stacked],
) -> list[Stacked]:
    # first or last, whichever is more like the right gradients; one answer for all of a net
    wrt = [symbols[n] for s in stacks for n in (s.weights, s.bias)]
    kernel = derive(loss, wrt).compile(dtype=float)
    choices = []
    for last in (False, True):
        turned = [replace(s, last=last) for s in stacks]
        right = {w.name: g for w, g in kernel(with_one_hot(values_of(turned), kernel.symbols))[1].items()}
        likeness = [_likeness(a, right[n]) for s in turned for n, a in s.apart(given[s.key]).items()]
        choices.append((sum(likeness), turned))
    return max(choices, key=lambda c: c[0])[1]


def _likeness(mine: Any, right: Any) -> float:
    lengths = float(np.linalg.norm(mine) * np.linalg.norm(right))
    cosine = abs(float(np.sum(np.reshape(mine, np.shape(right)) * right))) / lengths if lengths else 0.0
    return cosine + 10.0 * bool(np.allclose(np.reshape(mine, np.shape(right)), right, 1e-6))

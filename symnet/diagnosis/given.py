"""What a user hands over: gradients, with the loss or with intermediate values; or a function that gives them.

In: values by name and what the user's code gave. Out: `Point`s, arrays of the shapes that the equations have. The
user's function gets copies and is asked at several points; nothing of the user's is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Expr

from symnet.backends import Kernel, binding
from symnet.derivation import Derivation
from symnet.diagnosis.edits import Name, Values
from symnet.diagnosis.handed import (
    as_gradient,
    not_by_name,
    not_called_so,
    shaped,
    shaped_value,
    tolerance,
    with_one_hot,
)
from symnet.diagnosis.stacked import Stacked, taken_apart
from symnet.program import survey


@dataclass(frozen=True, eq=False)
class Point:
    """Values, and the right and the user's gradients there; `allowed`: the difference that counts as none.

    `unsummed`: parameters whose gradients came with an entry for each sample; `loss`, `right_loss`: the user's loss,
    None where it was not given, and the right one; `given`: the user's values of forward names.
    """

    arrays: dict[str, Any]
    sizes: dict[str, int]
    right: dict[Name, Any]
    mine: dict[Name, Any]
    allowed: dict[Name, float]
    unsummed: frozenset[Name] = frozenset()
    loss: float | None = None
    right_loss: float = 0.0
    given: Mapping[str, Any] = field(default_factory=dict)

    def agrees(self, w: Name, gradient: Any) -> bool:
        """Tell whether a gradient is the user's."""
        off = np.maximum.reduce(np.abs(self.mine[w] - gradient), axis=None, initial=0.0)  # as max, but sooner
        return bool(off <= self.allowed[w])

    def is_wrong(self, w: Name) -> bool:
        """Tell whether the user's gradient for w differs from the right one."""
        return not self.agrees(w, self.right[w])

    def agrees_in_loss(self, value: Any) -> bool:
        """Tell whether a loss is the user's; where none was given each is."""
        if self.loss is None:
            return True
        return bool(abs(self.loss - float(value)) <= 1e-6 * max(abs(self.loss), abs(float(value))) + 1e-12)

    def agrees_in(self, name: str, value: Any) -> bool:
        """Tell whether a value of the forward pass is the user's."""
        mine, value = self.given[name], np.asarray(value)
        if mine.shape != value.shape:
            return False
        scale = max(float(np.abs(a).max(initial=1e-300)) for a in (mine, value))
        return bool(np.abs(mine - value).max(initial=0.0) <= tolerance(mine, self.arrays) * scale)


@dataclass(frozen=True, eq=False)
class Written:
    """What the user's code gave: values by name, gradients and forward values alike, and the loss if it is known."""

    values: Mapping[str, Any]
    loss: float | None = None


def taken(found: Any, arrays: Values, whose: str = "your function must give") -> Written:
    """Take what was given: a dictionary, or the loss and a dictionary. Raises `TypeError` for anything else."""
    loss = None
    if isinstance(found, Sequence) and len(found) == 2 and any(isinstance(part, Mapping) for part in found):
        first, second = found if isinstance(found[1], Mapping) else found[::-1]
        loss, found = _number("the loss", first), second
    if not isinstance(found, Mapping):
        raise TypeError(not_by_name(found, binding.named(arrays), whose))
    return Written(binding.named(found), loss)


def _number(what: str, value: Any) -> float:
    array = binding.as_array(what, value)
    binding.check_finite(what, array)
    return float(array.sum())


def called(gradients: Callable[..., Any], values: Mapping[str, Any], stacks: Sequence[Stacked] = ()) -> Written:
    """Give what a user's function gives for copies of values.

    Raises `RuntimeError` where it raises, `TypeError` where it takes other arguments.
    """
    try:
        found = gradients({name: np.array(value) for name, value in values.items()})  # copies: it may update in place
    except Exception as error:
        if isinstance(error, TypeError) and (words := not_called_so(gradients, values)):
            raise TypeError(words) from error
        raise RuntimeError(f"your function raised {type(error).__name__}: {error}") from error
    return apart(taken(found, values), stacks)


def apart(written: Written, stacks: Sequence[Stacked]) -> Written:
    """Give gradients with those of weights and bias apart where they came as one matrix."""
    if not stacks:
        return written
    return Written(taken_apart(written.values, stacks), written.loss)


def checked(values: Values) -> dict[str, Any]:
    """Give values by name. Raises `ValueError` where one has NaN in it: before a function of the user's meets them."""
    found = binding.named(values)
    for name, value in found.items():
        binding.check_finite(name, binding.as_array(name, value))
    return found


def parameters_in(loss: Expr, written: Written) -> list[Any]:
    """Give the symbols of the loss that gradients were given for. Raises `ValueError` where there is none."""
    known = survey(loss).inputs
    found = [s for n, s in known.items() if n in written.values]
    if not written.values:
        raise ValueError("diagnose: no gradient is given; give one for each parameter, {W1: …, W2: …}")
    if not found:
        binding.check_names([*written.values], known)
    return found


def check_forward_names(derivation: Derivation, loss: Expr, written: Written) -> None:
    """Raise `KeyError` for a name that is no symbol of the loss and no value of the forward pass."""
    known = survey(loss).inputs
    values = {e.lhs.name for e in derivation.forward}
    for name in written.values:
        if name not in values:
            binding.check_names([name], [name] if name in known else [*known, *sorted(values)])


def check_right(point: Point) -> None:
    """Raise `ValueError` where there is no finite gradient at the values: nothing can be compared with it."""
    for w, g in point.right.items():
        if np.isnan(point.right_loss) or np.isnan(g).any():
            words = f"{_first(w, np.isnan(g))}: the loss has no finite gradient at these values, where it is"
            raise ValueError(f"{words} {point.right_loss:.6g}; give values within the domain of every function in it")
        if np.isinf(g).any():
            where = _first(w, np.isinf(g))
            words = f"{where}: the slope of the loss is infinite at these values, and nothing can be compared with it"
            raise ValueError(f"{words}; give another value for {where}, at which the slope is finite")


def _first(w: Name, which: Any) -> str:
    # the entry that is meant; where it is all of them, or none alone, the symbol
    if np.all(which) or not np.any(which):
        return str(w.name)
    return f"{w.name}[{', '.join(str(int(k[0])) for k in np.nonzero(which))}]"


def _shape(value: Any, sizes: Mapping[str, int]) -> tuple[int, ...]:
    return tuple(binding.size_value(size, sizes, value.name) for size in getattr(value, "shape", ()))


def point_at(
    derivation: Derivation, kernel: Kernel, values: Mapping[str, Any], written: Written, rounding: Mapping[str, float]
) -> Point:
    """Give the right and the user's numbers for values. Raises `KeyError` for a gradient that is missing."""
    arrays = dict(zip(kernel.arguments, kernel.bind(with_one_hot(values, kernel.symbols)), strict=True))
    with np.errstate(all="ignore"):  # what is not finite is named by symbol and entry
        right_loss, found = kernel.function(*arrays.values())
    right = dict(zip(kernel.parameters, found, strict=True))
    missing = [w.name for w in derivation.wrt if w.name not in written.values]
    if missing:
        raise KeyError(f"no gradient is given for {', '.join(missing)}")
    symbols = list(kernel.symbols.values())
    untold = {n: binding.as_size(n, v) for n, v in arrays.items() if n in kernel.program.names.sizes}
    sizes = binding.bind_sizes(symbols, arrays, untold)
    mine, allowed, unsummed = {}, {}, set()
    largest = max(float(np.max(np.abs(g), initial=0.0)) for g in found)
    for w, g in right.items():
        array = as_gradient(w, written.values[w.name])
        relative = tolerance(array, values)
        array, was_unsummed = shaped(w, array, np.shape(g), sizes)
        unsummed |= {w} if was_unsummed else set()
        mine[w] = array.astype(float)
        scale = max(float(np.max(np.abs(g), initial=0.0)), float(np.max(np.abs(array), initial=0.0)))
        allowed[w] = relative * scale + 1e-12 * largest + rounding.get(w.name, 0.0)
    names = {w.name for w in derivation.wrt}
    shapes = {e.lhs.name: _shape(e.lhs, sizes) for e in derivation.forward}
    given = {n: shaped_value(n, v, shapes[n]) for n, v in written.values.items() if n in shapes and n not in names}
    return Point(arrays, sizes, right, mine, allowed, frozenset(unsummed), written.loss, float(right_loss), given)

"""What a user hands over: gradients, with the loss or with intermediate values; or a function that gives them.

In: values by name and what the user's code gave. Out: `Point`s, arrays of the shapes that the equations have. The
user's function gets copies and is asked at several points; nothing of the user's is changed.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from sympy import Expr

from symnet.backends import Kernel, as_stated, binding
from symnet.derivation import Derivation
from symnet.diagnosis.edits import Name, Values
from symnet.diagnosis.handed import not_by_name, shaped, tolerance, with_one_hot
from symnet.diagnosis.labels import is_of_shares, is_one_hot, readings, redrawn
from symnet.diagnosis.stacked import Stacked, taken_apart
from symnet.expressions import facts_of
from symnet.program import survey

POINTS = 3  # at which a callable is tried


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
        return bool(np.abs(self.mine[w] - gradient).max(initial=0.0) <= self.allowed[w])

    def is_wrong(self, w: Name) -> bool:
        """Tell whether the user's gradient for w differs from the right one."""
        return not self.agrees(w, self.right[w])

    def agrees_in_loss(self, value: Any) -> bool:
        """Tell whether a loss is the user's; where none was given each is."""
        if self.loss is None:
            return True
        return bool(abs(self.loss - float(value)) <= 1e-6 * max(abs(self.loss), abs(float(value))) + 1e-12)


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
        loss, found = float(binding.as_array("the loss", first).sum()), second
    if not isinstance(found, Mapping):
        raise TypeError(not_by_name(found, binding.named(arrays), whose))
    return Written(binding.named(found), loss)


def called(gradients: Callable[..., Any], values: Mapping[str, Any], stacks: Sequence[Stacked] = ()) -> Written:
    """Give what a user's function gives for copies of values. Raises `RuntimeError` where it raises."""
    try:
        found = gradients({name: np.array(value) for name, value in values.items()})  # copies: it may update in place
    except Exception as error:
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
            binding.check_names([name], [name] if name in known else known)


def point_at(
    derivation: Derivation, kernel: Kernel, values: Mapping[str, Any], written: Written, rounding: Mapping[str, float]
) -> Point:
    """Give the right and the user's numbers for values. Raises `KeyError` for a gradient that is missing."""
    arrays = dict(zip(kernel.arguments, kernel.bind(with_one_hot(values, kernel.symbols)), strict=True))
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
        array = binding.as_array(f"the gradient for {w.name}", written.values[w.name])
        relative = tolerance(array, values)
        array, was_unsummed = shaped(w, array, np.shape(g), sizes)
        unsummed |= {w} if was_unsummed else set()
        mine[w] = array.astype(float)
        scale = max(float(np.max(np.abs(g), initial=0.0)), float(np.max(np.abs(array), initial=0.0)))
        allowed[w] = relative * scale + 1e-12 * largest + rounding.get(w.name, 0.0)
    names = {w.name for w in derivation.wrt}
    given = {n: binding.as_array(n, v) for n, v in written.values.items() if n not in names}
    return Point(arrays, sizes, right, mine, allowed, frozenset(unsummed), written.loss, float(right_loss), given)


def point_elsewhere(
    derivation: Derivation,
    kernel: Kernel,
    values: Mapping[str, Any],
    gradients: Callable[..., Any],
    stacks: Sequence[Stacked],
) -> Point | None:
    """Give the numbers for values that nobody gave; None where the loss or your function is not defined there."""
    try:
        with np.errstate(all="ignore"):
            point = point_at(derivation, kernel, values, called(gradients, values, stacks), {})
    except (RuntimeError, ValueError):
        return None
    return point if all(np.isfinite(g).all() for g in point.right.values()) else None


# -- other points


def random_points(
    values: Mapping[str, Any], parameters: Sequence[str], seed: int, symbols: Mapping[str, Name]
) -> Iterator[dict[str, Any]]:
    """Give values with other parameters, which are what their symbols are declared to be."""
    generator = np.random.default_rng(seed)
    for turn in range(POINTS - 1):
        moved = dict(values)
        for name in parameters:
            array = np.asarray(values[name])
            precision = array.dtype if array.dtype.kind == "f" else np.dtype(float)
            spread = float(np.std(array)) or 1.0
            there = array + 0.5 * spread * generator.normal(size=array.shape)
            if turn > 0:
                there = there * generator.choice([-1.0, 1.0], size=array.shape)  # what is inactive becomes active
            moved[name] = _stated(name, there.astype(precision), symbols)
        yield moved


def with_other_data(
    values: Mapping[str, Any],
    parameters: Sequence[str],
    gradients: Callable[..., Any],
    seed: int,
    symbols: Mapping[str, Name],
) -> dict[str, Any] | None:
    """Give values with other data as well, where the user's function looks at the data that it is given; else None."""
    generator = np.random.default_rng(seed + 1)
    moved = dict(values)
    try:
        base = called(gradients, values).values
        for name in values:
            if name not in parameters:
                other = {**values, name: _stated(name, _other(np.asarray(values[name]), generator), symbols)}
                found = called(gradients, other).values
                if any(not np.array_equal(np.asarray(base[k]), np.asarray(found[k])) for k in base):
                    moved[name] = other[name]
    except Exception:  # the user's function may refuse other data: then it is not asked about any
        return None
    return moved


def with_other_labels(
    values: Mapping[str, Any], parameters: Sequence[str], gradients: Callable[..., Any], seed: int
) -> Iterator[list[dict[str, Any]]]:
    """Give values with other labels, for each name that your function looks at; several where they may be several."""
    generator = np.random.default_rng(seed + 2)
    for name in values:
        if name not in parameters:
            labels = readings(values[name], generator)
            large = {**values, **{p: 10 * np.asarray(values[p]) for p in parameters}}  # a margin is passed there
            if any(_looks_at(gradients, there, {**there, name: a}) for a in labels for there in (values, large)):
                yield [{**values, name: a} for a in labels]


def _looks_at(gradients: Callable[..., Any], values: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    try:
        base, found = called(gradients, values).values, called(gradients, other).values
        return any(not np.array_equal(np.asarray(base[k]), np.asarray(found[k])) for k in base)
    except (RuntimeError, KeyError, TypeError, ValueError):
        return False


def _stated(name: str, array: Any, symbols: Mapping[str, Name]) -> Any:
    symbol = symbols.get(name)
    return as_stated(symbol, array) if np.ndim(array) == 2 and facts_of(symbol) else array


def _other(array: Any, generator: np.random.Generator) -> Any:
    # what is a mask, a sign, a label or one-hot stays one; probabilities stay between 0 and 1
    if np.issubdtype(array.dtype, np.number) and (is_one_hot(array) or is_of_shares(array)):
        return redrawn(array, array.shape, generator).astype(array.dtype)
    if array.ndim:
        array = array[generator.permutation(array.shape[0])]
    if not np.issubdtype(array.dtype, np.floating) or np.all(array == np.round(array)):
        return array
    return (array * generator.uniform(0.6, 1.0, size=array.shape)).astype(array.dtype)

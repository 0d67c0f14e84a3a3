"""From the values a user gives to the arrays a kernel takes: every name known, every shape and size checked.

In: a mapping from symbols or names to array-likes. Out: arrays in the order of the kernel's arguments. What is wrong is
said with the user's own names; nothing is guessed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from sympy import Expr, MatrixSymbol
from sympy.matrices.exceptions import ShapeError

from symnet.backends.fitting import (
    as_numbers, check_fixed, fitted, no_numbers, settled_by_turning, turned_hint,
)  # fmt: skip
from symnet.expressions import axes_of, given, is_masked, near, shape_text, size_number


def named(values: Mapping[Any, Any]) -> dict[str, Any]:
    """Give the values by name. Raises `ValueError` where a name is given twice, `TypeError` for a wrong key."""
    if not isinstance(values, Mapping):
        raise TypeError(
            "values must be a dictionary from symbols or names to arrays, such as {X: x, 'Y': y}, not "
            f"{type(values).__name__}{'; write {X: x, **run.parameters}' if hasattr(values, 'parameters') else ''}"
        )
    found: dict[str, Any] = {}
    for key, value in values.items():
        name = key if isinstance(key, str) else getattr(key, "name", None)
        if not isinstance(name, str):
            raise TypeError(f"values: {key!r} is no symbol and no name")
        if name in found:
            raise ValueError(f"values: {name} is given twice, as a symbol and as a name")
        found[name] = value
    return found


def check_names(given: Iterable[str], wanted: Iterable[str], optional: Iterable[str] = ()) -> None:
    """Raise `KeyError` where a name is unknown or missing; name the closest one that is known."""
    given, wanted, optional = list(given), list(wanted), list(optional)
    for name in given:
        if name not in wanted and name not in optional:
            close = near(name, wanted)
            hint = f"; did you mean {close[0]}?" if close else ""
            raise KeyError(f"{name} is no symbol of this expression, which has {', '.join(wanted) or 'none'}{hint}")
    missing = [name for name in wanted if name not in given]
    if missing:
        raise KeyError(f"no value is given for {', '.join(missing)}")


def needed(values: Mapping[Any, Any], wanted: Iterable[str], optional: Iterable[str] = ()) -> dict[str, Any]:
    """Give those of the values that are wanted, by name, and sizes that any of them tells.

    Raises `KeyError` for a missing one; names what is like it.
    """
    found = named(values)
    wanted, optional = list(wanted), set(optional)
    known = {*wanted, *optional}
    if untold := optional.intersection(wanted) - found.keys():
        found |= _told(values, untold)
    missing = [name for name in wanted if name not in found]
    if missing:
        like = {m: near(m, [n for n in found if n not in known]) for m in missing}
        hint = "".join(f"; {close[0]} is given, did you mean {m}?" for m, close in like.items() if close)
        raise KeyError(f"no value is given for {', '.join(missing)}{hint}")
    return {name: value for name, value in found.items() if name in known}


def as_array(name: str, value: Any) -> Any:
    """Give a value as an array of real numbers; whole ones become floats. Raises `TypeError` for anything else."""
    if is_masked(value):
        raise TypeError(
            f"{name}: a masked array is given, and its masked entries have no value; write {name}.filled(0), with the "
            "number that they shall have, or leave these samples out"
        )
    try:
        array = as_numbers(np.asarray(value))
    except OverflowError:
        raise ValueError(f"{name}: it has a number too large for floating point; numbers end at 1.8e308") from None
    except (RuntimeError, TypeError) as error:  # an array of another library, with gradients or on another device
        way = "; write .detach().cpu().numpy() behind it" if hasattr(value, "detach") else ""
        raise TypeError(f"{name}: NumPy cannot read a value of type {type(value).__name__} ({error}){way}") from None
    except ValueError as error:
        raise TypeError(f"{name}: rows of different lengths are no matrix ({error})") from None
    if array.dtype.kind in "biu":
        array = array.astype(float)
    if array.dtype.kind == "c":
        raise TypeError(f"{name}: the array given holds complex numbers, and all is real here; write {name}.real")
    if array.dtype.kind != "f":
        raise TypeError(no_numbers(name, array))
    return array


def as_size(name: str, value: Any) -> int:
    """Give the number for a size symbol. Raises `ValueError` where it is no positive whole number."""
    number = isinstance(value, (int, float, np.number)) or (isinstance(value, np.ndarray) and not value.ndim)
    if not number or not 1 <= value < np.inf or value != int(value):
        raise ValueError(f"{name} is a size: it must be a positive whole number, not {value!r}")
    return int(value)


def bind_sizes(
    symbols: Iterable[Any], arrays: Mapping[str, Any], sizes: dict[str, int] | None = None
) -> dict[str, int]:
    """Read the size symbols from the shapes of the arrays; check all shapes. Raises `ShapeError` where they clash."""
    bound = dict(sizes or {})
    origin = {name: f"{name} is given as {value}" for name, value in bound.items()}
    matrices = [s for s in symbols if isinstance(s, MatrixSymbol)]
    for symbol in matrices:
        check_fixed(symbol, arrays[symbol.name])
    for size, symbol, axis in axes_of(matrices):
        length = arrays[symbol.name].shape[axis]
        here = f"{symbol.name} has shape {arrays[symbol.name].shape}, so {size} = {length}"
        if bound.setdefault(size.name, length) != length:
            turned = settled_by_turning(matrices, arrays, sizes or {})
            hint = f"; all sizes agree with {turned} transposed, write .T" if turned is not None else ""
            raise ShapeError(f"{size} is bound twice: {origin[size.name]}, but {here}{hint}")
        origin.setdefault(size.name, here)
    for symbol in matrices:
        _check_shape(symbol, arrays[symbol.name], bound)
    return bound


def _told(values: Mapping[Any, Any], missing: set[str]) -> dict[str, Any]:
    # the sizes among them that the arrays of symbols tell which are not needed
    telling = [
        s for s in values
        if isinstance(s, MatrixSymbol) and any(w.name in missing for size in s.shape for w in given(size).free_symbols)
    ]  # fmt: skip
    bound = bind_sizes(telling, {s.name: fitted(s, as_array(s.name, values[s])) for s in telling})
    return {name: n for name, n in bound.items() if name in missing}


def _check_shape(symbol: MatrixSymbol, array: Any, bound: Mapping[str, int]) -> None:
    wanted = tuple(size_value(size, bound, symbol.name) for size in symbol.shape)
    if array.shape == wanted:
        return
    turned = turned_hint(symbol, array) if array.shape == wanted[::-1] else ""
    raise ShapeError(
        f"{symbol.name} is {shape_text(symbol.shape)}, but the array given has shape {array.shape}{turned}"
    )


def size_value(size: Expr, bound: Mapping[str, int], where: str) -> int:
    """Give the number a size stands for. Raises `KeyError` where it cannot be read from the arrays."""
    try:
        return size_number(size, bound)
    except KeyError as unknown:
        name = unknown.args[0]
        raise KeyError(f"the size {name} of {where} cannot be read from the arrays; give it in values") from None


def check_data(name: str, array: Any) -> None:
    """Raise `ValueError` where an array is empty or has NaN in it."""
    if array.size == 0:
        raise ValueError(f"{name} is empty: the array given has shape {array.shape}")
    wide = np.float32 if array.dtype.itemsize == 2 else None  # a sum of numbers of 16 bits soon is none of them
    if not np.isfinite(array.sum(dtype=wide)) and np.isnan(array).any():
        raise ValueError(f"{name} has NaN in it{_first(np.isnan(array))}")


def check_finite(name: str, array: Any) -> None:
    """Raise `ValueError` where an array is empty or has an entry that is no finite number."""
    check_data(name, array)
    if not np.isfinite(array).all():
        raise ValueError(f"{name} has an infinite value in it{_first(~np.isfinite(array))}")


def _first(there: Any) -> str:
    return f", first at {[int(i) for i in np.argwhere(there)[0]]}" if there.ndim else ""

"""Where training starts: which symbols are trained, and from which values.

In: what the user gave as data and as parameters. Out: an array for every parameter: the user's own, zeros for biases,
drawn by an initializer for the others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from sympy import MatMul, MatrixSymbol, OneMatrix, Symbol
from sympy.matrices.exceptions import ShapeError

from symnet.backends import as_stated, binding
from symnet.expressions import Name, declared, facts_of, plain
from symnet.optimizers import is_number
from symnet.program import Program, Survey
from symnet.training.forgotten import check_no_data_missing
from symnet.training.initializers import Initializer, glorot, normal, uniform, zeros

LEAVES = {
    "positive_definite": "a step could leave the positive definite matrices; write L*L.T with a free matrix L",
    "positive": "a step could make an entry negative; write sn.exp(V) with a free matrix V",
    **declared.NO_DERIVATIVE,
}
OF_NUMBERS = {  # assumptions of SymPy's, by which formulas are simplified
    "positive": "a step could make it negative; write exp(t) with a free Symbol t",
    "nonnegative": "a step could make it negative; write t**2 with a free Symbol t",
    "negative": "a step could make it positive; write -exp(t) with a free Symbol t",
    "nonpositive": "a step could make it positive; write -t**2 with a free Symbol t",
    **dict.fromkeys(
        ("integer", "even", "odd", "prime", "composite"), "after a step it is no whole number; declare it without"
    ),
}


def check_trained(symbols: Iterable[Name]) -> None:
    """Raise `ValueError` for a symbol that a step would make something else than it is declared to be."""
    for W in symbols:
        if isinstance(W, Symbol):
            stated = getattr(W, "_assumptions_orig", W.assumptions0)
            for fact, why in OF_NUMBERS.items():
                if stated.get(fact):
                    text = f"{W.name} is declared {fact} and cannot be trained: {why}; or give its value in data"
                    raise ValueError(text)
        for fact in facts_of(W):
            if fact in LEAVES:
                raise ValueError(
                    f"{W.name} is declared {declared.said([fact])} and cannot be trained: {LEAVES[fact]}; or give its "
                    "array in data"
                )


def starting_arrays(parameters: Any, found: Survey, data: Mapping[str, Any]) -> dict[str, Any]:
    """Give the arrays that the user starts from, by name. Raises `KeyError` for unknown names."""
    if not isinstance(parameters, Mapping):
        return {}
    given = binding.named(parameters)
    for name in given:
        if name in data:
            raise ValueError(f"{name} is given both as data and as a parameter")
        if name not in found.symbols:
            known = ", ".join(found.inputs)
            raise KeyError(f"{name} is no symbol of the loss, which has {known}")
    return {name: binding.as_array(name, value) for name, value in given.items()}


def trained_symbols(loss: Any, parameters: Any, found: Survey, data: Mapping[str, Any]) -> list[Any]:
    """Give the symbols to train, in order. Raises `KeyError` or `ValueError` where that is not clear."""
    for name in data:
        if name not in found.symbols:
            known = ", ".join(found.inputs)
            raise KeyError(f"data: {name} is no symbol of the loss, which has {known}")
    free = [s for n, s in found.symbols.items() if isinstance(s, MatrixSymbol) and n not in data]
    if isinstance(parameters, Mapping):
        chosen = [found.symbols[n] for n in binding.named(parameters)]
        free = [s for s in free if s not in chosen]
        check_no_data_missing(loss, free, found, data)
        return chosen + free
    if parameters is not None:
        parameters = _as_list(parameters)
        symbols = [found.symbols.get(s if isinstance(s, str) else getattr(s, "name", s), s) for s in parameters]
        for s in (s for s in free if s not in symbols):
            raise KeyError(f"{s.name} is neither data nor among the parameters; give it in one of them")
        return symbols
    if not free:
        raise ValueError("every matrix symbol of the loss is data: there is nothing to train")
    check_no_data_missing(loss, free, found, data)
    return free


def check_scalars(found: Survey, chosen: Sequence[Any], data: Mapping[str, Any]) -> None:
    """Raise `KeyError` where a scalar is neither data nor trained: its value is known to nobody."""
    trained = {s.name for s in chosen}
    for name, symbol in found.inputs.items():
        if not isinstance(symbol, MatrixSymbol) and name not in data and name not in trained:
            raise KeyError(
                f"{name} is a scalar without a value; give it in data, {{{name}: 0.1, …}}, or train it from a starting "
                f"value, parameters={{{name}: 1.0, …}}"
            )


def _as_list(parameters: Any) -> list[Any]:
    listed = [parameters] if isinstance(parameters, (str, MatrixSymbol, Symbol)) else parameters
    listed = list(listed) if isinstance(listed, Iterable) and not isinstance(listed, np.ndarray) else [listed]
    for s in listed:
        if not isinstance(s, (str, MatrixSymbol, Symbol)):
            raise TypeError(
                f"parameters: give symbols or names, or a dictionary from them to starting arrays, {{W: array}}, not "
                f"{type(s).__name__}"
            )
    return listed


def as_initializer(initializer: Any) -> Initializer:
    """Give what draws starting weights; None is `glorot()`. Raises `TypeError` for what is none."""
    if initializer is None:
        return glorot()
    own = (uniform, normal, glorot, zeros)
    if any(plain(initializer) is f for f in own):
        way = f"write initializer=sn.{initializer.__name__}()"
    elif isinstance(initializer, str):
        known = ", ".join(f"sn.{f.__name__}()" for f in own)
        way = f"{initializer!r} is text; write one of {known}"
    elif not callable(initializer):
        way = f"{initializer!r} is no function; write sn.normal(0.1), or start from arrays, parameters={{W: array}}"
    else:
        return initializer  # type: ignore[no-any-return]
    raise TypeError(f"initializer: {way} (one of your own is a function (shape, generator) → array)")


def _drawn(W: Any, draw: Initializer, shape: tuple[int, int], generator: np.random.Generator) -> Any:
    try:
        drawn = draw(shape, generator)
    except TypeError as error:
        raise TypeError(
            f"initializer: it is called as f(shape, generator) for {W.name}, and raised TypeError ({error})"
        ) from error
    array = binding.as_array(f"what the initializer draws for {W.name}", drawn).copy()
    binding.check_finite(f"what the initializer draws for {W.name}", array)
    if array.shape != shape:
        raise ShapeError(f"initializer: {W.name} has shape {shape}, but an array of shape {array.shape} was drawn")
    return array


def checked_multipliers(multipliers: Mapping[Any, float], symbols: Sequence[Name]) -> dict[str, float]:
    """Give the multipliers by name. Raises `KeyError` for what is not trained, `ValueError` where one is no share."""
    if not isinstance(multipliers, Mapping):
        raise TypeError(
            f"multipliers: give a dictionary such as {{W: 0.1}}, not {multipliers!r}; one number for all is the "
            "learning rate, optimizer=0.05"
        )
    shares = binding.named(multipliers)
    known = [W.name for W in symbols]
    for name, share in shares.items():
        if name not in known:
            raise KeyError(f"multipliers: {name} is not trained; trained are {', '.join(known)}")
        if not is_number(share) or share < 0:
            raise ValueError(f"multipliers: that of {name} must be a number from 0 on, not {share!r}")
    if not any(shares.get(name, 1) for name in known):
        raise ValueError("multipliers: all are 0, so there is nothing to train")
    return {name: float(share) for name, share in shares.items()}


def checked_clip(clip: Any) -> float | None:
    """Give the largest norm of the gradients, or None. Raises `ValueError` where it is no positive number."""
    if clip is not None and not (is_number(clip) and clip > 0):
        raise ValueError(f"clip: the largest norm of the gradients must be a positive number, not {clip!r}")
    return None if clip is None else float(clip)


def first_values(
    program: Program,
    wanted: Sequence[Name],
    known: Mapping[str, Any],
    draw: Initializer,
    generator: np.random.Generator,
) -> dict[str, Any]:
    """Give an array for each wanted symbol that has none among the `known` arrays, by name."""
    for name, array in known.items():
        binding.check_finite(name, array)
    sizes = binding.bind_sizes([program.inputs[n] for n in known], known)
    biases, drawn = _biases(program), {}
    for W in wanted:
        if W.name in known:
            continue
        if not isinstance(W, MatrixSymbol):
            raise KeyError(f"{W.name} is a scalar and has no starting value; give one: parameters={{{W.name}: 1.0, …}}")
        untold = next((s.name for size in W.shape for s in size.free_symbols if s.name not in sizes), None)
        if untold:
            raise KeyError(
                f"{W.name} has the size {untold}, which no array tells; give {W.name} in data, or a starting array "
                f"where it is to be trained, parameters={{{W.name}: array}}"
            )
        rows, cols = (binding.size_value(size, sizes, W.name) for size in W.shape)
        start = np.zeros((rows, cols)) if W.name in biases else _drawn(W, draw, (rows, cols), generator)
        drawn[W.name] = as_stated(W, start)
    return drawn


def _biases(program: Program) -> set[str]:
    # columns that are added to every column, and rows that are added to every row
    found = set()
    for _, rhs in program.equations:
        for node in (rhs, *rhs.args):
            if isinstance(node, MatMul) and any(isinstance(a, OneMatrix) for a in node.args):
                found |= {a.name for a in node.args if isinstance(a, MatrixSymbol) and 1 in a.shape}
    return found

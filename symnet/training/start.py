"""Where training starts: which symbols are trained, and from which values.

In: what the user gave as data and as parameters. Out: an array for every parameter: the user's own, zeros for biases,
drawn by an initializer for the others.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from sympy import MatMul, MatrixSymbol, OneMatrix

from symnet.backends import binding
from symnet.expressions import Name
from symnet.optimizers import is_number
from symnet.program import Program, Survey
from symnet.training.initializers import Initializer


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


def trained_symbols(parameters: Any, found: Survey, data: Mapping[str, Any]) -> list[Any]:
    """Give the symbols to train, in order. Raises `KeyError` or `ValueError` where that is not clear."""
    for name in data:
        if name not in found.symbols:
            known = ", ".join(found.inputs)
            raise KeyError(f"data: {name} is no symbol of the loss, which has {known}")
    free = [s for n, s in found.symbols.items() if isinstance(s, MatrixSymbol) and n not in data]
    if isinstance(parameters, Mapping):
        chosen = [found.symbols[n] for n in binding.named(parameters)]
        return chosen + [s for s in free if s not in chosen]
    if parameters is not None:
        symbols = [found.symbols.get(s, s) if isinstance(s, str) else s for s in parameters]
        for s in (s for s in free if s not in symbols):
            raise KeyError(f"{s.name} is neither data nor among the parameters; give it in one of them")
        return symbols
    if not free:
        raise ValueError("every matrix symbol of the loss is data: there is nothing to train")
    return free


def checked_multipliers(multipliers: Mapping[Any, float], symbols: Sequence[Name]) -> dict[str, float]:
    """Give the multipliers by name. Raises `KeyError` for what is not trained, `ValueError` where one is no share."""
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
        binding.check_rank(program.inputs[name], array)
        binding.check_data(name, array)
    sizes = binding.bind_sizes([program.inputs[n] for n in known], known)
    biases, drawn = _biases(program), {}
    for W in wanted:
        if W.name in known:
            continue
        if not isinstance(W, MatrixSymbol):
            raise KeyError(f"{W.name} is a scalar and has no starting value; give one: parameters={{{W.name}: 1.0, …}}")
        rows, cols = (binding.size_value(size, sizes, W.name) for size in W.shape)
        drawn[W.name] = np.zeros((rows, cols)) if W.name in biases else np.asarray(draw((rows, cols), generator))
    return drawn


def _biases(program: Program) -> set[str]:
    # columns that are added to every column, and rows that are added to every row
    found = set()
    for _, rhs in program.equations:
        for node in (rhs, *rhs.args):
            if isinstance(node, MatMul) and any(isinstance(a, OneMatrix) for a in node.args):
                found |= {a.name for a in node.args if isinstance(a, MatrixSymbol) and 1 in a.shape}
    return found

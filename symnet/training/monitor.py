"""How training is judged after each epoch: the loss on data held back, metrics, and when to stop early.

In: expressions and data. Out: numbers by name for the history. The expressions are compiled once; what is measured
never changes what is trained.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from sympy.matrices.exceptions import ShapeError

from symnet.backends import binding, compile
from symnet.expressions import Name, brief, given, shape_text
from symnet.optimizers import is_number
from symnet.training.batches import (
    Arrays,
    Batches,
    Stream,
    as_data,
    batches_of,
    checked_count,
    is_mapped,
    sample_axes,
    taken,
)

RESERVED = ("loss", "validation_loss", "rate", "seconds")


def checked_metrics(metrics: Any) -> dict[str, Any]:
    """Give the metrics by name. Raises `TypeError`, `ShapeError` or `ValueError` where one is no number."""
    if not isinstance(metrics, Mapping):
        raise TypeError(
            f"metrics must be a dictionary from names to expressions, "
            f"{{'accuracy': sn.accuracy(net, Y)}}, not {type(metrics).__name__}"
        )
    found = {}
    for name, metric in metrics.items():
        if not isinstance(name, str) or not name:
            raise TypeError(f"metrics: {name!r} is no name; write metrics={{'accuracy': sn.accuracy(…)}}")
        if name in RESERVED:
            raise ValueError(f"metrics: {name} is a column that the history has anyway; choose another name")
        expr = given(metric, f"the metric {name}")
        if getattr(expr, "is_Matrix", False):
            raise ShapeError(
                f"metrics: {name} is a {shape_text(expr.shape)} matrix, and a metric is one number; write sn.mean(…) "
                "or sn.sum(…) of it"
            )
        if not hasattr(expr, "free_symbols"):
            raise TypeError(f"metrics: {name} must be an expression, not {brief(expr)}")
        found[name] = expr
    return found


def checked_patience(patience: Any, validation: Any) -> int | None:
    """Give the epochs without a better validation loss after which training stops, or None for never."""
    if patience is None:
        return None
    if validation is None:
        raise ValueError(
            "patience: training stops early where the loss on data held back no longer falls; give validation= as "
            "well, such as validation=0.1"
        )
    return checked_count("patience", patience)


def is_fraction(validation: Any) -> bool:
    """Tell whether `validation` is a share of the samples. Raises `ValueError` where it is not between 0 and 1."""
    if not isinstance(validation, (int, float, np.number)):
        return False
    if not is_number(validation) or not 0 < validation < 1:
        raise ValueError(
            f"validation: the share of the samples that is held back lies between 0 and 1, not {validation!r}"
        )
    return True


def held_back(share: float, arrays: Arrays, symbols: Mapping[str, Name], generator: np.random.Generator) -> Any:
    """Give the places of the samples that are trained on, and the data of those held back: a random share of them."""
    axes = sample_axes([symbols[n] for n in arrays], cut=True)
    samples = next(arrays[n].shape[axis] for n, axis in axes.items())
    number = round(float(share) * samples)
    if not 0 < number < samples:
        raise ValueError(
            f"validation: {share} of {samples} samples is {number}; give a share that leaves both parts some"
        )
    order = generator.permutation(samples)
    back = np.sort(order[:number])
    return np.sort(order[number:]), {n: taken(a, back, axes[n]) if n in axes else a for n, a in arrays.items()}


class Monitor:
    """Measures expressions on data. Calling it with the parameters by name gives name → number."""

    def __init__(
        self, expressions: Mapping[str, Any], batches: Batches, where: str, parameters: Arrays, dtype: Any
    ) -> None:
        self.names = tuple(expressions)
        self.batches = batches
        kernel = compile(dict(expressions), dtype)
        known = {*kernel.arguments, *kernel.program.names.sizes}
        own = batches.first()
        unknown = [n for n in kernel.arguments if n not in own and n not in parameters]
        if unknown:
            raise KeyError(f"{where}: no value is given for {', '.join(unknown)}")
        values = {n: v for n, v in parameters.items() if n in known and n not in own}
        try:
            self.values = batches.bind(kernel, values)
        except (ShapeError, ValueError, TypeError, KeyError) as error:
            raise type(error)(f"{where}: {error.args[0] if error.args else error}") from None
        self.parameters = tuple(values)
        self.function, self.listed = kernel.function, kernel.result.listed

    def __call__(self, parameters: Arrays) -> dict[str, float]:
        """Give the mean of each expression over the batches, weighted by their samples."""
        values = {**self.values, **{n: parameters[n] for n in self.parameters}}
        total, count = np.zeros(len(self.names)), 0
        for arrays, samples, _ in self.batches.of_epoch(None):
            values.update(zip(self.batches.names, arrays, strict=True))
            total += samples * np.array([float(v) for v in self.listed(self.function(*values.values()))])
            count += samples
        return dict(zip(self.names, (total / count).tolist(), strict=True))


def validation_batches(validation: Any, symbols: Mapping[str, Name], size: int | None) -> Batches:
    """Give the batches of the data held back: all at once, or as they come from a file or an iterable."""
    if not isinstance(validation, Mapping):
        return Stream(validation, "validation")
    arrays = {n: as_data(n, v) for n, v in binding.named(validation).items()}
    unknown = [n for n in arrays if n not in symbols]
    if unknown:
        raise KeyError(
            f"validation: {unknown[0]} is no symbol of the loss or a metric, which have {', '.join(symbols)}"
        )
    large = size is not None and any(map(is_mapped, arrays.values()))
    return batches_of(validation, arrays, symbols, min(size, _least(arrays, symbols)) if large and size else None)


def _least(arrays: Arrays, symbols: Mapping[str, Name]) -> int:
    axes = sample_axes([symbols[n] for n in arrays], cut=True)
    return min(int(arrays[n].shape[axis]) for n, axis in axes.items())

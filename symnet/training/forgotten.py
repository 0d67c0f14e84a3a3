"""What looks like data and has none: it would be trained until it fits.

In: a loss, the symbols that no array is given for, and the data. Out: nothing, or a `ValueError` that names the symbol.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sympy import HadamardProduct, MatAdd, MatMul, Transpose

from symnet.expressions import AlongAxis, Elementwise, Let, axes_of, walk
from symnet.program import Survey

Axis = tuple[Any, int]
ENTRY_BY_ENTRY = (MatAdd, HadamardProduct, Elementwise)


def check_no_data_missing(loss: Any, free: Sequence[Any], found: Survey, data: Mapping[str, Any]) -> None:
    """Raise `ValueError` where a symbol without an array grows with the data, or stands beside them as data do.

    A weight may share the size of features that only one array has; where sizes are numbers, what stands entry by entry
    beside the samples that weights are multiplied with is taken for data.
    """
    arrays: dict[Any, set[str]] = {}
    for size, symbol, _ in axes_of(found.symbols[n] for n in data):
        arrays.setdefault(size, set()).add(symbol.name)
    most = max(map(len, arrays.values()), default=0)
    samples = {size for size, names in arrays.items() if len(names) == most}
    clear = most > 1 and len(samples) == 1
    factors = _factors(loss)
    for symbol in free:
        own = [size for size, _, _ in axes_of([symbol]) if size in arrays]
        if own and not (clear and samples.isdisjoint(own) and symbol in factors):
            size = next((s for s in own if s in samples), own[0])
            where = "of the samples" if len(arrays) == 1 or (clear and size in samples) else "of the data"
            raise ValueError(
                f"{symbol.name} has the size {size} {where} and no data; give its array in data, "
                f"or list it in parameters= where it is to be trained"
            )
    beside = [S for S in free if S not in factors and any(size.is_Integer and size > 1 for size in S.shape)]
    if beside and factors.intersection(free):
        _check_beside(loss, beside, factors.intersection(free), [found.symbols[n] for n in data])


def _factors(loss: Any) -> set[Any]:
    # the symbols that stand in a product of matrices
    products = [[a for a in node.args if a.is_Matrix] for node in walk(loss) if isinstance(node, MatMul)]
    return {a.args[0] if isinstance(a, Transpose) else a for p in products if len(p) > 1 for a in p}


def _check_beside(loss: Any, beside: Sequence[Any], weights: set[Any], data: Sequence[Any]) -> None:
    # rows or columns that are those of an array, and of no weight: the samples
    root: dict[Axis, Axis] = {}

    def of(axis: Axis) -> Axis:
        while axis in root:
            axis = root[axis]
        return axis

    for node in walk(loss):
        for a, b in _same(node):
            if of(a) != of(b):
                root[of(a)] = of(b)
    counted = {of((W, k)) for W in weights for k in (0, 1)}
    samples = {of((D, k)): D for D in data for k in (0, 1)}
    for S in beside:
        for k, size in enumerate(S.shape):
            D = samples.get(of((S, k)))
            if D is not None and of((S, k)) not in counted and size.is_Integer and size > 1:
                raise ValueError(
                    f"{S.name} stands entry by entry beside {D.name}, with {size} {('rows', 'columns')[k]}, and has no "
                    "data; give its array in data, or list it in parameters= where it is to be trained"
                )


def _same(node: Any) -> Iterator[tuple[Axis, Axis]]:
    # axes along which an operation has the rows or columns of an operand
    if isinstance(node, Transpose):
        yield from (((node, k), (node.args[0], 1 - k)) for k in (0, 1))
    elif isinstance(node, MatMul):
        matrices = [a for a in node.args if a.is_Matrix]
        yield (node, 0), (matrices[0], 0)
        yield (node, 1), (matrices[-1], 1)
        yield from (((a, 1), (b, 0)) for a, b in zip(matrices[:-1], matrices[1:], strict=True))
    elif isinstance(node, (*ENTRY_BY_ENTRY, AlongAxis, Let)):
        operands = [a for a in node.args if getattr(a, "is_Matrix", False) and a.shape == node.shape]
        yield from (((node, k), (a, k)) for a in operands for k in (0, 1))

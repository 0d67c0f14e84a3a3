"""Symnet's own public functions in a text, and the functions of entries: no table says what they do to a shape.

In: a name. Out: its `Meaning`. What shape a function gives is found by trying it on symbols, so that one that comes
later is read at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterable, Iterator
from typing import Any

from sympy import Float, Integer, MatrixSymbol, S, Symbol

from symnet.expressions import elementwise
from symnet.parsing import guarded
from symnet.parsing.calls import Call, Meaning
from symnet.parsing.parts import operand
from symnet.parsing.unify import Form, agree, must, scalar_form
from symnet.parsing.vocabulary import ENTRYWISE, public


def of_entries(name: str) -> Meaning:
    """Give what a function of entries means."""
    f = ENTRYWISE[name]

    def form(c: Call) -> Form:
        if len(c.args) == 2:
            c.takes(2)
            return c.reading.beside(c.part, c.form(0), c.form(1), additive=False)
        c.takes(1)
        return c.form()

    def value(c: Call) -> Any:
        if name in guarded.GROWING and any(v.is_number and not abs(v) < 170 for v in c.values()):
            raise ValueError(f"{c.name} of a number this large is not computed here")
        return elementwise(f, *c.values())

    return Meaning(form, value)


def of_ours(name: str) -> Meaning:
    """Give what a public function of symnet's means."""
    f = public()[name]

    def form(c: Call) -> Form:
        out = Form()
        if name in _NEEDS_AXIS and not c.ours and c.axis() is None:
            c.form().is_matrix()
        for k in c.args if name in _ALIKE else ():
            c.reading.forms[k].is_matrix()
            must(c.reading.forms[k].equals(c.form(0)))
        operands = [c.reading.forms[k] for k in _operands(c, c.part.args)]
        if operands and operands[0].flat and len(operands) == 1:
            out.flat = _keeps_shape(f, c)
        c.reading.law(lambda level: _tried(f, c, operands, out), c.part, *operands, out)
        return out

    def value(c: Call) -> Any:
        if name in _NEEDS_AXIS and not c.ours and c.axis() is None and 1 not in getattr(c.value(), "shape", (1, 1)):
            raise ValueError(f"{c.name} of a matrix: along which axis? write axis=0 or axis=1")
        return _called(f, c, lambda k: operand(c.reading.values[k]))

    return Meaning(form, value)


_NEEDS_AXIS = {"softmax", "log_softmax", "cumsum", "roll"}  # others take all entries where none is given
_ALIKE = {"hadamard", "squared_error", "mse", "cross_entropy", "binary_cross_entropy", "accuracy"}


def _is_written(c: Call, place: int) -> bool:
    part = c.reading.tree.parts[place]
    return part.op in ("word", "number") or (part.op == "neg" and _is_written(c, part.args[0]))


def _operands(c: Call, places: Iterable[int]) -> Iterator[int]:
    # what is an expression, in lists as well: hstack([A, B])
    for k in places:
        if c.reading.tree.parts[k].op == "list":
            yield from _operands(c, c.reading.tree.parts[k].args)
        elif not _is_written(c, k):
            yield k


def _handed(c: Call, place: int, value: Callable[[int], Any]) -> Any:
    # numbers are handed over as Python has them: they are axes, sizes and rates
    part = c.reading.tree.parts[place]
    if part.op == "list":
        return tuple(_handed(c, k, value) for k in part.args)
    if not _is_written(c, place):
        return guarded.lies(value(place), down=True) if c.reading.forms[place].flat else value(place)
    written = c.written_at(place)
    return int(written) if isinstance(written, Integer) else float(written) if isinstance(written, Float) else written


def _called(f: Callable[..., Any], c: Call, value: Callable[[int], Any]) -> Any:
    handed = [_handed(c, k, value) for k in c.part.args]
    number = len(c.args)
    first = next(iter(inspect.signature(f).parameters.values()), None)
    plain = handed[:number]
    if len(plain) == 1 and isinstance(plain[0], tuple) and first is not None and first.kind is first.VAR_POSITIONAL:
        plain = list(plain[0])  # NumPy's hstack([A, B])
    try:
        inspect.signature(f).bind(*plain, **dict(zip(c.named, handed[number:], strict=True)))
    except TypeError as error:
        raise ValueError(f"{c.name}: {error}") from None
    return f(*plain, **dict(zip(c.named, handed[number:], strict=True)))


def _keeps_shape(f: Callable[..., Any], c: Call) -> bool:
    column = MatrixSymbol("x", Symbol("n", integer=True, positive=True), 1)
    try:
        return bool(_called(f, c, lambda k: column).shape == column.shape)
    except _REFUSALS:
        return False


_ANY = (Symbol("r0", integer=True, positive=True), Symbol("c0", integer=True, positive=True))
_REFUSALS = (TypeError, ValueError, AttributeError, NotImplementedError, IndexError)


def _tried(f: Callable[..., Any], c: Call, operands: list[Form], out: Form) -> bool:
    # the shape of the result: of symbols of the shapes that are known, or of one matrix of any shape
    known = all(o.known for o in operands)
    if not known and len(operands) != 1:
        return False
    sizes = dict(zip(_ANY, operands[0].shape, strict=True)) if operands else {}
    try:
        result = _called(f, c, lambda k: _stand(c.reading.forms[k], k) if known else MatrixSymbol("A", *sizes))
    except _REFUSALS:
        if known and not out.known:
            must(out.equals(scalar_form()))  # what is wrong is told when it is called in earnest
        return known
    shape = result.shape if guarded.is_wide(result) else (S.One, S.One)
    if not known and any(size not in sizes and not getattr(size, "is_Integer", False) for size in shape):
        return False
    if guarded.is_wide(result) and len(operands) == 1:
        agree(out.kind, operands[0].kind)  # a matrix of a matrix, which may be a number where that is one
    must(all(agree(axis, sizes.get(size, size)) for axis, size in zip((out.rows, out.cols), shape, strict=True)))
    return True


def _stand(form: Form, k: int) -> Any:
    return Symbol(f"s{k}") if form.number else MatrixSymbol(f"A{k}", *form.shape)

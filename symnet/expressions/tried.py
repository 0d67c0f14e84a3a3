"""Symnet's own public functions in a text, and the functions of entries: no table says what they do to a shape.

In: a name. Out: its `Meaning`. What shape a function gives is found by trying it on symbols, so that one that comes
later is read at once.
"""

from __future__ import annotations

import inspect
from collections.abc import Callable
from typing import Any

import sympy
from sympy import Integer, MatrixSymbol, S, Symbol

from symnet.expressions import guarded
from symnet.expressions.algebra import elementwise
from symnet.expressions.calls import Call, Meaning
from symnet.expressions.unify import Form, agree, must, scalar_form
from symnet.expressions.vocabulary import ENTRYWISE, public


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
        operands = [c.reading.forms[k] for k in c.part.args if not _is_written(c, k)]
        if operands and operands[0].flat and len(operands) == 1:
            out.flat = _keeps_shape(f, c)
        c.reading.law(lambda level: _tried(f, c, operands, out), c.part, *operands, out)
        return out

    def value(c: Call) -> Any:
        if name in _NEEDS_AXIS and not c.ours and c.axis() is None and 1 not in c.value().shape:
            raise ValueError(f"{c.name} of a matrix: along which axis? write axis=0 or axis=1")
        return _called(f, c, [c.reading.values[k] for k in c.part.args])

    return Meaning(form, value)


_NEEDS_AXIS = {"softmax", "log_softmax", "logsumexp", "cumsum", "roll"}  # others take all entries where none is given
_ALIKE = {"hadamard", "squared_error", "mse", "cross_entropy", "binary_cross_entropy", "accuracy"}


def _is_written(c: Call, place: int) -> bool:
    return c.reading.tree.parts[place].op in ("word", "number", "list") or (
        c.reading.tree.parts[place].op == "neg" and _is_written(c, c.reading.tree.parts[place].args[0])
    )


def _called(f: Callable[..., Any], c: Call, values: list[Any]) -> Any:
    # numbers are handed over as Python has them: they are axes, sizes and rates
    handed = []
    for k, value in zip(c.part.args, values, strict=True):
        if _is_written(c, k):
            value = c._written(k) if c.reading.tree.parts[k].op != "list" else value
            value = (
                int(value) if isinstance(value, Integer) else float(value) if isinstance(value, sympy.Float) else value
            )
        elif c.reading.forms[k].flat:
            value = guarded.lies(value, down=True)
        handed.append(value)
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
    n = Symbol("n", integer=True, positive=True)
    try:
        return bool(
            _called(f, c, [MatrixSymbol("x", n, 1) if not _is_written(c, k) else None for k in c.part.args]).shape
            == (n, 1)
        )
    except (TypeError, ValueError, AttributeError):
        return False


def _tried(f: Callable[..., Any], c: Call, operands: list[Form], out: Form) -> bool:
    # the shape of the result: of symbols of the shapes that are known, or of one matrix of any shape
    known = all(o.known for o in operands)
    if not known and len(operands) != 1:
        return False
    sizes = {Symbol(f"{axis}{k}", integer=True, positive=True): size
             for k, o in enumerate(operands) for axis, size in zip("rc", o.shape, strict=True)}  # fmt: skip
    names = iter(sizes)
    stands: list[Any] = []
    for k in c.part.args:
        inside = [k] if not _is_written(c, k) else []
        o = c.reading.forms[k]
        if not inside:
            part = c.reading.tree.parts[k]
            stands.append(tuple(_stand(c.reading.forms[i], i) for i in part.args) if part.op == "list" else None)
        elif known:
            stands.append(_stand(o, k))
        else:
            stands.append(MatrixSymbol(f"A{k}", next(names), next(names)))
    try:
        result = _called(f, c, stands)
    except (TypeError, ValueError, AttributeError):
        if known:
            must(out.equals(scalar_form()) if not out.known else True)  # it is told when it is called in earnest
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

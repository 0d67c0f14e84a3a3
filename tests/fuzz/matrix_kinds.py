"""Kinds of node that are functions of a matrix as a whole: rows of the tables of `kinds`, each with its value in NumPy.

`add_rows` enters them; the tables and the generator are handed over, so that this file needs nothing of `kinds`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import formulas as N  # noqa: N812

SQUARE = "(sn.tanh({0}) + 5*Identity({size}))"  # whose eigenvalues are far from 0


def shifted(p: Any, a: Any) -> Any:
    return np.tanh(a) + 5 * np.eye(len(a))


# of a square matrix: a matrix of its shape
OF_SQUARE: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.inv": (f"sn.inv({SQUARE}.T)", lambda p, a: np.linalg.inv(shifted(p, a).T)),
    "adjugate": (f"sn.adjugate({SQUARE}/5)", lambda p, a: N.adjugate(shifted(p, a) / 5)),
    "expm": ("sn.expm(sn.tanh({0}))", lambda p, a: N.expm(np.tanh(a))),
    "pinv of a square": (f"sn.pinv({SQUARE})", lambda p, a: np.linalg.inv(shifted(p, a))),
    "square and column": ("(sn.tanh({0})**2*sn.diag(({0})[:, 0]))", lambda p, a: np.tanh(a) @ np.tanh(a) * a[:, 0]),
}
SCALARS: dict[str, tuple[str, Callable[..., Any]]] = {
    "logdet": (f"sn.logdet({SQUARE})", lambda p, a: np.log(np.linalg.det(shifted(p, a)))),
    "logdet of an inverse": (f"sn.logdet({SQUARE}.inv())", lambda p, a: -np.log(np.linalg.det(shifted(p, a)))),
    "sn.det": (f"sn.det({SQUARE}/5)", lambda p, a: np.linalg.det(shifted(p, a) / 5)),
    "sn.trace": ("sn.trace(sn.tanh({0})*({0}))", lambda p, a: np.trace(np.tanh(a) @ a)),
    "trace of expm": ("sn.trace(sn.expm(sn.tanh({0})))", lambda p, a: np.trace(N.expm(np.tanh(a)))),
    "spectral norm": (f"sn.spectral_norm({SQUARE})", lambda p, a: N.of_singular_values(p, shifted(p, a), True)),
    "nuclear norm": (f"sn.nuclear_norm({SQUARE})", lambda p, a: N.of_singular_values(p, shifted(p, a), False)),
}
OF_ONE: dict[str, tuple[str, Callable[..., Any]]] = {
    "cubic norm": ("sn.norm(1 + sn.square({0}), ord=3)", lambda p, a: ((1 + a * a) ** 3).sum() ** (1 / 3)),
    "an entry of n": ("sn.tanh({0})[0, 0]", lambda p, a: np.tanh(a[0, 0])),
}
# of a matrix of the same shape
ALIKE: dict[str, tuple[str, Callable[..., Any]]] = {
    "backwards": ("({0})[::-1, :]", lambda p, a: a[::-1]),
    "roll": ("sn.roll({0}, 2)", lambda p, a: np.roll(a, 2)),
    "roll of rows": ("sn.roll({0}, -1, axis=0)", lambda p, a: np.roll(a, -1, axis=0)),
    "roll of columns": ("sn.roll({0}, 4, axis=1)", lambda p, a: np.roll(a, 4, axis=1)),
    "cumsum": ("sn.cumsum({0}, axis=0)", lambda p, a: np.cumsum(a, axis=0)),
    "cumsum along rows": ("sn.cumsum({0}, axis=1)", lambda p, a: np.cumsum(a, axis=1)),
    "sn.divide": ("sn.divide({0}, 1 + sn.square({0}))", lambda p, a: a / (1 + a * a)),
    "sn.power": ("sn.power(1 + sn.square({0}), sn.sin({0}))", lambda p, a: (1 + a * a) ** np.sin(a)),
    "sn.tan": ("sn.tan(sn.sin({0}))", lambda p, a: np.tan(np.sin(a))),
    "sn.arctan": ("sn.arctan({0})", lambda p, a: N.arctan(a)),
    "sn.cosh": ("sn.cosh(sn.sin({0}))", lambda p, a: np.cosh(np.sin(a))),
}  # fmt: skip


def add_rows(matrices: Any, scalars: Any, node: Any) -> None:
    """Enter the rows of this file into the tables of matrices and of scalars."""
    for kind, (text, f) in ALIKE.items():
        matrices[kind] = lambda g, s, kind=kind, text=text, f=f: node(kind, s, text, f, g.matrix(*s))
    for kind, (text, f) in OF_SQUARE.items():
        matrices[kind] = lambda g, s, kind=kind, text=text, f=f: (
            node(kind, s, text.replace("{size}", str(s[0])), f, g.matrix(*s)) if s[0] == s[1] else None
        )
    for kind, (text, f) in SCALARS.items():
        scalars[kind] = lambda g, s, kind=kind, text=text, f=f: _scalar_of_square(g, node, kind, text, f)
    for kind, (text, f) in OF_ONE.items():
        scalars[kind] = lambda g, s, kind=kind, text=text, f=f: node(kind, s, text, f, g.matrix(g.size(), g.size()))
    for make in (
        _solve,
        _solve_right,
        _part,
        _row,
        _column,
        _stacked,
        _blocks,
        _reshape,
        _pinv,
        _explicit_of_scalars,
        _own_power,
    ):
        matrices[make.__name__.strip("_").replace("_", " ")] = lambda g, s, make=make: make(g, s, node)


def _scalar_of_square(g: Any, node: Any, kind: str, text: str, f: Any) -> Any:
    k = g.size()
    return node(kind, (), text.replace("{size}", str(k)), f, g.matrix(k, k))


def _solve(g: Any, s: Any, node: Any) -> Any:
    text = f"sn.solve({SQUARE}, {{1}})".replace("{size}", str(s[0]))
    return node("solve", s, text, lambda p, a, b: np.linalg.inv(shifted(p, a)) @ b, g.matrix(s[0], s[0]), g.matrix(*s))


def _solve_right(g: Any, s: Any, node: Any) -> Any:
    text = f"(({{1}})*{SQUARE}.inv())".replace("{size}", str(s[1]))
    value = lambda p, a, b: b @ np.linalg.inv(shifted(p, a))
    return node("solve right", s, text, value, g.matrix(s[1], s[1]), g.matrix(*s))


def _part(g: Any, s: Any, node: Any) -> Any:
    whole = [size + 2 if isinstance(size, int) else size for size in s]
    spans = [f"1:{size + 1}" if isinstance(size, int) else ":" for size in s]
    cut = tuple(slice(1, -1) if isinstance(size, int) else slice(None) for size in s)
    return node("part", s, f"({{0}})[{', '.join(spans)}]", lambda p, a: a[cut], g.matrix(*whole))


def _row(g: Any, s: Any, node: Any) -> Any:
    return node("row", s, "({0})[1, :]", lambda p, a: a[1:2], g.matrix(3, s[1])) if s[0] == 1 else None


def _column(g: Any, s: Any, node: Any) -> Any:
    k = g.size()
    return node("column", s, "({0})[:, -1]", lambda p, a: a[:, -1:], g.matrix(s[0], k)) if s[1] == 1 else None


def _stacked(g: Any, s: Any, node: Any) -> Any:
    axes = [axis for axis in (0, 1) if isinstance(s[axis], int) and s[axis] > 1]
    if not axes:
        return None
    axis = g.pick(*axes)
    shapes = [tuple(size if k == axis else s[k] for k in (0, 1)) for size in (1, s[axis] - 1)]
    text = ("sn.vstack({0}, {1})", "sn.hstack([{0}, {1}])")[axis]
    value = lambda p, a, b: np.concatenate([a, b], axis)
    return node("stacked", s, text, value, *[g.matrix(*shape) for shape in shapes])


def _blocks(g: Any, s: Any, node: Any) -> Any:
    if not all(isinstance(size, int) and size > 1 for size in s):
        return None
    shapes = [(r, c) for r in (1, s[0] - 1) for c in (1, s[1] - 1)]
    value = lambda p, a, b, c, d: np.block([[a, b], [c, d]])
    names = [g.symbol(shape) for shape in shapes]
    return node("blocks", s, "BlockMatrix([[{0}, {1}], [{2}, {3}]])", value, *names)


def _reshape(g: Any, s: Any, node: Any) -> Any:
    text = f"sn.reshape({{0}}, ({s[0]}, {s[1]}))"
    return node("reshape", s, text, lambda p, a: a.reshape(p.shape(s)), g.matrix(s[1], s[0]))


def _pinv(g: Any, s: Any, node: Any) -> Any:
    if not all(isinstance(size, int) for size in s) or s[0] >= s[1]:
        return None
    text = f"sn.pinv(sn.vstack({SQUARE}, {{1}}))".replace("{size}", str(s[0]))

    def value(p: Any, a: Any, b: Any) -> Any:
        M = np.concatenate([shifted(p, a), b])
        return np.linalg.inv(M.T @ M) @ M.T

    return node("pinv", s, text, value, g.matrix(s[0], s[0]), g.matrix(s[1] - s[0], s[0]))


def _explicit_of_scalars(g: Any, s: Any, node: Any) -> Any:
    if s not in ((1, 2), (2, 1), (2, 2)):
        return None
    count = s[0] * s[1]
    rows = [", ".join(f"{{{i * s[1] + j}}}" for j in range(s[1])) for i in range(s[0])]
    text = f"ImmutableMatrix([{', '.join(f'[{row}]' for row in rows)}])"
    value = lambda p, *entries: np.array(entries).reshape(s)
    return node("explicit of scalars", s, text, value, *[g.scalar() if k < 2 else g.symbol(()) for k in range(count)])


def _own_power(g: Any, s: Any, node: Any) -> Any:
    if s[0] != s[1] or isinstance(s[0], int):
        return None
    value = lambda p, a: np.linalg.matrix_power(np.sin(a), p.number(s[0]))
    return node("own power", s, f"(sn.sin({{0}})**{s[0]})", value, g.matrix(*s))

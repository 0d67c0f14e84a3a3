"""Kinds of node that networks bring: activations, reductions, normalisation, attention, recurrent cells, losses.

Rows of the tables of `kinds`, each with its text and its value in plain NumPy, which also takes complex steps.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from . import formulas as N  # noqa: N812
from . import kinds
from .kinds import MATRICES, ONE, SCALARS, Generator, entrywise, node, row, simple
from .tree import Tree

# -- activations


def phi(a: Any) -> Any:
    return (1 + N.erf(a / 2**0.5)) / 2


def elu(p: Any, a: Any, alpha: float = 1.0) -> Any:
    real = p.near(a) if alpha != 1 else p.bent(a)
    return np.where(real > 0, a, alpha * (np.exp(np.where(real > 0, 0, a)) - 1))


def clip(p: Any, a: Any, low: float, high: float) -> Any:
    return np.where(p.near(a - low) < 0, low, np.where(p.near(a - high) > 0, high, a))


ACTIVATIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.gelu": ("sn.gelu({0})", lambda p, a: a * phi(a)),
    "sn.gelu by tanh": (
        'sn.gelu({0}, approximate="tanh")',
        lambda p, a: a * (1 + np.tanh((2 / np.pi) ** 0.5 * (a + 0.044715 * a**3))) / 2,
    ),
    "sn.elu": ("sn.elu({0})", elu),
    "sn.elu of alpha": ("sn.elu({0}, 0.7)", lambda p, a: elu(p, a, 0.7)),
    "sn.celu": ("sn.celu({0}, 2)", lambda p, a: 2 * elu(p, a / 2)),
    "sn.selu": ("sn.selu({0})", lambda p, a: 1.0507009873554805 * elu(p, a, 1.6732632423543772)),
    "sn.mish": ("sn.mish({0})", lambda p, a: a * np.tanh(N.softplus(a))),
    "sn.clip": ("sn.clip({0}, -1, Rational(1, 2))", lambda p, a: clip(p, a, -1, 0.5)),
    "sn.hardtanh": ("sn.hardtanh({0})", lambda p, a: clip(p, a, -1, 1)),
    "sn.relu6": ("sn.relu6(4*{0})", lambda p, a: clip(p, 4 * a, 0, 6)),
    "sn.hardsigmoid": ("sn.hardsigmoid(3*{0})", lambda p, a: clip(p, 3 * a + 3, 0, 6) / 6),
    "sn.hardswish": ("sn.hardswish(3*{0})", lambda p, a: 3 * a * clip(p, 3 * a + 3, 0, 6) / 6),
    "sn.softsign": ("sn.softsign({0})", lambda p, a: a / (1 + N.absolute(p, a))),
    "sn.log_sigmoid": ("sn.log_sigmoid({0})", lambda p, a: -N.softplus(-a)),
}
ONE.update(ACTIVATIONS)
for _kind in ACTIVATIONS:
    MATRICES[_kind] = lambda g, s, kind=_kind: entrywise(g, s, kind)

# -- along an axis


def extreme(p: Any, a: Any, axis: int, sign: int) -> Any:
    b = sign * np.real(a)
    ordered = np.sort(b, axis=axis)
    if b.shape[axis] > 1:
        p.near(np.take(ordered, -1, axis) - np.take(ordered, -2, axis))
    return np.take_along_axis(a, b.argmax(axis=axis, keepdims=True), axis)


def root(p: Any, a: Any) -> Any:
    p.near(a)
    return np.sqrt(a)


def mean(a: Any, axis: int) -> Any:
    return a.sum(axis=axis, keepdims=True) / a.shape[axis]


def variance(a: Any, axis: int, ddof: int = 0) -> Any:
    return ((a - mean(a, axis)) ** 2).sum(axis=axis, keepdims=True) / (a.shape[axis] - ddof)


def standardised(p: Any, a: Any, axis: int, epsilon: float) -> Any:
    # of equal entries all that is left is how the mean was rounded
    return (a - p.rounded(mean(a, axis))) / np.sqrt(variance(a, axis) + epsilon)


REDUCTIONS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.max": ("sn.max({{0}}, axis={axis})", lambda p, a, axis: extreme(p, a, axis, 1)),
    "sn.min": ("sn.min({{0}}, axis={axis})", lambda p, a, axis: extreme(p, a, axis, -1)),
    "sn.prod": ("sn.prod({{0}}, axis={axis})", lambda p, a, axis: np.prod(a, axis=axis, keepdims=True)),
    "sn.var": ("sn.var({{0}}, axis={axis})", lambda p, a, axis: variance(a, axis)),
    "sn.std": ("sn.std({{0}}, axis={axis}, ddof=1)", lambda p, a, axis: np.sqrt(variance(a, axis, 1))),
}
for _kind, (_text, _f) in REDUCTIONS.items():

    @row(MATRICES, _kind)
    def _reduced(g: Generator, s: Any, kind: str = _kind, text: str = _text, f: Any = _f) -> Tree | None:
        if 1 not in s:
            return None
        axis = 0 if s[0] == 1 else 1
        operand = (g.size(), s[1]) if axis == 0 else (s[0], g.size())
        if kind == "sn.std":  # which has no slope where all entries are one
            operand = (2, s[1]) if axis == 0 else (s[0], 2)
            return node(kind, s, text.format(axis=axis), lambda p, a: f(p, a, axis), _spread_out(g, operand, axis))
        return node(kind, s, text.format(axis=axis), lambda p, a: f(p, a, axis), g.matrix(*operand))


def _spread_out(g: Generator, s: Any, axis: int) -> Tree:
    ends = np.array([[-2.0], [2.0]]) if axis == 0 else np.array([[-2.0, 2.0]])
    more = f"Matrix([[-2], [2]])*OneMatrix(1, {s[1]})" if axis == 0 else f"OneMatrix({s[0]}, 1)*Matrix([[-2, 2]])"
    return node("spread out", s, f"(sn.tanh({{0}}) + {more})", lambda p, a: np.tanh(a) + ends, g.matrix(*s))


OF_ALL: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.max of all": ("sn.max({0})", lambda p, a: extreme(p, a.reshape(-1, 1), 0, 1)[0, 0]),
    "sn.min of all": ("sn.min({0})", lambda p, a: extreme(p, a.reshape(-1, 1), 0, -1)[0, 0]),
    "sn.prod of all": ("sn.prod({0})", lambda p, a: np.prod(a)),
    "sn.var of all": ("sn.var({0})", lambda p, a: ((a - a.mean()) ** 2).mean()),
    "sn.std of all": (
        "sn.std(sn.vec({0})*Matrix([[1, 1]]) + OneMatrix({0}.shape[0]*{0}.shape[1], 1)*Matrix([[0, 1]]))",
        lambda p, a: np.sqrt(
            (np.stack([a, a + 1]) - a.mean() - 0.5).ravel()
            @ (np.stack([a, a + 1]) - a.mean() - 0.5).ravel()
            / (2 * a.size)
        ),
    ),
}
for _kind, (_text, _f) in OF_ALL.items():
    simple(SCALARS, _kind, _text, _f, lambda g: [(g.size(), g.size())])

NORMS: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.layer_norm": (
        "sn.layer_norm({{0}}, axis={axis}, epsilon=0.01)", lambda p, a, axis: standardised(p, a, axis, 0.01),
    ),
    "sn.batch_norm": (
        "sn.batch_norm({{0}}, axis={axis}, epsilon=0.1)", lambda p, a, axis: standardised(p, a, axis, 0.1),
    ),
    "sn.rms_norm": (
        "sn.rms_norm({{0}}, axis={axis}, epsilon=0.01)", lambda p, a, axis: a / np.sqrt(mean(a * a, axis) + 0.01),
    ),
    "logsumexp, spread": (
        "({{0}} - {left}sn.logsumexp({{0}}, axis={axis}){right})", lambda p, a, axis: a - p.rounded(N.logsumexp(a, axis)),
    ),
}  # fmt: skip
for _kind, (_text, _f) in NORMS.items():

    @row(MATRICES, _kind)
    def _normed(g: Generator, s: Any, kind: str = _kind, text: str = _text, f: Any = _f) -> Tree | None:
        axis = g.pick(0, 1)
        ends = {"left": f"OneMatrix({s[0]}, 1)*", "right": ""}
        ends = ends if axis == 0 else {"left": "", "right": f"*OneMatrix(1, {s[1]})"}
        return node(kind, s, text.format(axis=axis, **ends), lambda p, a: f(p, a, axis), g.matrix(*s))


@row(MATRICES, "layer norm with gain and bias")
def _with_gain(g: Generator, s: Any) -> Tree | None:
    return node("layer norm with gain and bias", s, "sn.layer_norm({0}, 0, {1}, {2}, 0.01)",
                lambda p, a, b, c: b * standardised(p, a, 0, 0.01) + c, g.matrix(*s), g.matrix(s[0], 1), g.matrix(s[0], 1))  # fmt: skip


# -- attention, dropout, recurrent cells


@row(MATRICES, "sn.masked_softmax")
def _masked(g: Generator, s: Any) -> Tree | None:
    name, axis = g.fresh("M"), g.pick(0, 1)
    draw = lambda rng, shape: np.where(rng.random(shape) < 0.7, 1.0, -1.0)  # a jump is at 0
    mask = g._symbol("mask", name, s, f'sn.matrix("{name}", {s[0]}, {s[1]})', draw)
    return node("sn.masked_softmax", s, f"sn.masked_softmax({{0}}, {{1}}, axis={axis})",
                lambda p, a, m: masked_softmax(a, m, axis), g.matrix(*s), mask)  # fmt: skip


def masked_softmax(a: Any, m: Any, axis: int) -> Any:
    kept = np.where(np.real(m) > 0, np.exp(a - np.real(a).max(axis=axis, keepdims=True)), 0)
    total = kept.sum(axis=axis, keepdims=True)
    return kept / np.where(total == 0, 1, total)


def attention(q: Any, k: Any, v: Any) -> Any:
    return N.softmax(q @ k.T / q.shape[1] ** 0.5, 1) @ v


def causal(q: Any, k: Any, v: Any) -> Any:
    return masked_softmax(q @ k.T / q.shape[1] ** 0.5, np.tri(len(q), len(k)), 1) @ v


@row(MATRICES, "sn.attention")
def _attention(g: Generator, s: Any) -> Tree | None:
    d, keys = g.size(), g.size()
    return node("sn.attention", s, "sn.attention({0}, {1}, {2})", lambda p, q, k, v: attention(q, k, v),
                g.matrix(s[0], d), g.matrix(keys, d), g.matrix(keys, s[1]))  # fmt: skip


@row(MATRICES, "sn.attention, causal")
def _causal(g: Generator, s: Any) -> Tree | None:
    d, n = g.size(), f'"{s[0]}"' if isinstance(s[0], str) else s[0]
    return node("sn.attention, causal", s, f"sn.attention({{0}}, {{1}}, {{2}}, sn.causal_mask({n}))",
                lambda p, q, k, v: causal(q, k, v), g.matrix(s[0], d), g.matrix(s[0], d), g.matrix(*s))  # fmt: skip


@row(MATRICES, "sn.dropout")
def _dropout(g: Generator, s: Any) -> Tree | None:
    return node("sn.dropout", s, "sn.dropout({0}, {1} - {2}, 0.8)", lambda p, a, b, c: a * (b - c) / 0.8,
                g.matrix(*s), g.matrix(*s), g.matrix(*s))  # fmt: skip


@row(MATRICES, "sn.embedding")
def _embedding(g: Generator, s: Any) -> Tree | None:
    words = g.pick(2, 3)
    return node("sn.embedding", s, "sn.embedding({0}, {1})", lambda p, a, b: a @ b, g.matrix(s[0], words),
                g.target((words, s[1]), 0))  # fmt: skip


@row(MATRICES, "recurrent sum")
def _recurrent(g: Generator, s: Any) -> Tree | None:
    text = "__import__('functools').reduce(lambda h, x: sn.tanh({0}*h + x), [{1}, {2}], {1})"

    def value(p: Any, u: Any, x: Any, y: Any) -> Any:
        return np.tanh(u @ np.tanh(u @ x + x) + y)

    return node("recurrent sum", s, text, value, g.matrix(s[0], s[0]), g.matrix(*s), g.matrix(*s))


# -- losses


def huber(p: Any, r: Any, d: float) -> Any:
    p.near(np.abs(np.real(r)) - d)
    return np.where(np.abs(np.real(r)) <= d, r * r / 2, d * (np.where(np.real(r) < 0, -r, r) - d / 2))


def xlogx(a: Any) -> Any:
    return a * np.log(a)


LOSSES: dict[str, tuple[str, Callable[..., Any]]] = {
    "sn.huber": (
        "sn.huber({0}, {1}, Rational(1, 2), axis=0)", lambda p, a, b: huber(p, a - b, 0.5).sum() / a.shape[1],
    ),
    "sn.hinge": ("sn.hinge({0}, sn.tanh({1}), axis=0)", lambda p, a, b: N.relu(p, 1 - a * np.tanh(b)).sum() / a.shape[1]),
    "sn.kl_divergence": (
        "sn.kl_divergence(sn.sigmoid({0}), sn.sigmoid({1}), axis=0)",
        lambda p, a, b: (xlogx(N.sigmoid(a)) + N.sigmoid(a) * N.softplus(-b)).sum() / a.shape[1],
    ),
    "sn.kl_divergence of softmax": (
        "sn.kl_divergence(sn.softmax({0}, axis=0), sn.softmax({1}, axis=0), axis=0)",
        lambda p, a, b: (N.softmax(a, 0) * (N.log_softmax(a, 0) - N.log_softmax(b, 0))).sum() / a.shape[1],
    ),
    "sn.cosine_similarity": (
        "sn.cosine_similarity(1 + sn.sigmoid({0}), {1} + 3*sn.sign({1}), axis=0)",
        lambda p, a, b: _cosine(1 + N.sigmoid(a), b + 3 * N.sign(p, b)),
    ),
    "sn.focal": (
        "sn.focal({0}, sn.sign({1})/2 + Rational(1, 2)*OneMatrix(*({1}).shape), axis=0)",
        lambda p, a, b: _focal(a, (N.sign(p, b) + 1) / 2),
    ),
}  # fmt: skip
for _kind, (_text, _f) in LOSSES.items():
    kinds._two_alike(_kind, _text, _f)


def _cosine(a: Any, b: Any) -> Any:
    lengths = np.sqrt((a * a).sum(axis=0) * (b * b).sum(axis=0))
    return ((a * b).sum(axis=0) / lengths).mean()


def _focal(z: Any, y: Any) -> Any:
    u = z * (1 - 2 * y)
    return (N.sigmoid(u) ** 2 * N.softplus(u)).sum() / z.shape[1]


@row(SCALARS, "sn.categorical_hinge")
def _categorical_hinge(g: Generator, s: Any) -> Tree | None:
    shape = (g.pick(3, 2), g.size())
    return node("sn.categorical_hinge", s, "sn.categorical_hinge({0}, {1}, axis=0)",
                lambda p, a, y: (extreme(p, a + 1 - y, 0, 1) - (a * y).sum(axis=0)).mean(),
                g.matrix(*shape), g.target(shape, 0))  # fmt: skip


@row(SCALARS, "sn.triplet")
def _triplet(g: Generator, s: Any) -> Tree | None:
    shape = (g.size(), g.size())

    def value(p: Any, a: Any, b: Any, c: Any) -> Any:
        near, far = (root(p, ((a - other + 0.1) ** 2).sum(axis=0)) for other in (b, c))
        return N.relu(p, near - far + 1).sum() / a.shape[1]

    return node("sn.triplet", s, "sn.triplet({0}, {1}, {2}, axis=0, epsilon=0.1)", value,
                g.matrix(*shape), g.matrix(*shape), g.matrix(*shape))  # fmt: skip


KINDS = tuple(dict.fromkeys([*kinds.KINDS, *MATRICES, *SCALARS]))

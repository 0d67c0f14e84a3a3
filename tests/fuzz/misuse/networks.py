"""All that networks use with arguments of a wrong kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np

from .calls import AXIS, FREE, MATRIX, NOTHING, SCALAR, SIZE, STRANGE, Call, accepted

FORM = dict.fromkeys(STRANGE, NOTHING) | {"1": NOTHING, "True": NOTHING, "'Tanh'": NOTHING}
LATER = (
    "sympy.Function(",
    "sympy.Integral(",
    "sympy.Matrix([[sympy.Symbol",
    "sympy.MatrixSymbol(",
    "sympy.Symbol('A')",
    "sympy.Sum(",
    "sympy.BlockMatrix",
)  # fmt: skip - refused when they are derived or run
ANY_MATRIX = MATRIX | {k: FREE for k, v in MATRIX.items() if v is not NOTHING or k.startswith(LATER)}
ANY_SCALAR = SCALAR | {k: FREE for k, v in SCALAR.items() if v is not NOTHING or k.startswith(LATER)}
ANY_AXIS = AXIS | {k: FREE for k, v in AXIS.items() if v is not NOTHING}


def networks() -> list[Call]:
    """Give the calls."""
    M, S, axis = ("A", MATRIX), ("0.7", ANY_SCALAR), ("0", AXIS)
    loose, rank = ("A", ANY_MATRIX), ("0", ANY_AXIS)
    matrix: Callable[..., Any] = lambda f: lambda a, *more: f(a, *more) if np.ndim(a) == 2 else NOTHING
    names = (
        "gelu",
        "elu",
        "celu",
        "selu",
        "mish",
        "hardtanh",
        "relu6",
        "hardsigmoid",
        "hardswish",
        "softsign",
        "log_sigmoid",
    )
    found = [Call(f"sn.{name}({{0}})", (loose,), compare=accepted) for name in names]
    found += [Call(f"sn.{name}({{0}}, {{1}})", (M, axis), matrix(f)) for name, f in {
        "max": lambda a, k: np.max(a, k, keepdims=True), "min": lambda a, k: np.min(a, k, keepdims=True),
        "prod": lambda a, k: np.prod(a, k, keepdims=True), "var": lambda a, k: np.var(a, k, keepdims=True),
        "std": lambda a, k: np.std(a, k, keepdims=True),
    }.items()]  # fmt: skip
    pairs = ["huber", "hinge", "categorical_hinge", "cosine_similarity", "focal"]
    found += [
        Call(f"sn.{name}({{0}}, {{1}}, axis={{2}})", (loose, ("B", ANY_MATRIX), rank), compare=accepted)
        for name in pairs
    ]
    texts = {
        "sn.gelu(A, {0})": ["'none'"], "sn.elu({0}, {1})": [loose, S], "sn.celu(A, {0})": [S], "sn.clip({0}, {1}, 2)": [loose, S],
        "sn.var(A, 0, {0})": [("1", ANY_SCALAR)], "sn.layer_norm({0}, {1})": [loose, rank],
        "sn.layer_norm(A, 0, {0}, {1}, {2})": [("b", ANY_MATRIX | {"None": FREE})] * 2 + [("1e-5", ANY_SCALAR)],
        "sn.batch_norm({0}, {1}, {2})": [loose, rank, ("b", ANY_MATRIX | {"None": FREE})], "sn.rms_norm({0}, {1})": [loose, rank],
        "sn.dropout({0}, {1}, {2})": [loose, ("B", ANY_MATRIX), ("0.5", ANY_SCALAR)],
        "sn.embedding({0}, {1})": [loose, ("B", ANY_MATRIX)], "sn.masked_softmax({0}, {1}, {2})": [loose, ("B", ANY_MATRIX), rank],
        "sn.attention({0}, {1}, {2}, {3})": [loose, ("B", ANY_MATRIX), ("A", ANY_MATRIX), ("B", ANY_MATRIX | {"None": FREE})],
        "sn.kl_divergence(sn.sigmoid({0}), sn.sigmoid({1}))": [loose, ("B", ANY_MATRIX)],
        "sn.huber(A, B, {0})": [S], "sn.focal(A, B, {0}, {1})": [S, ("0.7", ANY_SCALAR | {"None": FREE})],
        "sn.triplet({0}, {1}, {2}, {3})": [loose, ("B", ANY_MATRIX), ("A", ANY_MATRIX), S],
        "sn.causal_mask({0}, 3)": [("2", SIZE)], "sn.rnn({0}, 2)(A, B)": [("2", SIZE)],
        "sn.lstm(2, 2)(({0}, {1}), B)[0]": [loose, loose], "sn.gru(2, 2)({0}, {1})": [loose, ("B", ANY_MATRIX)],
        "sn.rnn(2, 2).start({0})": [("3", SIZE)],
    }  # fmt: skip
    for text, arguments in texts.items():
        found.append(Call(text, tuple((a, FORM) if isinstance(a, str) else a for a in arguments), compare=accepted))
    return found

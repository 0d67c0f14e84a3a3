"""Numbers that an argument cannot be are refused by name, with what was given and what it may be; Symbols stay."""

import re
from decimal import Decimal
from fractions import Fraction

import numpy as np
import pytest
from sympy import I, Rational, S, Symbol, sqrt, zoo

import symnet as sn

P, Y, N = (sn.matrix(name, 2, "n") for name in "PYN")
K, X, W = sn.matrix("K", 2, 4), sn.matrix("X", 16, "n"), sn.matrix("W", 3, 2)
z, y = sn.matrix("z", 1, "n"), sn.matrix("y", 1, "n")
POSITIVE, FROM_0, TO_1, KEPT, ANY, FROM_1 = (
    "a positive number", "a number from 0 on", "a number from 0 to 1", "a number above 0 and at most 1",
    "a finite number", "a number from 1",
)  # fmt: skip
FRACTION, COUNT = "a number from 0 up to, but not, 1", "a positive whole number"
OUTSIDE = {  # what may be → numbers that may not, the first one just so
    POSITIVE: [0, -1, sqrt(2) - 2], FROM_0: [-Rational(1, 10**9), -1], TO_1: [1.001, -0.001, 2], KEPT: [0, 1.001, -1],
    ANY: [], FROM_1: [0.999, 0, -1], FRACTION: [1, -0.001], COUNT: [0, 1.5, -1],
}  # fmt: skip
INSIDE = {
    POSITIVE: [1e-9, 3, np.float32(2), np.array(0.5), Fraction(1, 2), Decimal("0.5"), sqrt(2)], FROM_0: [0, 0.5, np.int64(0)],
    TO_1: [0, 1, 0.25], KEPT: [1, 1e-3], ANY: [0, -3, 2.5], FROM_1: [1, 2, 7.5], FRACTION: [0, 0.999], COUNT: [1, 12],
}  # fmt: skip
ARGUMENTS = {  # argument: its call, what it may be, whether a Symbol may stand for it
    "huber: delta": (lambda v: sn.huber(P, Y, v), POSITIVE, True),
    "focal: gamma": (lambda v: sn.focal(P, Y, v), FROM_0, True),
    "focal: alpha": (lambda v: sn.focal(P, Y, 2, v), TO_1, True),
    "triplet: the margin": (lambda v: sn.triplet(P, Y, N, v), FROM_0, True),
    "triplet: epsilon": (lambda v: sn.triplet(P, Y, N, epsilon=v), POSITIVE, True),
    "cosine_similarity: epsilon": (lambda v: sn.cosine_similarity(P, Y, epsilon=v), POSITIVE, True),
    "layer_norm: epsilon": (lambda v: sn.layer_norm(P, epsilon=v), FROM_0, False),
    "batch_norm: epsilon": (lambda v: sn.batch_norm(P, epsilon=v), FROM_0, False),
    "rms_norm: epsilon": (lambda v: sn.rms_norm(P, epsilon=v), FROM_0, False),
    "layer_norm: the gain": (lambda v: sn.layer_norm(P, gain=v), ANY, True),
    "batch_norm: the bias": (lambda v: sn.batch_norm(P, bias=v), ANY, True),
    "affine: the bias": (lambda v: sn.affine(W, P, v), ANY, True),
    "conv2d: the bias": (lambda v: sn.conv2d(K, X, (1, 4, 4), bias=v), ANY, True),
    "dropout: keep": (lambda v: sn.dropout(P, N, v), KEPT, True),
    "leaky_relu: the slope": (lambda v: sn.leaky_relu(P, v), ANY, True),
    "elu: alpha": (lambda v: sn.elu(P, v), ANY, True),
    "celu: alpha": (lambda v: sn.celu(P, v), POSITIVE, True),
    "clip: the lower end": (lambda v: sn.clip(P, v, 99), ANY, True),
    "hardtanh: the upper end": (lambda v: sn.hardtanh(P, -99, v), ANY, True),
    "var: ddof": (lambda v: sn.var(P, ddof=v), FROM_0, False),
    "std: ddof": (lambda v: sn.std(P, axis=1, ddof=v), FROM_0, False),
    "norm: ord": (lambda v: sn.norm(P, ord=v), FROM_1, True),
    "accuracy: the threshold": (lambda v: sn.accuracy(z, y, threshold=v), ANY, True),
    "GradientDescent: the learning rate": (sn.GradientDescent, POSITIVE, False),
    "Momentum: the beta": (lambda v: sn.Momentum(0.1, v), FRACTION, False),
    "AdamW: the decay": (lambda v: sn.AdamW(decay=v), FROM_0, False),
    "LBFGS: the maxcor": (lambda v: sn.LBFGS(maxcor=v), COUNT, False),
    "step_decay: the factor": (lambda v: sn.step_decay(0.1, v), KEPT, False),
    "cosine_decay: last": (lambda v: sn.cosine_decay(0.1, 10, v), FROM_0, False),
    "every": (lambda v: sn.exponential_decay(0.1, 0.5, v), COUNT, False),
    "warmup: the rate": (lambda v: sn.warmup(v, 3), POSITIVE, False),
    "normal: the standard deviation": (sn.normal, POSITIVE, False),
}
NO_NUMBERS = [
    float("nan"), np.float64("nan"), np.array(np.nan), S.NaN, -float("inf"), zoo, 1j, 2 + I, "0.1", "a", b"1", True, np.True_,
    S.true, None, [1.0], (1,), {1: 2}, np.arange(5.0), Symbol("s", imaginary=True), object(), sn,
]  # fmt: skip
OPTIONAL = (
    "focal: alpha", "layer_norm: the gain", "batch_norm: the bias", "conv2d: the bias", "cosine_similarity: epsilon",
)  # fmt: skip
WIDE = (list, tuple, np.ndarray)  # where a matrix may stand they are told as such


@pytest.mark.parametrize("name", ARGUMENTS)
def test_an_argument_that_cannot_be_is_named_with_what_it_may_be(name):
    call, words, _ = ARGUMENTS[name]
    for value in [*OUTSIDE[words], *NO_NUMBERS]:
        if value is None and name in OPTIONAL:
            continue
        with pytest.raises((TypeError, ValueError)) as refused:
            call(value)
        said = str(refused.value)
        assert said.startswith(name), (value, said)
        told = isinstance(value, WIDE) or value is NO_NUMBERS[-1] or value is NO_NUMBERS[-2]
        assert re.search(rf"must be {re.escape(words)}.*, not ", said) or told, (value, said)
    for value in INSIDE[words]:
        call(value)


@pytest.mark.parametrize("name", ARGUMENTS)
def test_symbols_stay_where_their_assumptions_allow_it(name):
    call, words, symbols = ARGUMENTS[name]
    free, positive, negative = Symbol("s"), Symbol("s", positive=True), Symbol("s", negative=True)
    if not symbols:
        with pytest.raises((ValueError, TypeError), match=f"^{re.escape(name)}.* must be {re.escape(words)}"):
            call(free)
        return
    for symbol in (free, positive):
        assert symbol in call(symbol).free_symbols
    if words == ANY:
        assert negative in call(negative).free_symbols
    else:
        with pytest.raises(ValueError, match="not s, whose assumptions rule that out"):
            call(negative)


@pytest.mark.parametrize("flag", [True, np.True_, np.array(True)])
def test_a_truth_value_is_no_size_no_shift_and_no_power(flag):
    for call in (
        lambda: sn.matrix("A", flag, 2), lambda: sn.lstm(2, flag), lambda: sn.mlp(X, [flag]), lambda: sn.roll(P, flag, 0),
        lambda: sn.power(P, flag), lambda: sn.hadamard(P, flag), lambda: sn.entry(P, flag, 0), lambda: sn.reshape(P, (flag, -1)),
        lambda: sn.derive(sn.norm(P) ** 2, P, order=flag), lambda: sn.elementwise(lambda a, b: a * b, P, flag),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match=r"(?s)True|BooleanTrue"):
            call()

"""What a closed form costs grows with the depth of a net, not with the number of ways through it."""

import pytest
import sympy as sp
from sympy import Basic

import symnet as sn

A, B = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3)


def _deep(level, depth):
    p = sn.tanh(A)
    for _ in range(depth):
        p = level(p)
    return sn.sum(p)


LEVELS = {
    "residual": lambda p: sn.tanh(A * p) + p, "transposed": lambda p: sn.tanh((p.T * A.T).T) + p,
    "before": lambda p: A * sn.tanh(p) + p, "two ways": lambda p: sn.tanh(A * p) + sn.sigmoid(p.T * B).T,
    "gated": lambda p: sn.hadamard(sn.sigmoid(A * p), p), "both turned": lambda p: (sn.tanh(p.T * A) + p.T * B).T,
    "inverse": lambda p: sn.tanh((p + 5 * sp.Identity(3)).I * A) + p, "power": lambda p: sn.tanh(A * p) ** 2 + p.T,
}  # fmt: skip


@pytest.mark.sampled(2)
@pytest.mark.parametrize("level", LEVELS)
def test_a_closed_form_does_not_double_with_each_level(level, monkeypatch):
    calls = {8: 0, 16: 0, 24: 0}
    plain = Basic.__new__
    for depth in calls:
        loss = _deep(LEVELS[level], depth)
        derived = sn.derive(loss, A)

        def counted(cls, *args, depth=depth):
            calls[depth] += 1
            return plain(cls, *args)

        with monkeypatch.context() as patched:
            patched.setattr(Basic, "__new__", counted)
            derived.closed(A)
    assert calls[24] - calls[16] < 3 * (calls[16] - calls[8]) < 40000  # each way by itself: 256 times

"""Logarithm, root, reciprocal and complement of scalar functions, in chains: finite where the exact result is.

Each is written as a chain of entrywise operations and as scalars of a 1×1 product; what is right is mpmath's value of the
whole, and of its derivative. Where the exact value is below the smallest normal number, 0 and what is as small are right.
"""

from functools import cache

import mpmath
import numpy as np
import pytest
import sympy

import symnet as sn

pytestmark = pytest.mark.filterwarnings("error")

POINTS = [-1e4, -1000.0, -120.0, -35.5, -29.0, -3.0, -0.5, -1e-3, 1e-3, 0.5, 3.0, 9.0, 40.0, 120.0, 1000.0, 1e4]


def sigmoid(x):
    return 1 / (1 + mpmath.exp(-x))


def softplus(x):
    return mpmath.log1p(mpmath.exp(x))


INNER = {
    "softplus": (sn.softplus, softplus), "sigmoid": (sn.sigmoid, sigmoid), "exp": (sn.exp, mpmath.exp),
    "silu": (sn.silu, lambda x: x * sigmoid(x)),
}  # fmt: skip
OUTER = {
    "log": (sn.log, mpmath.log, lambda y: y > 0),
    "sqrt": (sn.sqrt, mpmath.sqrt, lambda y: y > 0),
    "log(1 - f)": (lambda f: sn.log(1 - f), lambda y: mpmath.log1p(-y), lambda y: y < 1),
    "log(1 + f)": (lambda f: sn.log(1 + f), mpmath.log1p, lambda y: y > -1),
}


def wanted(f, g, dtype):
    """Give (point, value, slope) where both can be written as numbers of the precision."""
    big = float(np.finfo(dtype).max)
    return [row for row in exact(f, g) if max(map(abs, row[1:])) < big]


@cache
def exact(f, g):
    """Give (point, value, slope), exact to all digits of a float."""
    found = []
    for x in POINTS:
        near_1 = (f, g) == ("sigmoid", "log(1 - f)")  # only there digits are lost that must be had before
        with mpmath.workdps(80 + int(0.45 * (abs(x) if near_1 else min(abs(x), 1000)))):
            x, h = mpmath.mpf(x), mpmath.mpf(10) ** -25
            y = INNER[f][1](x)
            if OUTER[g][2](y):
                ends = [OUTER[g][1](INNER[f][1](x + s)) for s in (-h, h)]
                found.append((float(x), float(OUTER[g][1](y)), float((ends[1] - ends[0]) / (2 * h))))
    return found


def close(found, right, dtype):
    tolerance, least = (1e-12, 1e-290) if dtype is np.float64 else (1e-5, 1e-30)
    np.testing.assert_array_less(np.abs(np.asarray(found, float) - right), tolerance * np.abs(right) + least)


@pytest.mark.parametrize("dtype", [np.float64, np.float32], ids=["float64", "float32"])
@pytest.mark.parametrize("g", OUTER)
@pytest.mark.parametrize("f", INNER)
def test_entry_by_entry(f, g, dtype):
    x, values, slopes = (np.array(column) for column in zip(*wanted(f, g, dtype), strict=True))
    A = sn.matrix("A", 1, len(x))
    chain = OUTER[g][0](INNER[f][0](A))
    given = {A: x.reshape(1, -1).astype(dtype)}
    close(sn.evaluate(chain, given)[0], values, dtype)
    close(sn.derive(sn.sum(chain), A).compile()(given)[1][A][0], slopes, dtype)


@pytest.mark.parametrize("g", OUTER)
@pytest.mark.parametrize("f", INNER)
def test_scalars(f, g):
    u, v = sn.vector("u", 1), sn.vector("v", 1)
    scalar = OUTER[g][0](INNER[f][0](u.T * v))
    scalar = sn.sum(scalar) if scalar.is_Matrix else scalar
    value, derived = sn.compile(scalar), sn.derive(scalar, u).compile()
    for x, right, slope in wanted(f, g, np.float64):
        given = {u: [x], v: [1.0]}
        close(value(given), right, np.float64)
        close(derived(given)[1][u][0, 0], slope, np.float64)


def test_the_forms_stay_short():
    A, x, y = sn.matrix("A", 2, 2), sn.vector("x", 3), sn.vector("y", 3)
    assert sn.formula(sn.gradient(sn.sum(sn.log(sn.softplus(A))), A)) == "sigmoid(A) ⊘ softplus(A)"
    assert sn.formula(sn.gradient(sn.sum(sn.log(sn.exp(A))), A)) == "1⋅1ᵀ"
    assert str(sn.derive(sympy.log(sn.softplus(x.T * y)), x)).splitlines()[1].split() == [
        "L", "=", "log(softplus(⟨x,", "y⟩))", "∂L/∂x", "=", "sigmoid(⟨x,", "y⟩)⋅y/softplus(⟨x,", "y⟩)",
    ]  # fmt: skip

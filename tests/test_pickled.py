"""An expression that was pickled or copied is the one that it was, however SymPy would simplify its parts."""

import copy
import pickle

import pytest
import sympy
from sympy import Abs, Add, Max, Mul, Piecewise, Pow, Rational, Symbol, Trace, conjugate, exp, log, sign, sqrt

import symnet as sn

A, B, v, u = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3), sn.vector("v", 3), sn.vector("u", 3)
t, beta = Symbol("t"), Symbol("beta")
s = sn.sum(A)
minus = Mul(-1, Add(t, -1), evaluate=False)
KINDS = [
    Abs(Abs(v.T * u)), Abs(s), Abs(Abs(s * t)), Abs(Abs(s, evaluate=False), evaluate=False), Abs(s - t) ** 3, sign(s * t),
    Max(s, t), Max(s, t, sn.norm(A)), exp(-v.T * u), exp(log(s, evaluate=False), evaluate=False), s * t / 2,
    log(1 + exp(s)), sn.norm(A) + s, Trace(A * B) * s, log(sympy.Determinant(A)) + s, sqrt(s**2), sqrt(conjugate(Trace(sn.expm(A)))),
    Piecewise((s, (s > 0) & (t > 0)), (0, True)), sympy.Heaviside(s), sympy.Function("f")(s), (s**2) ** Rational(1, 2),
    sn.elementwise(lambda a, b: Max(0, -(a * b)), s, beta), sn.elementwise(lambda a: a * minus, A), minus * s,
    Mul(-1, Mul(beta, s), evaluate=False), Add(Add(s, 1, evaluate=False), -1, evaluate=False),
    Pow(Mul(s, beta, evaluate=False), 2, evaluate=False), sn.sigmoid(Max(0, Mul(-1, Mul(beta, s), evaluate=False))),
    A * B + s * A, A[0, 1] * s, sn.tanh(A * B) * v, (A + sn.tanh(A)) ** -1, sn.squared_error(sn.mlp(A, [2, 3]), B),
    sn.elementwise(lambda a: sympy.cos(a) + Mul(-1, Add(a, -2), evaluate=False), A), sn.let("H", A * B) * v,
]  # fmt: skip


@pytest.mark.parametrize("number", range(len(KINDS)))
def test_it_is_the_same(number):
    e = KINDS[number]
    for again in (*(pickle.loads(pickle.dumps(e, p)) for p in range(2, 6)), copy.copy(e), copy.deepcopy(e)):
        assert again == e and hash(again) == hash(e) and again.func == e.func and str(again) == str(e)
        assert again.is_commutative == e.is_commutative and again.free_symbols == e.free_symbols
        assert again * 2 == e * 2 and again.subs(t, 2) == e.subs(t, 2) and sympy.srepr(again) == sympy.srepr(e)


def test_what_has_no_node_is_pickled_as_sympy_does_it():
    e = Mul(-1, Add(t, -1), evaluate=False)
    assert pickle.loads(pickle.dumps(e)) == 1 - t
    assert pickle.loads(pickle.dumps(A * B)) == A * B

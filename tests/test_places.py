"""How many places it takes to teach symnet something: each kind is added here, from outside the package."""

import runpy
from dataclasses import dataclass

import numpy as np
import pytest
import sympy
from sympy import Symbol, cosh, log

import symnet as sn
from symnet.notation import NOTATIONS
from symnet.notation.unicode import Unicode

A, B = sn.matrix("A", 3, 3), sn.matrix("B", 3, 3)
a = np.random.default_rng(0).normal(size=(3, 3)) + 3 * np.eye(3)
b = np.random.default_rng(1).normal(size=(3, 3))


# -- an entrywise function with a stable form of its own: one class and one row


class log_cosh(sympy.Function):
    is_real = True
    nargs = 1

    def fdiff(self, argindex=1):
        return sympy.tanh(self.args[0])

    def _eval_rewrite_as_log(self, x, **_):
        return log(cosh(x))

    def _eval_evalf(self, prec):
        return self.rewrite(log)._eval_evalf(prec)


@pytest.fixture
def taught_log_cosh(monkeypatch):
    stable = lambda np, x: np.absolute(x) + np.log1p(np.exp(-2 * np.absolute(x))) - 0.6931471805599453
    monkeypatch.setitem(sn.SCALARS, log_cosh, sn.Facts(numpy=stable, analytic=None, mpmath={"absolute": "fabs"}))


def test_an_entrywise_function(taught_log_cosh):
    loss = sn.sum(sn.elementwise(log_cosh, A * B))
    assert "sum(log_cosh(Z₁))" in str(sn.derive(loss, A)) and "Z̅₁ = tanh(Z₁)" in str(sn.derive(loss, A))
    for method in ("central", "mpmath"):
        assert sn.check_gradients(loss, {A: a, B: b}, method=method).ok
    assert sn.evaluate(sn.sum(sn.elementwise(log_cosh, A)), {A: np.full((3, 3), 1000.0)}) == pytest.approx(
        9 * (1000 - np.log(2))
    )


# -- a linear map: its node, with its entries, and one row in RULES and in NUMPY


class CumSum(sn.MatrixNode):
    """Running sums down the columns, or from below where `turned` is 1."""

    title = "cumsum"

    def entry(self, i, j, A):
        rows = range(i, A.rows) if self.args[1] else range(i + 1)
        return sum(A[k, j] for k in rows)


def cumsum_code(c, node):
    flip = "::-1" if node.args[1] else ":"
    return c.numpy.cumsum(c.full(node.args[0])[flip], axis=0)[flip]


@pytest.fixture
def taught_cumsum(monkeypatch):
    monkeypatch.setitem(sn.RULES, CumSum, lambda G, Y, A, turned: (CumSum(G, 1 - turned), None))
    monkeypatch.setitem(sn.NUMPY, CumSum, cumsum_code)


def test_a_linear_map(taught_cumsum):
    loss = sn.norm(CumSum(sn.tanh(A * B), 0) - B) ** 2
    d = sn.derive(loss, [A, B])
    assert "cumsum(" in str(d) and "cumsum" in d.latex() and d.pretty() and d.mathml() and d.mathematica()
    np.testing.assert_allclose(sn.evaluate(CumSum(A, 0), {A: a}), np.cumsum(a, axis=0))
    for method in ("complex", "central", "mpmath"):
        assert sn.check_gradients(loss, {A: a, B: b}, method=method).ok
    assert sn.prove(sn.norm(CumSum(A, 0)) ** 2, A).ok
    assert str(CumSum(A, 0)) != str(CumSum(A, 1))


# -- a nonlinear primitive: log det, the same way


class LogDet(sn.ScalarNode):
    title = "logdet"

    def entry(self, i, j, A):
        return log(A.det())


@pytest.fixture
def taught_logdet(monkeypatch):
    monkeypatch.setitem(sn.RULES, LogDet, lambda g, y, A: (g * sympy.Inverse(A).T,))
    monkeypatch.setitem(
        sn.NUMPY, LogDet, lambda c, node: c.numpy.call("numpy.linalg", "slogdet", c.full(node.args[0]))["1"]
    )


def test_a_nonlinear_primitive(taught_logdet):
    loss = LogDet(A * A.T) / 2 + sn.norm(A)
    assert "logdet(" in str(sn.derive(loss, A))
    assert sn.check_gradients(loss, {A: a}, method="central").ok
    assert sn.evaluate(LogDet(A), {A: a}) == pytest.approx(np.linalg.slogdet(a)[1])
    C = sn.matrix("C", 2, 2)
    assert sn.prove(LogDet(C), C).ok


# -- the same as files: what a user writes is one file, with a class and a row in two tables, and nothing else changes


LINEAR = """
import symnet as sn


class Mirrored(sn.MatrixNode):
    title = "mirrored"

    def entry(self, i, j, A):
        return A[A.rows - 1 - i, j]


sn.RULES[Mirrored] = lambda G, Y, A: (Mirrored(G),)
sn.NUMPY[Mirrored] = lambda c, node: c.full(node.args[0])["::-1"]
NODE = Mirrored
"""
NONLINEAR = """
import sympy
import symnet as sn


class UnitColumns(sn.MatrixNode):
    title = "unit"

    def entry(self, i, j, A):
        return A[i, j] / sympy.sqrt(sum(A[k, j] ** 2 for k in range(A.rows)))


def rule(G, Y, A):
    lengths = sn.norm(A, axis=0)
    spread = lambda row: sympy.OneMatrix(A.shape[0], 1) * row
    along = sn.sum(sn.hadamard(G, Y), axis=0)
    return (sn.divide(G - sn.hadamard(Y, spread(along)), spread(lengths)),)


def code(c, node):
    A = c.full(node.args[0])
    return A / c.numpy.sqrt((A * A).method("sum", axis=0, keepdims=True))


sn.RULES[UnitColumns], sn.NUMPY[UnitColumns] = rule, code
NODE = UnitColumns
"""


@pytest.mark.parametrize("kind", ["linear", "nonlinear"])
def test_one_file_and_a_row_in_two_tables_teach_a_node(kind, tmp_path):
    from symnet.expressions import Table

    (tmp_path / "taught.py").write_text({"linear": LINEAR, "nonlinear": NONLINEAR}[kind], encoding="utf-8")
    before = Table.changes
    taught = runpy.run_path(str(tmp_path / "taught.py"))
    node = taught["NODE"]
    try:
        assert Table.changes - before == 2 and len(list(tmp_path.iterdir())) == 1  # two rows, one file
        loss, D = sn.norm(node(sn.tanh(A * B)) - B) ** 2 / 2, sn.matrix("D", 3, 3)
        d = sn.derive(loss, [A, B])
        for text in (str(d), d.latex(), d.mathml(), d.mathematica(), str(d.closed(A))):
            assert node.title in text.lower() or node.__name__ in text
        for method in ("complex", "central", "mpmath"):
            assert sn.check_gradients(loss, {A: a, B: b}, method=method).ok
        C = sn.matrix("C", 2, 2)
        assert sn.prove(sn.sum(sn.hadamard(node(C), sn.matrix("M", 2, 2))), C).ok
        step, given = 1e-6, {A: a, B: b, D: b.T}
        slope = lambda at: sn.evaluate(sn.gradient(loss, A), {A: at, B: b})
        numeric = (slope(a + step * b.T) - slope(a - step * b.T)) / (2 * step)
        np.testing.assert_allclose(sn.evaluate(sn.hvp(loss, A, D), given), numeric, rtol=1e-5, atol=1e-7)
        kernel, inside = d.compile(), d.compile(workspace=True)
        assert kernel({A: a, B: b})[0] == inside({A: a, B: b})[0] and "symnet" not in kernel.source
        run = sn.train(loss, {B: b}, {A: a}, sn.Adam(0.01), epochs=5, progress=False)
        assert run.loss < kernel({A: a, B: b})[0]
    finally:
        del sn.RULES[node], sn.NUMPY[node]


# -- an output language: one class and a registration


class Shouting(Unicode):
    def call(self, node, head, arguments, labels):
        return super().call(node, head.upper(), arguments, labels)


def test_an_output_language(monkeypatch):
    monkeypatch.setitem(NOTATIONS, "shouting", Shouting)
    assert "TANH(A)" in sn.derive(sn.sum(sn.tanh(A) * B), A).render("shouting")


# -- an optimizer with state: one class


@dataclass(frozen=True)
class HeavyBall:
    rate: float = 0.1
    beta: float = 0.9

    def hyperparameters(self):
        return {"eta": self.rate, "beta": self.beta}

    def init(self, W):
        return {"v": 0.0}

    def update(self, W, gradient, eta, beta, v):
        new = beta * v + gradient
        return {W: W - eta * new, v: new}


def test_an_optimizer_with_state():
    w, y = sn.vector("w", 3), sn.vector("y", 3)
    s = Symbol("s")
    loss = sn.norm(w - y) ** 2 / 2 + (s - 2) ** 2 / 2
    target = np.array([[1.0], [-2.0], [3.0]])
    run = sn.train(loss, {y: target}, {w: np.zeros((3, 1)), s: 0.0}, HeavyBall(0.1, 0.5), epochs=30)
    x, v, t, u = np.zeros((3, 1)), np.zeros((3, 1)), 0.0, 0.0
    for _ in range(30):
        v = 0.5 * v + (x - target)
        u = 0.5 * u + (t - 2)
        x, t = x - 0.1 * v, t - 0.1 * u
    np.testing.assert_allclose(run.parameters[w], x, rtol=1e-12)
    np.testing.assert_allclose(run.parameters[s], t, rtol=1e-12)
    update = str(run.derivation)[str(run.derivation).index("Update") :]
    assert "w ← w − η⋅" in update and "v_w ← " in update


# -- no name of ours meets a name of the user's


@pytest.mark.parametrize("name", ["eta", "beta", "v_w", "wnew", "T1", "L", "Zbar1"])
def test_a_users_name_keeps_its_value(name):
    w, user = sn.vector("w", 2), Symbol(name)
    loss = sn.norm(w - user * sympy.OneMatrix(2, 1)) ** 2
    run = sn.train(loss, {user: 3.0}, {w: np.zeros((2, 1))}, HeavyBall(0.1, 0.2), epochs=300)
    np.testing.assert_allclose(run.parameters[w], [[3.0], [3.0]], atol=1e-6)
    plain = sn.train(loss, {user: 3.0}, {w: np.zeros((2, 1))}, sn.GradientDescent(0.1), epochs=300)
    np.testing.assert_allclose(plain.parameters[w], [[3.0], [3.0]], atol=1e-6)

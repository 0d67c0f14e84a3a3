"""Residual nets of plain sums, which have as many ways through them as there are subsets of their layers."""

import sys

import numpy as np
import pytest
import sympy as sp

import symnet as sn
from symnet.expressions import is_larger, nets, scalar_atoms
from symnet.expressions.deep import TOO_LARGE

X, Y, V = sn.matrix("X", 3, "n"), sn.matrix("Y", 3, "n"), sn.matrix("V", 3, 3)


def weights(levels):
    return [sn.matrix(f"W{k}", 3, 3) for k in range(levels)]


STEPS = {
    "tanh": lambda H, W: H + sn.tanh(W * H),
    "scaled": lambda H, W: H / 2 - sn.sigmoid(W * H) / 2,
    "entrywise": lambda H, W: H + sn.hadamard(H, sn.tanh(W * H)),
}
READ = {
    "str": lambda loss: str(loss),
    "repr": lambda loss: repr(loss),
    "latex": lambda loss: sp.latex(loss),
    "atoms": lambda loss: loss.atoms(sp.MatrixSymbol),
    "has": lambda loss: loss.has(sp.Derivative),
    "free symbols": lambda loss: loss.free_symbols,
    "subs": lambda loss: loss.subs(X, Y),
    "diff": lambda loss: loss.diff(sn.matrix("W0", 3, 3)),
    "derive": lambda loss: str(sn.derive(loss, weights(2))),
    "hvp": lambda loss: sn.hvp(loss, sn.matrix("W0", 3, 3), V),
}


def net(step, levels):
    H = X
    for W in weights(levels):
        H = step(H, W)
    return sn.mse(H, Y)


def calls(f, *args):
    """Count the calls of Python functions that a call makes; more than three millions are as good as no end."""
    count = 0

    def told(frame, event, argument):
        nonlocal count
        count += event == "call"
        if count > 3_000_000:
            raise TimeoutError(f"{count} calls")

    sys.setprofile(told)
    try:
        f(*args)
    finally:
        sys.setprofile(None)
    return count


@pytest.mark.sampled(5)
@pytest.mark.parametrize("read", READ.values(), ids=READ)
@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_reading_does_not_go_every_way(step, read):
    assert calls(read, net(step, 18)) < 3_000_000


@pytest.mark.parametrize("step", STEPS.values(), ids=STEPS)
def test_a_formula_of_every_way_is_refused_and_one_of_few_is_written(step):
    with pytest.raises(ValueError, match="too long for one formula; .*prints it line by line"):
        sn.formula(net(step, 18))
    assert "W₂" in sn.formula(net(step, 3))


def test_parts_are_found_as_sympy_finds_them():
    x, y = sp.symbols("x y")
    for e in (
        x + sp.sin(x * y) ** 2,
        sp.Derivative(sp.Function("f")(x), x),
        sn.tanh(V * V) + V,
        sp.Piecewise((x, x > y), (y, True)),
    ):
        parts = list(sp.preorder_traversal(e))
        assert e.atoms() == {p for p in parts if not p.args} and e.atoms(sp.Mul, sp.Symbol) == {
            p for p in parts if isinstance(p, (sp.Mul, sp.Symbol))
        }
        assert all(e.has(p) and e.has(type(p)) for p in parts) and not e.has(sp.tan) and not e.has(sp.Symbol("z"))


def _residual(levels):
    W, x, t = sn.matrix("W", 2, 2), sn.vector("x", 2), sp.Symbol("t")
    H = x
    for _ in range(levels):
        H = H + t * sn.tanh(W * H)
    return H, t, {W: np.array([[0.3, -0.2], [0.1, 0.4]]), x: np.array([[0.5], [-1.0]]), t: 0.1}


@pytest.mark.parametrize("levels", [3, 12])
def test_slopes_by_a_scalar_go_once_through_a_net(levels):
    H, t, values = _residual(levels)
    for scalar in (2 * sn.sum(H), H[0, 0], t * sn.norm(H) + t**2, sp.sin(sn.sum(H))):
        up, down = (sn.evaluate(scalar, {**values, t: 0.1 + h}) for h in (1e-5, -1e-5))
        assert sn.evaluate(scalar.diff(t), values) == pytest.approx((up - down) / 2e-5, rel=1e-7)


y, z, t, f = *sp.symbols("y z t"), sp.Function("f")
BESIDE = {  # what the derivation does not know, or takes no slope of
    "bessel": (sp.besselj(0, y), y), "zeta": (sp.zeta(y), y), "integral": (sp.Integral(sp.sin(y * z) / z, (z, 0, y)), y),
    "complex": (sp.I * y, y), "function": (f(y), f(y)), "slope": (f(y), y), "twice": (y**2, (y, 2)), "text": (y, "y"),
    "several": (y * sp.zeta(t), sp.Matrix([y, t])), "array": (y * t, [[y, t]]), "entry": (sp.zeta(V[0, 0]), V[0, 0]),
}  # fmt: skip


@pytest.mark.parametrize("levels", [1, 6])
@pytest.mark.parametrize("factor, by", BESIDE.values(), ids=BESIDE)
def test_a_net_without_the_symbol_is_a_constant_of_any_size(factor, by, levels):
    net = sn.sum(_residual(levels)[0].subs(t, 2))
    c = sp.Dummy("c", real=True)
    assert sp.srepr((net * factor).diff(by)) == sp.srepr((c * factor).diff(by).xreplace({c: net}))


WITHIN = {  # t stands in the net and beside it, where the derivation knows no way
    "bessel": lambda H: sn.sum(H) * sp.besselj(0, t), "of the net": lambda H: sp.besselj(0, sn.sum(H) / 9) + t,
    "complex": lambda H: sp.I * t * sn.sum(H), "order": lambda H: y * sp.besselj(1, H[0, 0]), "entry": lambda H: sp.I * H[0, 0],
    "two nets": lambda H: sp.besselj(0, H[0, 0] * t) * sn.norm(H),
}  # fmt: skip


@pytest.mark.parametrize("of", WITHIN.values(), ids=WITHIN)
def test_a_net_with_the_symbol_is_differentiated_with_what_is_beside_it(of):
    H, _, values = _residual(6)

    def number(expr, at):
        wholes = [part for part in scalar_atoms(expr) if not part.is_Symbol]
        known = {part: sn.evaluate(part, {**values, t: at}) for part in wholes}
        return complex(expr.xreplace(known).subs({t: at, y: 0.7}).evalf())

    assert nets(of(H))
    up, down = (number(of(H), 0.1 + h) for h in (1e-5, -1e-5))
    assert number(of(H).diff(t), 0.1) == pytest.approx((up - down) / 2e-5, rel=1e-6)


def test_what_an_integral_binds_in_a_net_is_no_constant():
    F = sn.sum(_residual(6)[0])
    assert sp.Integral(F * y, (t, 0, 1)).diff(y) == sp.Integral(F, (t, 0, 1))
    assert sp.Integral(F, (t, 0, y)).diff(y) == F.subs(t, y)


@pytest.mark.parametrize(
    "query", [sp.Symbol("t"), sp.MatrixSymbol, lambda part: part.is_Matrix], ids=["t", "symbols", "matrices"]
)
def test_parts_are_counted_without_going_every_way(query):
    loss = sn.sum(_residual(4)[0])
    assert loss.count(query) == sp.Basic.count(loss, query)
    assert loss.find(query) == sp.Basic.find(loss, query)
    assert loss.find(query, group=True) == sp.Basic.find(loss, query, group=True)
    deep = sn.sum(_residual(60)[0])
    assert deep.count(sp.Symbol("t")) > 2**59
    assert deep.find(sp.Symbol("t")) == {sp.Symbol("t")}


@pytest.mark.parametrize(
    "ask", [sp.cse, sp.count_ops, lambda e: e.count_ops(), lambda e: sp.cse([1, e + 1]), sp.mathml]
)
def test_what_goes_every_way_is_refused_in_a_deep_net(ask):
    ask(sn.sum(_residual(4)[0]))
    with pytest.raises(ValueError, match=r"parts, each as often as it is written; (sn\.derive|write sn\.formula)"):
        ask(sn.sum(_residual(60)[0]))


def test_what_is_long_and_shares_nothing_is_counted():
    wide = sp.Trace(sp.MatAdd(*[sp.MatMul(k, V, V) for k in range(1, 2500)]))
    assert is_larger(wide, TOO_LARGE) and sp.count_ops(wide) == 7496
    H = V
    for _ in range(18):
        H = sp.MatAdd(H, sp.HadamardProduct(H, H))
    with pytest.raises(ValueError, match=r"count_ops: .* each as often as it is written; sn\.derive"):
        sp.count_ops(sp.Trace(H))

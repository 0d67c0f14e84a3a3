"""Residual nets of plain sums, which have as many ways through them as there are subsets of their layers."""

import sys

import pytest
import sympy as sp

import symnet as sn

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

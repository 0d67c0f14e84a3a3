"""Losses inside PyTorch: their backward is the derivation, once and twice."""

import numpy as np
import pytest
import sympy
from losses import LOSSES, values_of

import symnet as sn

torch = pytest.importorskip("torch")
SOME = sorted(LOSSES)[::3]


def tensors(loss, values, dtype=torch.float64):
    trained = {w.name for w in loss.kernel.parameters}
    given = {getattr(k, "name", k): v for k, v in values.items()}
    return [
        torch.tensor(np.asarray(given[n]), dtype=dtype, requires_grad=n in trained)
        if not isinstance(given[n], int)
        else given[n]
        for n in loss.arguments
    ]


@pytest.mark.parametrize("name", SOME)
def test_gradcheck(name):
    d = sn.derive(*LOSSES[name])
    loss = d.to_torch()
    assert torch.autograd.gradcheck(loss, tensors(loss, values_of(d.compile(), 0)))


def test_second_derivatives_are_derived_too():
    X, Y, W = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("W", 2, 3)
    loss = sn.derive(sn.mse(sn.tanh(W * X), Y), W).to_torch()
    rng = np.random.default_rng(0)
    given = tensors(loss, {"X": rng.normal(size=(3, 4)), "Y": rng.normal(size=(2, 4)), "W": rng.normal(size=(2, 3))})
    assert torch.autograd.gradgradcheck(loss, given)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_a_loss_trains_inside_pytorch(dtype):
    X, Y = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n")
    W, b = sn.matrix("W", 1, 2), sn.vector("b", 1)
    loss = sn.derive(sn.squared_error(sn.affine(W, X, b), Y), [W, b]).to_torch()
    x = torch.randn(2, 50, dtype=dtype, generator=torch.Generator().manual_seed(0))
    y = 2 * x[:1] - x[1:] + 0.5
    layer = torch.nn.Linear(2, 1).to(dtype)
    optimizer = torch.optim.Adam(layer.parameters(), lr=0.1)
    for _ in range(300):
        optimizer.zero_grad()
        value = loss(X=x, Y=y, W=layer.weight, b=layer.bias)
        assert value.dtype == dtype and value.shape == ()
        value.backward()
        optimizer.step()
    assert torch.allclose(layer.weight, torch.tensor([[2.0, -1.0]], dtype=dtype), atol=1e-2)
    assert layer.weight.grad.dtype == dtype and layer.bias.grad.shape == (1,)


def test_misuse_of_a_loss_of_pytorch():
    x, w = sn.vector("x", 2), sn.vector("w", 2)
    loss = sn.derive(sn.norm(x - w) ** 2, w).to_torch()
    one = torch.ones(2, 1, dtype=torch.float64)
    with pytest.raises(TypeError, match=r"the gradient in x is asked for.*sn.derive.*x.detach\(\)"):
        loss(x=one.clone().requires_grad_(), w=one)
    with pytest.raises(sympy.ShapeError, match="w"):
        loss(x=one, w=torch.ones(3, 1))
    with pytest.raises(KeyError, match="w"):
        loss(x=one)
    with pytest.raises(TypeError, match="bfloat16"):
        loss(x=one.bfloat16(), w=one)
    third = loss(x=one, w=(2 * one).requires_grad_())
    assert third.item() == 2.0


def test_a_symmetric_matrix_of_something_else():
    S, A = sn.matrix("S", 3, 3, symmetric=True), sn.matrix("A", 3, 3)
    loss = sn.derive(sn.sum(sn.tanh(A * S)), S).to_torch()
    a, t = torch.tensor(np.random.default_rng(0).normal(size=(2, 3, 3)))
    assert torch.autograd.gradcheck(lambda t: loss(A=a, S=t + t.T), t.requires_grad_())

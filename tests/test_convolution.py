"""Convolutions and pooling: values by loops and by other libraries, gradients, second order, adjoints, refusals."""

import itertools
import pickle
import subprocess
import sys

import numpy as np
import pytest
import sympy
from sympy.matrices.exceptions import ShapeError

import symnet as sn
from symnet.backends import compile_program, windows
from symnet.expressions import AvgPool, AvgUnpool, Images, MaxPick, MaxUnpool, as_channels, wide_flag
from symnet.expressions.images import Geometry

rng = np.random.default_rng(7)


def window_starts(size, kernel, stride, before, after, dilation):
    return range(0, size + before + after - (kernel - 1) * dilation, stride)


def by_loops(image, kernel, stride, padding, dilation, x, of):
    """Give of(values of a window, their places in the padded image) for each window of each image, by plain loops."""
    (channels, rows, cols), (top, bottom, left, right) = image, padding
    X = x.reshape(channels, rows, cols, -1)
    P = np.full((channels, rows + top + bottom, cols + left + right, X.shape[3]), np.nan)
    P[:, top : top + rows, left : left + cols] = X
    down = window_starts(rows, kernel[0], stride[0], top, bottom, dilation[0])
    across = window_starts(cols, kernel[1], stride[1], left, right, dilation[1])
    found = np.empty((len(down), len(across), X.shape[3]), object)
    for (i, a), (j, b), s in itertools.product(enumerate(down), enumerate(across), range(X.shape[3])):
        seen = P[:, a : a + (kernel[0] - 1) * dilation[0] + 1 : dilation[0], b:, s]
        found[i, j, s] = of(seen[:, :, : (kernel[1] - 1) * dilation[1] + 1 : dilation[1]])
    return found


def random_geometry(seed):
    """Give a random image, kernel, stride, padding and dilation that fit."""
    draw = np.random.default_rng(seed)
    while True:
        image = tuple(int(v) for v in (draw.integers(1, 4), draw.integers(1, 7), draw.integers(1, 7)))
        kernel, stride, dilation = (tuple(map(int, draw.integers(1, high, 2))) for high in (4, 4, 3))
        padding = tuple(map(int, draw.integers(0, 3, 2)))
        g = Geometry(image, kernel, stride, (padding[0],) * 2 + (padding[1],) * 2, dilation)
        if all(need <= have for need, have in zip(g.extents, g.padded, strict=True)):
            return g, {"stride": stride, "padding": padding, "dilation": dilation}


SEEDS = range(14)


@pytest.mark.parametrize("seed", SEEDS)
def test_values_by_loops(seed):
    g, how = random_geometry(seed)
    n, outputs = seed % 3 + 1, 1 + seed % 2
    x = rng.normal(size=(g.pixels, n))
    k = rng.normal(size=(outputs, g.image[0] * g.kernel[0] * g.kernel[1]))
    X, K = sn.matrix("X", g.pixels, "n"), sn.matrix("K", *k.shape)
    seen = by_loops(*g[:2], g.stride, g.padding, g.dilation, x, lambda w: np.nan_to_num(w).ravel())
    U = np.array([[[seen[i, j, s] for s in range(n)] for j in range(g.out[1])] for i in range(g.out[0])])
    U = U.transpose(3, 0, 1, 2)
    np.testing.assert_allclose(sn.evaluate(sn.unfold(X, g.kernel, g.image, **how), {X: x}), U.reshape(len(U), -1))
    Z = sn.conv2d(K, X, g.image, **how, kernel=g.kernel)
    assert Z.shape == (outputs * g.out[0] * g.out[1], X.shape[1])
    wanted = np.tensordot(k, U, 1).reshape(-1, n)
    np.testing.assert_allclose(sn.evaluate(Z, {X: x, K: k}), wanted, atol=1e-12)
    np.testing.assert_allclose(sn.compile(Z)({X: np.asfortranarray(x), K: k}), wanted, atol=1e-12)
    assert sn.compile(Z)({X: x.astype("f"), K: k.astype("f")}).dtype == np.float32


@pytest.mark.parametrize("seed", SEEDS)
def test_fold_is_the_adjoint_of_unfold(seed):
    g, how = random_geometry(seed)
    n = seed % 3 + 1
    X, U = sn.matrix("X", g.pixels, n), sn.unfold(sn.matrix("X", g.pixels, n), g.kernel, g.image, **how)
    Y = sn.matrix("Y", *U.shape)
    values = {X: rng.normal(size=(g.pixels, n)), Y: rng.normal(size=tuple(map(int, U.shape)))}
    left = sn.evaluate(sn.inner(U, Y), values)
    F = sn.fold(Y, g.kernel, g.image, **how)
    assert left == pytest.approx(sn.evaluate(sn.inner(X, F), values), abs=1e-10)
    assert sn.gradient(sn.inner(U, Y), X) == F
    assert sn.gradient(sn.inner(X, F), Y) == U
    # entry by entry, as a proof reads them
    for node in (U, F):
        explicit = np.array(
            node.xreplace({s: sympy.ImmutableMatrix(v) for s, v in values.items()}).as_explicit(), float
        )
        np.testing.assert_allclose(explicit, sn.evaluate(node, values), atol=1e-12)


@pytest.mark.parametrize("seed", SEEDS)
def test_pooling_by_loops(seed):
    g, how = random_geometry(seed)
    g = g._replace(dilation=(1, 1), padding=tuple(min(p, g.kernel[k // 2] - 1) for k, p in enumerate(g.padding)))
    how = {"stride": g.stride, "padding": (g.padding[0], g.padding[2])}
    if any(need > have for need, have in zip(g.extents, g.padded, strict=True)):
        with pytest.raises(ShapeError, match="larger than the image"):
            sn.max_pool2d(sn.matrix("X", g.pixels, "n"), g.kernel, shape=g.image, **how)
        return
    n = seed % 3 + 1
    x = rng.normal(size=(g.pixels, n)).round(1)
    X = sn.matrix("X", g.pixels, n)
    for pool, of in (
        (sn.max_pool2d, lambda w: np.nanmax(w, axis=(1, 2))),
        (sn.avg_pool2d, lambda w: np.nan_to_num(w).mean(axis=(1, 2))),
    ):
        found = by_loops(*g[:2], g.stride, g.padding, g.dilation, x, of)
        wanted = np.array([list(v) for v in found.ravel()]).reshape(*found.shape, -1)
        wanted = wanted.transpose(3, 0, 1, 2).reshape(-1, n)
        P = pool(X, g.kernel, shape=g.image, **how)
        np.testing.assert_allclose(sn.evaluate(P, {X: x}), wanted, atol=1e-12)
        explicit = np.array(P.xreplace({X: sympy.ImmutableMatrix(x)}).as_explicit(), float)
        np.testing.assert_allclose(explicit, wanted, atol=1e-12)
        # the operation and its adjoint, in images and in channels
        Y = rng.normal(size=wanted.shape)
        T = sn.matrix("T", P.shape[0], n)
        G = sn.evaluate(sn.gradient(sn.inner(P, T), X), {X: x, T: Y})
        assert np.vdot(G, x) == pytest.approx(np.vdot(wanted, Y), abs=1e-10)


# -- golden numbers of PyTorch 2.13, in float64: X = sin(1.7·k), K = cos(0.9·k), b = sin(2.3·k)

GOLDEN = [
    ((2, 5, 4), (3, 3), 2, {}, (2, 3, 2), 2.093258686807217,
     [0.0417159811, -0.1725117186, -0.0470109206, -0.1596918693, -0.1234583338, -0.1051597022],
     [-0.6194008957, -0.6651332336, 0.790798406, -0.9096840434, -0.2269376311, 0.9681633721], 40.8449370432,
     [-0.2533286016, -0.5376642921, 0.0402030662, 0.2910519294, -0.063376302, 0.114413915], 24.2616723468,
     [-1.0269042938, 4.4619078833]),
    ((2, 5, 6), (3, 2), 3, {"stride": (2, 1), "padding": (1, 0)}, (3, 3, 5), 23.204151775054704,
     [0.2658491995, -0.964073741, -0.0174180123, 0.968562171, -0.2321697939, -0.3702209267],
     [1.64360458, 2.0828048924, -2.5138925502, 1.5835161904, -0.6005403182, -1.7179535818], 44.7647097946,
     [0.3629050254, -0.4322068585, 0.6765525495, -0.0596046414, -0.3557132105, -0.1222944416], 47.697538154,
     [0.374542538, -0.4144701657, -2.4065746247]),
    ((1, 7, 6), (2, 2), 2, {"stride": 2, "padding": 1, "dilation": (3, 2)}, (2, 3, 3), 5.799217936641234,
     [0.6147803075, -0.2704786766, 0.1001560873, -0.0293175103, 1.031901641, -1.1057020705],
     [1.4943380105, -1.2276019922, 1.9744633014, -3.0374894797, -0.4541341295, 1.0663188213], 10.1917267952,
     [0, 0, 0, 0, 0, 0], 9.3970012914, [0.9272084837, 3.4689211059]),
    ((2, 4, 5), (2, 3), 1, {"padding": "same"}, (1, 4, 5), 5.993628432024918,
     [0.5910187048, -1.4237243292, -0.0443526987, 1.4351535313, -0.1751750999, -0.6784567829],
     [4.1667394051, -4.11540272, -3.1277729399, -3.2996620421, -0.0420702591, 4.1111721774], 38.4328747918,
     [0.0524540063, -0.2455483172, 0.1956953732, -0.0454605528, -0.145734168, -0.0293921221], 25.0315256126,
     [0.369466342]),
]  # fmt: skip


def columns(f, shape, step):
    """Give images as PyTorch numbers them, a column each."""
    return f(np.arange(np.prod(shape)) * step).reshape(shape[0], -1).T


@pytest.mark.parametrize("golden", GOLDEN, ids=lambda g: f"{g[0]}-{g[1]}")
def test_golden_convolutions(golden):
    image, kernel, out, how, shape, L, z, gk, sum_k, gx, sum_x, gb = golden
    x, k = columns(np.sin, (2, *image), 1.7), columns(np.cos, (out, image[0], *kernel), 0.9).T
    X, K, b = sn.matrix("X", len(x), "n"), sn.matrix("K", *k.shape), sn.vector("b", out)
    Z = sn.conv2d(K, X, image, kernel=kernel, bias=b, **how)
    values = {X: x, K: k, b: np.sin(2.3 * np.arange(out))}
    assert Z.shape[0] == np.prod(shape)
    np.testing.assert_allclose(sn.evaluate(Z, values)[:6, 1], z, atol=1e-9)
    loss, gradients = sn.derive(sn.norm(sn.tanh(Z)) ** 2 / 2, [K, X, b]).compile()(values)
    assert loss == pytest.approx(L, rel=1e-12)
    np.testing.assert_allclose(gradients[K].ravel()[:6], gk, atol=1e-9)
    np.testing.assert_allclose(gradients[X][:6, 1], gx, atol=1e-9)
    np.testing.assert_allclose(gradients[b].ravel(), gb, atol=1e-9)
    assert np.abs(gradients[K]).sum() == pytest.approx(sum_k)
    assert np.abs(gradients[X]).sum() == pytest.approx(sum_x)


# of sin(1.7·k) rounded to one digit, where many are equal; the gradient of the sum of P∘cos(0.7·k)
POOLED = [
    (sn.max_pool2d, (2,), {}, 12, [1.0, 0.6, 1.0, 0.7, 1.0, 0.9], 21.2, [-0.5192886541, 0, 0, 0, 0, 0, 0, 0], -1.3267829604),
    (sn.max_pool2d, ((3, 2), (2, 1), 1), {}, 42, [1.0, 1.0, 0.7, 0.6, 0.9, 1.0], 71.0,
     [-0.1784559969, 0, 0, 0, 0.7080428643, 0, 0, -0.5027927552], 6.2261952344),
    (sn.max_pool2d, (2, 1), {"dilation": 2}, 24, [1.0, 1.0, 0.9, 1.0, 0.6, 0.7], 43.2,
     [-0.4606785874, 0, 0, 0, 0.7963524703, 0, 0, 0.120061915], -2.7510007725),
    (sn.avg_pool2d, (2,), {}, 12, [0.225, -0.25, 0.25, 0.1, -0.05, -0.025], 3.75,
     [-0.1298221635, -0.1298221635, -0.2369304005, -0.2369304005, -0.232606568, -0.232606568, -0.1298221635, -0.1298221635],
     0.192466068),
    (sn.avg_pool2d, ((3, 2), (1, 2), 1), {}, 40, [0.0333333333, 0.05, -0.0166666667, 0.0833333333, 0.05, -0.1], 5.6333333333,
     [-0.0243945571, 0.0142840051, 0.0142840051, 0.0462445766, 0.0462445766, 0.0564556011, -0.1203196368, -0.1468867902],
     0.3580767572),
]  # fmt: skip


@pytest.mark.parametrize("golden", POOLED, ids=lambda g: f"{g[0].__name__}-{g[1]}-{g[2]}")
def test_golden_pooling(golden):
    pool, args, how, rows, p, sum_p, g, along = golden
    x = columns(np.sin, (2, 2, 5, 6), 1.7).round(1)
    X, R = sn.matrix("X", 60, "n"), sn.matrix("R", rows, "n")
    P = pool(X, *args, **how, shape=(2, 5, 6))
    assert P.shape[0] == rows
    kernel = sn.derive(sn.inner(P, R), X).compile()
    _, gradients = kernel({X: x, R: columns(np.cos, (2, rows), 0.7)})
    values = sn.evaluate(P, {X: x})
    np.testing.assert_allclose(values[:6, 1], p, atol=1e-9)
    assert np.abs(values).sum() == pytest.approx(sum_p)
    np.testing.assert_allclose(gradients[X][:8, 1], g, atol=1e-9)
    assert np.vdot(gradients[X], columns(np.sin, (2, 60), 0.3)) == pytest.approx(along)


def test_golden_conv1d():
    x, k = columns(np.sin, (2, 2, 7), 1.7), columns(np.cos, (3, 2, 3), 0.9).T
    X, K = sn.matrix("X", 14, "n"), sn.matrix("K", 3, 6)
    Z = sn.conv1d(K, X, (2, 7), stride=2, padding=2, dilation=2)
    assert Z.shape[0] == 12
    np.testing.assert_allclose(
        sn.evaluate(Z, {X: x, K: k})[:6, 1],
        [-0.1958614413, -0.1112186695, 0.11026476, -0.3422812251, -0.4843163787, 0.0285010307],
        atol=1e-9,
    )
    _, gradients = sn.derive(sn.norm(Z) ** 2 / 2, [K, X]).compile()({X: x, K: k})
    wanted = [0.5960607057, -0.3591187717, -0.1920065605, 0.533406426, -0.7374423193, 0.2357556791]
    np.testing.assert_allclose(gradients[K].ravel()[:6], wanted, atol=1e-9)
    wanted = [-0.9990632598, 0.0, -0.4889135157, 0.0, -0.4651927497, 0.0]
    np.testing.assert_allclose(gradients[X][:6, 1], wanted, atol=1e-9)


# -- losses of every kind: gradients by three methods, products with the Hessian by differences of gradients

K, X = sn.matrix("K", 2, 18), sn.matrix("X", 32, "n")
b, T = sn.vector("b", 2), sn.matrix("T", 32, "n")
K1, V = sn.matrix("K1", 2, 8), sn.matrix("V", 3, 8)
IMAGE = (2, 4, 4)


def same(bias=None, of=X):
    return sn.conv2d(K, of, IMAGE, padding="same", bias=bias)


LOSSES = {
    "least squares": sn.squared_error(same(b), T),
    "tanh net": sn.norm(V * sn.max_pool2d(sn.tanh(same(b)), 2)) ** 2,
    "two layers": sn.sum(sn.exp(sn.conv2d(K1, sn.tanh(same(b)), stride=2))) / 100,
    "average": sn.norm(sn.tanh(sn.avg_pool2d(same(), 3, 1, 1))) ** 2,
    "residual": sn.norm(sn.tanh(X + same(b, sn.sigmoid(same(of=X))))) ** 2,
    "masked": sn.sum(sn.hadamard(T, sn.sin(same(b)), same())) + sn.norm(K) ** 2,
    "pooled first": sn.norm(sn.conv2d(K1, sn.max_pool2d(X, 2, 1, shape=IMAGE), (2, 3, 3))) ** 2,
    "dilated pooling": sn.sum(sn.cos(sn.max_pool2d(same(b), 2, 1, 1, 2))),
    "global pooling": sn.norm(sn.max_pool2d(sn.sin(same(b)), 4)) ** 2 + sn.norm(sn.avg_pool2d(same(), 4)) ** 2,
    "softmax of rows": sn.cross_entropy(V * sn.avg_pool2d(sn.relu(same(b)), 2), sn.matrix("Y", 3, "n")),
    "named": sn.norm(sn.conv2d(K1, sn.let("H", sn.tanh(sn.let("U", same(b))))) - 1) ** 2,
    "folded": sn.norm(sn.fold(sn.tanh(sn.unfold(X, 2, IMAGE)), 2, IMAGE) + same(b)) ** 2,
    "one column": sn.norm(sn.conv1d(sn.matrix("Q", 2, 6), sn.tanh(X), (2, 16), 3, 1, 2)) ** 2,
    "samples as rows": sn.norm(sn.tanh(same(b, sn.matrix("R", "n", 32).T)).T) ** 2,
    "pixels": sn.sum(sn.softplus(sn.conv2d(sn.matrix("P", 3, 2), X, IMAGE, bias=2 * sn.norm(K)))),
}


def drawn(loss, n=3, seed=0):
    draw = np.random.default_rng(seed)
    values = {}
    for s in sorted(
        sn.derive(loss, sorted(loss.free_symbols & {K, K1, X, V, b}, key=str)).compile().symbols.values(), key=str
    ):
        shape = tuple(n if str(size) == "n" else int(size) for size in s.shape)
        values[s] = draw.normal(size=shape) * 0.7
        if s.name == "Y":
            values[s] = np.eye(shape[0])[:, draw.integers(shape[0], size=shape[1])]
    return values


@pytest.mark.parametrize("kind", LOSSES)
def test_gradients(kind):
    loss = LOSSES[kind]
    values = drawn(loss)
    wrt = sorted((s for s in values if s.name not in "TY"), key=str)
    for method in ("complex", "central"):
        sn.check_gradients(loss, values, wrt, method=method).raise_if_failed()


@pytest.mark.parametrize("kind", ["tanh net", "two layers"])
def test_gradients_in_fifty_digits(kind):
    values = drawn(LOSSES[kind], n=1)
    sn.check_gradients(LOSSES[kind], values, [s for s in (K, K1) if s in values], method="mpmath").raise_if_failed()


@pytest.mark.parametrize("kind", [k for k in LOSSES if k != "softmax of rows"])
def test_products_with_the_hessian(kind):
    loss = LOSSES[kind]
    values = drawn(loss)
    wrt = sorted((s for s in values if s.name not in "TY"), key=str)
    directions = [sn.matrix(f"D_{s.name}", *s.shape) for s in wrt]
    given = {d: np.random.default_rng(5).normal(size=values[s].shape) for d, s in zip(directions, wrt, strict=True)}
    products = dict(zip(wrt, sn.hvp(loss, wrt, directions), strict=True))
    everything = values | given
    compiled = sn.compile(products)
    found = compiled({s: everything[s] for s in compiled.symbols.values()})
    kernel = sn.derive(loss, wrt).compile()
    step = 1e-5
    sides = [
        kernel(values | {s: values[s] + sign * step * given[d] for d, s in zip(directions, wrt, strict=True)})[1]
        for sign in (1, -1)
    ]
    for s, product in found.items():
        numeric = (sides[0][s] - sides[1][s]) / (2 * step)
        np.testing.assert_allclose(product, numeric, atol=1e-6 * max(1, np.abs(numeric).max()))


@pytest.mark.parametrize("kind", LOSSES)
def test_every_notation_and_single_precision(kind):
    loss = LOSSES[kind]
    values = drawn(loss)
    wrt = sorted((s for s in values if s.name not in "TY"), key=str)
    d = sn.derive(loss, wrt)
    for notation in sn.NOTATIONS:
        assert d.render(notation)
    kernel, small = d.compile(), {s: v.astype(np.float32) for s, v in values.items()}
    value, gradients = kernel(small)
    assert all(g.dtype == np.float32 for g in gradients.values())
    assert value == pytest.approx(kernel(values)[0], rel=1e-4)


def test_the_hessian_of_least_squares():
    small = sn.matrix("k", 2, 4), sn.matrix("x", 9, "n"), sn.matrix("t", 8, "n")
    k, x, t = small
    loss = sn.norm(sn.conv2d(k, x, (1, 3, 3)) - t) ** 2 / 2
    values = {k: rng.normal(size=(2, 4)), x: rng.normal(size=(9, 5)), t: rng.normal(size=(8, 5))}
    H = sn.compile(sn.hessian(loss, k))({x: values[x]})
    U = sn.evaluate(sn.unfold(x, 2, (1, 3, 3)), values)
    np.testing.assert_allclose(H.to_dense(), np.kron(U @ U.T, np.eye(2)), atol=1e-10)
    assert sn.check_hessian(loss, values, k).ok


def test_hessians_and_jacobians_through_images():
    k, x, v = sn.matrix("k", 2, 4), sn.matrix("x", 9, "n"), sn.matrix("V", 3, 8)
    values = {k: rng.normal(size=(2, 4)), x: rng.normal(size=(9, 3)), v: rng.normal(size=(3, 8))}
    loss = sn.norm(v * sn.tanh(sn.conv2d(k, x, (1, 3, 3)))) ** 2
    assert sn.check_hessian(loss, values, k).ok and sn.check_hessian(loss, values, v).ok
    J = sn.compile(sn.jacobian(sn.conv2d(k, x, (1, 3, 3)), k))({x: values[x]}).to_dense()
    moved = sn.evaluate(sn.conv2d(k, x, (1, 3, 3)), values)  # linear in k
    np.testing.assert_allclose(J @ values[k].ravel(order="F"), moved.ravel(order="F"), atol=1e-12)


# -- what is printed


def test_the_gradient_reads_as_in_textbooks():
    text = str(sn.derive(sn.squared_error(sn.conv2d(K, X, IMAGE), sn.matrix("T", 8, "n")), [K, X]))
    assert "Z₁ = K⋅unfold(X)\n" in text.replace("  ", "\n").replace(" \n", "\n")
    assert "∂L/∂K = Z̅₁⋅unfold(X)ᵀ" in text
    assert "∂L/∂X = fold(Kᵀ⋅Z̅₁)" in text


def test_a_net_reads_as_a_net():
    hidden = sn.relu(sn.conv2d(K, X, IMAGE, bias=b))
    d = sn.derive(
        sn.cross_entropy(
            sn.affine(sn.matrix("W", 3, 8), sn.relu(hidden * 1), sn.vector("c", 3)), sn.matrix("Y", 3, "n")
        ),
        [K, b],
    )
    assert "Z₁ = K⋅unfold(X) + b⋅1ᵀ" in str(d) and "A₁ = relu(Z₁)" in str(d)
    assert "∂L/∂K = Z̅₁⋅unfold(X)ᵀ" in str(d) and "∂L/∂b = Z̅₁⋅1" in str(d)
    deep = sn.conv2d(K1, sn.tanh(sn.conv2d(K, X, IMAGE, bias=b)), stride=2, padding=1)
    text = str(sn.derive(sn.norm(deep) ** 2, [K, K1]))
    assert "Z̅₁ = fold(K₁ᵀ⋅Z̅₂, stride=2, padding=1) ∘ (1 − A₁∘A₁)" in text
    latex = sn.derive(sn.norm(deep) ** 2, [K, K1]).latex()
    assert r"\operatorname{unfold}_{\text{stride=2, padding=1}}\left(A_{1}\right)^{\mathsf{T}}" in latex


def test_two_windows_of_one_image_never_read_alike():
    both = sn.formula(sn.norm(sn.unfold(X, 2, IMAGE)) + sn.norm(sn.unfold(X, 3, IMAGE)))
    assert "unfold(X, 2×4×4, 2×2)" in both and "unfold(X, 2×4×4, 3×3)" in both
    assert str(sn.unfold(X, 2, IMAGE)) != str(sn.unfold(X, 3, IMAGE)) != str(sn.unfold(X, 3, (1, 8, 4)))
    assert sn.formula(sn.unfold(X, 2, IMAGE, dilation=2)) == "unfold(X, dilation=2)"
    assert sn.formula(sn.max_pool2d(X, (2, 1), padding=(1, 0), shape=IMAGE)) == "max_pool(X, 2×1, padding=1×0)"


def test_windows_are_unfolded_once():
    d = sn.derive(LOSSES["tanh net"], [K, b])
    code = d.compile().source.split("def kernel")[1]
    assert code.count("unfold(X") == 1 and code.count("first_largest(") == 1


def test_the_source_runs_alone(tmp_path):
    values = drawn(LOSSES["tanh net"])
    kernel = sn.derive(LOSSES["tanh net"], [K, b, V]).compile()
    assert "symnet" not in kernel.source
    np.savez(tmp_path / "data.npz", *kernel.bind(values))
    script = f"{kernel.source}\nimport numpy\nd = numpy.load({str(tmp_path / 'data.npz')!r})\n"
    script += "print(repr(float(kernel(*[d[k] for k in d.files])[0])))"
    (tmp_path / "alone.py").write_text(script, encoding="utf-8")
    run = subprocess.run([sys.executable, "-I", tmp_path / "alone.py"], capture_output=True, text=True, check=True)
    assert float(run.stdout) == kernel(values)[0]
    assert pickle.loads(pickle.dumps(kernel))(values)[0] == kernel(values)[0]


def test_names_of_a_user_that_the_code_has():
    unfold, taps = sn.matrix("unfold", 2, 8), sn.matrix("taps", 32, "n")
    loss = sn.norm(sn.max_pool2d(sn.conv2d(unfold, taps, IMAGE), 3)) ** 2
    assert sn.check_gradients(loss, {unfold: rng.normal(size=(2, 8)), taps: rng.normal(size=(32, 2))}).ok


# -- the nodes that only derivatives have


def test_rows_that_only_second_derivatives_use():
    H, A = sn.matrix("H", 18, 2), sn.matrix("A", 18, 2)
    g = Geometry((2, 3, 3), (2, 2)).packed()
    G = sn.matrix("G", 8, 2)
    values = {H: rng.normal(size=(18, 2)), A: rng.normal(size=(18, 2)), G: rng.normal(size=(8, 2))}
    for node in (MaxPick(H, A, g), MaxUnpool(G, A, g), AvgUnpool(G, g, wide_flag(A, g)), AvgPool(A, g)):
        loss = sn.norm(sn.tanh(node)) ** 2
        assert sn.check_gradients(loss, {s: values[s] for s in loss.free_symbols}).ok
        explicit = np.array(
            node.xreplace({s: sympy.ImmutableMatrix(v) for s, v in values.items()}).as_explicit(), float
        )
        np.testing.assert_allclose(explicit, sn.evaluate(node, {s: values[s] for s in node.free_symbols}), atol=1e-12)


@pytest.mark.parametrize("kind", ["unfold", "fold", "average", "maximum"])
def test_proofs(kind):
    x = sn.matrix("x", 6, 1)
    node = {
        "unfold": sn.unfold(x, 2, (1, 2, 3)),
        "fold": sn.fold(sn.unfold(x, 2, (1, 2, 3), padding=1), 2, (1, 2, 3), padding=1),
        "average": sn.avg_pool2d(x, 2, 1, 1, shape=(1, 2, 3)),
        "maximum": sn.max_pool2d(x, (1, 2), 1, shape=(1, 2, 3)),
    }[kind]
    assert sn.prove(sn.norm(node) ** 2, x).ok


def test_images_and_channels():
    Z = sn.matrix("Z", 2, 12)
    z = np.arange(24.0).reshape(2, 12)
    size = sympy.Tuple(2, 2)
    A = Images(Z, size)
    assert sn.evaluate(A, {Z: z}).tolist() == z.reshape(8, 3).tolist()
    assert as_channels(A, size) == Z and A.shape == (8, 3)
    explicit = np.array(A.xreplace({Z: sympy.ImmutableMatrix(z)}).as_explicit(), float)
    assert explicit.tolist() == z.reshape(8, 3).tolist()


def test_ties_go_to_the_first():
    x = sn.matrix("x", 9, 1)
    P = sn.max_pool2d(x, 2, 1, shape=(1, 3, 3))
    g = sn.evaluate(sn.gradient(sn.sum(P), x), {x: np.ones((9, 1))})
    assert g.reshape(3, 3).tolist() == [[1, 1, 0], [1, 1, 0], [0, 0, 0]]


def test_nan_passes_through_the_largest():
    x = sn.matrix("x", 4, 1)
    kernel = sn.compile(sn.max_pool2d(x, 2, shape=(1, 2, 2)))
    for place in range(4):
        values = np.ones((4, 1))
        values[place] = np.nan
        assert np.isnan(kernel.function(values)).all()


# -- what does not fit is refused in the user's words

S = sn.matrix("S", 27, "n")
REFUSED = {
    "kernel too large": (lambda: sn.conv2d(sn.matrix("K", 4, 75), S, (3, 3, 3)), ShapeError, "K is 5×5 and larger than the image of 3×3"),
    "kernel too large when dilated": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), dilation=2), ShapeError, "reaches over 5×5"),
    "kernel too large for padding": (lambda: sn.conv2d(sn.matrix("K", 1, 147), S, (3, 3, 3), padding=1), ShapeError, "with padding, 5×5"),
    "wrong columns of K": (lambda: sn.conv2d(sn.matrix("K", 4, 28), S, (3, 3, 3)), ShapeError, r"K is 4×28.*3·kh·kw.*4×27"),
    "kernel no square": (lambda: sn.conv2d(sn.matrix("K", 4, 6), S, (3, 3, 3)), ShapeError, r"kernel=\(kh, kw\) with kh·kw = 2"),
    "kernel given, K wrong": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), kernel=(1, 2)), ShapeError, "the shape 4×6"),
    "symbolic columns of K": (lambda: sn.conv2d(sn.matrix("K", 4, "k"), S, (3, 3, 3)), ShapeError, "4×27"),
    "rows of X": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 4, 4)), ShapeError, r"S is 27×n.*columns of 48.*C·H·W = 27"),
    "exchanged": (lambda: sn.conv2d(S, sn.matrix("K", 4, 27), (3, 3, 3)), ShapeError, r"kernels come first: conv2d\(K, S, …\)"),
    "X transposed": (lambda: sn.conv2d(sn.matrix("K", 4, 27), sn.matrix("S", "n", 27), (3, 3, 3)), ShapeError, r"write S\.T"),
    "symbolic rows of X": (lambda: sn.conv2d(sn.matrix("K", 4, 27), sn.matrix("S", "m", "n"), (3, 3, 3)), ShapeError, "write 27 for m"),
    "symbolic height": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, sympy.Symbol("h"), 3)), ValueError, "number of rows is h, a symbol"),
    "size as text": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, "h", 3)), ValueError, "number of rows is 'h'.*numbers"),
    "shape missing": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S), ValueError, r"images in S are not known; give shape=\(C, H, W\)"),
    "shape of two": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 9)), ValueError, "give 3 numbers"),
    "shape a number": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, 27), ValueError, "give 3 numbers"),
    "shape negative": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, -3, -3)), ValueError, "rows must be a positive whole number, not -3"),
    "stride zero": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), stride=0), ValueError, "stride must be a positive whole number"),
    "stride of three": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), stride=(1, 1, 1)), ValueError, "one number, or two"),
    "stride true": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), stride=True), ValueError, "not True"),
    "padding negative": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), padding=-1), ValueError, "padding must be a whole number, 0 or more"),
    "padding a half": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), padding=0.5), ValueError, "not 0.5"),
    "padding a word": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), padding="full"), ValueError, "'same', 'valid'"),
    "same with steps": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), stride=2, padding="same"), ValueError, "needs stride=1"),
    "dilation zero": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), dilation=0), ValueError, "dilation"),
    "bias of another size": (lambda: sn.conv2d(sn.matrix("K", 4, 27), S, (3, 3, 3), bias=sn.vector("b", 3)), ShapeError, "b is 3×1 but must be 4×1"),
    "K a scalar": (lambda: sn.conv2d(sympy.Symbol("k"), S, (3, 3, 3)), TypeError, "k is a scalar"),
    "pooling kernel too large": (lambda: sn.max_pool2d(S, 4, shape=(3, 3, 3)), ShapeError, "4×4 and larger than the image of 3×3"),
    "pooling in the padding": (lambda: sn.max_pool2d(S, 2, 1, 2, shape=(3, 3, 3)), ShapeError, "outside the image.*padding of 1"),
    "kernel and shape exchanged": (lambda: sn.max_pool2d(S, (3, 3, 3), 2), ValueError, r"shape=\(3, 3, 3\)"),
    "kernel a symbol": (lambda: sn.avg_pool2d(S, sympy.Symbol("k"), shape=(3, 3, 3)), ValueError, "kernel is k, a symbol"),
    "fold of other rows": (lambda: sn.fold(S, 2, (3, 3, 3)), ShapeError, "S is 27×n.*12×4·n"),
    "fold of other columns": (lambda: sn.fold(sn.matrix("S", 12, 6), 2, (3, 3, 3)), ShapeError, "S is 12×6.*12×4·n"),
    "conv1d columns": (lambda: sn.conv1d(sn.matrix("K", 4, 7), S, (3, 9)), ShapeError, "4×9"),
    "conv1d rows": (lambda: sn.conv1d(sn.matrix("K", 4, 9), S, (3, 8)), ShapeError, "3×8 are columns of 24"),
    "conv1d pair": (lambda: sn.conv1d(sn.matrix("K", 4, 9), S, (3, 9), stride=(1, 2)), ValueError, "stride must be"),
}  # fmt: skip


@pytest.mark.parametrize("what", REFUSED)
def test_refusals(what):
    call, error, words = REFUSED[what]
    with pytest.raises(error, match=words):
        call()


def test_arrays_of_four_axes_are_told_how_to_be_columns():
    image, kernels = rng.normal(size=(3, 2, 4, 4)), rng.normal(size=(2, 2, 3, 3))
    Z = same()
    with pytest.raises(ShapeError, match=r"write \.reshape\(3, 32\)\.T"):
        sn.evaluate(Z, {K: kernels.reshape(2, 18), X: image})
    with pytest.raises(ShapeError, match=r"write \.reshape\(2, 18\)"):
        sn.evaluate(Z, {K: kernels, X: image.reshape(3, 32).T})


def test_sizes_are_known_along_a_net():
    A = sn.relu(sn.conv2d(K, X, IMAGE, bias=b))
    assert sn.max_pool2d(A, 2).shape == (2, X.shape[1])
    assert sn.conv2d(K, sn.let("H", sn.hadamard(same(b), same(b)) + X)).shape == (8, X.shape[1])
    assert sn.conv2d(K1, sn.avg_pool2d(2 * same(b), 2)).shape == (2, X.shape[1])


def test_a_number_for_the_bias_and_constants():
    Z = sn.conv2d(np.ones((2, 18)), X, IMAGE, bias=3)
    x = rng.normal(size=(32, 2))
    zero = sn.evaluate(sn.conv2d(np.ones((2, 18)), X, IMAGE), {X: x})
    np.testing.assert_allclose(sn.evaluate(Z, {X: x}), zero + 3)
    whole = np.arange(18.0).reshape(9, 2)
    image = (1, 3, 3)
    given = sn.matrix("G", 9, 2)
    for of in (
        lambda A: sn.conv2d(np.ones((1, 4)), A, image),
        lambda A: sn.conv1d(np.ones((2, 3)), A, (1, 9), padding=1),
        lambda A: sn.max_pool2d(A, 2, 1, shape=image),
        lambda A: sn.avg_pool2d(A, 2, 1, shape=image),
        lambda A: sn.fold(sn.unfold(A, 2, image), 2, image),
    ):
        assert of(whole).shape == of(given).shape
        np.testing.assert_allclose(sn.evaluate(of(whole), {}), sn.evaluate(of(given), {given: whole}))
    ones = sn.max_pool2d(sympy.OneMatrix(32, 3), 2, shape=IMAGE)
    assert sn.evaluate(ones, {}).tolist() == np.ones((8, 3)).tolist()
    assert (
        sn.evaluate(sn.conv2d(K, sympy.ZeroMatrix(32, 3), IMAGE), {K: np.ones((2, 18))}).tolist()
        == np.zeros((8, 3)).tolist()
    )


def test_the_program_that_a_kernel_runs_is_the_one_that_is_printed():
    d = sn.derive(LOSSES["two layers"], [K, K1, b])
    values = drawn(LOSSES["two layers"])
    whole = compile_program(d.program, d.program.outputs, d.compile().result)
    assert whole(values)[0] == d.compile()(values)[0]


# -- gradients by hand that are wrong


def by_hand(mistake):
    def gradients(v):
        x, k1, b1, k2, t = (v[name] for name in ("X", "K1", "b1", "K2", "T"))
        n = x.shape[1]
        U1 = windows.unfold(x, (1, 6, 6), (3, 3))
        A1 = np.tanh(k1 @ U1 + b1)
        U2 = windows.unfold(A1, (3, 4, 4), (3, 3), padding=(1, 1, 1, 1))
        D2 = (k2 @ U2 - t.reshape(2, -1)) / n
        back = k2.reshape(2, 3, 9)[:, :, ::-1].reshape(2, 27) if mistake == "not flipped" else k2
        borders = {"end": (0, 2, 0, 2), "start": (2, 0, 2, 0)}.get(mistake, (1, 1, 1, 1))
        D1 = windows.fold(back.T @ D2, (3, 4, 4), (3, 3), padding=borders, channels=True)
        D1 = D1 if mistake == "no slope" else D1 * (1 - A1**2)
        found = {"K1": D1 @ U1.T, "b1": D1.sum(axis=1, keepdims=True), "K2": D2 @ U2.T}
        if mistake == "last sample":
            found["K1"] = D1.reshape(3, -1, n)[:, :, -1] @ U1.reshape(9, -1, n)[:, :, -1].T
        if mistake == "last sample of the bias":
            found["b1"] = D1.reshape(3, -1, n)[:, :, -1].sum(axis=1, keepdims=True)
        if mistake == "flipped":
            found["K2"] = found["K2"].reshape(2, 3, 9)[:, :, ::-1].reshape(2, 27)
        if mistake == "no mean":
            found["K2"] = n * found["K2"]
        return found

    return gradients


WORDS = {
    "nothing": "∂L/∂K₁, ∂L/∂b₁, ∂L/∂K₂ are right.",
    "not flipped": "yours:  Z̅₁ = fold(flipped(K₂)ᵀ⋅Z̅₂, padding=1) ∘ (1 − A₁∘A₁)    the kernels of K₂ are not flipped on the way back",
    "start": "the border is cut off at the start of rows and columns only",
    "end": "the border is cut off at the end of rows and columns only",
    "no slope": "the factor tanh'(Z₁) is missing",
    "last sample": "there is no sum over the samples in Z̅₁⋅unfold(X)ᵀ: only the last counts",
    "last sample of the bias": "there is no sum over the samples in Z̅₁⋅1: only the last counts",
    "flipped": "the kernels of Z̅₂⋅unfold(A₁, padding=1)ᵀ are flipped",
    "no mean": "a factor n = 4: the gradient of the sum, not of the mean",
}


@pytest.mark.parametrize("mistake", WORDS)
def test_diagnosis(mistake):
    k1, k2, b1, x, t = (
        sn.matrix("K1", 3, 9),
        sn.matrix("K2", 2, 27),
        sn.vector("b1", 3),
        sn.matrix("X", 36, "n"),
        sn.matrix("T", 32, "n"),
    )
    A = sn.tanh(sn.conv2d(k1, x, (1, 6, 6), bias=b1))
    loss = sn.squared_error(sn.conv2d(k2, A, padding=1), t)
    draw = np.random.default_rng(1)
    values = {s: draw.normal(size=tuple(4 if str(d) == "n" else int(d) for d in s.shape)) for s in (k1, k2, b1, x, t)}
    found = sn.diagnose(loss, values, by_hand(mistake))
    assert WORDS[mistake] in str(found)


def test_diagnosis_through_pooling():
    k, v, x = sn.matrix("K", 3, 9), sn.matrix("V", 2, 12), sn.matrix("X", 36, "n")
    loss = sn.norm(v * sn.max_pool2d(sn.tanh(sn.conv2d(k, x, (1, 6, 6))), 2)) ** 2
    draw = np.random.default_rng(1)
    values = {k: draw.normal(size=(3, 9)), v: draw.normal(size=(2, 12)), x: draw.normal(size=(36, 4))}
    kernel = sn.derive(loss, [k, v]).compile()

    def gradients(given):
        U = windows.unfold(given["X"], (1, 6, 6), (3, 3))
        A = np.tanh(given["K"] @ U)
        P, places = windows.first_largest(A, (3, 4, 4), (2, 2), (2, 2))
        F = P.reshape(12, -1)
        D = (2 * given["V"].T @ (given["V"] @ F)).reshape(3, -1)
        D = windows.max_unpool(D, places, (3, 4, 4), (2, 2), (2, 2), channels=True)
        return {"K": D @ U.T, "V": 2 * given["V"] @ F @ F.T}

    np.testing.assert_allclose(gradients({s.name: a for s, a in values.items()})["V"], kernel(values)[1][v])
    assert "the factor tanh'(Z₁) is missing" in str(sn.diagnose(loss, values, gradients))

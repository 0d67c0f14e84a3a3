"""Kernels that JAX compiles, and losses inside JAX: the numbers of NumPy, or a refusal in words."""

import copy
import pickle
import sys

import numpy as np
import pytest
import sympy
from losses import LOSSES, values_of
from test_rules import SAMPLES

import symnet as sn
from symnet.backends import functional

X, Y = sn.matrix("X", 4, "n"), sn.matrix("Y", 3, "n")
NET = sn.mlp(X, [5, 3])
LOSS = sn.cross_entropy(NET.output, Y)
RNG = np.random.default_rng(0)
VALUES = {
    X: RNG.normal(size=(4, 6)),
    Y: np.eye(3)[:, RNG.integers(3, size=6)],
    **{W: RNG.normal(size=tuple(map(int, W.shape))) for W in NET.parameters},
}


def hidden(monkeypatch, *names):
    for name in [m for m in sys.modules if m.partition(".")[0] in names]:
        monkeypatch.delitem(sys.modules, name)
    for name in names:
        monkeypatch.setitem(sys.modules, name, None)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda d: d.compile(backend="jax"), "needs JAX, which is not installed: pip install 'symnet.jax.'"),
        (lambda d: sn.compile(LOSS, backend="jax"), "needs JAX, which is not installed: pip install 'symnet.jax.'"),
        (lambda d: d.to_jax(), "to_jax needs JAX, which is not installed: pip install 'symnet.jax.'"),
        (lambda d: d.to_torch(), "to_torch needs PyTorch, which is not installed: pip install 'symnet.torch.'"),
        (
            lambda d: sn.train(LOSS, {X: VALUES[X], Y: VALUES[Y]}, NET, backend="jax", progress=False),
            "needs JAX, which is not installed: pip install 'symnet.jax.'",
        ),
    ],
)
def test_what_is_missing_is_said(call, words, monkeypatch):
    d = sn.derive(LOSS, NET.parameters)
    hidden(monkeypatch, "jax", "jaxlib", "torch")
    with pytest.raises(ModuleNotFoundError, match=words):
        call(d)


jax = pytest.importorskip("jax")


def close(found, wanted, rtol=1e-12):
    for a, b in zip(found, wanted, strict=True):
        assert np.shape(a) == np.shape(b) and np.asarray(a).dtype == np.asarray(b).dtype
        np.testing.assert_allclose(a, b, rtol=rtol, atol=rtol * (1 + np.abs(b).max(initial=0)))


def listed(found):
    return [found[0], *found[1].values()]


@pytest.mark.parametrize("name", sorted(LOSSES)[::6])
def test_every_loss_has_the_numbers_of_numpy(name):
    d = sn.derive(*LOSSES[name])
    plain, own = d.compile(), d.compile(backend="jax")
    values = values_of(plain, 0)
    given = {k: np.copy(v) for k, v in values.items()}
    found = own(values)
    close(listed(found), listed(plain(values)), 1e-11)
    assert type(found[0]) is float and found[1].keys() == plain(values)[1].keys()
    assert all(np.array_equal(values[k], given[k]) for k in values)


@pytest.mark.parametrize("node", [*SAMPLES][::4], ids=lambda node: node.__name__)
def test_every_operation_with_a_rule_has_the_numbers_of_numpy(node):
    loss = SAMPLES[node]
    d = sn.derive(loss, [s for s in sorted(loss.free_symbols, key=str) if s.name != "K"])
    plain = d.compile()
    rng, sizes = np.random.default_rng(0), plain.program.names.sizes
    shape = lambda s: [int(k) if k.is_Integer else 5 for k in getattr(s, "shape", ())]
    drawn = {name: rng.uniform(0.3, 1.3, shape(s))[()] for name, s in plain.symbols.items()}
    values = {name: 3 if name == "K" else 5 if name in sizes else v for name, v in drawn.items()}
    found = d.compile(backend="jax")(values)
    close(listed(found), listed(plain(values)), 1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_numbers_keep_their_type_whatever_jax_is_told(dtype):
    d = sn.derive(LOSS, NET.parameters)
    values = {s: v.astype(dtype) for s, v in VALUES.items()}
    for kernel in (d.compile(backend="jax"), d.compile(dtype, backend="jax")):
        value, gradients = kernel(values)
        wanted, slopes = d.compile(dtype)(values)
        assert np.asarray(value).dtype == np.asarray(wanted).dtype
        assert all(isinstance(g, np.ndarray) and g.dtype == dtype for g in gradients.values())
        close(gradients.values(), slopes.values(), 1e-12 if dtype is np.float64 else 1e-5)
    assert not jax.config.jax_enable_x64


def test_a_kernel_can_be_copied_and_pickled_and_takes_other_sizes():
    kernel = sn.derive(LOSS, NET.parameters).compile(backend="jax")
    first = listed(kernel(VALUES))
    for other in (copy.deepcopy(kernel), pickle.loads(pickle.dumps(kernel))):
        close(listed(other(VALUES)), first)
    shorter = {**VALUES, X: VALUES[X][:, :2], Y: VALUES[Y][:, :2]}
    close(listed(kernel(shorter)), listed(sn.derive(LOSS, NET.parameters).compile()(shorter)))


def test_any_values_under_jax():
    d = sn.derive(LOSS, NET.parameters)
    some = d.compile(outputs=["Z1", "L", NET.parameters[0]], backend="jax")(VALUES)
    for key, value in d.compile(outputs=["Z1", "L", NET.parameters[0]])(VALUES).items():
        np.testing.assert_allclose(some[key], value, rtol=1e-12)
    A = sn.matrix("A", 3, 3)
    assert np.allclose(sn.compile(sn.expm(A) * A.T, backend="jax")({A: np.eye(3) / 2}), np.exp(0.5) / 2 * np.eye(3))


def test_what_is_wrong_with_the_data_is_said_as_ever():
    kernel = sn.derive(LOSS, NET.parameters).compile(backend="jax")
    with pytest.raises(sympy.ShapeError, match="X"):
        kernel({**VALUES, X: VALUES[X].T})
    with pytest.raises(KeyError, match="X"):
        kernel({s: v for s, v in VALUES.items() if s != X})
    with pytest.raises(ValueError, match="workspace"):
        sn.derive(LOSS, NET.parameters).compile(backend="jax", workspace=True)
    with pytest.raises(ValueError, match="backend='jaxx' is none; there are numpy, c, jax"):
        sn.derive(LOSS, NET.parameters).compile(backend="jaxx")


class Required(sn.MatrixNode):
    """A node whose NumPy code calls what JAX does not have."""


def test_a_node_that_jax_cannot_run_is_named(monkeypatch):
    A = sn.matrix("A", 2, 2)
    monkeypatch.setitem(sn.NUMPY, Required, lambda c, node: c.numpy.call("numpy", "require", c.full(node.args[0])))
    monkeypatch.setitem(sn.OPERANDS, Required, lambda node: node.args)
    assert np.array_equal(sn.compile(Required(A))({A: np.eye(2)}), np.eye(2))
    with pytest.raises(TypeError, match=r"JAX cannot run Required.*symnet.JAX\[Required\].*backend='numpy'"):
        sn.compile(Required(A), backend="jax")({A: np.eye(2)})


# -- the bare loss


def test_a_loss_inside_functions_of_jax():
    d = sn.derive(LOSS, NET.parameters)
    loss, W = d.to_jax(), NET.parameters[0]
    value, gradients = d.compile()(VALUES)
    arrays = [VALUES[next(s for s in VALUES if s.name == n)].astype(np.float32) for n in loss.arguments]
    place = loss.arguments.index(W.name)
    assert np.allclose(loss(*arrays), value, rtol=1e-5)
    assert np.allclose(loss({n: a for n, a in zip(loss.arguments, arrays, strict=True)}), value, rtol=1e-5)
    twice = lambda *a: 2 * loss(*a) + 1
    for f in (twice, jax.jit(twice)):
        assert np.allclose(jax.grad(f, place)(*arrays), 2 * gradients[W], rtol=1e-4, atol=1e-6)
    with jax.enable_x64(True):
        wide = [a.astype(float) for a in arrays]
        slope = jax.grad(loss, place)(*wide)
        assert slope.dtype == np.float64
        assert np.allclose(slope, d.compile()(dict(zip(loss.arguments, wide, strict=True)))[1][W], rtol=1e-12)
    several = np.stack([arrays[place], 2 * arrays[place]])
    over = jax.vmap(lambda w: loss(*[w if k == place else a for k, a in enumerate(arrays)]))(several)
    assert over.shape == (2,) and np.allclose(over[0], value, rtol=1e-5)

    def step(w, _):
        given = [w if k == place else a for k, a in enumerate(arrays)]
        return w - 0.1 * jax.grad(loss, place)(*given), loss(*given)

    _, losses = jax.lax.scan(step, arrays[place], None, length=20)
    assert losses[-1] < losses[0]


def test_the_gradient_of_jax_is_the_derivation_and_not_jaxs_own():
    w = sn.vector("w", 3)
    loss = sn.derive(sn.sum(sn.relu(w)), w).to_jax()
    at = np.array([[1.0], [0.0], [-1.0]], np.float32)  # at 0 JAX's own maximum(w, 0) has the slope 1/2
    assert jax.grad(lambda w: jax.numpy.maximum(w, 0).sum())(at).tolist() == [[1], [0.5], [0]]
    assert jax.grad(loss)(at).tolist() == [[1], [0], [0]]


def test_misuse_of_a_loss_of_jax():
    x, w = sn.vector("x", 2), sn.vector("w", 2)
    loss = sn.derive(sn.norm(x - w) ** 2, w).to_jax()
    one = np.ones((2, 1), np.float32)
    given = dict.fromkeys(loss.arguments, one)
    with pytest.raises(TypeError, match="the gradient in x is asked for.*sn.derive"):
        jax.grad(lambda a: loss({**given, "x": a}))(one)
    with pytest.raises(sympy.ShapeError, match="w"):
        loss({**given, "w": np.ones((3, 1), np.float32)})
    with pytest.raises(KeyError, match="q"):
        loss({**given, "q": one})
    with pytest.raises(TypeError, match="3 arrays are given"):
        loss(one, one, one)
    with pytest.raises(TypeError, match="twice"):
        loss(one, one, w=one)


def test_a_symmetric_matrix_of_something_else():
    # what is chained through a symmetric matrix counts no entry twice
    S, A = sn.matrix("S", 3, 3, symmetric=True), sn.matrix("A", 3, 3)
    loss = sn.derive(sn.sum(sn.tanh(A * S)), S).to_jax()
    a, t = np.random.default_rng(0).normal(size=(2, 3, 3))
    with jax.enable_x64(True):
        ours = jax.grad(lambda t: loss(A=a, S=t + t.T))(t)
        theirs = jax.grad(lambda t: jax.numpy.tanh(a @ (t + t.T)).sum())(t)
    np.testing.assert_allclose(ours, theirs, rtol=1e-12)


class Looked(sn.MatrixNode):
    """A user's own node, whose NumPy code looks at the numbers."""

    title = "looked"


def test_a_node_that_looks_at_numbers_is_named(monkeypatch):
    A = sn.matrix("A", 2, 2)
    code = lambda c, node: c.numpy.call("numpy.testing", "assert_", c.full(node.args[0]))
    monkeypatch.setitem(sn.NUMPY, Looked, code)
    with pytest.raises(TypeError, match=r"JAX cannot run Looked, met in .*symnet.JAX\[Looked\] = "):
        sn.compile(Looked(A), backend="jax")({A: np.eye(2)})


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("backend", ["numpy", "jax"])
def test_a_sigmoid_and_what_is_left_of_1_share_their_quotient_at_all_sizes(backend, dtype):
    if backend == "jax":
        pytest.importorskip("jax")
    Z = sn.matrix("Z", 1, 9)
    kernel = sn.compile({"p": sn.sigmoid(Z), "q": 1 - sn.sigmoid(Z)}, backend=backend)
    assert kernel.source.count("exp(") == 1 and kernel.source.count("/") == 1
    z = np.array([[-2000, -745, -709, -88, -0.5, 0.5, 88, 709, 745]], dtype)
    found = kernel({Z: z})
    wide = z.astype(np.longdouble)
    for name, wanted in (("p", 1 / (1 + np.exp(-wide))), ("q", 1 / (1 + np.exp(wide)))):
        tolerance = 4 * np.finfo(dtype).eps
        np.testing.assert_allclose(np.asarray(found[name]), wanted, rtol=tolerance, atol=2 * np.finfo(dtype).tiny)


# -- what XLA computes twice, and what JAX would differentiate otherwise


class Rounded(np.ndarray):
    """Entries that are found a little larger where their maximum is taken, as where XLA computes them once more."""

    def max(self, *args, **options):
        top = np.asarray(self).max(*args, **options)
        return top + 1e-9 * np.abs(top)


@pytest.mark.parametrize("axis", [0, 1])
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_the_largest_entry_keeps_its_share_whatever_its_maximum_is_rounded_to(axis, dtype):
    inf, step = np.inf, np.finfo(dtype).eps
    table = {
        (1, 2, 2, 0): (0, 1, 1, 0), (1, -1, 0, 3): (0, 0, 0, 1), (-4, -3, -3, -3): (0, 1, 1, 1), (0, 0, 0, 0): (1, 1, 1, 1),
        (inf, 1, 2, -inf): (1, 0, 0, 0), (inf, inf, 0, 1): (1, 1, 0, 0), (-inf, -inf, -inf, -inf): (1, 1, 1, 1),
        (1, 1 - 2 * step, 1 - 99 * step, 0): (1, 1, 0, 0), (-1, -1 - 2 * step, -1 - 99 * step, -2): (1, 1, 0, 0),
        (0, -1e-30, -1, -1): (1, 0, 0, 0),
    }  # fmt: skip
    A, among = (np.array([*rows], dtype) for rows in (table, table.values()))
    shares = among / among.sum(axis=1, keepdims=True)
    turned = (lambda M: M) if axis else np.transpose
    found = functional.hardmax(turned(A), axis)
    assert found.dtype == dtype and np.array_equal(turned(found), shares)
    assert np.isfinite(functional.hardmax(turned(np.full((1, 3), np.nan, dtype)), axis)).all()
    wide = turned(A[[1, 9]].astype(float)).view(Rounded)
    assert np.array_equal(turned(np.asarray(functional.hardmax(wide, axis))), shares[[1, 9]])


def test_the_gradient_of_a_maximum_that_is_computed_twice():
    P, T, b = sn.matrix("P", 1, 5), sn.matrix("T", 5, 3), sn.matrix("b", 3, 5)
    inner = sn.tanh(sn.affine(sn.tan(sn.sin(sn.arctan(sn.selu(b)))), T, P, axis=1)[1:4, 1:4])
    part = sn.cosh(sn.sin(sn.adjugate((inner + 5 * sympy.Identity(3)) / 5)))
    output = sn.batch_norm(sn.cos(sn.elu(sn.log_sigmoid(part))[::-1, :]), axis=0, epsilon=0.1)
    values = {
        P: [[-0.284, -0.271, 0.52, -1.176, -0.265]],
        T: [[0.436, 0.519, 1.068], [0.427, 0.805, -1.095], [0.002, -0.293, 0.67], [0.136, -0.241, -0.704],
            [0.35, -0.107, 0.533]],
        b: [[-0.918, -0.01, 0.033, -0.622, -0.796], [0.147, -0.289, 0.036, 0.514, 0.466],
            [0.958, -0.246, 0.495, -0.491, -0.046]],
    }  # fmt: skip
    for loss in (sn.max(output), sn.min(-output), sn.sum(sn.max(output, axis=0)), sn.sum(sn.max(output, axis=1))):
        d = sn.derive(loss, [P])
        close(listed(d.compile(backend="jax")(values)), listed(d.compile()(values)), 1e-11)


def test_a_kernel_of_numpy_hands_jax_the_form_of_jax():
    A = sn.matrix("A", 3, "n")
    loss = sn.derive(sn.sum(sn.max(sn.tanh(A), axis=1)), A).to_jax()
    at = np.array([[1, 1, 0], [2, 3, 3], [0, 0, 0]], np.float32)
    assert "hardmax(" in str(sn.derive(sn.max(A), A).compile(backend="jax").source)
    assert "argmax" in str(jax.make_jaxpr(jax.grad(loss))(at))


def _cofactors(A):
    n = len(A)
    minor = lambda i, j: np.linalg.det(np.delete(np.delete(A, i, 0), j, 1)) if n > 1 else 1.0
    return np.array([[(-1) ** (i + j) * minor(i, j) for j in range(n)] for i in range(n)])


@pytest.mark.sampled(2)
@pytest.mark.parametrize("n", [1, 2, 3, 4, 6])
def test_jax_differentiates_an_adjugate_at_every_matrix(n):
    rng = np.random.default_rng(n)
    at, G = rng.normal(size=(2, n, n))
    low, lower, twice = at.copy(), at.copy(), at.copy()
    low[0], lower[[0, -1]], twice[:, 0] = 0, 0, twice[:, -1]
    flat = np.eye(n) + np.ones((n, n)) / 5
    A = sn.matrix("A", n, n)
    with jax.enable_x64(True):
        kernel = sn.compile(sn.adjugate(A), backend="jax")
        slope = jax.jit(jax.grad(lambda a: (kernel.function(a) * G).sum()))
        for M in (at, -at, 5 * np.eye(n), flat, -flat, np.ones((n, n)), low, lower, twice, np.zeros((n, n))):
            # an adjugate is linear in each entry
            units = [np.eye(n)[:, [i]] * np.eye(n)[j] for i in range(n) for j in range(n)]
            wanted = [((_cofactors(M + E) - _cofactors(M - E)).T / 2 * G).sum() for E in units]
            np.testing.assert_allclose(
                kernel.function(M), _cofactors(M).T, rtol=0, atol=1e-12 * (1 + abs(M).max()) ** n
            )
            np.testing.assert_allclose(slope(M).ravel(), wanted, rtol=0, atol=1e-12 * (1 + abs(M).max()) ** n)
        assert np.allclose(jax.vmap(slope)(np.stack([at, flat]))[1], slope(flat))


@pytest.mark.parametrize("n", [2, 4, 6])
def test_jax_differentiates_a_determinant_at_every_matrix(n):
    at = np.random.default_rng(n).normal(size=(n, n))
    first, last, lower = at.copy(), at.copy(), at.copy()
    first[:, 0], last[-1], lower[[0, -1]] = 0, 0, 0
    A = sn.matrix("A", n, n)
    with jax.enable_x64(True):
        slope = jax.jit(jax.grad(sn.compile(sn.det(A), backend="jax").function))
        for M in (at, -at, first, last, lower, np.eye(n), np.ones((n, n))):
            np.testing.assert_allclose(slope(M), _cofactors(M), rtol=0, atol=1e-12 * (1 + abs(M).max()) ** n)

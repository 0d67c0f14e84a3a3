"""Wrong arguments of every kind get an error of symnet's in the user's words, nothing from inside and no answer."""

import numpy as np
import pytest
import sympy
from sympy import Determinant, Function, Lambda, Piecewise, Symbol, cos

import symnet as sn

A, B = sn.matrix("A", 2, 2), sn.matrix("B", 2, 2)
W, X, Y = sn.matrix("W", 2, 3), sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n")
b, lam = sn.vector("b", 2), Symbol("lam")
LOSS = sn.squared_error(sn.tanh(sn.affine(W, X, b)), Y) + lam * sn.norm(W) ** 2
DATA = {"X": np.ones((3, 4)), "Y": np.zeros((2, 4)), "lam": 0.1}
VALUES = {**DATA, "W": np.ones((2, 3)) / 8, "b": np.zeros((2, 1))}
POINT = np.array([1.0, 2.0])
STRANGE = [
    True, sympy.true, range(2), sympy.Basic(), sympy.Interval(0, 1), Lambda(lam, lam), sympy.Eq(lam, 1), object(),
    Symbol, "A", [1, 2], {1: 2}, None, sympy.combinatorics.Permutation([1, 0]),
]  # fmt: skip


@pytest.mark.parametrize("strange", STRANGE, ids=lambda v: getattr(v, "__name__", type(v).__name__))
def test_what_is_no_expression_is_no_factor_and_no_bias(strange):
    for call in (
        lambda: sn.hadamard(A, strange), lambda: sn.hadamard(strange, A), lambda: sn.affine(W, X, strange),
        lambda: sn.formula(strange),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="hadamard|bias|formula"):
            call()


@pytest.mark.parametrize(
    "strange",
    [*STRANGE, np.ones((2, 3)), np.ones((5, 5)), np.ma.ones((2, 2)), b, type(A)],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_a_gradient_is_asked_for_by_its_symbol(strange):
    d = sn.derive(LOSS, W)
    for call in (lambda: d[strange], lambda: d.closed(strange)):
        with pytest.raises(KeyError, match="has gradients for W"):
            call()


@pytest.mark.parametrize(
    "f",
    [None, 3, "f", object(), A, lambda: 1, lambda p, q: 1, int],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_what_is_no_function_of_the_arrays_is_told(f):
    for call in (lambda: sn.check_function(f, lambda p: 2 * p, POINT), lambda: sn.check_function(np.sum, f, POINT)):
        with pytest.raises(TypeError, match=r"^(f|grad) (must be a function|is called with one array)|symbols|array"):
            call()


@pytest.mark.parametrize("strange", [sympy.nan, sympy.oo, -sympy.oo, sympy.zoo, sympy.I, 2 * sympy.I + 1], ids=str)
def test_matrices_of_what_is_no_number_are_refused_as_the_number_is(strange):
    M = sympy.Matrix([[strange, 1], [1, 2]])
    for E in (M * A, sn.tanh(M), sn.sum(M), sn.mean(A - M), sn.softmax(M), sympy.Trace(A * M), lam * sn.norm(M)):
        for use in (lambda E=E: sn.compile(E), lambda E=E: sn.evaluate(E, {A: np.eye(2), lam: 1})):
            with pytest.raises(TypeError, match="no number to compute with|complex numbers"):
                use()
    with pytest.raises(ValueError, match="no entries"):
        sn.evaluate(sn.sum(sympy.Matrix(0, 0, [])), {})


@pytest.mark.parametrize("make", ["csr_matrix", "csr_array", "coo_matrix", "dia_array"])
def test_sparse_matrices_are_asked_for_dense(make):
    sparse = getattr(pytest.importorskip("scipy.sparse"), make)(np.eye(2))
    for use in (
        lambda: A + sparse, lambda: A - sparse, lambda: A @ sparse, lambda: A * sparse, lambda: sn.hadamard(A, sparse),
        lambda: sn.tanh(sparse), lambda: sn.evaluate(sn.norm(A), {A: sparse}), lambda: sn.sum(sparse),
    ):  # fmt: skip
        with pytest.raises(TypeError, match=r"write \.toarray\(\)"):
            use()
    with pytest.raises(TypeError, match="no symbol"):
        sn.check_gradients(sn.norm(A), {A: np.eye(2)}, sparse)


@pytest.mark.parametrize(
    "size", [sympy.IndexedBase("A")[0], sympy.Idx("i"), A[0, 0], sympy.Function("f")(lam)], ids=str
)
def test_what_stands_at_an_index_is_no_size(size):
    for use in (lambda: sn.matrix("Q", size, 2), lambda: sn.vector("q", size), lambda: sn.unit(size, 0)):
        with pytest.raises((TypeError, ValueError), match="size"):
            use()


def test_an_angle_of_a_matrix_is_told():
    for E in (A * B + B, sn.tanh(A) * B, A, A**-1):
        with pytest.raises(TypeError, match=r"in arg\(.* is a 2×2 matrix where a scalar is meant"):
            sympy.arg(E)


def test_an_axis_that_is_an_array_is_told():
    for axis in (np.array(["2020-01-01"] * 2, "M8[D]"), np.array([0, 1]), np.ones((2, 2))):
        for f in (sn.sum, sn.mean, sn.logsumexp, sn.softmax, sn.max, sn.std):
            with pytest.raises(ValueError, match="axis must be"):
                f(A, axis=axis)


def test_an_error_inside_a_users_function_comes_out_as_it_is():
    with pytest.raises(TypeError, match="^mine$"):
        sn.check_function(lambda p: (_ for _ in ()).throw(TypeError("mine")), lambda p: p, POINT)


@pytest.mark.parametrize(
    "f", [int, float, lambda: 1, lambda p, q: p, Symbol, sympy.Matrix, Lambda((Symbol("p"), lam), 1)],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)  # fmt: skip
def test_what_is_no_activation_is_told(f):
    with pytest.raises(TypeError, match="activation: .*(write|gave)"):
        sn.mlp(X, [3, 2], activation=f)


@pytest.mark.parametrize(
    "sizes",
    [A, A.T, sn.tanh(A), [float("nan")], [A], None, "ab", []],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_what_is_no_list_of_sizes_is_told(sizes):
    with pytest.raises((TypeError, ValueError), match="size"):
        sn.mlp(X, sizes)


HUGE = [[10**400, 2, 3], [4, 5, 6]]
RAGGED = [[1, 2, 3], [4, 5]]


@pytest.mark.parametrize(
    "value", [HUGE, RAGGED, [[1, 2, 3], [4, 5, [6]]], np.ma.ones((2, 3)), np.ones((2, 3)) * 1j, "W"]
)
def test_arrays_that_are_none(value):
    values = {**VALUES, "W": value}
    for call in (
        lambda: sn.evaluate(LOSS, values), lambda: sn.check_gradients(LOSS, values, W),
        lambda: sn.diagnose(LOSS, values, {W: np.ones((2, 3))}), lambda: sn.train(LOSS, DATA, {W: value}, epochs=1),
        lambda: sn.derive(LOSS, W).compile()(values), lambda: sn.diagnose(LOSS, VALUES, {W: value}),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match="W"):
            call()


@pytest.mark.parametrize("size", [float("nan"), float("inf"), -1, 2.5, "a", None, [2], np.ones(2)])
def test_sizes_that_are_none(size):
    with pytest.raises((TypeError, ValueError), match="n is a size"):
        sn.evaluate(LOSS, {**VALUES, "n": size})


@pytest.mark.parametrize(
    "dtype",
    ["", {}, [], (), 0, False, np.ones(2), "complex", "complex64", int, "what"],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_a_dtype_that_is_none_is_never_taken_for_no_dtype(dtype):
    with pytest.raises(TypeError, match="dtype"):
        sn.train(LOSS, DATA, dtype=dtype, epochs=1)
    with pytest.raises(TypeError, match="dtype"):
        sn.compile(LOSS, dtype=dtype)


@pytest.mark.parametrize("draw", [np.ones((2, 3)), 1, "zeros", sn.zeros, A, lambda: 1, lambda s: 1, lambda s, g: None])
def test_initializers_that_are_none(draw):
    with pytest.raises((TypeError, ValueError), match="initializer"):
        sn.train(LOSS, DATA, initializer=draw, epochs=1)


@pytest.mark.parametrize(
    "method", [np.ones(2), None, 3, [], "magic", A], ids=lambda v: getattr(v, "__name__", type(v).__name__)
)
def test_methods_that_are_none(method):
    with pytest.raises(ValueError, match="method"):
        sn.check_gradients(LOSS, VALUES, W, method=method)
    with pytest.raises(ValueError, match="method"):
        sn.check_function(np.sum, np.ones_like, POINT, method=method)


def test_a_rate_without_end_is_none():
    with pytest.raises(ValueError, match="learning rate"):
        sn.diagnose_update(LOSS, {W: np.ones((2, 3))}, {W: np.ones((2, 3))}, 10**400, DATA)


@pytest.mark.parametrize("E", [A, sn.tanh(A), 2 * A, A + B, sn.tanh(A) * B, A.T, sn.tanh(W)], ids=str)
def test_operators_that_a_matrix_has_not(E):
    for use in (
        lambda: E % 2, lambda: 2 % E, lambda: E // 2, lambda: 2 // E, lambda: divmod(E, 2), lambda: E * True,
        lambda: True + E, lambda: complex(E),
    ):  # fmt: skip
        with pytest.raises(TypeError, match="matrix|Boolean"):
            use()


@pytest.mark.parametrize("E", [sympy.sin(sn.sum(W)), lam * sn.sum(sn.tanh(W)), 2 * sn.tanh(W), sn.exp(W).T], ids=str)
def test_a_matrix_is_not_replaced_by_a_scalar_inside_what_is_sympys(E):
    for use in (lambda: E.replace(W, lam), lambda: E.subs(W, lam), lambda: E.xreplace({W: lam})):
        with pytest.raises(TypeError, match="OneMatrix"):
            use()


NO_FUNCTIONS = [
    lambda t: [t],
    lambda t: None,
    lambda t: "t",
    lambda t: A,
    lambda t: {t},
    lambda: 1,
    3,
    "x",
    None,
    np.tanh,
]


@pytest.mark.parametrize("f", NO_FUNCTIONS, ids=range(len(NO_FUNCTIONS)))
@pytest.mark.parametrize("E", [A, sn.tanh(A), A * A, A + B, A.T, 2 * W], ids=str)
def test_what_is_no_function_of_entries_is_told(E, f):
    for use in (lambda: E.applyfunc(f), lambda: sn.elementwise(f, E)):
        with pytest.raises(TypeError, match="elementwise|must give a scalar for each entry"):
            use()


def test_an_array_is_made_of_a_matrix_of_numbers():
    N = sympy.Matrix([[-2, 2], [1, 3]])
    for E in (sn.tanh(N), sn.std(sn.tanh(N) * N, axis=1), sn.tan(sn.sin(sn.softmax(N)))):
        np.testing.assert_allclose(np.asarray(E, dtype=float), sn.evaluate(E, {}), rtol=1e-14)
        assert float(E[0, 0]) == pytest.approx(sn.evaluate(E, {})[0, 0], rel=1e-14)


def test_a_piece_with_its_condition_is_proved():
    assert sn.prove(Piecewise((LOSS, lam > 99), (0, True)), W, {"n": 1})
    with pytest.raises(ValueError, match="last case"):
        sn.prove(Piecewise((LOSS, lam > 99)), W, {"n": 1})


def test_numbers_with_a_point_as_a_common_factor():
    # 1.0 is not 1 for SymPy
    S = sn.elementwise(lambda t: t**1.5, sn.exp(A))
    loss = -sn.sum(sn.hadamard(sn.sigmoid(S), sn.log(sn.softmax(S, axis=0))))
    closed, values = sn.gradient(loss, A), {A: [[0.1, 0.2], [0.3, -0.4]]}
    np.testing.assert_allclose(sn.evaluate(closed, values), sn.derive(loss, A).compile()(values)[1][A], rtol=1e-12)


def test_entries_that_are_all_the_same_whatever_the_matrix_holds():
    z = sn.matrix("z", 1, 1)
    ratio = sn.elementwise(lambda t: t / 4 + cos(t), sn.hadamard(sn.exp(z), sn.elementwise(lambda t: 1 / t, sn.exp(z))))
    assert abs(sn.evaluate(Determinant(ratio), {z: [[0.5]]}) - (0.25 + np.cos(1))) < 1e-15


def test_an_undefined_function_is_told_where_a_value_is_wanted():
    loss = LOSS + Function("f")(lam)
    assert sn.gradient(loss, W) == sn.gradient(LOSS, W)
    with pytest.raises(TypeError, match="f"):
        sn.evaluate(loss, VALUES)


def test_sympys_dot_product_has_the_slope_that_it_is_asked_for():
    x, y = sn.vector("x", 3), sn.vector("y", 3)
    assert sympy.DotProduct(x, y).diff(x) == y
    assert sympy.DotProduct(x, x).diff(x) == 2 * x


@pytest.mark.parametrize(
    "path",
    [None, 3, [], {}, object(), A, b"x", "", True, np.ones(2), "a\0b.npz"],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_what_is_no_path_is_told(path):
    for call in (
        lambda: sn.save(path, {W: np.ones((2, 3))}), lambda: sn.load(path), lambda: sn.resume(path, DATA),
        lambda: sn.train(LOSS, DATA, epochs=1, log=path if path is not None else 1),
        lambda: sn.train(LOSS, DATA, epochs=1, checkpoint=path if path is not None else 1),
    ):  # fmt: skip
        with pytest.raises((TypeError, ValueError), match="path"):
            call()


@pytest.mark.parametrize(
    "threshold",
    [float("nan"), float("inf"), 1j, sympy.I, 10**400, np.ones(2), A, "0.5", None],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_what_is_no_threshold_is_told(threshold):
    with pytest.raises((TypeError, ValueError)):
        sn.evaluate(sn.accuracy(b.T, b.T, threshold=threshold), {b: np.ones((2, 1))})


@pytest.mark.parametrize(
    "labels",
    [[[0], [1, 2]], np.ma.masked_array([0, 1], [0, 1])],
    ids=lambda v: getattr(v, "__name__", type(v).__name__),
)
def test_what_are_no_labels_is_told(labels):
    with pytest.raises((TypeError, ValueError), match="one_hot: (one label|a masked)"):
        sn.one_hot(labels, 3)


def test_a_rate_that_takes_no_step_is_told():
    with pytest.raises(TypeError, match="number of a step"):
        sn.train(LOSS, DATA, optimizer=sn.Adam(lambda: 1), epochs=1)


def test_accuracy_is_no_loss():
    with pytest.raises(TypeError, match="cross_entropy"):
        sn.derive(sn.accuracy(A, B), A)


@pytest.mark.parametrize("expr", [sympy.Eq(lam, 1), lam > 0, sympy.true, Lambda(lam, lam)], ids=str)
def test_what_is_no_value_has_no_canonical_form(expr):
    with pytest.raises(TypeError, match="the expression"):
        sn.canonical(expr)

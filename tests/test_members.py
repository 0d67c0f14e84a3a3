"""What users of other libraries ask our objects for: it works, or is answered with what to write here."""

import copy
import math
import operator
import pickle
import re

import numpy as np
import pytest
import sympy

import symnet as sn
from symnet.expressions import elsewhere, members

RNG = np.random.default_rng(0)
X, Y, H = sn.matrix("X", 2, "n"), sn.matrix("Y", 1, "n"), sn.matrix("H", 2, "n", one_hot="columns")
W, A, R, v = sn.matrix("W", 1, 2), sn.matrix("A", 3, 3), sn.matrix("R", 3, 4), sn.vector("v", 3)
x, y = RNG.normal(size=(2, 6)), RNG.normal(size=(1, 6))
VALUES = {X: x, Y: y, W: np.ones((1, 2))}
NET, CLASSES = sn.mlp(X, [4, 1]), sn.mlp(X, [4, 2])
LOSS, LINEAR = sn.squared_error(NET, Y), sn.squared_error(W * X, Y)
RUN = sn.train(LOSS, {X: x, Y: y}, NET, epochs=2, progress=False, seed=0)
D = sn.derive(LINEAR, W)
K = D.compile()
CHECK = sn.check_gradients(LINEAR, VALUES)
OBJECTS = {
    "Training": RUN, "Derivation": D, "Kernel": K, "MLP": NET, "GradientCheck": CHECK, "Summary": sn.summary(LOSS),
    "Diagnosis": sn.diagnose(LINEAR, VALUES, K), "Rule": sn.Adam(), "StructuredMatrix": sn.compile(
        sn.hessian(sn.norm(R.T * R) ** 2, R))({R: np.ones((3, 4))}),
}  # fmt: skip


def test_what_an_object_has_is_told_with_its_fields():
    with pytest.raises(AttributeError, match="it has absolute, .*parameter, .*verdict"):
        CHECK.rows[0].no_such_thing  # noqa: B018


def test_every_table_has_its_object():
    assert set(OBJECTS) == set(members.OBJECTS)


@pytest.mark.parametrize("kind", OBJECTS)
def test_attributes_of_others_objects(kind):
    value, table = OBJECTS[kind], members.OBJECTS[kind]
    for name, ours in table.items():
        with pytest.raises(AttributeError, match=re.escape(f"has no {name}; write {ours}")):
            getattr(value, name)
    with pytest.raises(AttributeError, match="has no no_such_thing; it has "):
        value.no_such_thing  # noqa: B018
    assert not hasattr(value, "__no_such_thing__")
    if kind not in ("Kernel", "StructuredMatrix", "GradientCheck"):
        assert type(pickle.loads(pickle.dumps(value))) is type(value) is type(copy.copy(value))


DIAGONAL, MIRRORED = sn.matrix("D", 3, 3, diagonal=True), sn.matrix("S", 3, 3, symmetric=True)


@pytest.mark.parametrize(
    "B", [A, 2 * A, A.T, A * A, sn.tanh(A), A + v * v.T, DIAGONAL, MIRRORED, sn.unit(3, 2), sympy.Identity(3), R, X],
    ids=str,
)  # fmt: skip
def test_entries_are_counted_from_the_end_as_in_numpy(B):
    rows, cols = map(sympy.sympify, B.shape)
    for k, size in enumerate((rows, cols)):
        for place in (-1, -2, sympy.Integer(-1), np.int64(-2)):
            key = (place, 0) if k == 0 else (0, place)
            if size.is_Integer and size > 1:
                assert B[key] == B[(int(place) + size, 0) if k == 0 else (0, int(place) + size)]
        if size.is_Integer:
            with pytest.raises(IndexError, match="has no entry"):
                B[(-size - 1, 0) if k == 0 else (0, -size - 1)]
    for key in (True, (True, 0), (0.0, 0), (0, 1.5)):
        with pytest.raises(IndexError, match="has no entry"):
            B[key]
    if cols.is_Integer:
        assert B[-1] == B[rows - 1, cols - 1] == B[-1, -1]


def test_the_last_entry_has_its_gradient():
    for B, symbol, at in ((A, A, np.ones((3, 3))), (sn.tanh(A), A, np.ones((3, 3))), (X, X, x), (X * X.T, X, x)):
        entry, step = B[1, -1], np.random.default_rng(1).normal(size=at.shape)
        ends = [sn.evaluate(entry, {symbol: at + h * step}) for h in (1e-6, -1e-6)]
        found = np.sum(sn.evaluate(sn.gradient(entry, symbol), {symbol: at}) * step)
        assert found == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-6)
    i = sympy.Symbol("i")
    with pytest.raises(IndexError, match="counted from 0"):
        sn.gradient(A[i - 1, 0].subs(i, 0), A)


@pytest.mark.parametrize(
    "E", [sn.sum(X), sn.mean(X), sn.sum(X[:, -1]), X[0, -1], sn.sum(sn.roll(X, 1, axis=1))], ids=str
)
def test_a_gradient_that_has_sizes_alone_is_evaluated_with_the_data(E):
    found, ends = sn.evaluate(sn.gradient(E, X), {X: x}), []
    step = np.random.default_rng(2).normal(size=x.shape)
    assert found.shape == x.shape
    ends = [sn.evaluate(E, {X: x + h * step}) for h in (0.5, -0.5)]
    assert np.sum(found * step) == pytest.approx(ends[0] - ends[1], rel=1e-10)
    with pytest.raises(KeyError, match="no value is given for n"):
        sn.evaluate(sn.gradient(E, X), {A: np.eye(3)})


@pytest.mark.parametrize("B", [A, A * A, A + v * v.T, sn.tanh(A), A.T, sn.hadamard(A, A), A**-1], ids=str)
def test_methods_of_tensors(B):
    for name, ours in members.MATRIX.items():
        if any(name in vars(c) and not isinstance(vars(c)[name], members.Hint) for c in type(B).__mro__):
            continue  # SymPy's own
        with pytest.raises(AttributeError, match=re.escape(f"write {ours} for A = ")):
            getattr(B, name)
        assert not hasattr(B, name)


@pytest.mark.parametrize("loss", [LOSS, LINEAR + 1, sn.sum(A), LINEAR**2, sympy.log(LINEAR)], ids=range(5))
def test_methods_of_losses(loss):
    for name, ours in members.SCALAR.items():
        if any(name in vars(c) and not isinstance(vars(c)[name], members.Hint) for c in type(loss).__mro__):
            continue
        with pytest.raises(AttributeError, match=re.escape(f"write {ours} for loss = ")):
            getattr(loss, name)


def test_what_is_advised_is_there():
    tables = [members.MATRIX, members.SCALAR, elsewhere.FUNCTIONS, *members.OBJECTS.values()]
    advice = {ours for table in tables for ours in table.values()}
    assert {name for ours in advice for name in re.findall(r"\bsn\.(\w+)", ours)} <= set(sn.__all__)
    for kind, word in (("Training", "run"), ("Derivation", "d"), ("Kernel", "kernel"), ("MLP", "net")):
        for ours in set(members.OBJECTS[kind].values()):
            assert all(hasattr(OBJECTS[kind], n) for n in re.findall(rf"(?<!')\b{word}\.(\w+)", ours)), ours
    for ours in {w for w in members.MATRIX.values() if re.fullmatch(r"sn\.\w+\(A(, [AB2])*\)", w)}:
        eval(ours, {"sn": sn, "A": A, "B": A})


@pytest.mark.parametrize("name", elsewhere.FUNCTIONS)
def test_functions_of_others(name):
    with pytest.raises(AttributeError, match=re.escape(f"no attribute {name!r}; write {elsewhere.FUNCTIONS[name]}")):
        getattr(sn, name)


def test_what_works():
    assert NET.parameters() is NET.parameters and NET["W1"] is NET.parameters["W1"]
    assert NET.parameters[NET.parameters[0]] is NET.parameters[0]
    assert RUN["W1"] is RUN.parameters["W1"] and RUN[NET.parameters[0]] is RUN.parameters["W1"]
    given = K(VALUES)
    loss, gradients = given
    assert given.loss == loss and given.gradients is gradients and given["W"] is given[W] is gradients[W]
    assert isinstance(given, tuple) and given[0] == loss and len(given) == 2
    assert D["Z1"] == W * X and D["W"] == D[W]
    assert sn.gradient(LINEAR, "W") == sn.gradient(LINEAR, W)
    assert sn.hessian(LINEAR, "W") == sn.hessian(LINEAR, W)
    assert sn.jacobian(W * X, "W") == sn.jacobian(W * X, W)
    assert str(sn.derive(LOSS, ["W1", "b1"])) == str(sn.derive(LOSS, NET.parameters[:2]))
    assert CHECK["W"] is CHECK[W] is CHECK.rows[0]
    assert sn.vector("v", (3,)) == sn.vector("v", (3, 1)) == v
    assert sn.evaluate(LINEAR.subs({W: np.ones((1, 2))}), VALUES) == sn.evaluate(LINEAR, VALUES)
    assert A.subs(A, np.eye(3)) == sympy.ImmutableMatrix(np.eye(3))
    assert sn.affine(W, X, 0) == W * X
    assert A.H == A.mT == A.T and (A * R).H == (A * R).T and sn.tanh(A).mT == sn.tanh(A).T


def test_more_samples_a_batch_than_there_are():
    runs = [
        sn.train(LOSS, {X: x, Y: y}, NET, epochs=3, batch_size=size, validation=share, progress=False, seed=0)
        for share in (None, 0.5)
        for size in (None, 1000)
    ]
    for whole, large in (runs[:2], runs[2:]):
        np.testing.assert_allclose(whole.history["loss"], large.history["loss"], rtol=1e-12)


@pytest.mark.parametrize(
    ("call", "error", "words"),
    [
        (lambda: sn.mlp(X, 5, 3), TypeError, "sn.mlp(X, [5, 3])"),
        (lambda: sn.mlp(X, 8, 1), TypeError, "sn.mlp(X, [8, 1])"),
        (lambda: sn.mlp(X, [8, 1], [sn.relu, sn.tanh]), TypeError, "one function stands after every layer"),
        (lambda: sn.train(NET, {X: x, Y: y}, progress=False), TypeError, "sn.squared_error(net, Y)"),
        (lambda: sn.train(W * X, {X: x, Y: y}, progress=False), TypeError, "sn.squared_error(net, Y)"),
        (lambda: sn.train(D, {X: x}), TypeError, "a Derivation is no expression, but is made of one"),
        (lambda: sn.train(K, {X: x}), TypeError, "a Kernel is no expression"),
        (lambda: sn.gradient(RUN, W), TypeError, "a Training is no expression"),
        (lambda: sn.formula(D), TypeError, "give a matrix or scalar expression, not Derivation"),
        (lambda: sn.cross_entropy(H, CLASSES), ValueError, "H is declared one_hot, so these are the targets"),
        (lambda: sn.cross_entropy(H, X), ValueError, "sn.cross_entropy(X, H)"),
        (lambda: sn.cross_entropy(X, CLASSES), ValueError, "the other the output of a net"),
        (lambda: sn.cross_entropy(sn.softmax(X), H), ValueError, "which the loss takes itself"),
        (lambda: sn.binary_cross_entropy(Y, NET), ValueError, "which stand second"),
        (lambda: sn.binary_cross_entropy(sn.sigmoid(W * X), Y), ValueError, "which the loss takes itself"),
        (lambda: sn.focal(sn.sigmoid(W * X), Y), ValueError, "which the loss takes itself"),
        (lambda: sn.hinge(Y, NET), ValueError, "which stand second"),
        (lambda: sn.categorical_hinge(H, CLASSES), ValueError, "sn.categorical_hinge("),
        (lambda: sn.accuracy(H, CLASSES), ValueError, "sn.accuracy("),
        (lambda: sn.kl_divergence(CLASSES, H), ValueError, "declared one_hot"),
        (lambda: X * X, sympy.ShapeError, "sn.hadamard(X, X); X*X.T and X.T*X are products"),
        (lambda: v * v, sympy.ShapeError, "sn.hadamard(v, v); v.T*v is the inner product"),
        (lambda: R @ R, sympy.ShapeError, "R*R is a product of matrices, and R is 3×4"),
        (lambda: RUN(x), TypeError, "run.evaluate(net, {X: new})"),
        (lambda: RUN["Q"], KeyError, "there are values for W1, b1"),
        (lambda: RUN.history["val_loss"], KeyError, "there are values for loss"),
        (lambda: RUN.history.loss, AttributeError, "write ['loss']"),
        (lambda: RUN.parameters.W1, AttributeError, "write ['W1']"),
        (lambda: RUN.W1, AttributeError, "write .parameters['W1']"),
        (lambda: RUN.plot(3), TypeError, "loss.png"),
        (lambda: NET.W1, AttributeError, "write .parameters['W1']"),
        (lambda: NET.parameters.W1, AttributeError, "write ['W1']"),
        (lambda: NET["W7"], KeyError, "there are the symbols W1, b1"),
        (lambda: list(NET), TypeError, "its entries cannot be listed"),
        (lambda: K(VALUES)["b"], KeyError, "there are values for W"),
        (lambda: D["Q"], KeyError, "this derivation has gradients for W"),
        (lambda: CHECK["Q"], KeyError, "there are rows for W"),
        (lambda: sn.gradient(LINEAR, "Q"), KeyError, "Q is no symbol of the expression, which has W, X, Y"),
        (lambda: sn.derive(NET, NET), TypeError, "beside its targets, sn.squared_error(net, Y)"),
        (lambda: LINEAR.diff("W"), TypeError, "W is a matrix here; give the symbol itself"),
        (lambda: sympy.diff(LINEAR, "W"), TypeError, "W is a matrix here"),
        (lambda: sn.sum(A).diff(sympy.Symbol("A")), TypeError, "A is a matrix here"),
        (lambda: sn.evaluate(NET, RUN), TypeError, "write {X: x, **run.parameters}"),
        (lambda: RUN.evaluate({X: x}), TypeError, "the expression stands first"),
        (lambda: sn.compile(LINEAR, "jax"), TypeError, "backend='jax'"),
        (lambda: sn.norm(W, axis=2), ValueError, "write ord=2"),
        (lambda: sn.norm(W, axis="fro"), ValueError, "write ord='fro'"),
        (lambda: sn.max(A, A), ValueError, "sn.elementwise(sympy.Max, A, B)"),
        (lambda: sn.sum(A, axis=(0, 1)), ValueError, "all entries are meant where no axis is given"),
        (lambda: sn.elementwise(np.tanh, A), TypeError, "NumPy's functions and those of math compute with numbers"),
        (lambda: sn.elementwise(lambda t: max(t, 0), A), TypeError, "asks whether a condition on a symbol is true"),
        (lambda: (A * R).subs([(A, None)]), TypeError, "subs: None is no SymPy expression"),
        (lambda: float(A), TypeError, "A is a matrix and no number"),
        (lambda: round(A), TypeError, "A is a matrix and no number"),
        (lambda: K.function(VALUES), TypeError, "kernel.function() missing"),
    ],
)  # fmt: skip
def test_first_guesses_are_answered(call, error, words):
    with pytest.raises(error) as raised:
        call()
    assert words in str(raised.value)


def test_a_hint_is_not_listed():
    for value in (A, A.T * A, LOSS, LOSS + 1):
        listed = [next((vars(c)[n] for c in type(value).__mro__ if n in vars(c)), None) for n in dir(value)]
        assert not any(isinstance(found, members.Hint) for found in listed)
        assert {"xreplace", "free_symbols", "diff"} <= set(dir(value))


NUMBERS = [float, int, math.sin, round, lambda a: round(a, 2), math.trunc, lambda a: f"{a:.2f}", lambda a: f"{a:>9}"]


@pytest.mark.parametrize("number", NUMBERS, ids=range(len(NUMBERS)))
def test_a_loss_is_no_number(number):
    for loss in (LOSS, LINEAR, sn.sum(A) + 1, sympy.exp(LINEAR)):
        with pytest.raises(TypeError, match=r"has symbols and is no number; sn\.evaluate\("):
            number(loss)
        assert f"{loss}" == str(loss) and float(sympy.Rational(5, 4)) == 1.25 and f"{sympy.pi:.2f}" == "3.14"


def placed(a):
    a[0, 0] = 1


ASKED = {
    "number": [*NUMBERS[:6], complex], "NumPy counts the rows": [len], "are of bits": [operator.invert],
    "cannot be set": [placed, lambda a: operator.delitem(a, 0), lambda a: operator.setitem(a, slice(2), 0)],
    "pow with three arguments": [lambda a: pow(a, 2, 3)], "make steps": [divmod, lambda a: a // 2, lambda a: 5 % a],
    r"cbrt.*write sn\.elementwise\(lambda a: sign": [np.cbrt], "cannot choose by symbols": [max, min, sorted],
}  # fmt: skip
MATRICES = [A, A * A, A + v * v.T, 2 * A, sn.tanh(A), A.T, sn.hadamard(A, A), A**-1, A.applyfunc(sympy.sin), A[:, ::-1]]


@pytest.mark.parametrize("B", MATRICES, ids=str)
def test_what_python_asks_of_a_matrix_is_answered(B):
    for words, calls in ASKED.items():
        for call in calls:
            with pytest.raises(TypeError, match=words):
                call(B, 2) if call is divmod else call(B)
    assert not callable(B)  # or it would be taken for a rate or a function
    assert bool(B) and B.evalf() == sympy.N(B) == B and list(B) and {B: 1}[B] == 1


def test_a_comparison_of_losses_does_not_choose():
    t = sympy.Symbol("t")
    for loss in (LOSS, LINEAR, sn.norm(A), t):
        for choose in (
            lambda a: 1 if a > 3 else 0, lambda a: a <= LINEAR + t and 1, lambda a: max(a, t + 1),
            lambda a: sorted([a, t + 1]), lambda a: np.maximum(a, 5),
        ):  # fmt: skip
            with pytest.raises(TypeError, match=r"is neither true nor false: if.*sn\.evaluate\("):
                choose(loss)
    assert (sympy.Integer(2) > 1) and not sympy.Eq(t, t + 1)


@pytest.mark.parametrize("bits", [operator.xor, operator.and_, operator.or_, operator.lshift, operator.rshift])
@pytest.mark.parametrize("B", [A, A * A, sn.tanh(A)], ids=str)
def test_bits_are_no_powers(bits, B):
    for pair in ((B, 2), (2, B), (B, B)):
        with pytest.raises(TypeError, match=r"are of bits; a power of .* is A\*\*2"):
            bits(*pair)


def test_what_is_derived_is_no_symbol():
    d = sn.derive(LINEAR, W)
    for derived in (d, d.program, d.compile()):
        for use in (sn.gradient, sn.derive, sn.prove, sn.hessian):
            with pytest.raises(TypeError, match="is no symbol, but what has been derived already; give the symbols"):
                use(LINEAR, derived)


LOSSES = {
    "node": sn.sum(A),
    "sum": 1 + 2 * sn.norm(A),
    "entry": A[0, 1],
    "symbol": sympy.Symbol("t"),
    "array": np.array([sn.sum(A)]),
}
UNARY = (
    "exp log sqrt sin cos tan sinh cosh tanh arcsin arccos arctan arcsinh arccosh arctanh exp2 log2 log10 log1p expm1 cbrt fabs "
    "degrees radians rint"
).split()


@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("name", [*UNARY, "hypot", "arctan2"])
def test_numpys_functions_of_a_loss(name, loss):
    scalar = LOSSES[loss]
    with pytest.raises(
        TypeError, match="NumPy's functions compute with numbers, and loss = .* has symbols; write "
    ) as told:
        getattr(np, name)(scalar, *([] if name in UNARY else [2.0]))
    expression = str(told.value).rpartition("write ")[2]
    if name != "rint":
        names = {"loss": sympy.Symbol("x"), "other": sympy.Float(2), "sympy": sympy, "Rational": sympy.Rational}
        written = eval(expression, names).subs("x", 0.3 if name != "arccosh" else 1.3)
        assert np.isclose(
            float(written), getattr(np, name)(0.3 if name != "arccosh" else 1.3, *([] if name in UNARY else [2]))
        )


def test_numpys_functions_of_sympys_numbers():
    with pytest.raises(TypeError, match=r"write float\(pi\)"):
        np.exp(sympy.pi)


@pytest.mark.parametrize("scalar", [A[0], A[0, 1], sn.sum(A), sn.logdet(A)])
def test_a_scalar_has_no_entries_and_is_gone_through_by_nobody(scalar):
    for place in (0, (0, 1), slice(None)):
        with pytest.raises(TypeError, match=r"has no entries; an entry of a matrix is A\[i, j\]"):
            scalar[place]
    for ask in (list, lambda s: 1 in s, lambda s: next(iter(s))):
        with pytest.raises(TypeError, match="has no entries"):
            ask(scalar)
    assert np.array(scalar).shape == () and np.array([[scalar, 1]]).shape == (1, 2)
    assert sympy.flatten([scalar, [scalar]]) == [scalar, scalar]


def test_a_derivation_is_gone_through_by_its_symbols():
    assert [*D] == [W] and W in D and "W" in D and X not in D and 0 not in D
    assert {w: D[w] for w in D} == {W: D["W"]}


@pytest.mark.parametrize(
    "call, ours",
    [
        (lambda: np.multiply(A, A), "sn.hadamard(A, B)"), (lambda: np.divide(A, A.T), "sn.divide(A, B)"),
        (lambda: np.max(A), "sn.max(…)"), (lambda: np.var(A), "sn.var(…)"), (lambda: np.clip(A, 0, 1), "sn.clip(…)"),
        (lambda: np.power(A, 2), "sn.power(A, p)"), (lambda: np.concatenate([A, A], axis=1), "sn.hstack(A, B) for axis=1"),
    ],
)  # fmt: skip
def test_numpys_functions_of_entries_are_told_by_ours(call, ours):
    with pytest.raises(TypeError, match=re.escape(ours)):
        call()
    assert np.multiply(2, A) == 2 * A and np.float64(2) * A == 2.0 * A and np.divide(A, 2) == A / 2

"""Solvers: full-batch steps that SciPy and textbooks agree with, under the call, the loop and the laws of training."""

import sys
import warnings
from dataclasses import fields

import numpy as np
import pytest
from scipy.optimize import least_squares, minimize
from sympy import Identity, OneMatrix, Symbol, Trace, exp

import symnet as sn

ALL = [sn.LBFGS, sn.NewtonCG, sn.GaussNewton, sn.LevenbergMarquardt]
OF_SQUARES = [sn.GaussNewton, sn.LevenbergMarquardt]
OF_SCIPY = [sn.LBFGS, sn.NewtonCG]
RNG = np.random.default_rng(0)
X, Y, M = sn.matrix("X", 3, "n"), sn.matrix("Y", 2, "n"), sn.matrix("M", 2, "n")
W, b, s, q, S = sn.matrix("W", 2, 3), sn.vector("b", 2), sn.vector("s", 2), sn.matrix("q", 1, "n"), sn.matrix("S", 2, 2)
lam, a, c = Symbol("lambda"), Symbol("a"), Symbol("c")
Z = sn.affine(W, X, b)
P, N = sn.sigmoid(Z), X.shape[1]
R = P - Y
DATA = {
    X: RNG.normal(size=(3, 20)), Y: RNG.uniform(size=(2, 20)), M: RNG.uniform(size=(2, 20)), S: np.eye(2),
    s: RNG.uniform(1, 2, size=2), q: RNG.uniform(1, 2, size=(1, 20)), lam: 0.1,
}  # fmt: skip
START = {W: 0.3 * RNG.normal(size=(2, 3)), b: 0.3 * RNG.normal(size=2)}

SUMS_OF_SQUARES = {
    "squared_error": sn.squared_error(P, Y),
    "mse": sn.mse(P, Y),
    "norm": sn.norm(R) ** 2,
    "half a norm": sn.norm(R) ** 2 / 2,
    "inner": sn.inner(R, R),
    "trace": Trace(R.T * R),
    "entry by entry": sn.sum(sn.elementwise(lambda p, y: (p - y) ** 2, P, Y)),
    "fourth powers": sn.sum(sn.elementwise(lambda p, y: (p - y) ** 4, P, Y)) + sn.squared_error(P, Y),
    "mean of sums": sn.mean(sn.sum(sn.hadamard(R, R), axis=0)),
    "weights": sn.sum(sn.hadamard(M, R, R)),
    "weights inside": sn.sum(sn.elementwise(lambda p, y, m: m * (p - y) ** 2 + (2 * p - 1) ** 2, P, Y, M)) / N,
    "weights of rows and columns": sn.sum(sn.hadamard(s.T * sn.hadamard(R, R), q)),
    "mask": sn.norm(sn.hadamard(M, R)) ** 2,
    "constants": sn.norm(R) ** 2 + sn.norm(Y) - 3,
    "decay": sn.squared_error(P, Y) + lam * Trace(W.T * W),
    "two decays": sn.squared_error(P, Y) + lam / 2 * (sn.norm(W) ** 2 + sn.norm(b) ** 2),
    "bracket": (sn.norm(R) ** 2 + lam * sn.norm(W) ** 2) / (2 * N),
    "square of a norm": sn.norm(R) ** 2 + sn.norm(W) ** 4 / 100,
    "square of a scalar": sn.norm(R) ** 2 + (sn.entry(W, 0, 0) - 1) ** 2,
    "linear": sn.squared_error(Z, Y) + lam * sn.norm(W) ** 2,
    "sharing": sn.norm(sn.tanh(S * W * X) - Y) ** 2 + sn.norm(S * W) ** 2,
}  # fmt: skip

NO_SUMS_OF_SQUARES = {
    "cross-entropy": (sn.cross_entropy(Z, Y), "log_softmax"),
    "logistic": (sn.binary_cross_entropy(Z, Y), "softplus"),
    "norm": (sn.norm(R), "norm"),
    "negative": (-(sn.norm(R) ** 2), "-norm"),
    "negative decay": (sn.squared_error(P, Y) - 0.1 * sn.norm(W) ** 2, r"-0\.1\*norm\(W\)\*\*2"),
    "sum": (sn.sum(P), "sum"),
    "linear term": (sn.norm(R) ** 2 + sn.sum(W), r"sum\(W\)"),
    "absolute": (sn.norm1(R), "Abs"),
    "product": (sn.norm(R) ** 2 * sn.norm(W) ** 2, "norm"),
    "quotient": (sn.norm(R) ** 2 / sn.norm(W) ** 2, "norm"),
    "cubes": (sn.sum(sn.elementwise(lambda x: x**3, R)), "³"),
    "quadratic form": (sn.sum(sn.hadamard(R, S * R)), "inner"),
    "exponential": (sn.sum(sn.exp(R)), "exp"),
}


def given(loss, data=DATA):
    return {symbol: data[symbol] for symbol in data if symbol in loss.free_symbols}


def starts(loss):
    return {symbol: value for symbol, value in START.items() if symbol in loss.free_symbols}


def trained(loss, solver, **options):
    return sn.train(loss, given(loss), starts(loss), solver, **{"epochs": 200, **options})


def unpacked(x, like):
    values, k = {}, 0
    for symbol, value in like.items():
        values[symbol] = np.reshape(x[k : k + np.size(value)], np.shape(value))
        k += np.size(value)
    return values


def minimum(loss):
    """Give the parameters that SciPy finds, from the loss alone."""
    kernel = sn.derive(loss, list(starts(loss))).compile()

    def both(x):
        value, gradients = kernel({**given(loss), **unpacked(x, starts(loss))})
        return value, np.concatenate([gradients[w].ravel() for w in starts(loss)])

    x = np.concatenate([np.ravel(v) for v in starts(loss).values()])
    return minimize(both, x, jac=True, method="BFGS", options={"gtol": 1e-10})


@pytest.mark.filterwarnings("ignore:.*precision:RuntimeWarning")
@pytest.mark.parametrize("name", SUMS_OF_SQUARES)
def test_a_sum_of_squares_is_recognised_and_its_minimum_is_scipys(name):
    loss = SUMS_OF_SQUARES[name]
    theirs = minimum(loss)
    for kind in ALL:
        run = trained(loss, kind())
        assert run.success and run.message, kind
        assert run.loss == pytest.approx(theirs.fun, rel=1e-7, abs=1e-10)
        assert run.loss == pytest.approx(sn.evaluate(loss, {**given(loss), **run.parameters}), rel=1e-12)
        for symbol, value in unpacked(theirs.x, starts(loss)).items():
            np.testing.assert_allclose(run.parameters[symbol].reshape(value.shape), value, rtol=0.02, atol=2e-3)


@pytest.mark.parametrize("kind", OF_SQUARES)
@pytest.mark.parametrize("name", NO_SUMS_OF_SQUARES)
def test_another_loss_is_refused_with_the_term_and_the_way_out(name, kind):
    loss, term = NO_SUMS_OF_SQUARES[name]
    with pytest.raises(ValueError, match=rf"{kind.__name__} is for sums of squares, and .*{term}.*sn\.LBFGS\(\)") as e:
        trained(loss, kind())
    assert not any(hidden in str(e.value) for hidden in ("T1", "Z1", "A1", "_1"))


class Turned(sn.MatrixNode):
    """The rows in the other order, with a rule and without a matrix."""

    title = "turned"


def test_residuals_without_a_jacobian_that_can_be_written_down_are_refused(monkeypatch):
    monkeypatch.setitem(sn.RULES, Turned, lambda G, Y, A: (Turned(G),))
    monkeypatch.setitem(sn.NUMPY, Turned, lambda c, node: c.full(node.args[0])["::-1"])
    loss = sn.norm(Turned(W) - 1) ** 2
    with pytest.raises(
        TypeError, match=r"GaussNewton needs the Jacobian as a formula, and .*turned.*; train with sn\.LBF"
    ):
        trained(loss, sn.GaussNewton())
    assert trained(loss, sn.NewtonCG()).success


def test_residuals_of_pooled_images_have_a_jacobian():
    run = trained(sn.norm(sn.avg_pool2d(W, (2, 1), shape=(1, 2, 1)) - 1) ** 2, sn.LevenbergMarquardt())
    assert run.success and run.loss < 1e-12


def test_residuals_that_are_functions_of_a_matrix_have_a_jacobian():
    run = trained(sn.norm(sn.expm(W * W.T) - 2 * OneMatrix(2, 2) - 9 * Identity(2)) ** 2, sn.GaussNewton())
    assert run.success and run.loss < 1e-12


def test_a_factor_that_is_negative_in_the_data_is_refused():
    loss = sn.squared_error(P, Y) + lam * sn.norm(W) ** 2
    with pytest.raises(ValueError, match=r"negative for these data.*R₂ = sqrt\(2\)⋅sqrt\(λ\)⋅W.*sn\.LBFGS"):
        sn.train(loss, {**given(loss), lam: -1.0}, START, sn.LevenbergMarquardt())


def test_a_jacobian_that_no_memory_holds_is_refused(monkeypatch):
    monkeypatch.setattr("symnet.training.solving.LARGEST", 100)
    with pytest.raises(ValueError, match=r"Jacobian of 40 residuals by 8 numbers would take .*sn\.LBFGS\(\)"):
        trained(sn.squared_error(P, Y), sn.GaussNewton())


# -- the steps are those that are printed


def stepped(solver, **more):
    """Give θ before and after one iteration, p as the printed equations give it, and the derivation."""
    loss = SUMS_OF_SQUARES["two decays"]
    run = trained(loss, solver, epochs=1)
    names = {str(k): v for k, v in {**given(loss), **START, **more}.items()}
    names["b"] = np.reshape(names["b"], (2, 1))
    found = run.derivation.compile(outputs=["p", "theta"])(names)
    after = np.concatenate([np.ravel(run.parameters[w], order="F") for w in (W, b)])
    return found["theta"].ravel(), after, found["p"].ravel(), run


def test_the_step_of_gauss_and_newton_is_the_printed_one():
    before, after, p, run = stepped(sn.GaussNewton())
    shares = (before - after) / p
    np.testing.assert_allclose(shares, shares[0], rtol=1e-8)
    assert np.log2(shares[0]) == pytest.approx(round(np.log2(shares[0])), abs=1e-8)  # 1, 1/2, 1/4, …
    assert str(run.derivation).splitlines()[-2:] == ["  p = (Jᵀ⋅J)⁻¹⋅Jᵀ⋅r", "  θ ← θ − α⋅p"]


def test_the_step_of_marquardt_is_the_printed_one():
    before, after, p, run = stepped(sn.LevenbergMarquardt(0.5), lambda1=0.5)
    np.testing.assert_allclose(before - after, p, rtol=1e-8)
    assert "  p = (Jᵀ⋅J + λ₁⋅D)⁻¹⋅Jᵀ⋅r" in str(run.derivation)  # λ is the user's


def test_the_jacobian_is_that_of_the_residuals():
    run = trained(SUMS_OF_SQUARES["decay"], sn.LevenbergMarquardt(), epochs=1)
    assert "  J = [∂R₁/∂W, ∂R₁/∂b; ∂R₂/∂W, 0]" in str(run.derivation).splitlines()
    assert r"\begin{bmatrix}" in run.derivation.latex() and "<mtable" in run.derivation.mathml()
    assert "ArrayFlatten[" in run.derivation.mathematica()
    for loss in (sn.norm(W * X - Y) ** 2 / 2, SUMS_OF_SQUARES["squared_error"], SUMS_OF_SQUARES["square of a scalar"]):
        run = trained(loss, sn.GaussNewton(), epochs=1)
        values = {str(k): v for k, v in {**given(loss), **starts(loss)}.items()}
        if "b" in values:
            values["b"] = np.reshape(values["b"], (2, 1))
        some = run.derivation.compile(
            outputs=[e.lhs.name for e in run.derivation.program.equations if e.lhs.name in "rJ"]
        )
        J = np.asarray(some(values)["J"])
        gradients = run.derivation.compile()(values)[1]
        wanted = np.concatenate([gradients[w].ravel(order="F") for w in starts(loss)])
        r = np.asarray(some(values)["r"])
        np.testing.assert_allclose(J.T @ r.reshape(-1, order="F"), wanted, rtol=1e-10)


@pytest.mark.parametrize("kind", ALL)
def test_a_frozen_value_that_prints_its_equations(kind):
    solver = kind()
    assert solver == kind() and hash(solver) == hash(kind()) and eval(f"sn.{solver!r}") == solver
    assert str(solver).startswith("Update\n") and "θ ← θ − " in str(solver) and "$$" in solver._repr_latex_()
    with pytest.raises(AttributeError):
        solver.xtol = 1
    for name in [field.name for field in fields(kind)]:
        for bad in (-1, float("nan"), "1", None):
            with pytest.raises(ValueError, match=f"{kind.__name__}: the {name} must be"):
                kind(**{name: bad})
    with pytest.raises(TypeError, match=f"{kind.__name__} moves all parameters together"):
        solver.update(W, W)
    with pytest.raises(TypeError, match=rf"write sn\.{kind.__name__}\(\)"):
        trained(sn.squared_error(P, Y), kind)


def test_products_with_the_hessian_stand_in_the_derivation():
    run = trained(sn.squared_error(P, Y), sn.NewtonCG(), epochs=2)
    text = str(run.derivation)
    assert "Second order\n" in text and "  Hv_W = " in text and "  p = H⁻¹⋅g" in text


@pytest.mark.parametrize(
    "optimizer", [*[kind() for kind in ALL], 0.1, sn.Adam(), sn.Momentum()], ids=lambda o: type(o).__name__
)
def test_what_was_trained_compiles_without_the_step(optimizer):
    loss = sn.squared_error(P, Y)
    run = trained(loss, optimizer, epochs=2)
    values = {**given(loss), **run.parameters}
    value, gradients = run.derivation.compile()(values)
    expected, theirs = sn.derive(loss, [W, b]).compile()(values)
    assert value == expected and run.derivation.compile(outputs=["L"])(values)["L"] == value
    np.testing.assert_array_equal(gradients[W], theirs[W])


@pytest.mark.parametrize("kind", OF_SQUARES)
def test_without_tolerances_it_ends_where_the_digits_end(kind):
    loss = SUMS_OF_SQUARES["decay"]
    run = trained(loss, kind(ftol=0, xtol=0, gtol=0), epochs=400)
    assert run.success and "digits" in run.message
    assert run.loss == pytest.approx(minimum(loss).fun, rel=1e-12)


# -- how many iterations


def sjoberg(solver, **options):
    u, t, w, v = sn.matrix("U", 1, "n"), sn.matrix("T", 1, "n"), sn.matrix("w", 1, 1), sn.matrix("v", 1, 1)
    x = np.linspace(-3, 3, 50)
    data = {u: x, t: 1 / (1 + np.exp(1 - 2 * x))}
    run = sn.train(sn.squared_error(sn.sigmoid(sn.affine(w, u, v)), t), data, {w: -0.5, v: -5.0}, solver, **options)
    error = np.sqrt(2 * np.array(run.history["loss"]))
    return run, int(np.argmax(error < 0.01)) + 1, (run.parameters[w].item(), run.parameters[v].item())


def test_a_sigmoid_with_two_parameters_as_in_sjobergs_manual():
    run, iterations, reached = sjoberg(sn.LevenbergMarquardt())
    assert run.success and iterations == 5 and reached == pytest.approx((2, -1), abs=1e-4)
    run, iterations, reached = sjoberg(sn.GaussNewton())
    assert run.success and iterations == 7 and reached == pytest.approx((2, -1), abs=1e-6)
    _, iterations, _ = sjoberg(sn.GradientDescent(4.0), epochs=600)
    assert iterations > 100


@pytest.mark.parametrize("kind", ALL)
def test_rosenbrocks_valley(kind):
    run = sn.train((1 - a) ** 2 + 100 * (c - a**2) ** 2, {}, {a: -1.2, c: 1.0}, kind(), epochs=150)
    assert run.success and run.parameters[a] == pytest.approx(1, abs=1e-2)
    if kind in OF_SQUARES:
        assert run.parameters[a] == pytest.approx(1, abs=1e-8) and len(run.history["loss"]) < 30


def test_linear_least_squares_take_one_step():
    A, w, y = sn.matrix("A", "m", 3), sn.vector("w", 3), sn.vector("y", "m")
    rows, right = RNG.normal(size=(12, 3)), RNG.normal(size=12)
    run = sn.train(sn.norm(A * w - y) ** 2 / 2, {A: rows, y: right}, {w: np.zeros(3)}, sn.GaussNewton())
    np.testing.assert_allclose(run.parameters[w].ravel(), np.linalg.lstsq(rows, right, None)[0], rtol=1e-10)
    assert len(run.history["loss"]) == 1
    again = sn.train(sn.norm(A * w - y) ** 2 / 2, {A: rows, y: right}, run, sn.GaussNewton())
    assert again.success and len(again.history["loss"]) == 1 and again.loss == run.loss  # it says so in one row


@pytest.mark.parametrize("kind", ALL)
def test_a_curve_is_fitted_as_scipy_fits_it(kind):
    t, y = sn.matrix("t", 1, "n"), sn.matrix("y", 1, "n")
    x = np.linspace(0, 2, 30)
    noisy = 3 * np.exp(-1.3 * x) + 0.05 * np.random.default_rng(1).normal(size=30)
    model = a * sn.elementwise(exp, c * t)
    run = sn.train(sn.norm(model - y) ** 2 / 2, {t: x, y: noisy}, {a: 1.0, c: 0.0}, kind())
    theirs = least_squares(lambda p: p[0] * np.exp(p[1] * x) - noisy, [1.0, 0.0], xtol=1e-12)
    np.testing.assert_allclose([run.parameters[a], run.parameters[c]], theirs.x, rtol=1e-4)
    assert run.loss == pytest.approx(theirs.cost, rel=1e-8)


@pytest.mark.parametrize("kind", OF_SQUARES)
@pytest.mark.parametrize("start", [(500.0, 1e-4), (250.0, 5e-4)])
def test_misra1a_of_nists_reference_data(kind, start):
    volumes = [77.6, 114.9, 141.1, 190.8, 239.9, 289, 332.8, 378.4, 434.8, 477.3, 536.8, 593.1, 689.1, 760]
    heights = [10.07, 14.73, 17.94, 23.93, 29.61, 35.18, 40.02, 44.82, 50.76, 55.05, 61.01, 66.4, 75.47, 81.78]
    x, y = sn.matrix("x", 1, "n"), sn.matrix("y", 1, "n")
    model = a * (1 - sn.elementwise(exp, -c * x))
    run = sn.train(sn.norm(model - y) ** 2, {x: volumes, y: heights}, {a: start[0], c: start[1]}, kind())
    assert run.success and run.loss == pytest.approx(1.2455138894e-1, rel=1e-9)
    assert run.parameters[a] == pytest.approx(2.3894212918e2, rel=1e-6)
    assert run.parameters[c] == pytest.approx(5.5015643181e-4, rel=1e-6)


@pytest.mark.parametrize("kind", OF_SQUARES)
@pytest.mark.parametrize("problem", ["equal columns", "fewer rows", "a column of zeros", "a factor too many"])
def test_a_jacobian_without_full_rank(kind, problem):
    A, w, y = sn.matrix("A", "m", 3), sn.vector("w", 3), sn.vector("y", "m")
    rows, right = RNG.normal(size=(12, 3)), RNG.normal(size=12)
    if problem == "equal columns":
        rows[:, 2] = rows[:, 1]
    elif problem == "fewer rows":
        rows, right = rows[:2], right[:2]
    elif problem == "a column of zeros":
        rows[:, 1] = 0
    loss, data, start = sn.norm(A * w - y) ** 2 / 2, {A: rows, y: right}, {w: np.ones(3)}
    if problem == "a factor too many":
        U, V, T = sn.matrix("U", 4, 2), sn.matrix("V", 2, 5), sn.matrix("T", 4, 5)
        loss, data = sn.norm(T - U * V) ** 2, {T: np.outer(np.arange(4.0), np.arange(5.0) - 2)}
        start = {U: RNG.normal(size=(4, 2)), V: RNG.normal(size=(2, 5))}
    run = sn.train(loss, data, start, kind())
    least = 0.0 if problem == "a factor too many" else np.sum((rows @ np.linalg.pinv(rows) @ right - right) ** 2) / 2
    assert run.success and run.loss == pytest.approx(least, rel=1e-8, abs=1e-10)
    if problem == "a column of zeros":
        assert run.parameters[w][1, 0] == pytest.approx(1)  # what nothing depends on stays


def test_gauss_and_newton_shorten_a_step_that_would_raise_the_loss():
    # atan: from 1.5 on a whole step goes further away each time
    z, one = Symbol("z"), sn.matrix("one", 1, 1)
    from sympy import atan

    run = sn.train(sn.norm(sn.elementwise(atan, z * one)) ** 2, {one: 1.0}, {z: 3.0}, sn.GaussNewton())
    losses = run.history["loss"]
    assert run.success and run.parameters[z] == pytest.approx(0, abs=1e-7)
    assert all(after < before for before, after in zip(losses, losses[1:], strict=False))


# -- under the loop


@pytest.mark.parametrize("kind", ALL)
def test_options_that_make_no_sense_are_refused_in_words(kind):
    loss, name = sn.squared_error(P, Y), kind.__name__
    for options, said in (
        ({"batch_size": 5}, "batch_size: .*all data at once"),
        ({"clip": 1.0}, "clip: .*itself"),
        ({"multipliers": {W: 0.5}}, "multipliers: .*of W can only be 0"),
    ):
        with pytest.raises(ValueError, match=said) as raised:
            trained(loss, kind(), **options)
        assert name in str(raised.value)
    with pytest.raises(ValueError, match="data: .*give arrays"):
        sn.train(loss, [given(loss)], START, kind())


@pytest.mark.parametrize("kind", ALL)
def test_the_loop_is_that_of_every_optimizer(kind, tmp_path):
    loss, seen = sn.squared_error(P, Y), []
    run = trained(loss, kind(), steps=3, log=tmp_path / "run.csv")
    assert (run.success, len(run.history["loss"])) == (False, 3) and "budget" in run.message
    assert len((tmp_path / "run.csv").read_text().splitlines()) == 4 and "ended" in str(run)
    run = trained(loss, kind(), callback=lambda epoch, loss, at: seen.append((epoch, loss)) or epoch == 2)
    assert seen == list(enumerate(run.history["loss"], 1)) and len(seen) == 2 and "callback" in run.message
    run = trained(loss, kind(), seed=0, validation=0.3, patience=2, metrics={"mae": sn.norm1(R)})
    assert list(run.history) == ["loss", "validation_loss", "mae", "seconds"]
    best = run.history["validation_loss"][run.best_epoch - 1]
    assert best == min(run.history["validation_loss"])
    run = trained(loss, kind(), multipliers={b: 0})
    np.testing.assert_array_equal(run.parameters[b].ravel(), START[b])
    assert run.derivation.wrt == (W,)
    drawn = sn.train(loss, given(loss), None, kind(), epochs=1, seed=1)
    assert np.isfinite(drawn.loss) and drawn.parameters[W].shape == (2, 3)
    assert trained(loss, kind(), seconds=1e-9, epochs=None).success is False
    assert sn.train(loss, given(loss), START, sn.Adam(), epochs=1).success is None


@pytest.mark.parametrize("kind", ALL)
def test_float32_stays_float32(kind):
    data = {k: np.asarray(v, np.float32) for k, v in given(sn.squared_error(P, Y)).items()}
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        run = sn.train(sn.squared_error(P, Y), data, START, kind())
    assert run.parameters[W].dtype == np.float32 and run.parameters[b].dtype == np.float32
    assert run.loss == pytest.approx(trained(sn.squared_error(P, Y), kind()).loss, rel=1e-5)
    if kind is not sn.NewtonCG:  # whose line search says that it sees no more digits
        assert run.success


@pytest.mark.parametrize("kind", OF_SQUARES)
@pytest.mark.parametrize("dtype", [np.float64, np.float32])
def test_a_run_goes_on_from_its_checkpoint_to_the_same_bits(kind, dtype, tmp_path):
    loss, path = sn.squared_error(P, Y), tmp_path / "run.npz"
    whole = trained(loss, kind(ftol=0.0), epochs=6, dtype=dtype, checkpoint=tmp_path / "whole.npz")
    trained(loss, kind(ftol=0.0), epochs=2, dtype=dtype, checkpoint=path)
    run = sn.resume(path, given(loss), epochs=6)
    for w in (W, b):
        np.testing.assert_array_equal(run.parameters[w], whole.parameters[w])
    assert run.history["loss"] == whole.history["loss"] and run.message == whole.message
    done = trained(loss, kind(), dtype=dtype, checkpoint=path)
    again = sn.resume(path, given(loss))
    assert done.success and (again.success, again.message) == (True, done.message)
    assert again.history["loss"] == done.history["loss"]


@pytest.mark.parametrize("dtype", [np.float64, np.float32])
@pytest.mark.parametrize("kind", OF_SCIPY)
def test_what_scipy_remembers_is_found_again(kind, dtype, tmp_path, recwarn):
    loss, told = sn.squared_error(P, Y), []
    whole = trained(loss, kind(), dtype=dtype)
    number = len(whole.history["loss"])
    assert number > 4
    for broken in (1, 3, number - 1):
        path = tmp_path / f"{broken}.npz"
        first = trained(loss, kind(), epochs=broken, checkpoint=path, dtype=dtype)
        assert len(first.history["loss"]) == broken
        for last in (broken + 1, 200):  # twice broken
            run = sn.resume(path, given(loss), epochs=last, callback=lambda epoch, *_: told.append(epoch))
            assert told == [*range(len(first.history["loss"]) + 1, min(last, number) + 1)]
            first = run
            told.clear()
        for symbol in whole.parameters:
            assert np.array_equal(run.parameters[symbol], whole.parameters[symbol])
        assert run.history["loss"] == whole.history["loss"] and run.message == whole.message
        assert sn.resume(path, given(loss)).message == run.message  # what is over stays over
    assert not recwarn.list


@pytest.mark.parametrize("kind", OF_SCIPY)
def test_iterations_that_end_elsewhere_are_said(kind, tmp_path):
    loss, path = sn.squared_error(P, Y), tmp_path / "run.npz"
    trained(loss, kind(), epochs=2, checkpoint=path)
    other = {**given(loss), Y: DATA[Y] * 1.01}
    elsewhere = f"{kind.__name__} did the 2 iterations up to the checkpoint.*other numbers"
    with pytest.warns(RuntimeWarning, match=elsewhere), pytest.warns(RuntimeWarning, match="Y has other values"):
        assert sn.resume(path, other, epochs=100).success


@pytest.mark.parametrize("kind", ALL)
def test_a_start_that_is_not_finite_is_reported(kind):
    loss = sn.squared_error(sn.exp(Z), Y)
    with pytest.raises(FloatingPointError, match="diverged: the loss is inf at step 1.*is that of A₁ = exp") as raised:
        sn.train(loss, given(loss), {**START, b: [900.0, 0.0]}, kind())
    assert raised.value.step == 1 and raised.value.parameters[b][0, 0] == 900 and raised.value.history["loss"] == []


@pytest.mark.parametrize("kind", OF_SQUARES)
def test_a_trial_that_is_not_finite_is_a_step_too_long(kind):
    loss = sn.norm(sn.exp(Z) - 2) ** 2
    run = sn.train(loss, {X: 3 * DATA[X]}, {W: np.zeros((2, 3)), b: [-8.0, -8.0]}, kind())
    assert run.success and run.loss < 1e-12


@pytest.mark.parametrize("kind", ALL)
def test_ctrl_c_gives_what_was_reached(kind):
    def stop(epoch, loss, at):
        if epoch == 2:
            raise KeyboardInterrupt

    run = trained(sn.squared_error(P, Y), kind(), callback=stop)
    assert run.interrupted and run.message == "interrupted" and len(run.history["loss"]) == 2


@pytest.mark.parametrize("kind", ALL)
def test_scipy_is_asked_for_where_it_is_needed(kind, monkeypatch):
    monkeypatch.setitem(sys.modules, "scipy.optimize", None)
    if kind in OF_SQUARES:
        assert trained(sn.squared_error(P, Y), kind()).success
        return
    with pytest.raises(ModuleNotFoundError, match=rf"{kind.__name__} needs SciPy.*pip install 'symnet\[scipy\]'"):
        trained(sn.squared_error(P, Y), kind())


def test_a_net_is_trained_by_every_solver():
    net = sn.mlp(X, [4, 2])
    decay = 0.005 * sum(sn.norm(W) ** 2 for W in net.parameters)
    loss = sn.squared_error(net, Y) + decay
    data = given(loss)
    descended = sn.train(loss, data, net, sn.Adam(0.02), epochs=150, seed=1)
    for kind in ALL:
        run = sn.train(loss, data, net, kind(), epochs=150, seed=1)
        assert run.loss < descended.loss, kind


# -- scikit-learn


def test_the_estimators_take_solvers():
    from sklearn.datasets import load_iris, make_regression
    from sklearn.exceptions import ConvergenceWarning
    from sklearn.linear_model import LogisticRegression

    from symnet.sklearn import SymbolicClassifier, SymbolicRegressor

    flowers, kinds = load_iris(return_X_y=True)
    flowers = (flowers - flowers.mean(axis=0)) / flowers.std(axis=0)
    ours = SymbolicClassifier([], optimizer=sn.LBFGS(ftol=0, gtol=1e-8), alpha=1.0, random_state=0).fit(flowers, kinds)
    theirs = LogisticRegression(C=1.0, tol=1e-10, max_iter=10000).fit(flowers, kinds)
    own, other = ours.parameters_["W1"].T, theirs.coef_
    np.testing.assert_allclose(own - own.mean(axis=0), other - other.mean(axis=0), atol=1e-5)
    assert ours.n_iter_ == len(ours.loss_curve_) < 100 and not hasattr(ours, "partial_fit")
    with pytest.warns(ConvergenceWarning, match="3 epochs are over"):
        SymbolicClassifier([5], optimizer=sn.NewtonCG(), max_iter=3, random_state=0).fit(flowers, kinds)
    early = SymbolicClassifier([5], optimizer=sn.LBFGS(), early_stopping=True, random_state=0).fit(flowers, kinds)
    assert early.best_validation_score_ > 0.8
    with pytest.raises(ValueError, match="LevenbergMarquardt is for sums of squares"):
        SymbolicClassifier([], optimizer=sn.LevenbergMarquardt()).fit(flowers, kinds)
    points, heights = make_regression(100, 3, noise=1, random_state=0)
    for solver in (sn.LevenbergMarquardt(), sn.GaussNewton(), sn.LBFGS()):
        line = SymbolicRegressor([], optimizer=solver, alpha=0, random_state=0).fit(points, heights)
        assert line.score(points, heights) > 0.999 and "Update" in str(line.derivation_)


@pytest.mark.parametrize("kind", ALL)
def test_a_symmetric_matrix_is_not_moved_by_a_solver(kind):
    S = sn.matrix("S", 3, 3, symmetric=True)
    with pytest.raises(ValueError, match=rf"S is declared symmetric.*{kind.__name__}.*sn\.Adam"):
        sn.train(sn.norm(S - sn.matrix("T", 3, 3)) ** 2, {"T": np.eye(3)}, optimizer=kind())

"""The iterations of the solvers: from a start to a column of parameters at which the loss no longer falls.

In: a `Problem`, a column, a solver. Out: after each iteration a call of `report(x, loss, states, ending)`, which gives
whether to stop; at the end an `Ending`, or None where `report` stopped it. The steps are those that the solver prints,
computed from J itself where the condition of Jᵀ·J leaves too few digits. Nothing here knows a loss.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, NamedTuple

import numpy as np

from symnet.optimizers import LBFGS, GaussNewton, LevenbergMarquardt, NewtonCG, Solver
from symnet.training.system import Problem

WELL = 1e-4  # the least diagonal entry of a Cholesky factor, of a matrix with ones, where half the digits are right
ENDLESS = 10**9  # iterations: the budget of a training is counted elsewhere


class Ending(NamedTuple):
    """Whether a solver has converged, and why it ended, in words."""

    success: bool
    message: str


class NotFiniteError(Exception):
    """A value at a point that was reached is not finite; the arguments are the point and the states."""


Report = Callable[[Any, float, dict[str, float], Ending | None], bool]
Iterations = Callable[[Problem, Any, dict[str, float], Any, Report], "Ending | None"]


def minimised(problem: Problem, x: Any, states: dict[str, float], solver: Solver, report: Report) -> Ending | None:
    """Run a solver from x on. Raises `NotFiniteError`, and `ModuleNotFoundError` where SciPy is needed and missing."""
    return ITERATIONS[type(solver)](problem, x, states, solver, report)


# -- sums of squares


class _Point(NamedTuple):
    loss: float
    r: Any
    squares: float


def _at(problem: Problem, x: Any) -> _Point:
    loss, r = problem.residuals(x)
    return _Point(loss, r, float(r @ r))


def _linear(problem: Problem, x: Any, here: _Point, states: dict[str, float]) -> tuple[Any, Any]:
    # the Jacobian and the gradient
    J = problem.jacobian(x)
    if not (np.isfinite(J).all() and np.isfinite(here.squares)):
        raise NotFiniteError(x, states)
    return J, J.T @ here.r


def _flat(g: Any, solver: Any) -> Ending | None:
    if np.abs(g).max(initial=0.0) <= solver.gtol:
        return Ending(True, f"converged: no entry of the gradient is larger than gtol={solver.gtol:g}")
    return None


def _settled(
    problem: Problem, solver: Any, before: _Point, fall: float, promised: float, p: Any, x: Any
) -> Ending | None:
    # whether a whole step p has changed next to nothing; the laws are MINPACK's
    ftol, xtol = (max(tol, problem.precision) if tol else 0.0 for tol in (solver.ftol, solver.xtol))
    if ftol and max(abs(fall), promised) <= ftol * before.squares:
        return Ending(True, f"converged: the loss falls by less than ftol={solver.ftol:g} of it")
    if xtol and np.linalg.norm(p) <= xtol * (xtol + np.linalg.norm(x)):
        return Ending(True, f"converged: the step is shorter than xtol={solver.xtol:g} of the parameters")
    return None


def _stuck(problem: Problem, here: _Point, promised: float, why: str) -> Ending:
    # no step lowers the loss: as it is at a minimum, in as many digits as there are, and nowhere else
    if promised <= problem.precision * here.squares:
        return Ending(True, f"converged: {why} in the digits of {problem.dtype}")
    return Ending(False, why)


def _fall(before: _Point, after: _Point) -> float:
    # ‖r‖² − ‖r_new‖² without the digits that a difference of squares would lose
    if not (np.isfinite(after.squares) and np.isfinite(after.loss)):
        return -np.inf
    return float((before.r - after.r) @ (before.r + after.r))


def gauss_newton(
    problem: Problem, x: Any, states: dict[str, float], solver: GaussNewton, report: Report
) -> Ending | None:
    """Iterate p = (Jᵀ·J)⁻¹·Jᵀ·r, halved until the loss falls (Björck 1996, section 9.2)."""
    here = _at(problem, x)
    while True:
        J, g = _linear(problem, x, here, states)
        if ending := _flat(g, solver):
            return ending
        p = _solved(J, here.r, J.T @ J, g)
        promised, alpha = float(np.sum((J @ p) ** 2)), 1.0
        while True:
            new = problem.rounded(x - alpha * p)
            there = _at(problem, new)
            fall = _fall(here, there)
            if fall >= alpha * promised / 2 and fall > 0:
                break
            alpha /= 2
            if alpha * np.linalg.norm(p) <= problem.precision * np.linalg.norm(x) or alpha < 1e-30:
                done = _settled(problem, solver, here, 0.0, promised, p, x)
                return done or _stuck(problem, here, promised, "no step along its direction lowers the loss")
        done = _settled(problem, solver, here, fall, promised, p, x) if alpha == 1 else None
        x, here = new, there
        if report(x, here.loss, states, done) or done:
            return done


def levenberg_marquardt(
    problem: Problem, x: Any, states: dict[str, float], solver: LevenbergMarquardt, report: Report
) -> Ending | None:
    """Iterate p = (Jᵀ·J + λ·D)⁻¹·Jᵀ·r with the gain ratio's law of λ (Madsen, Nielsen and Tingleff 2004)."""
    here = _at(problem, x)
    damping, growth = states.values()
    while True:
        J, g = _linear(problem, x, here, states)
        if ending := _flat(g, solver):
            return ending
        A = J.T @ J
        D, whole = A.diagonal(), None
        while True:
            p = _solved(J, here.r, A, g, damping * D)
            new = problem.rounded(x - p)
            there = _at(problem, new)
            fall, promised = _fall(here, there), float(p @ (damping * D * p + g))
            done = _settled(problem, solver, here, fall, promised, p, x)
            if fall > 0 and promised > 0:
                break
            whole = promised if whole is None else whole
            if done or not np.isfinite(damping * growth):
                return done or _stuck(problem, here, whole, "no damping is enough for a step that lowers the loss")
            damping, growth = damping * growth, 2 * growth
        damping, growth = damping * max(1 / 3, 1 - (2 * fall / promised - 1) ** 3), 2.0
        states = dict(zip(states, (damping, growth), strict=True))
        x, here = new, there
        if report(x, here.loss, states, done) or done:
            return done


def _solved(J: Any, r: Any, A: Any, g: Any, damping: Any = 0.0) -> Any:
    # (A + damping)⁻¹·g of A = Jᵀ·J and g = Jᵀ·r, through A where its condition allows that, else through J
    scale = np.sqrt(A.diagonal() + damping)
    if scale.all():
        even = (A + np.diag(damping + np.zeros(len(g)))) / scale / scale[:, None]
        try:
            L = np.linalg.cholesky(even)
        except np.linalg.LinAlgError:
            pass
        else:
            if L.diagonal().min() > WELL:
                return np.linalg.solve(even, g / scale) / scale
    if np.ndim(damping):
        J, r = np.vstack([J, np.diag(np.sqrt(damping))]), np.append(r, np.zeros(len(g)))
    return np.linalg.lstsq(J, r, rcond=None)[0]


# -- SciPy's


def with_scipy(
    problem: Problem, x: Any, states: dict[str, float], solver: LBFGS | NewtonCG, report: Report
) -> Ending | None:
    """Let SciPy iterate; every point that it accepts is reported."""
    minimize = minimizer(solver)
    reported: list[Any] = [x]
    beyond: list[Any] = []
    corners: list[bool] = []
    tolerances = {key: max(float(tol), problem.precision if key != "gtol" and tol else 0.0)
                  for key, tol in vars(solver).items() if key != "maxcor"}  # fmt: skip
    options = {**tolerances, "maxiter": ENDLESS}
    if isinstance(solver, LBFGS):
        options |= {"maxcor": int(solver.maxcor), "maxfun": ENDLESS}

    def loss(x: Any) -> tuple[float, Any]:
        value, gradient = problem.loss(x)
        finite = np.isfinite(value) and np.isfinite(gradient).all()
        if finite:
            return value, gradient
        beyond.append(value)
        return np.inf, np.zeros_like(x)

    def told(intermediate_result: Any) -> None:
        reported[:] = [np.copy(intermediate_result.x)]
        if report(reported[0], float(intermediate_result.fun), states, None):
            reported.append(True)
            raise StopIteration

    def product(x: Any, v: Any) -> Any:
        along = problem.product(x, v)
        if not np.isfinite(along).all():
            corners[:] = [True]
        return along

    more = {"hessp": product} if isinstance(solver, NewtonCG) else {}
    found = minimize(loss, x, jac=True, method=METHODS[type(solver)], callback=told, options=options, **more)
    if len(reported) > 1:
        return None
    ending = Ending(bool(found.success), _said(found, beyond, bool(corners)))
    if not np.array_equal(found.x, reported[0]) and np.isfinite(found.fun):
        report(found.x, float(found.fun), states, ending)
    return ending


def _said(found: Any, beyond: list[Any], corner: bool) -> str:
    # why SciPy ended; a product that is not finite it takes for a Hessian that is not positive definite
    if corner and not found.success:
        return (
            "the product with the Hessian is not finite at a point that was tried, as where a norm is 0; start "
            "elsewhere, or train with sn.LBFGS(), which takes gradients alone"
        )
    more = f"; the loss was {beyond[-1]} at a point that it tried" if beyond and not found.success else ""
    return f"SciPy: {str(found.message).strip(': ')}{more}"


def minimizer(solver: Solver) -> Any:
    """Give `scipy.optimize.minimize`. Raises `ModuleNotFoundError` where SciPy is not installed."""
    try:
        from scipy.optimize import minimize
    except ImportError:
        name = type(solver).__name__
        raise ModuleNotFoundError(
            f"{name} needs SciPy, which is not installed: pip install 'symnet[scipy]'; without it there are "
            "sn.LevenbergMarquardt() and sn.GaussNewton() for sums of squares, and sn.Adam() for every loss"
        ) from None
    return minimize


METHODS = {LBFGS: "L-BFGS-B", NewtonCG: "Newton-CG"}
ITERATIONS: dict[type[Solver], Iterations] = {
    GaussNewton: gauss_newton,
    LevenbergMarquardt: levenberg_marquardt,
    **dict.fromkeys(METHODS, with_scipy),
}

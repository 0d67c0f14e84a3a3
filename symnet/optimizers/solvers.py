"""Solvers: all parameters move together, on all data at once, by a direction that solves an equation.

In: the column θ of all parameters, and what its step is made of: the gradient g, or the residuals r and their Jacobian
J. Out: the equations of one step, which are printed like those of every optimizer. How a step is computed stably, and
when it is good enough, is the trainer's work.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from sympy import Identity, Inverse, Rational

from symnet.expressions import (
    COUNT, NOT_NEGATIVE, POSITIVE, add, diag, diagonal, hadamard, inner_product, matmul, maximum, scaled, total,
    transpose,
)  # fmt: skip
from symnet.optimizers.optimizer import Make, Solver, hyperparameter
from symnet.program import Equation


def _moved(theta: Any, step: Any, make: Make) -> Equation:
    return Equation(make("thetanew", *theta.shape), add(theta, scaled(-1, step)), "update", theta)


def _tolerance(default: float) -> Any:
    return hyperparameter(default, NOT_NEGATIVE)


@dataclass(frozen=True)
class LBFGS(Solver):
    """BFGS with limited memory, for any smooth loss: B stands for the inverse of the Hessian, from the last steps.

    maxcor: how many steps are remembered. ftol, gtol: training has converged where a step lowers the loss by less than
    ftol of it, or no entry of the gradient is larger than gtol. Computed by SciPy's L-BFGS-B, which has these names;
    its line search chooses α. Raises `ValueError` for values that are none. Liu and Nocedal, "On the limited memory
    BFGS method for large scale optimization" (1989); Nocedal and Wright, "Numerical Optimization" (2006), 6.17 and
    algorithm 7.5.

    >>> print(LBFGS())
    Update
      θ ← θ − α⋅B⋅g
      B ← (I − s⋅yᵀ/⟨s, y⟩)⋅B⋅(I − y⋅sᵀ/⟨s, y⟩) + s⋅sᵀ/⟨s, y⟩
    """

    maxcor: int = hyperparameter(10, COUNT)
    ftol: float = _tolerance(2.220446049250313e-09)
    gtol: float = _tolerance(1e-5)

    def steps(self, theta: Any, known: Mapping[str, Any], make: Make) -> Sequence[Equation]:
        n, g = theta.shape[0], known["g"]
        B, s, y = make("B", n, n), make("s", n, 1), make("y", n, 1)
        share = 1 / inner_product(s, y)
        left, right = (add(Identity(n), scaled(-share, matmul(a, transpose(b)))) for a, b in ((s, y), (y, s)))
        new = add(matmul(left, B, right), scaled(share, matmul(s, transpose(s))))
        return [
            _moved(theta, scaled(make("alpha"), matmul(B, g)), make),
            Equation(make("Bnew", n, n), new, "state", B),
        ]


@dataclass(frozen=True)
class NewtonCG(Solver):
    """Newton's method, for any loss that is smooth twice: H is the Hessian, which is never built.

    xtol: training has converged where the mean entry of a step is smaller. The step solves H·p = g by conjugate
    gradients, on products H·v that are derived symbolically, as `sn.hvp` has them. Computed by SciPy's Newton-CG; its
    line search chooses α. Raises `ValueError` for values that are none. Nocedal and Wright, "Numerical Optimization"
    (2006), algorithm 7.1.

    >>> print(NewtonCG())
    Update
      p = H⁻¹⋅g
      θ ← θ − α⋅p
    """

    xtol: float = _tolerance(1e-5)

    def steps(self, theta: Any, known: Mapping[str, Any], make: Make) -> Sequence[Equation]:
        n = theta.shape[0]
        p = make("p", n, 1)
        step = matmul(Inverse(make("H", n, n)), known["g"])
        return [Equation(p, step), _moved(theta, scaled(make("alpha"), p), make)]


class _LeastSquares(Solver):
    of_squares: ClassVar[bool] = True


@dataclass(frozen=True)
class GaussNewton(_LeastSquares):
    """Gauss and Newton's step for a sum of squares L = ‖r‖²/2: what would solve it if r were linear in θ.

    ftol, xtol, gtol: training has converged where a step lowers the loss by less than ftol of it, is shorter than xtol
    of θ, or no entry of the gradient Jᵀ·r is larger than gtol; the names are those of `scipy.optimize.least_squares`.
    Where Jᵀ·J is singular, p is the shortest of the solutions of least squares. α is the first of 1, ½, ¼, … that
    lowers ‖r‖² by α‖J·p‖²/2 at least. Raises `ValueError` for values that are none. Björck, "Numerical Methods for
    Least Squares Problems" (1996), section 9.2.

    >>> print(GaussNewton())
    Update
      p = (Jᵀ⋅J)⁻¹⋅Jᵀ⋅r
      θ ← θ − α⋅p
    """

    ftol: float = _tolerance(1e-8)
    xtol: float = _tolerance(1e-8)
    gtol: float = _tolerance(1e-8)

    def steps(self, theta: Any, known: Mapping[str, Any], make: Make) -> Sequence[Equation]:
        r, J = known["r"], known["J"]
        p = make("p", *theta.shape)
        step = matmul(Inverse(matmul(transpose(J), J)), transpose(J), r)
        return [Equation(p, step), _moved(theta, scaled(make("alpha"), p), make)]


@dataclass(frozen=True)
class LevenbergMarquardt(_LeastSquares):
    """Gauss and Newton's step for a sum of squares L = ‖r‖²/2, damped where r is not linear in θ.

    damping: λ at the start; ftol, xtol, gtol: as in `GaussNewton`. ρ is the gain ratio, how much ‖r‖² falls of what the
    linear model promises. Where it is negative θ stays, and λ grows by 2, 4, 8, … until it is not. An entry of θ that r
    does not depend on stays. Raises `ValueError` for values that are none. Marquardt, "An algorithm for least-squares
    estimation of nonlinear parameters" (1963), for D and the first λ; Madsen, Nielsen and Tingleff, "Methods for
    non-linear least squares problems" (2004), algorithm 3.16, for ρ and the law of λ.

    >>> print(LevenbergMarquardt())
    Update
      D = diag(diagonal(Jᵀ⋅J))
      p = (Jᵀ⋅J + λ⋅D)⁻¹⋅Jᵀ⋅r
      ρ = (‖r‖² − ‖r_new‖²)/⟨p, λ⋅D⋅p + Jᵀ⋅r⟩
      θ ← θ − p
      λ ← λ⋅max(1/3, 1 − (2ρ − 1)³)
    """

    damping: float = hyperparameter(0.01, POSITIVE, "lambda")
    ftol: float = _tolerance(1e-8)
    xtol: float = _tolerance(1e-8)
    gtol: float = _tolerance(1e-8)

    def states(self) -> Mapping[str, float]:
        """Give λ, and ν, by which λ grows where a step fails."""
        return {"lambda": float(self.damping), "nu": 2.0}

    def steps(self, theta: Any, known: Mapping[str, Any], make: Make) -> Sequence[Equation]:
        r, J = known["r"], known["J"]
        n = theta.shape[0]
        lam, D, p, rho = make("lambda"), make("D", n, n), make("p", n, 1), make("rho")
        g, A, new = matmul(transpose(J), r), matmul(transpose(J), J), make("r_new", *r.shape)
        gain = _squares(r) - _squares(new)
        return [
            Equation(D, diag(diagonal(A))),
            Equation(p, matmul(Inverse(add(A, scaled(lam, D))), transpose(J), r)),
            Equation(rho, gain / inner_product(p, add(scaled(lam, matmul(D, p)), g))),
            _moved(theta, p, make),
            Equation(make("lambdanew"), lam * maximum(Rational(1, 3), 1 - (2 * rho - 1) ** 3), "state", lam),
        ]


def _squares(r: Any) -> Any:
    return total(hadamard(r, r))

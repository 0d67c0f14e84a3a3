"""A step taken apart: how much of the gradient, of the weights and of the velocity is in it, and that in words.

In: a step's weights, gradients, velocity and rate. Out: numbers in units in which plain descent has 1 of the gradient,
and what they mean.
"""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from symnet.diagnosis.stepping import Weights

MADE_OF = (
    ("weights",),
    ("velocity",),
    ("gradient", "weights"),
    ("gradient", "velocity"),
    ("gradient", "weights", "velocity"),
    ("gradient", "signs"),
    ("gradient", "signs", "velocity"),
    ("gradient", "weights", "signs"),
)
SMALL = 1e-7
IDLE = "the velocity of the step before is not used: there is no momentum"


def parts_of(weights: Weights, rate: float, of: tuple[str, ...]) -> list[float] | None:
    """Give the numbers with which a step is made of these arrays; None where it is not."""
    if "velocity" in of and not weights.velocity:
        return None
    columns = []
    for part in of:
        arrays = {
            "gradient": weights.gradients,
            "weights": weights.before,
            "velocity": weights.velocity,
            "signs": {n: np.sign(a) for n, a in weights.before.items()},
        }[part]
        scale = rate if part == "velocity" else 1.0
        columns.append(np.concatenate([np.ravel(arrays[n]) / scale for n in weights.before]))
    moved = np.concatenate([np.ravel(weights.before[n] - weights.after[n]) for n in weights.before]) / rate
    if len(moved) <= len(of) or not moved.any():
        return None
    A = np.stack(columns, axis=1)
    found = np.linalg.lstsq(A, moved, rcond=None)[0]
    single = any(np.asarray(a).dtype == np.float32 for a in weights.after.values())
    off = np.abs(A @ found - moved).max()
    if off > (1e-3 if single else 1e-6) * np.abs(moved).max():
        return None
    return [float(x) for x in found]


def words_of_parts(parts: Mapping[str, float], rate: float, momentum: float | None, has_velocity: bool) -> str:
    """Say what a step is made of; an empty text where nothing is wrong."""
    g, w = parts.get("gradient", 0.0), parts.get("weights", 0.0)
    if abs(w * rate - 1) < SMALL:
        turned = "the step goes up the gradient: its sign is wrong; " if g < 0 else ""
        return turned + "the step stands in the place of the weights, it is not taken from them"
    said = [*_of_the_gradient(g, momentum), *_of_the_weights(w, rate)]
    said += filter(None, [words_of_signs(parts.get("signs", 0.0), rate)])
    if "velocity" in parts or has_velocity:
        said += _of_the_velocity(-parts.get("velocity", 0.0), rate, momentum)
    return "; ".join(said)


def _of_the_gradient(g: float, momentum: float | None) -> list[str]:
    said = []
    if abs(g) < SMALL:
        said.append("the gradient has no part in the step")
    elif g < 0:
        said.append("the step goes up the gradient: its sign is wrong")
    if abs(abs(g) - 1) > SMALL and abs(g) > SMALL:
        known = momentum is not None and abs(abs(g) - (1 - momentum)) < SMALL
        said.append(f"the gradient has the factor {abs(g):.6g}" + (", 1 minus the momentum" if known else ""))
    return said


def _of_the_weights(w: float, rate: float) -> list[str]:
    if abs(w - 1) < SMALL:
        return ["the rate times the weights themselves is subtracted"]
    if w < -SMALL:
        return [f"{-w * rate:.6g} times the weights is added: a weight decay of {-w:.6g} with the wrong sign"]
    if w > SMALL:
        return [f"{w * rate:.6g} times the weights is subtracted: a weight decay of {w:.6g}"]
    return []


def words_of_signs(s: float, rate: float) -> str:
    """Say how much of the signs of the weights is in a step."""
    if abs(s) < SMALL:
        return ""
    if s < 0:
        return f"{-s * rate:.6g} times the signs of the weights is added: an L1 decay of {-s:.6g} with the wrong sign"
    return f"{s * rate:.6g} times the signs of the weights is subtracted: an L1 decay of {s:.6g}"


def _of_the_velocity(used: float, rate: float, beta: float | None) -> list[str]:
    if beta is not None and abs(used - beta * rate) < SMALL:
        return ["the velocity of the step before is multiplied by the rate as well"]
    if beta is not None and abs(used + beta) < SMALL:
        return ["the momentum has the wrong sign"]
    if abs(used) < SMALL:
        return [IDLE]
    if beta is not None and abs(used - 1) < SMALL:
        return [f"the velocity of the step before is added whole: the factor {beta:.6g}, the momentum, is missing"]
    if beta is not None and abs(used - 2 * beta) < SMALL:
        return ["the velocity of the step before is added twice, each time with the momentum"]
    if beta is not None and abs(used - (1 - beta)) < SMALL:
        return ["the velocity of the step before has the factor 1 minus the momentum, not the momentum"]
    if beta is None or abs(used - beta) > SMALL:
        return [f"the velocity of the step before has the factor {used:.6g}"]
    return []

"""Formulas in NumPy's syntax that NumPy itself can compute: what `sn.parse` reads must be what NumPy gives, or be refused.

In: a seed. Out: a text with its shapes, and the values that NumPy gives with vectors of one axis.
"""

import random
import re

import numpy as np

SHAPES = {
    "x": "n",
    "v": "n",
    "y": "m",
    "X": "m×n",
    "A": "n×n",
    "B": "n×n",
    "a": "scalar",
    "b": "scalar",
    "c": "n×1",
    "r": "1×n",
}
NAMES = ["x", "v", "y", "X", "A", "B", "a", "b", "2", "0.5", "c", "r", "x", "X"]
SIGNS = [" + ", " - ", " * ", "/", " @ ", " @ ", "*"]
AXES = ["", ", axis=0", ", axis=1", ", axis=-1", ", axis=1, keepdims=True"]


def written(rng, depth):
    """Give a random formula."""

    def part():
        return written(rng, depth - 1)

    if depth == 0 or rng.random() < 0.12:
        return rng.choice(NAMES)
    kind = rng.random()
    if kind < 0.55:
        return f"({part()}{rng.choice(SIGNS)}{part()})"
    if kind < 0.68:
        return rng.choice([f"({part()}).T", f"(-{part()})", f"({part()})**2"])
    if kind < 0.8:
        return f"np.{rng.choice(['exp', 'tanh', 'sin', 'abs'])}({part()})"
    if kind < 0.9:
        return f"np.{rng.choice(['sum', 'mean'])}({part()}{rng.choice(AXES)})"
    if kind < 0.95:
        return f"np.{rng.choice(['maximum', 'minimum', 'dot', 'outer', 'add', 'multiply'])}({part()}, {part()})"
    return rng.choice([
        f"np.linalg.norm({part()})", f"np.trace({part()})", f"np.linalg.inv({part()})", f"np.diag({part()})",
        f"np.transpose({part()})", f"np.where({part()} > 0.5, {part()}, {part()})",
    ])  # fmt: skip


def arrays(sizes, flat):
    """Give an array for each name; `flat`: vectors that are told by one size have one axis."""
    rng, found = np.random.default_rng(1), {}
    for name, told in SHAPES.items():
        shape = [] if told == "scalar" else [sizes.get(size, 1) for size in told.split("×")]
        found[name] = rng.uniform(0.3, 0.9, [*shape, 1] if len(shape) == 1 and not flat else shape)
    return found


def computed(text, values):
    """Give what NumPy makes of a text, None where it raises or makes no finite matrix."""
    try:
        with np.errstate(all="ignore"):
            found = np.asarray(eval(text, {"np": np}, values), float)
    except (ValueError, TypeError, AttributeError, np.exceptions.AxisError, np.linalg.LinAlgError):
        return None
    return found if found.ndim <= 2 and np.isfinite(found).all() else None


def alike(p, q):
    """Tell whether two values are equal, a vector in any direction."""
    vectors = np.ndim(p) < 2 or 1 in np.shape(p)
    return (
        np.size(p) == np.size(q) and (vectors or np.shape(p) == np.shape(q)) and np.allclose(np.ravel(p), np.ravel(q))
    )


def question(seed):
    """Give a text, its shapes, and the sizes that they stand for."""
    rng = random.Random(seed)
    text, square = written(rng, rng.randint(1, 4)), rng.random() < 0.5
    told = {name: shape for name, shape in SHAPES.items() if re.search(rf"(?<![\w.]){name}(?!\w)", text)}
    shapes = {name: shape.replace("m", "n") if square else shape for name, shape in told.items()}
    return text, shapes, {"m": 3 if square else 4, "n": 3}

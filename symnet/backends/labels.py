"""Class labels as the targets of a cross-entropy.

In: one label for each sample. Out: an array with a 1 for the class of each sample and 0 elsewhere.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
from sympy import Basic

from symnet.expressions import as_axis, is_masked, one_hot_of


def one_hot(labels: Any, classes: int | Iterable[Any], axis: int = 0) -> Any:
    """Give class labels as columns with a single 1, one for each sample: an array (classes, samples).

    labels: one label for each sample, an array or a list; classes: their number, where labels are 0, 1, 2, …, or a list
    of all of them, such as ["cat", "dog"]; axis: with `axis=1` samples are rows, (samples, classes). Raises
    `ValueError` for a label that is none of the classes, `TypeError` for what is no list of labels.

    >>> import symnet as sn
    >>> sn.one_hot([0, 2, 1], 3)
    array([[1., 0., 0.],
           [0., 0., 1.],
           [0., 1., 0.]])
    >>> sn.one_hot(["dog", "cat"], ["cat", "dog"], axis=1).tolist()
    [[0.0, 1.0], [1.0, 0.0]]
    """
    axis = as_axis(axis)
    given = _listed(labels, isinstance(classes, Iterable))
    known = _classes(classes)
    place = {label: k for k, label in enumerate(known)}
    if len(place) < len(known):
        raise ValueError(f"one_hot: a class stands twice in {_some(known)}")
    strange = next(((k, label) for k, label in enumerate(given) if label not in place), None)
    if strange is not None:
        raise ValueError(_none_of(strange, given, known, not isinstance(classes, Iterable), axis))
    result = np.zeros((len(known), len(given)))
    result[[place[label] for label in given], np.arange(len(given))] = 1
    return result if axis == 0 else np.ascontiguousarray(result.T)


def _listed(labels: Any, told: bool) -> list[Any]:
    if isinstance(labels, (str, bytes, Basic)) or not (isinstance(labels, Iterable) or hasattr(labels, "__array__")):
        raise TypeError(f"one_hot: labels must be an array or a list with a label for each sample, not {labels!r}")
    if is_masked(labels):
        raise TypeError(
            "one_hot: a masked array is given, and its masked entries have no class; leave these samples out"
        )
    kinds = set() if told or not isinstance(labels, (list, tuple)) else {isinstance(label, str) for label in labels}
    if len(kinds) > 1:
        raise TypeError(f"one_hot: some labels are text and some are none, {_some(list(labels))}; give all as text, "
                        "[str(label) for label in labels]")  # fmt: skip
    try:
        array = np.asarray(labels if hasattr(labels, "__array__") else list(labels))
    except ValueError as error:
        raise ValueError(
            f"one_hot: one label for each sample is needed, not rows of different lengths ({error})"
        ) from None
    if array.ndim != 1 and array.size != max(array.shape, default=0):
        one_hot_already = array.ndim == 2 and set(np.unique(array).tolist()) <= {0, 1}
        raise ValueError(
            f"one_hot: one label for each sample is needed, but the array given has shape {array.shape}"
            + ("; it is one-hot already" if one_hot_already else "")
        )
    found: list[Any] = array.ravel().tolist()
    if not found:
        raise ValueError("one_hot: labels are empty")
    return found


def _classes(classes: Any) -> list[Any]:
    if isinstance(classes, (int, np.integer)) and not isinstance(classes, bool) and classes > 0:
        return list(range(int(classes)))
    if (
        isinstance(classes, (str, bytes, Basic))
        or not isinstance(classes, Iterable)
        or getattr(classes, "shape", None) == ()
    ):
        raise TypeError(f"one_hot: classes must be their number, such as 3, or a list of them, not {classes!r}")
    found: list[Any] = np.asarray(list(classes)).tolist()
    if not found or isinstance(found[0], list):
        raise TypeError(f"one_hot: classes must be their number, such as 3, or a list of them, not {classes!r}")
    return found


def _none_of(strange: tuple[int, Any], given: list[Any], known: list[Any], counted: bool, axis: int) -> str:
    k, label = strange
    text = f"one_hot: the label {label!r} of sample {k} is none of the classes {_some(known)}"
    if not counted:
        return text
    if isinstance(label, str):
        named = _some(sorted(set(map(str, given))))
        return f"{text}; give the list of all classes: {one_hot_of('labels', named, axis)}"
    if label == len(known) and 0 not in given:
        return f"{text}; for labels from 1 write {one_hot_of('labels', f'list(range(1, {len(known) + 1}))', axis)}"
    return f"{text}; give the number of classes, or the list of all of them"


def _some(values: list[Any]) -> str:
    shown = ", ".join(map(repr, values[:6]))
    return f"[{shown}{', …' if len(values) > 6 else ''}]"

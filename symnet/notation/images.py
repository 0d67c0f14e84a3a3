"""How convolutions and pooling are read: unfold(X), fold(G), max_pool(A, 2×2).

In: a reading and a node. Out: a box. These are rows of `FORMULAS`. As the sizes of matrices are not written, neither
are those of images, nor the size of the kernels that an unfolded image is multiplied by; where a page would have two
nodes that read alike, all is written. Steps that are not 1 and borders always are.
"""

from __future__ import annotations

from typing import Any

from symnet.expressions import (
    AvgPool, AvgUnpool, Channels, Fold, Images, MaxPick, MaxPool, MaxUnpool, Unfold, strides_of,
)  # fmt: skip
from symnet.notation.mathematica import CODE
from symnet.notation.reading import FORMULAS, Reading
from symnet.notation.style import Box


def _windows(r: Reading[Any], e: Any) -> Box[Any]:
    return _called(r, e, strides_of(e.geometry, (1, 1)))


def _pooling(r: Reading[Any], e: Any) -> Box[Any]:
    kernel = e.geometry.kernel
    return _called(r, e, ("×".join(map(str, kernel)), *strides_of(e.geometry, kernel)))


def _called(r: Reading[Any], e: Any, labels: tuple[str, ...]) -> Box[Any]:
    alike = [n for n in r.names.nodes if type(n) is type(e) and n.operands == e.operands and n is not e]
    return r.call(e, e.title, e.operands, e.labels if alike else labels)


FORMULAS.update({
    **dict.fromkeys((Unfold, Fold), _windows),
    **dict.fromkeys((MaxPool, AvgPool, MaxPick, MaxUnpool, AvgUnpool), _pooling),
    **dict.fromkeys((Images, Channels), lambda r, e: _called(r, e, ())),
})  # fmt: skip


# -- Mathematica has no such functions: they are called with all that is known of the images and their windows


def _in_lists(node: Any, *texts: str) -> str:
    own = {Unfold: "ImagesToWindows", Fold: "WindowsToImages"}  # Fold is another function there
    head = own.get(type(node)) or "".join(word.capitalize() for word in node.title.split("_"))
    known = node.geometry if hasattr(node, "geometry") else node.args[1:]
    lists = [f"{{{', '.join(map(str, part))}}}" for part in known]
    wide = ['"channels"'] if isinstance(node, (Fold, AvgUnpool)) and node.args[2] == 1 else []
    return f"{head}[{', '.join([*texts[: len(node.operands)], *lists, *wide])}]"


CODE.update(dict.fromkeys(
    (Unfold, Fold, MaxPool, AvgPool, MaxPick, MaxUnpool, AvgUnpool, Images, Channels), _in_lists
))  # fmt: skip

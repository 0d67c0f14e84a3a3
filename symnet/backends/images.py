"""Code for convolutions and pooling: a call of a function of `windows` for each node.

In: a node. Out: code. These are rows of `NUMPY`.
"""

from __future__ import annotations

from typing import Any

from symnet.backends.apart import FirstLargest, LargestPixels, PlacedPixels
from symnet.backends.emitter import Code
from symnet.backends.numpy_code import NUMPY, NumPyCode
from symnet.expressions import (
    AvgPool, AvgUnpool, Channels, Fold, Images, MaxPick, MaxPool, MaxUnpool, Unfold, unpacked, wide_flag,
)  # fmt: skip

FUNCTIONS = "symnet.backends.windows"  # the module that kernels call
# -- code


def _called(c: NumPyCode, name: str, geometry: Any, *arrays: Code, channels: bool = False) -> Code:
    g = unpacked(geometry)
    options = {
        key: Code(str(value))
        for key, value, usual in (
            ("stride", g.stride, (1, 1)),
            ("padding", g.padding, (0, 0, 0, 0)),
            ("dilation", g.dilation, (1, 1)),
            ("channels", channels, False),
        )
        if value != usual
    }
    return c.numpy.call(FUNCTIONS, name, *arrays, Code(str(g.image)), Code(str(g.kernel)), **options)


def _placed(c: NumPyCode, node: PlacedPixels) -> Code:
    H, pair, geometry, unpool, wide = node.args[:5]
    arrays = c.full(H), c.piece(pair)["1"]
    if unpool:
        return _called(c, "max_unpool", geometry, *arrays, channels=bool(wide))
    return _called(c, "max_pick", geometry, *arrays)


def _places(c: NumPyCode, node: Any) -> Code:
    # where lowering has not found them together with the largest pixels
    return _called(c, "first_largest", node.args[2], c.full(node.args[1]))["1"]


def _rows(c: NumPyCode, node: Any) -> Code:
    return c.full(node.args[0]).method("reshape", c.length(node.shape[0]), -1)


def _calling(name: str) -> Any:
    return lambda c, A: _called(c, name, A.args[1], c.full(A.args[0]), channels=len(A.args) > 2 and bool(A.args[2]))


NUMPY.update({
    MaxPick: lambda c, A: _called(c, "max_pick", A.args[2], c.full(A.args[0]), _places(c, A)),
    MaxUnpool: lambda c, A: _called(
        c, "max_unpool", A.args[2], c.full(A.args[0]), _places(c, A), channels=bool(wide_flag(A.args[1], A.args[2]))
    ),
    **dict.fromkeys((Images, Channels), _rows),
    Unfold: _calling("unfold"),
    Fold: _calling("fold"),
    MaxPool: _calling("max_pool"),
    AvgPool: _calling("avg_pool"),
    AvgUnpool: _calling("avg_unpool"),
    FirstLargest: _calling("first_largest"),
    LargestPixels: lambda c, A: c.piece(A.args[0])["0"],
    PlacedPixels: _placed,
})  # fmt: skip

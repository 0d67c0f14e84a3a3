"""Rows of the table of rules for convolutions and pooling: each operation is the adjoint of another.

In: the adjoint of a result, as in `rules`. Out: those of the arguments. Source: I. Goodfellow, Y. Bengio, A. Courville,
"Deep Learning" (2016), 9.5.
"""

from symnet.calculus.rules import RULES
from symnet.expressions import (
    AvgPool, AvgUnpool, Channels, Fold, Images, MaxPick, MaxPool, MaxUnpool, Unfold, as_channels, as_images, wide_flag,
)  # fmt: skip

# fmt: off
RULES.update({
    Unfold:    lambda G, Y, A, g: (Fold(G, g, wide_flag(A, g)), None),
    Fold:      lambda G, Y, U, g, wide: (Unfold(G, g), None, None),
    Images:    lambda G, Y, Z, size: (as_channels(G, size), None),
    Channels:  lambda G, Y, A, size: (as_images(G, size), None),
    MaxPool:   lambda G, Y, A, g: (MaxUnpool(G, A, g), None),
    MaxPick:   lambda G, Y, H, A, g: (MaxUnpool(G, A, g), None, None),
    MaxUnpool: lambda G, Y, H, A, g: (MaxPick(G, A, g), None, None),
    AvgPool:   lambda G, Y, A, g: (AvgUnpool(G, g, wide_flag(A, g)), None),
    AvgUnpool: lambda G, Y, H, g, wide: (AvgPool(G, g), None, None),
})
# fmt: on

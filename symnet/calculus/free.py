"""The gradient in the free entries of a symbol that is declared symmetric or diagonal.

In: such a symbol, and the derivative of the loss in all of its entries as if each were free. Out: the derivative in the
entries that are: an entry and its mirror image are one, what is zero stays so. K. Petersen and M. Pedersen, "The Matrix
Cookbook" (2012), section 2.8. A symbol without such a fact keeps its gradient.
"""

from __future__ import annotations

from typing import Any

from sympy import Identity, S, Transpose, ZeroMatrix

from symnet.expressions import Diag, Name, add, hadamard, is_declared, scaled, split, transpose


def in_free_entries(w: Name, G: Any) -> Any:
    """Give G + Gᵀ − G∘I for a symmetric symbol, G∘I for a diagonal one, G for any other."""
    if not is_declared(w, "symmetric") or isinstance(split(G)[1], (Identity, Diag, ZeroMatrix)):
        return G
    c, rest = split(G)
    bare = rest.args[0] if isinstance(rest, Transpose) else rest  # they have one diagonal
    on_the_diagonal = hadamard(scaled(c, bare), Identity(G.shape[0]))
    if is_declared(w, "diagonal"):
        return on_the_diagonal
    return add(G, transpose(G), scaled(S.NegativeOne, on_the_diagonal))

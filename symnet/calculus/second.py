"""Second derivatives by the same sweep: the gradient of ⟨gradient, direction⟩.

In: the equations of gradients in a program that is being built. Out: further equations of the same list. No rule is
added: the adjoints that the table gives are made of operations that the table knows. See B. Pearlmutter, "Fast exact
multiplication by the Hessian", Neural Computation 6 (1994); what he writes R{·} are the adjoints of this sweep.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sympy import S

from symnet.calculus.reverse import sweep
from symnet.expressions import Name, inner_product
from symnet.program import Builder


def paired(builder: Builder, pairs: Iterable[tuple[Any, Any]]) -> Name:
    """Add Σ⟨A, B⟩ over pairs of matrices or scalars; give its name. One value may stand in several pairs."""
    terms = [inner_product(A, B) if A.is_Matrix else A * B for A, B in pairs]
    return builder.call(builder.value(sum(terms, S.Zero)), builder.names.fresh("r"))


def slopes_along(builder: Builder, pairs: Iterable[tuple[Name, Any]], wrt: Sequence[Name]) -> dict[Name, Name]:
    """Add the derivatives of Σ⟨gradient, direction⟩; give the name of each.

    pairs: names of gradients, with the direction for each. Where they are those of a loss and `wrt` the symbols
    that it was differentiated in, the result is the Hessian times the directions. Where they are those of ⟨u, F⟩, and
    `wrt` is u, it is the derivative of F along the directions, since they are linear in u.
    The entries of a symmetric symbol are not all free: dL is ⟨G, dS⟩ there with the derivative G in all entries.
    """
    return sweep(builder, paired(builder, [(builder.whole.get(g, g), v) for g, v in pairs]), wrt)

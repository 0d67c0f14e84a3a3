"""One walk over a user's expression: its symbols and sizes, what `let` names, what is used where, what is shared.

In: an expression. Out: a `Survey`. Everything that must be known of an expression before it becomes equations is found
here, once; classes that symnet does not know are refused on the way.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Container
from typing import Any, Literal, NamedTuple, TypeAlias

from sympy import (
    Basic, Expr, HadamardProduct, MatAdd, MatMul, MatrixSymbol, OneMatrix, Symbol, Trace, Transpose,
)  # fmt: skip
from sympy.matrices.expressions.applyfunc import ElementwiseApplyFunction

from symnet.expressions import (
    Bound, PLAIN, Channels, Elementwise, Images, Let, LetScalar, LinearMap, LogSoftmax, LogSumExp, MaskedSoftmax,
    MatrixNode, Name, Node, RootMeanSquared, Softmax, Standardised, Total, Unit, brief, operands_of, split,
    walk,
)  # fmt: skip
from symnet.program.names import Namer

ENTRYWISE = (Elementwise, ElementwiseApplyFunction)
ACTIVATIONS = (*ENTRYWISE, Softmax, MaskedSoftmax, LogSoftmax, LogSumExp, Standardised, RootMeanSquared)
Plan: TypeAlias = tuple[Literal["let", "pre-activation", "activation"], Any]


class Survey(NamedTuple):
    """What one walk over an expression has found.

    `symbols`, `sizes`: the user's symbols by name, in the order of use, and which of them are sizes; `lets`: the names
    given by `let`; `plans`: by identity of a sub-expression, ("let", name), ("pre-activation", node) or ("activation",
    what it is the activation of); `shared`: the identities of those that stand in more than one place; `inside`: by
    identity of an entrywise product, the largest other one whose factors it has, and what is left.
    """

    names: Namer
    plans: dict[int, Plan]
    shared: frozenset[int]
    inside: dict[int, list[Any]]

    @property
    def symbols(self) -> dict[str, Name]:
        """The user's symbols by name, sizes among them."""
        return self.names.symbols

    @property
    def inputs(self) -> dict[str, Name]:
        """The user's symbols by name, without sizes."""
        return {name: s for name, s in self.names.symbols.items() if name not in self.names.sizes}


def survey(
    expr: Basic, parameters: frozenset[Any] = frozenset(), names: Namer | None = None, known: Container[int] = ()
) -> Survey:
    """Walk over an expression. Raises `ValueError` where a name means two things, `TypeError` for unknown classes.

    `known`: identities of nodes that are passed over; who uses a node that is not known is not known either.
    """
    nodes = list(walk(expr, known))
    names = names or Namer()
    consumers: dict[int, list[Basic]] = defaultdict(list)
    for node in nodes:
        for operand in operands_of(node):
            consumers[id(operand)].append(node)
    _declare(expr, nodes, names)
    return Survey(names, _plans(nodes, consumers, parameters), _shared(nodes), _inside(nodes, consumers))


def _shared(nodes: list[Any]) -> frozenset[int]:
    # an equal scalar may be another object: SymPy keeps what it has made for as long as it likes
    first: dict[int, int] = {}
    known: dict[Any, int] = {}
    for node in nodes:
        if isinstance(node, Expr) and not isinstance(node, Node) and not node.is_Matrix:
            key = (type(node), *[first.get(id(a), id(a)) if a.args else a for a in node.args])
            first[id(node)] = known.setdefault(key if node.args else node, id(node))
    once = [node for node in nodes if first.get(id(node), id(node)) == id(node)]
    uses = Counter(first.get(id(a), id(a)) for node in once for a in operands_of(node))
    return frozenset(id(a) for node in nodes for a in operands_of(node) if uses[first.get(id(a), id(a))] > 1)


def _inside(nodes: list[Any], consumers: dict[int, list[Any]]) -> dict[int, list[Any]]:
    # by identity, as everything here; what is only summed is no value of its own
    products = {id(node): Counter(map(id, node.args)) for node in nodes if type(node) is HadamardProduct}
    values = [
        node for node in nodes if id(node) in products and any(not isinstance(u, Total) for u in consumers[id(node)])
    ]
    often = Counter(id(a) for node in values for a in node.args)
    with_factor: dict[int, list[Any]] = defaultdict(list)
    for node in values:
        with_factor[min(products[id(node)], key=lambda a: often[a])].append(node)
    found: dict[int, list[Any]] = {}
    for node in [node for node in nodes if id(node) in products and len(node.args) > 2]:
        factors = products[id(node)]
        parts = [p for a in factors for p in with_factor.get(a, ()) if len(p.args) < len(node.args)]
        parts = [p for p in parts if products[id(p)] <= factors]
        if parts:
            largest = max(parts, key=lambda p: len(p.args))
            left = Counter(products[id(largest)])
            found[id(node)] = [largest]
            for a in node.args:
                if left[id(a)]:
                    left[id(a)] -= 1
                else:
                    found[id(node)].append(a)
    return found


def _declare(expr: Basic, nodes: list[Any], names: Namer) -> None:
    lets: dict[str, Basic] = {}
    sizes: set[Any] = set()
    for node in nodes:
        # a symbol comes where it is first used, so that W1 of the first layer comes before W2
        for symbol in operands_of(node) if node.args else (expr,):
            if isinstance(symbol, MatrixSymbol):
                names.declare(symbol)
                sizes |= symbol.shape[0].free_symbols | symbol.shape[1].free_symbols
            elif isinstance(symbol, Bound):
                raise TypeError(
                    f"in {brief(expr)}: a condition compares a sum with a case distinction inside, which SymPy takes "
                    "apart; write the inner one with Max, Min, relu or sign, without Piecewise"
                )
            elif isinstance(symbol, Symbol):
                names.declare(symbol)
        if isinstance(node, (*PLAIN, LinearMap)):  # whose sizes stand in no operand
            sizes |= node.shape[0].free_symbols | node.shape[1].free_symbols
        elif isinstance(node, (Let, LetScalar)):
            name = node.args[0].name
            if lets.setdefault(name, node) is not node:
                raise ValueError(f"two different expressions are called {name} by let; rename one of them")
    if isinstance(expr, MatrixSymbol):
        names.declare(expr)
        sizes |= expr.shape[0].free_symbols | expr.shape[1].free_symbols
    for size in sorted(sizes, key=lambda s: s.name):
        names.declare(size)
        names.sizes.add(size.name)
    names.reserve(lets)


def is_affine(node: Any) -> bool:
    """Tell whether a node is a product of matrices, or a sum with one among its terms."""
    if isinstance(node, MatMul):
        return sum(a.is_Matrix and not isinstance(a, (OneMatrix, Unit)) for a in node.args) > 1
    return isinstance(node, MatAdd) and any(isinstance(split(a)[1], MatMul) and is_affine(a) for a in node.args)


def is_data(term: Any, *others: Container[Any]) -> bool:
    """Tell whether a term of a sum is a matrix that the user gives: a symbol that is in none of `others`."""
    bare = split(term)[1]
    while isinstance(bare, (Transpose, Channels)) or (
        isinstance(bare, Node) and bare.sums_to_one is not None and bare.args
    ):
        bare = bare.args[0]
    return isinstance(bare, MatrixSymbol) and not any(bare in names for names in others)


def is_difference(term: Any, other: Any) -> bool:
    """Tell whether of two terms of a sum one is subtracted from the other."""
    minus = [bool((split(t)[0] if t.is_Matrix else t).could_extract_minus_sign()) for t in (term, other)]
    return minus[0] != minus[1]


def _plans(nodes: list[Any], consumers: dict[int, list[Any]], parameters: frozenset[Any]) -> dict[int, Plan]:
    plans: dict[int, Plan] = {}
    for node in nodes:
        users = consumers[id(node)]
        named = [u for u in users if isinstance(u, (Let, LetScalar))]
        if named:
            plans[id(node)] = ("let", named[0].args[0].name)
        elif is_affine(node) and any(isinstance(u, Images) or _is_layer_for(u, node, parameters) for u in users):
            plans[id(node)] = ("pre-activation", node)
        elif isinstance(node, (*ENTRYWISE, Softmax, MaskedSoftmax)):
            argument = operands_of(node)[0]
            argument = argument.args[0] if isinstance(argument, Images) else argument
            of_one = isinstance(node, MaskedSoftmax) or sum(a.is_Matrix for a in operands_of(node)) == 1
            named_itself = isinstance(argument, (MatrixSymbol, Transpose)) or not argument.args
            if of_one and not named_itself and _feeds_on(users, consumers if is_affine(argument) else None):
                plans[id(node)] = ("activation", argument)
    return plans


def _is_layer_for(user: Any, node: Any, parameters: frozenset[Any]) -> bool:
    if isinstance(user, MatAdd):  # Z − Y
        others = [a for a in user.args if a is not node]
        return bool(others) and all(is_data(a, parameters) and is_difference(a, node) for a in others)
    others = [a for a in user.args if a is not node] if isinstance(user, HadamardProduct) else []
    scored = bool(others) and all(is_data(a, parameters) for a in others)
    return (scored or isinstance(user, ACTIVATIONS)) and not _has_difference(node, parameters)


def _has_difference(node: Any, parameters: frozenset[Any]) -> bool:
    # what is subtracted from Z = W·A + b·1ᵀ stands beside it
    terms = node.args if isinstance(node, MatAdd) else ()
    affine = [t for t in terms if isinstance(split(t)[1], MatMul) and is_affine(t)]
    return any(is_data(t, parameters) and all(is_difference(t, a) for a in affine) for t in terms)


def _feeds_on(users: list[Any], consumers: dict[int, list[Any]] | None) -> bool:
    kinds = (MatMul, MatAdd, Transpose, MatrixNode, *ACTIVATIONS)
    if any(isinstance(u, kinds) for u in users):
        return True
    products = [u for u in users if consumers and isinstance(u, HadamardProduct)]
    return any(not isinstance(v, (Total, Trace)) for u in products for v in (consumers or {})[id(u)])


def plan_of(survey: Survey | None, node: Any) -> Plan | tuple[Literal[""], Any]:
    """Give what a survey plans for a sub-expression, ("", None) where nothing is."""
    return survey.plans.get(id(node), ("", None)) if survey is not None else ("", None)


def factors_in(survey: Survey | None, node: Any) -> list[Any]:
    """Give the factors of an entrywise product, those together that are a value of the expression themselves."""
    return list(survey.inside.get(id(node), node.args)) if survey is not None else list(node.args)

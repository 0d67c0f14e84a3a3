"""A smaller loss with the same fault, and a short script that shows it."""

from __future__ import annotations

import time
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from .checks import check
from .kinds import SCALAR
from .tree import PRELUDE, Tree, drawn, expected, written


def smallest(tree: Tree, sizes: Mapping[str, int], seed: int, label: str, seconds: float = 15.0) -> Tree:
    """Give the smallest loss found that has a fault of the same label, by putting parts in the place of wholes."""
    end = time.monotonic() + seconds
    while True:
        for smaller in _smaller(tree):
            if time.monotonic() > end:
                return tree
            if label in check(smaller, sizes, seed).labels():
                tree = smaller
                break
        else:
            return tree


def _smaller(tree: Tree) -> Iterator[Tree]:
    if tree.shape == SCALAR:
        yield from (n for n in tree.nodes()[:-1] if n.shape == SCALAR and not n.name)
    nodes = sorted(tree.nodes()[:-1], key=lambda node: -len(node.nodes()))
    leaves = [n for n in nodes if n.name]
    for node in nodes:
        if node.operands:
            for part in [*[s for s in leaves if s.shape == node.shape], *node.operands]:
                if part.shape == node.shape:
                    yield _with(tree, node, part)
            if node.shape and not any(s.shape == node.shape for s in leaves):
                yield _with(tree, node, _new_symbol(f"New{len(leaves)}", node.shape))


def _new_symbol(name: str, shape: tuple[Any, ...]) -> Tree:
    text = f'sn.matrix("{name}", {shape[0]}, {shape[1]})'
    return Tree("symbol", shape, text, lambda p: p.values[name], (), name, _normal)


def _normal(rng: Any, shape: tuple[int, ...]) -> Any:
    return (rng.normal(size=shape) * 0.6).round(3)


def _with(tree: Tree, old: Tree, new: Tree) -> Tree:
    made: dict[Tree, Tree] = {}
    for node in tree.nodes():
        operands = tuple(made[o] for o in node.operands)
        same = all(a is b for a, b in zip(operands, node.operands, strict=True))
        made[node] = new if node is old else node if same else replace(node, operands=operands)
    return made[tree]


def script(tree: Tree, sizes: Mapping[str, int], seed: int) -> str:
    """Give a script that writes a loss, computes it, and says what it should be."""
    values = drawn(tree, sizes, seed)
    wanted = expected(tree, sizes, values, seed)
    names = ", ".join(s.name for s in tree.symbols())
    given = ", ".join(f"{name}: {value.tolist()}" for name, value in values.items())
    lines = [
        *PRELUDE.splitlines(),
        *written(tree),
        f"values = {{{given}}}  # {', '.join(f'{name} = {size}' for name, size in sizes.items())}",
        f"d = sn.derive(loss, [{names}])",
        "print(d)",
        "print(d.compile()(values))",
        f"# the value is {float(wanted.value)!r}",
    ]
    for name, slope in wanted.slopes.items():
        lines.append(f"# {name} along {wanted.directions[name].round(3).tolist()}: {slope!r}")
    return "\n".join(lines)

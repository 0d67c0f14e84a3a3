"""The package is a house: a module imports only from floors below its own, and every room is small and says what it is.

Since an import must lead to a strictly lower floor, no circle of imports is possible.
"""

import ast
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

FLOOR = {
    "initializers": 0,
    "memory": 0,
    "numeric": 0,
    "report": 0,
    "scalars": 0,
    "nodes": 1,
    "binding": 2,
    "algebra": 2,
    "names": 2,
    "notation": 2,
    "functions": 3,
    "reducers": 3,
    "rules": 3,
    "styles": 3,
    "boxes": 4,
    "losses": 4,
    "program": 4,
    "inline": 5,
    "formats": 5,
    "lowering": 6,
    "code": 7,
    "complexcode": 8,
    "kernel": 8,
    "derive": 9,
    "check": 10,
    "optimizers": 10,
    "diagnosis": 0,
    "explicit": 2,
    "mutations": 6,
    "catalogue": 7,
    "variants": 9,
    "search": 10,
    "explain": 11,
    "diagnose": 12,
    "prove": 11,
    "train": 12,
    "__init__": 13,
}
OPTIONAL = {"IPython", "jax", "matplotlib", "scipy", "sklearn", "torch", "tqdm"}
REQUIRED = {"mpmath", "numpy", "sympy", "symnet", *sys.stdlib_module_names}
LONGEST_FILE = 450
LONGEST_FUNCTION = 60

PACKAGE = Path(__file__).resolve().parent.parent / "symnet"
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {module: ast.parse(source) for module, source in SOURCES.items()}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)

each_module = pytest.mark.parametrize("module", SOURCES)


def imported(node: ast.AST) -> Iterator[str]:
    """Give the full dotted names that an import statement reads; nothing for any other node."""
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        stem = ".".join(filter(None, ["symnet" if node.level else "", node.module]))
        yield from (f"{stem}.{alias.name}" for alias in node.names)


def siblings(tree: ast.AST) -> Iterator[str]:
    """Give the modules of symnet that a tree imports; a name that is no module comes from `__init__`."""
    for node in ast.walk(tree):
        for name in imported(node):
            top, *rest = name.split(".")
            if top == "symnet":
                yield rest[0] if rest and rest[0] in SOURCES else "__init__"


def packages(*nodes: ast.AST) -> set[str]:
    return {name.split(".")[0] for node in nodes for name in imported(node)}


def imports_in_functions(tree: ast.AST) -> set[ast.AST]:
    return {n for f in ast.walk(tree) if isinstance(f, FUNCTION) for n in ast.walk(f) if any(imported(n))}


def test_the_package_is_found():
    assert "__init__" in SOURCES


@each_module
def test_module_has_a_floor(module):
    assert module in FLOOR, f"symnet/{module}.py has no floor: add it to the table FLOOR in {Path(__file__).name}"


@each_module
def test_imports_lead_downstairs(module):
    here = FLOOR.get(module, len(FLOOR))
    upward = sorted({name for name in siblings(TREES[module]) if FLOOR.get(name, -1) >= here})
    assert not upward, f"symnet/{module}.py stands on floor {here} and may not import {', '.join(upward)}"


@each_module
def test_only_optional_packages_are_imported_inside_functions(module):
    hidden = packages(*imports_in_functions(TREES[module])) - OPTIONAL
    assert not hidden, f"symnet/{module}.py: imported inside a function, but belongs at the top: {sorted(hidden)}"


@each_module
def test_modules_load_with_the_required_packages_alone(module):
    at_the_top = set(ast.walk(TREES[module])) - imports_in_functions(TREES[module])
    extra = packages(*at_the_top) - REQUIRED
    assert not extra, f"symnet/{module}.py: optional, so to be imported where it is used: {sorted(extra)}"


@each_module
def test_module_states_its_contract(module):
    assert ast.get_docstring(TREES[module]), f"symnet/{module}.py has no docstring"


@each_module
def test_public_names_have_docstrings(module):
    bare = [
        node.name
        for node in TREES[module].body
        if isinstance(node, (*FUNCTION, ast.ClassDef)) and not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    assert not bare, f"symnet/{module}.py: no docstring on {', '.join(bare)}"


@each_module
def test_files_are_short(module):
    lines = len(SOURCES[module].splitlines())
    assert lines <= LONGEST_FILE, f"symnet/{module}.py has {lines} lines; {LONGEST_FILE} are allowed"


@each_module
def test_functions_are_short(module):
    long = {
        node.name: size
        for node in ast.walk(TREES[module])
        if isinstance(node, FUNCTION) and (size := node.end_lineno - node.lineno + 1) > LONGEST_FUNCTION
    }
    assert not long, f"symnet/{module}.py: {long} lines; {LONGEST_FUNCTION} are allowed in a function"

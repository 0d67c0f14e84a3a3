"""The package is a house of wings: a wing imports only from wings above it, and inside a wing the same law holds.

What one wing uses of another, that wing hands on in its `__init__`. Since every import leads upward in the table, no
circle is possible.
"""

import ast
import re
import sys
from collections.abc import Iterator
from importlib import import_module
from pathlib import Path

import pytest

# fmt: off
WINGS = {
    "expressions": "types elsewhere answered later members entering deep shown table sizes undefined beside asked axes rebuilding scalars curves stability partials machine growth precise facts interned written lengths declared nodes structured reduced normalised masked operands ranges atoms algebra light images pooling gathered wholes sympys blocks symbols kronecker factored columns parts linalg by_entries reductions spectral activations indexed normalising attention functions elementary convolution perceptron cells targets losses metrics tree",
    "program":     "building brackets names survey symmetry chains program stating looking entrywise factoring laws canonical inline naming shapes fusing fused_sums solving totals normal_form builder",
    "calculus":    "networks rules free images slopes reverse second linear linalg spectral dense pixels hessians outer residuals",
    "notation":    "spelling style reading undefined unicode latex mathml mathematica boxes structured linalg networks images page formula",
    "handing":     "",
    "backends":    "precision roots apart lowering emitter scalar_code windows numpy_code images complex_code mpmath_code matrix_functions functional linalg_code networks identifiers fitting binding targets steps instructions liveness writing workspace results source widened jax_code stated structured skeleton c_text c_code c_rows c_blocks c_function c_file c_main c_kernel jax_kernel kernel counted counted_functions cost labels tensors files",
    "parsing":     "text python_text tokens operator_text unify guarded vocabulary parts calls along made tried meanings readings declared parser",
    "optimizers":  "rates schedules optimizer descent adaptive solvers updates",
    "export":      "",
    "costing":     "",
    "request":     "",
    "textbook":    "",
    "derivation":  "",
    "slopes":      "",
    "second":      "",
    "frameworks":  "arguments jax_loss torch_loss",
    "training":    "initializers forgotten start cutting batches step system minimise monitor plan choosing progress log divergence loop solving devices scanned scanning streaming picture result begin fingerprint checkpoint train",
    "overview":    "",
    "checking":    "numeric kinks freedom explicit result judge check hessian prove",
    "sklearn":     "",
    "diagnosis":   "result edits made numbers handed labels stacked given rounded sampled variants places deltas catalogue unrolled likeness quantities formulas functions operands replaced states labelled products windows grammar groups exchanged price constants bounded influence entries trial explain sides corners edited ties search unstated norms reported forward velocities stepped stepping parts ahead afterwards steps samples permuted finding diagnose",
}
# fmt: on
BESIDE = {"checking": {"optimizers", "training"}, "diagnosis": {"training", "checking"}}  # not below
OPTIONAL = {"IPython", "jax", "matplotlib", "safetensors", "scipy", "sklearn", "torch", "tqdm"}
OF_ITS_OWN = {"sklearn": {"sklearn"}}  # modules that `import symnet` does not load
REQUIRED = {"mpmath", "numpy", "sympy", "symnet", *sys.stdlib_module_names}
LONGEST_FILE = 350
LONGEST_FUNCTION = 45

PACKAGE = Path(__file__).resolve().parent.parent / "symnet"
SOURCES = {
    ".".join(path.relative_to(PACKAGE).with_suffix("").parts): path.read_text(encoding="utf-8")
    for path in sorted(PACKAGE.rglob("*.py"))
}
TREES = {module: ast.parse(source) for module, source in SOURCES.items()}
FUNCTION = (ast.FunctionDef, ast.AsyncFunctionDef)
ORDER = [f"{wing}.{file}" if files else wing for wing, files in WINGS.items() for file in files.split() or [""]]
ORDER = [place for place in ORDER if not place.endswith(".")]

each_module = pytest.mark.parametrize("module", SOURCES)


def wing_of(module: str) -> str:
    return module.split(".")[0]


def imported(node: ast.AST) -> Iterator[tuple[str, str]]:
    """Give (module, name) for all that an import statement reads; nothing for any other node."""
    if isinstance(node, ast.Import):
        yield from ((alias.name, "") for alias in node.names)
    elif isinstance(node, ast.ImportFrom):
        assert not node.level, "imports are absolute"
        yield from ((node.module, alias.name) for alias in node.names)


def of_symnet(tree: ast.AST) -> Iterator[tuple[str, str]]:
    for node in ast.walk(tree):
        for module, name in imported(node):
            if module.split(".")[0] == "symnet":
                yield module.removeprefix("symnet").removeprefix("."), name


def handed_on(wing: str) -> set[str]:
    """Give the names in `__all__` of a wing."""
    for node in TREES.get(f"{wing}.__init__", TREES[wing] if wing in TREES else None).body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return set(ast.literal_eval(node.value))
    return {n.name for n in TREES[wing].body if isinstance(n, (*FUNCTION, ast.ClassDef)) and n.name[0] != "_"}


def packages(*nodes: ast.AST) -> set[str]:
    return {module.split(".")[0] for node in nodes for module, _ in imported(node)}


def imports_in_functions(tree: ast.AST) -> set[ast.AST]:
    return {n for f in ast.walk(tree) if isinstance(f, FUNCTION) for n in ast.walk(f) if any(imported(n))}


def test_the_table_is_the_package():
    files = {m for m in SOURCES if not m.endswith("__init__") and m != "__main__"}
    assert files == set(ORDER)


def test_the_readme_names_every_file():
    readme = (PACKAGE.parent / "README.md").read_text(encoding="utf-8")
    for wing, files in WINGS.items():
        row = re.search(rf"^\| `{wing}`.*", readme, re.MULTILINE)
        assert row, f"README: the table of wings has no row for {wing}"
        if files:
            assert re.findall(r"`(\w+)`", row[0].split("|", 2)[2]) == files.split(), f"README: the files of {wing}"


@each_module
def test_imports_lead_upward_and_through_the_door(module):
    here, wing = ORDER.index(module) if module in ORDER else len(ORDER), wing_of(module)
    for target, name in of_symnet(TREES[module]):
        if module == "__init__" and target == "expressions.functions":
            continue  # all that a network is written with
        if wing_of(target) == wing:
            inside = f"{target}.{name}" if f"{target}.{name}" in SOURCES else target
            assert module.endswith("__init__") or ORDER.index(inside) < here, f"{module} imports {inside}, below it"
        else:
            assert target in WINGS, f"{module} imports {target} past the door: {wing_of(target)} must hand it on"
            assert name in handed_on(target), f"{module} imports {name}, which {target} does not hand on"
            if module not in ("__init__", "__main__"):
                assert list(WINGS).index(target) < list(WINGS).index(wing), f"{module} imports {target}, a wing below"
                assert target not in BESIDE.get(wing, ()), f"{module} imports {target}, a wing beside its own"


@each_module
def test_only_optional_packages_are_imported_inside_functions(module):
    hidden = packages(*imports_in_functions(TREES[module])) - OPTIONAL
    assert not hidden, f"symnet/{module}.py: imported inside a function, but belongs at the top: {sorted(hidden)}"


@each_module
def test_modules_load_with_the_required_packages_alone(module):
    at_the_top = set(ast.walk(TREES[module])) - imports_in_functions(TREES[module])
    extra = packages(*at_the_top) - REQUIRED - OF_ITS_OWN.get(module, set())
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


def lines_of(function):
    # what a docstring says to users does not make a function long
    first = function.body[0]
    said = first.end_lineno - first.lineno + 1 if ast.get_docstring(function) else 0
    return function.end_lineno - function.lineno + 1 - said


@each_module
def test_functions_are_short(module):
    long = {
        node.name: size
        for node in ast.walk(TREES[module])
        if isinstance(node, FUNCTION) and (size := lines_of(node)) > LONGEST_FUNCTION
    }
    assert not long, f"symnet/{module}.py: {long} lines; {LONGEST_FUNCTION} are allowed in a function"


@pytest.mark.parametrize("wing", WINGS)
def test_what_a_wing_hands_on_is_there(wing):
    door = import_module(f"symnet.{wing}")
    assert [name for name in getattr(door, "__all__", ()) if not hasattr(door, name)] == []

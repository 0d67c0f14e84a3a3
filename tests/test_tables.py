"""Every node has a row in every table, or a reason: what is written once is known everywhere."""

import numpy as np
import pytest
import sympy
from sympy import Basic, Expr, Function, MatrixExpr
from sympy.combinatorics import Permutation
from sympy.matrices.expressions.permutation import MatrixPermute

import symnet as sn
from symnet.backends import C99, NUMPY
from symnet.backends.scalar_code import SCALAR_CODE
from symnet.calculus import RULES
from symnet.checking.explicit import ENTRIES
from symnet.expressions import OPERANDS, SCALARS, MatrixNode, Node, ScalarNode, logaddexp, maximum, minimum
from symnet.notation import FORMULAS
from symnet.program import NORMAL_FORMS


def nodes_of(cls):
    for sub in cls.__subclasses__():
        if sub.__module__.startswith("symnet") and not sub.__name__.startswith("_"):
            yield sub
        yield from nodes_of(sub)


OURS = sorted(set(nodes_of(Node)) - {MatrixNode, ScalarNode}, key=lambda c: c.__name__)
SYMPYS = [c for c in OPERANDS if issubclass(c, Expr) and not issubclass(c, Node)]
TABLES = {
    "OPERANDS": OPERANDS,
    "NORMAL_FORMS": NORMAL_FORMS,
    "RULES": RULES,
    "FORMULAS": FORMULAS,
    "NUMPY": NUMPY,
    "C99": C99,
    "ENTRIES": ENTRIES,
}
NO_LINALG = "the C library has no decompositions; run it in NumPy"
NO_WINDOWS = "convolutions are no work for the smallest nets; run them in NumPy"
READ = "read as an expression of matrices"
GONE = "the normal form has made other nodes of it"
CONSTANT = "a constant: nothing to differentiate"
REASONS = {
    ("RULES", "NUMPY"): {
        "Let": GONE, "LetScalar": GONE, "Distribution": GONE, "Admitted": GONE, "Assumed": GONE, "MatPow": GONE, "HadamardPower": GONE,
        "ElementwiseApplyFunction": GONE, "MatrixElement": GONE,
        **dict.fromkeys(("KroneckerProduct", "DiagMatrix", "DiagonalMatrix", "DiagonalOf"), GONE),
        **dict.fromkeys(("BlockMatrix", "BlockDiagMatrix", "MatrixSlice"), GONE),
        "InExponent": "it says that there is no derivative",
    },
    ("RULES",): {
        **dict.fromkeys(("Running", "Tiled", "Parted", "LargestPixels", "PlacedPixels"), "lowering makes it, after differentiation"),
        "AxisMax": "lowering makes it, after differentiation", "AlongAxis": "it has no instances", "Reduction": "it has no instances",
        "LinearMap": "it has no instances",
        "MatrixSymbol": "the sweep collects its adjoint", "Symbol": "the sweep collects its adjoint",
        **dict.fromkeys(("OneMatrix", "ZeroMatrix", "Identity", "Unit", "Commutation", "Earlier", "ImaginaryUnit", "Sum", "ComplexInfinity", "Integral", "Limit", "Subs"), CONSTANT),
        "FunctionMatrix": READ,
    },
    ("NUMPY",): {
        **dict.fromkeys(("Max", "Min"), "the normal form has made `maximum` or `minimum` of it"),
        "DotProduct": "the normal form has made a sum of it",
        **dict.fromkeys(("AxisVar", "Hardmax", "MaskedSoftmax", "MeanOfAll", "Means", "OtherProducts", "OverDeviation", "OverRoot",
                         "RootMeanSquared", "Standardised", "Variance"), "lowering has made operations of it"),
        **dict.fromkeys(("Softmax", "LogSoftmax", "LogSumExp"), "lowering has made its stable form of it"),
        **dict.fromkeys(("AlongAxis", "Reduction", "LinearMap"), "it has no instances"),
    },
    ("C99",): {
        **dict.fromkeys(("Adjugate", "Determinant", "Expm", "ExpmSlope", "Leading", "LogAbsDet", "MatrixPower", "NuclearNorm",
                         "Pinv", "Polar", "PowerSlope", "Solve", "SpectralNorm", "Sylvester"), NO_LINALG),
        **dict.fromkeys(("AvgPool", "AvgUnpool", "Channels", "Fold", "Images", "LargestPixels", "MaxPick", "MaxPool", "MaxUnpool",
                         "PlacedPixels", "Unfold"), NO_WINDOWS),
    },
    ("NORMAL_FORMS", "FORMULAS", "NUMPY", "ENTRIES"): {
        **dict.fromkeys(("ImaginaryUnit", "ComplexInfinity", "Integral", "Limit", "Subs"), "refused as it enters"),
        **dict.fromkeys(("Sum", "Product", "FunctionMatrix"), READ),
    },
}  # fmt: skip


def reason(table, node):
    return next(
        (
            why[node.__name__]
            for tables, why in REASONS.items()
            if node.__name__ in why and (table in tables or table == "C99" and "NUMPY" in tables)
        ),
        None,
    )


def has_row(table, node):
    """Look a class up as an instance of it would be."""
    rows = TABLES[table]
    found = rows.find(Basic.__new__(node)) is not None
    if table in ("NUMPY", "C99") and not found:  # scalars are written by SCALAR_CODE, or bring their code themselves
        found = SCALAR_CODE.find(Basic.__new__(node)) is not None or issubclass(node, Function)
    return found


@pytest.mark.parametrize("table", TABLES)
@pytest.mark.parametrize("node", [*OURS, *SYMPYS], ids=lambda c: c.__name__)
def test_every_node_has_a_row_in_every_table_or_a_reason(node, table):
    if reason(table, node) is None:
        assert has_row(table, node), f"{node.__name__} has no row in {table}, and no reason stands in REASONS"


def test_reasons_are_not_left_over():
    known = {c.__name__ for c in [*OURS, *SYMPYS]}
    for why in REASONS.values():
        assert set(why) <= known
    for table in TABLES:
        for node in [*OURS, *SYMPYS]:
            if reason(table, node) == GONE:
                assert node not in TABLES[table], f"{node.__name__} has a row in {table} after all"


@pytest.mark.parametrize(
    "node",
    [
        c
        for c in OURS
        if c.__name__ not in ("AlongAxis", "Reduction", "LinearMap", "LargestPixels", "PlacedPixels")
        and "Deep" not in c.__name__
    ],
)
def test_nodes_state_their_entries(node):
    assert node.entry is not Node.entry


# -- classes that nobody thought of are refused as they enter


A, x = sn.matrix("A", 3, 3), sympy.Symbol("x")
STRANGERS = [
    sympy.Adjoint(A),
    sympy.Permanent(A),
    MatrixPermute(A, Permutation([1, 0, 2])),
    sympy.floor(sn.sum(A)),
    sympy.ceiling(x),
    sympy.besselj(0, sn.sum(A)),
    sympy.Derivative(sympy.Function("f")(x), x),
    sympy.Integral(sympy.sin(x), (x, 0, x)),
    sympy.I * x,
    sympy.Mod(x, 2),
]


@pytest.mark.parametrize("stranger", STRANGERS, ids=lambda s: type(s).__name__)
@pytest.mark.parametrize("wrapped", [False, True])
def test_what_symnet_does_not_know_is_refused_by_name(stranger, wrapped):
    whole = sn.sum(stranger) if getattr(stranger, "is_Matrix", False) else stranger
    loss = sn.norm(A) + (sn.exp(whole) if wrapped else whole)
    for use in (lambda: sn.derive(loss, A), lambda: sn.evaluate(loss, {}), lambda: sn.compile(loss)):
        with pytest.raises(TypeError, match=r"write|not supported") as raised:
            use()
        names = {type(part).__name__ for part in sympy.preorder_traversal(stranger)} | {"complex"}
        assert any(name in str(raised.value) for name in names)


@pytest.mark.parametrize("f", [sympy.exp, sympy.tanh, sympy.sin, sympy.log, lambda M: 1 + sympy.cos(M) * sn.norm(A)])
@pytest.mark.parametrize("M", [A, A * sn.vector("v", 3), sn.tanh(A)], ids=str)
def test_a_scalar_function_of_a_matrix_is_refused_with_the_way_out(f, M):
    for use in (lambda: sn.derive(f(M) + sn.norm(A), A), lambda: sn.evaluate(sn.sum(A) * f(M), {A: np.eye(3)})):
        with pytest.raises(TypeError, match=r"is a 3×[13] matrix where a scalar is meant; write sn\.\w+\(…\)"):
            use()


def test_a_scalar_node_never_finds_the_row_of_scalars():
    class Strange(ScalarNode):
        title = "strange"

    with pytest.raises(TypeError, match="no rule for Strange"):
        sn.derive(Strange(A) + sn.norm(A), A)
    with pytest.raises(TypeError, match="no NumPy code for Strange"):
        sn.evaluate(Strange(A), {A: np.eye(3)})


# -- one row for each scalar function, and what it says is true


def arguments_of(function, point):
    """Give arguments within the domain of a function, the last one near a point."""
    z = abs(point) / 1.7 if function in (sympy.acos, sympy.asin, sympy.atanh) else point
    z = abs(point) + 1 if function is sympy.acosh else z
    z = abs(z) if function in (sympy.log, sympy.gamma, sympy.loggamma, sympy.polygamma) else z
    z = -abs(z) if function.__name__ == "log1mexp" else z
    z = abs(z) if function.__name__ in ("huber", "xlogy", "among") else z
    before = {"clip": [0.3, -0.5], "huber": [0.6], "xlogy": [0.3], "among": [0.3], "part": [0.3]}.get(function.__name__)
    if before is not None:
        return [*before, z]
    first = {sympy.atan2: 0.3, sympy.polygamma: 1, maximum: 0.3, minimum: 0.3, logaddexp: 0.3}
    return [first[function], z] if function in first else [z]


@pytest.mark.sampled(3)
@pytest.mark.parametrize("function", [f for f in SCALARS if f is not sympy.Piecewise], ids=lambda f: f.__name__)
@pytest.mark.parametrize("point", [0.37, -0.81, 1.6])
def test_rows_of_scalar_functions(function, point):
    *first, z = arguments_of(function, point)
    wanted = complex(function(*first, sympy.Float(z, 30)).evalf(30))
    loss = sn.sum(sn.elementwise(lambda t: function(*first, t), A))
    at = {A: np.full((3, 3), z)}
    assert sn.evaluate(loss, at) == pytest.approx(9 * wanted.real, rel=1e-12)
    for method in ("central", "mpmath", *(["complex"] if SCALARS[function].analytic is not None else [])):
        assert sn.check_gradients(loss, at, A, method=method).ok, method


def test_erf_without_scipy(monkeypatch):
    from symnet.backends import emitter

    monkeypatch.setattr(emitter, "find_spec", lambda name: None)
    expression = sn.elementwise(sympy.erf, A * A)
    kernel = sn.compile(expression)
    assert "scipy" not in kernel.source and "from math import erf" in kernel.source
    a = np.linspace(-1, 1, 9).reshape(3, 3)
    from math import erf

    np.testing.assert_allclose(kernel({A: a}), np.vectorize(erf)(a @ a), rtol=1e-15)
    assert kernel({A: a.astype(np.float32)}).dtype == np.float32
    space: dict = {}
    exec(kernel.source, space)
    np.testing.assert_allclose(space["kernel"](a), np.vectorize(erf)(a @ a), rtol=1e-15)
    with pytest.raises(TypeError, match=r"polygamma needs SciPy: pip install 'symnet\[scipy\]'"):
        assert sn.compile(sn.elementwise(lambda t: sympy.polygamma(1, t), A)).source


def test_a_matrix_class_of_sympy_has_no_row_by_accident():
    for table in (OPERANDS, RULES, NUMPY, ENTRIES, FORMULAS):
        assert table.find(MatrixExpr.__new__(type("New", (MatrixExpr,), {}))) is None

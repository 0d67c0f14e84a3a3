"""Equations: numbered by value, named as a reader expects, linear in depth, never capturing a user's name."""

import pytest
import sympy
from sympy import HadamardProduct, MatMul, MatrixSymbol, ShapeError, Trace

import symnet as sn
from symnet.expressions import walk
from symnet.program import Builder

X, Y = sn.matrix("X", 4, "n"), sn.matrix("Y", 4, "n")


def weights(layers):
    return [sn.matrix(f"W{k}", 4, 4) for k in range(1, layers + 1)]


def chain(layers, activation=sn.tanh):
    H, parameters = X, []
    for k, W in enumerate(weights(layers), 1):
        b = sn.vector(f"b{k}", 4)
        parameters += [W, b]
        H = activation(sn.affine(W, H, b))
    return sn.squared_error(H, Y), parameters


def residual(layers):
    H = X
    for W in weights(layers):
        H = H + sn.tanh(W * H)
    return sn.squared_error(H, Y), weights(layers)


def reusing(layers):
    A = X
    for W in weights(layers):
        A = sn.tanh(W * A + 2 * A + HadamardProduct(A, A) + sn.sigmoid(A))
    return sn.squared_error(A, Y), weights(layers)


@pytest.mark.parametrize("build", [chain, residual, reusing])
def test_equations_grow_linearly(build):
    counts = [len(sn.derive(*build(layers)).equations) for layers in (10, 20, 40)]
    assert counts[2] - counts[1] == 2 * (counts[1] - counts[0])


@pytest.mark.parametrize("build", [residual, reusing])
def test_no_line_grows_with_the_depth(build):
    longest = [max(len(list(sympy.preorder_traversal(e.rhs))) for e in sn.derive(*build(n)).equations) for n in (8, 32)]
    assert longest[0] == longest[1]


@pytest.mark.parametrize("layers", [1, 2, 3, 5])
def test_matrix_products_are_3L_minus_1(layers):
    derivation = sn.derive(*chain(layers))
    products = 0
    for _, rhs in derivation.program.equations:
        if isinstance(rhs, MatMul):
            factors = [a for a in rhs.args if a.is_Matrix and not isinstance(a, sympy.OneMatrix)]
            products += len(factors) - 1
    assert products == 3 * layers - 1
    assert derivation.compile().source.count(" @ ") == 3 * layers - 1


def test_the_same_operation_on_the_same_names_is_one_equation():
    W = sn.matrix("W", 4, 4)
    once = Builder()
    once.enter(sn.sum(sn.tanh(W * X)))
    twice = Builder()
    twice.enter(sn.sum(sn.tanh(W * X)) + sn.sum(HadamardProduct(sn.tanh(W * X), sn.tanh(W * X))))
    assert sum(isinstance(e.rhs, MatMul) for e in twice.equations) == 1
    assert len(twice.equations) == len(once.equations) + 2  # the product, and its sum


def test_deep_losses_built_twice_are_equal_without_recursion():
    first, second = chain(1000)[0], chain(1000)[0]
    assert first == second
    assert hash(first) == hash(second)
    assert first + second == 2 * first


def test_a_thousand_layers_are_derived():
    derivation = sn.derive(*chain(1000))
    assert len(derivation.gradient_names) == 2000
    assert len(derivation.program.equations) < 9 * 1000
    assert sum(1 for _ in walk(chain(1000)[0])) > 3000


def test_names_of_a_network():
    derivation = sn.derive(*chain(2))
    names = [e.lhs.name for e in derivation.equations]
    assert names == ["Z1", "A1", "Z2", "A2", "L", "Zbar2", "Wbar2", "bbar2", "Zbar1", "Wbar1", "bbar1"]
    assert [n for n in names if n.startswith("Zbar")] == ["Zbar2", "Zbar1"]


def test_a_shared_value_that_is_no_activation_is_called_T():
    W = sn.matrix("W", 4, 4)
    S = W + W.T
    derivation = sn.derive(sn.sum(S * S) + Trace(sn.exp(S)), W)
    assert derivation.forward[0].lhs.name == "T1"


def test_written_in_one_go_or_with_the_loss_is_the_same_derivation():
    W, b = sn.matrix("W", 4, 4), sn.vector("b", 4)
    R = W * X + b * sympy.OneMatrix(1, X.shape[1]) - Y
    native = sn.derive(Trace(R.T * R) / (2 * X.shape[1]), [W, b])
    ours = sn.derive(sn.squared_error(sn.affine(W, X, b), Y), [W, b])
    assert str(native).split() == str(ours).split()


@pytest.mark.parametrize("name", ["Z1", "A1", "T1", "L", "Zbar1", "Wbar1", "W1bar", "_0", "_1", "eta", "x1"])
def test_no_name_of_the_users_is_captured(name):
    U = MatrixSymbol(name, 4, 4)
    W1 = sn.matrix("W1", 4, 4)
    loss = sn.squared_error(U * sn.tanh(W1 * X) + W1 * sn.sigmoid(W1 * X), Y)
    derivation = sn.derive(loss, [W1, U])
    names = [e.lhs.name for e in derivation.equations]
    assert name not in names
    assert len(set(names)) == len(names)
    proof = sn.prove(sn.sum(sn.tanh(U * sn.matrix("V", 4, 1))), U)
    assert proof.ok


def test_let_names_stay_and_stand_alone():
    W = sn.matrix("W", 4, 4)
    derivation = sn.derive(sn.squared_error(sn.let("H", sn.tanh(sn.let("pre", W * X))), Y), W)
    assert [e.lhs.name for e in derivation.forward] == ["pre", "H", "L"]


def test_shape_errors_are_in_the_users_names():
    W1, W2 = sn.matrix("W1", 3, 4), sn.matrix("W2", 1, 4)
    with pytest.raises(ShapeError, match=r"W2 is 1×4 but tanh\(W1\*X\) is 3×n: the inner sizes 4 and 3 differ"):
        hidden = sn.tanh(W1 * X)
        sn.derive(sn.squared_error(sn.affine(W2, hidden, sn.matrix("b", 1, 1)), sn.matrix("Y", 1, "n")), W1)

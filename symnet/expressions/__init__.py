"""What you write: symbols, nodes and functions of matrices.

In: names, sizes, SymPy expressions. Out: SymPy expressions, simplified at birth. Nothing here differentiates, names an
intermediate, prints a derivation or computes a number.
"""

from symnet.expressions import declared, functions
from symnet.expressions.algebra import (
    nested,
    CONSTANTS, add, apply_entrywise, elementwise, hadamard, inner_product, is_light, is_turned, matmul, scalar_atoms,
    scaled, spread, spread_vector, squared, sums, total, transpose,
)  # fmt: skip
from symnet.expressions.axes import as_axis
from symnet.expressions.declared import are_inverse, facts_of, inverse_of, is_declared
from symnet.expressions.entering import checked_name, given
from symnet.expressions.factored import factored
from symnet.expressions.facts import SCALARS, Facts, allows_complex_step, kinks_of
from symnet.expressions.gathered import gathered, picked
from symnet.expressions.interned import MatrixNode, Node, ScalarNode
from symnet.expressions.structured import Diagonal, Kron, Paired, Unpaired, Unvec, Vec
from symnet.expressions.kronecker import (
    commutation, composed, diag, diagonal, diagonal_matrix, diagonal_of, kron, kronecker, stacked, turned,
    unstacked, vec,
)  # fmt: skip
from symnet.expressions.losses import binary_cross_entropy, cross_entropy, mse, squared_error
from symnet.expressions.metrics import accuracy
from symnet.expressions.nodes import (
    AlongAxis, AxisMax, Commutation, Diag, Distribution, Elementwise, Let, LetScalar, LogSoftmax, LogSumExp,
    Softmax, Total, Unit, let,
)  # fmt: skip
from symnet.expressions.operands import (
    OPERANDS, as_expression, is_subtracted, operands_of, raw, split, symbols_of, walk,
)  # fmt: skip
from symnet.expressions.perceptron import MLP, Parameter, mlp
from symnet.expressions.precise import PRECISE, by_exponential, precise
from symnet.expressions.scalars import Bound, bound_variables, logaddexp, maximum, relu, sigmoid, softplus, step
from symnet.expressions.shown import Made, Shown, in_a_line, listed, preformatted
from symnet.expressions.stability import complement, entered, exponent, partial, stable
from symnet.expressions.sizes import Shape, Size, as_size, axes_of, same_shape, same_size, shape_text, size_number
from symnet.expressions.tree import as_tree, from_tree
from symnet.expressions.sympys import as_scalar
from symnet.expressions.table import Fixed, Table, brief
from symnet.expressions.undefined import called, differentiated, origin, without_definition
from symnet.expressions.types import Array, Dtype, Expression, Matrix, Name, Scalar, Values

__all__ = [
    "CONSTANTS", "MLP", "OPERANDS", "PRECISE", "SCALARS", "AlongAxis", "Array", "AxisMax", "Bound", "Commutation",
    "Diag", "Diagonal", "Distribution", "Dtype", "Elementwise", "Expression", "Facts", "Fixed", "Kron", "Let",
    "LetScalar", "LogSoftmax", "LogSumExp", "Made", "Matrix", "MatrixNode", "Name", "Node", "Paired", "Parameter",
    "Scalar", "ScalarNode", "Shape", "Shown", "Size", "Softmax", "Table", "Total", "Unit", "Unpaired", "Unvec",
    "Values", "Vec", "accuracy", "add", "allows_complex_step", "apply_entrywise", "are_inverse", "as_axis",
    "as_expression", "as_scalar", "as_size", "as_tree", "axes_of", "binary_cross_entropy", "bound_variables",
    "brief", "by_exponential", "called", "checked_name", "commutation", "complement", "composed", "cross_entropy",
    "declared", "diag", "diagonal", "diagonal_matrix", "diagonal_of", "differentiated", "elementwise", "entered",
    "exponent", "factored", "facts_of", "from_tree", "functions", "gathered", "given", "hadamard", "in_a_line",
    "inner_product", "inverse_of", "is_declared", "is_light", "is_subtracted", "is_turned", "kinks_of", "kron",
    "kronecker", "let", "listed", "logaddexp", "matmul", "maximum", "mlp", "mse", "nested", "operands_of", "origin",
    "partial", "picked", "precise", "preformatted", "raw", "relu", "same_shape", "same_size", "scalar_atoms",
    "scaled", "shape_text", "sigmoid", "size_number", "softplus", "split", "spread", "spread_vector", "squared",
    "squared_error", "stable", "stacked", "step", "sums", "symbols_of", "total", "transpose", "turned", "unstacked",
    "vec", "walk", "without_definition",
]  # fmt: skip

"""What you write: symbols, nodes and functions of matrices.

In: names, sizes, SymPy expressions. Out: SymPy expressions, simplified at birth. Nothing here differentiates, names an
intermediate, prints a derivation or computes a number.
"""

from symnet.expressions import curves, functions
from symnet.expressions.algebra import (
    nested,
    CONSTANTS, add, apply_entrywise, elementwise, hadamard, inner_product, is_light, is_turned, matmul, scalar_atoms,
    scaled, spread, spread_vector, squared, sums, total, transpose,
)  # fmt: skip
from symnet.expressions.axes import as_axis
from symnet.expressions.entering import checked_name, given
from symnet.expressions.factored import factored
from symnet.expressions.facts import SCALARS, Facts, allows_complex_step, kinks_of
from symnet.expressions.gathered import gathered
from symnet.expressions.interned import MatrixNode, Node, ScalarNode
from symnet.expressions.structured import Diagonal, Kron, Paired, Unpaired, Unvec, Vec
from symnet.expressions.kronecker import (
    commutation, composed, diag, diagonal, diagonal_matrix, diagonal_of, kron, kronecker, stacked, turned,
    unstacked, vec,
)  # fmt: skip
from symnet.expressions.losses import (
    binary_cross_entropy, categorical_hinge, cosine_similarity, cross_entropy, focal, hinge, huber, kl_divergence, mse,
    squared_error, triplet,
)  # fmt: skip
from symnet.expressions.metrics import accuracy
from symnet.expressions.curves import among, exp_below, finite, or_one, xlogy
from symnet.expressions.masked import Earlier, MaskedSoftmax
from symnet.expressions.normalised import (
    AxisVar, MeanOfAll, Means, OverDeviation, OverRoot, RootMeanSquared, Standardised, Variance,
)  # fmt: skip
from symnet.expressions.reduced import (
    AxisProd, Hardmax, Largest, OtherProducts, Parted, Running, Smallest, Tiled,
)  # fmt: skip
from symnet.expressions.nodes import (
    AlongAxis, AxisMax, Commutation, Diag, Distribution, Elementwise, Let, LetScalar, LogSoftmax, LogSumExp, Reduction,
    Softmax, Total, Unit, let,
)  # fmt: skip
from symnet.expressions.operands import (
    OPERANDS, as_expression, is_subtracted, operands_of, raw, split, symbols_of, walk,
)  # fmt: skip
from symnet.expressions.cells import Cell, gru, lstm, rnn
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
    "CONSTANTS", "MLP", "OPERANDS", "PRECISE", "SCALARS", "AlongAxis", "Array", "AxisMax", "AxisProd", "AxisVar",
    "Bound", "Cell", "Commutation", "Diag", "Diagonal", "Distribution", "Dtype", "Earlier", "Elementwise",
    "Expression", "Facts", "Fixed", "Hardmax", "Kron", "Largest", "Let", "LetScalar", "LogSoftmax", "LogSumExp",
    "Made", "MaskedSoftmax", "Matrix", "MatrixNode", "MeanOfAll", "Means", "Name", "Node", "OtherProducts",
    "OverDeviation", "OverRoot", "Paired", "Parameter", "Parted", "Reduction", "RootMeanSquared", "Running",
    "Scalar", "ScalarNode", "Shape", "Shown", "Size", "Smallest", "Softmax", "Standardised", "Table", "Tiled",
    "Total", "Unit", "Unpaired", "Unvec", "Values", "Variance", "Vec", "accuracy", "add", "allows_complex_step",
    "among", "apply_entrywise", "as_axis", "as_expression", "as_scalar", "as_size", "as_tree", "axes_of",
    "binary_cross_entropy", "bound_variables", "brief", "by_exponential", "called", "categorical_hinge",
    "checked_name", "commutation", "complement", "composed", "cosine_similarity", "cross_entropy", "curves", "diag",
    "diagonal", "diagonal_matrix", "diagonal_of", "differentiated", "elementwise", "entered", "exp_below",
    "exponent", "factored", "finite", "focal", "from_tree", "functions", "gathered", "given", "gru", "hadamard",
    "hinge", "huber", "in_a_line", "inner_product", "is_light", "is_subtracted", "is_turned", "kinks_of",
    "kl_divergence", "kron", "kronecker", "let", "listed", "logaddexp", "lstm", "matmul", "maximum", "mlp", "mse",
    "nested", "operands_of", "or_one", "origin", "partial", "precise", "preformatted", "raw", "relu", "rnn",
    "same_shape", "same_size", "scalar_atoms", "scaled", "shape_text", "sigmoid", "size_number", "softplus",
    "split", "spread", "spread_vector", "squared", "squared_error", "stable", "stacked", "step", "sums",
    "symbols_of", "total", "transpose", "triplet", "turned", "unstacked", "vec", "walk", "without_definition",
    "xlogy",
]  # fmt: skip

"""Laws of the printed derivation over generated nets, and what some nets print."""

import random
import re

import numpy as np
import pytest
import sympy
from sympy import (
    HadamardProduct,
    Identity,
    MatAdd,
    MatMul,
    MatrixSymbol,
    OneMatrix,
    Piecewise,
    Rational,
    Symbol,
    Trace,
    Transpose,
    exp,
    log,
    pi,
    sqrt,
)

import symnet as sn
from symnet.expressions import Bound, split
from symnet.expressions import symbols_of as all_symbols_of

N = Symbol("n")
SIZE = 4  # of every layer, so that layers can be skipped
ACTIVATIONS = {
    "tanh": sn.tanh,
    "sigmoid": sn.sigmoid,
    "relu": sn.relu,
    "softplus": sn.softplus,
    "sin": sn.sin,
    "silu": sn.silu,
    "leaky": sn.leaky_relu,
    "sqrt": lambda A: sn.sqrt(sn.exp(A)),
    "square": lambda A: sn.elementwise(lambda t: t**2, A),
    "cube": lambda A: sn.elementwise(lambda t: -(t**3) / 3, A),
    "gauss": lambda A: sn.elementwise(lambda t: sympy.exp(-(t**2) / 2), A),
    "softsign": lambda A: sn.elementwise(lambda t: t / (1 + sympy.Abs(t)), A),
    "elu": lambda A: sn.elementwise(lambda t: Piecewise((t, t > 0), (sympy.exp(t) - 1, True)), A),
    "softmax": sn.softmax,
}
X, Y = sn.matrix("X", SIZE, N), sn.matrix("Y", SIZE, N)


class Net:
    """A net of random blocks. `named`: whether what comes out of a block is named by let."""

    def __init__(self, seed, named):
        self.rng = random.Random(f"{seed} {named}")
        self.named = named
        self.parameters = []
        self.lets = []
        H = X
        for k in range(1, self.rng.randint(2, 4)):
            block = self.rng.choice([self.dense, self.dense, self.residual, self.wide, self.gate, self.attention])
            H = self.let(f"H{k}", block(k, H))
        if self.rng.random() < 0.7:
            H = self.affine("out", H)
        self.loss = self.error(H) + self.penalty()

    def let(self, name, expr):
        if not self.named:
            return expr
        self.lets.append(name)
        return sn.let(name, expr)

    def weight(self, name):
        self.parameters.append(sn.matrix(name, SIZE, SIZE))
        return self.parameters[-1]

    def affine(self, name, H):
        W = self.weight(f"W{name}")
        if self.rng.random() < 0.5:
            return W * H
        self.parameters.append(sn.vector(f"b{name}", SIZE))
        return sn.affine(W, H, self.parameters[-1])

    def activation(self, A):
        return ACTIVATIONS[self.rng.choice(list(ACTIVATIONS))](A)

    def dense(self, k, H):
        return self.activation(self.affine(k, H))

    def residual(self, k, H):
        return H + self.activation(self.affine(k, H))

    def wide(self, k, H):
        return H + self.weight(f"V{k}") * self.activation(self.affine(k, H))

    def gate(self, k, H):
        return HadamardProduct(sn.sigmoid(self.affine(k, H)), self.activation(self.weight(f"U{k}") * H))

    def attention(self, k, H):
        Q, K, V = (self.let(f"{name}{k}", self.weight(f"W{name.lower()}{k}") * H) for name in "QKV")
        S = self.let(f"S{k}", K.T * Q / 2)
        return V * self.let(f"P{k}", sn.softmax(S))

    def error(self, H):
        return self.rng.choice(
            [
                lambda: sn.squared_error(H, Y),
                lambda: sn.norm(H - Y) ** 2 / 2,
                lambda: sn.norm(Y - H) ** 2,
                lambda: sn.cross_entropy(H, Y),
                lambda: sn.binary_cross_entropy(H, Y),
                lambda: sn.norm(HadamardProduct(sn.matrix("M", SIZE, N), Y - H)) ** 2 / 2,
                lambda: sn.sum(sn.elementwise(lambda t: sympy.log(sympy.cosh(t)), H - Y)),
            ]
        )()

    def penalty(self):
        strength = self.rng.choice([0, 0, Rational(1, 100), 0.01, Symbol("lambda") / 2])
        return strength * sum(sn.norm(W) ** 2 for W in self.parameters if W.shape[1] != 1)


NETS = {f"{seed}{'n' if named else ''}": (seed, named) for seed in range(60) for named in (False, True)}
each_net = pytest.mark.parametrize("net", NETS)
_DERIVED = {}


def derived(net):
    if net not in _DERIVED:
        made = Net(*NETS[net])
        _DERIVED[net] = made, sn.derive(made.loss, made.parameters)
    return _DERIVED[net]


def bar(name):
    stem, digits = re.fullmatch(r"(.*?)(\d*)", name).groups()
    return f"{stem}bar{digits}"


def symbols_of(expr):
    return {s for s in all_symbols_of(expr) if not isinstance(s, Bound)}


def parts(expr):
    yield expr
    for a in expr.args:
        if hasattr(a, "args"):
            yield from parts(a)


@pytest.mark.sampled(4)
@each_net
def test_the_forward_part_speaks_of_forward_names_only(net):
    _, d = derived(net)
    behind = {e.lhs for e in d.backward}
    for e in d.forward:
        assert e.role in ("pre-activation", "activation", "value")
        assert behind.isdisjoint({e.lhs, *symbols_of(e.rhs)}), f"{e}\n{d}"
    assert all(e.role not in ("pre-activation", "activation") for e in d.backward)


@each_net
def test_layers_are_numbered_without_holes_and_an_activation_as_its_layer(net):
    made, d = derived(net)
    numbers = {
        letter: [int(m[1]) for e in d.forward if (m := re.fullmatch(rf"{letter}(\d+)", e.lhs.name))] for letter in "ZAT"
    }
    assert sorted(numbers["Z"]) == list(range(1, len(numbers["Z"]) + 1)), d
    if not made.named:
        assert sorted(numbers["A"]) == list(range(1, len(numbers["A"]) + 1)), d
    everything = [int(m[1]) for e in d.equations if (m := re.fullmatch(r"T(?:bar)?(\d+)", e.lhs.name))]
    assert set(everything) == set(range(1, len(set(everything)) + 1)), d
    for e in d.forward:
        if e.role == "activation" and e.of.name[0] == "Z" and e.lhs.name[0] == "A":
            first = next(f for f in d.forward if f.role == "activation" and f.of == e.of)
            assert first.lhs.name[1:] == e.of.name[1:]


@each_net
def test_the_adjoint_of_a_named_value_is_named_after_it(net):
    made, d = derived(net)
    backward = {e.lhs.name: e for e in d.backward}
    for name in made.lets:
        assert bar(name) in backward, f"{name}\n{d}"
    for e in d.backward:
        if e.role == "adjoint" and not re.fullmatch(r"T\d+", e.lhs.name):
            assert e.lhs.name == bar(e.of.name), d


@each_net
def test_every_name_is_used_after_it_has_been_made(net):
    _, d = derived(net)
    seen, asked = set(d.program.inputs.values()), {d.loss_name, *d.gradient_names.values()}
    lets = {bar(name) for name in derived(net)[0].lets}
    for k, e in enumerate(d.equations):
        assert symbols_of(e.rhs) <= seen, f"{e}\n{d}"
        seen.add(e.lhs)
        used = any(e.lhs in symbols_of(later.rhs) for later in d.equations[k + 1 :])
        assert used or e.lhs in asked or e.lhs.name in lets, f"{e.lhs}\n{d}"


@each_net
def test_signs_numbers_and_transposes_stand_where_a_textbook_has_them(net):
    _, d = derived(net)
    text = str(d)
    for wrong in ("−−", "− −", "+ −", "∘ (−", "⋅(−", "∘ −", "⋅−"):
        assert wrong not in text, text
    for e in d.equations:
        for part in parts(e.rhs):
            assert not (isinstance(part, Transpose) and isinstance(part.args[0], MatMul)), f"{e}\n{d}"
            if isinstance(part, HadamardProduct):
                assert all(split(a)[0] == 1 for a in part.args), f"{e}\n{d}"
                assert part.args[0] == part.args[1] or not any(isinstance(a, HadamardProduct) for a in part.args)


@each_net
def test_terms_stand_in_order_and_the_penalty_last(net):
    made, d = derived(net)
    for e in d.equations:
        for part in parts(e.rhs):
            if isinstance(part, MatAdd):
                signs = [bool(split(t)[0].could_extract_minus_sign()) for t in part.args]
                assert signs == sorted(signs), f"{e}\n{d}"
    for W in made.parameters:
        right = d[W]
        if isinstance(right, MatAdd) and W in {split(t)[1] for t in right.args}:
            assert split(right.args[-1])[1] == W, f"{right}\n{d}"


@each_net
def test_a_gradient_stands_below_the_adjoint_that_it_comes_from(net):
    _, d = derived(net)
    places = {e.lhs: k for k, e in enumerate(d.equations)}
    for k, e in enumerate(d.equations):
        if e.role == "gradient":
            last = max((places[name] for name in symbols_of(e.rhs) if name in places), default=k)
            between = d.equations[last + 1 : k]
            assert sum(other.role not in ("gradient", "adjoint") for other in between) <= 1, d


@pytest.mark.parametrize("net", list(NETS)[::4])
def test_the_gradients_are_right(net):
    made, d = derived(net)
    rng = np.random.default_rng(0)
    values = {}
    for name, symbol in d.program.inputs.items():
        if isinstance(symbol, MatrixSymbol):
            values[name] = rng.normal(size=[int(s.subs(N, 3)) for s in symbol.shape]) / 2
    values |= {"lambda": 0.1} if "lambda" in d.program.inputs else {}
    values["Y"] = rng.dirichlet(np.ones(SIZE), 3).T
    check = sn.check_gradients(made.loss, values, made.parameters)
    assert check.ok, f"{check}\n{d}"


def test_a_value_that_is_its_own_transpose_saves_a_product():
    A = sn.matrix("A", 5, 3)
    d = sn.derive(sn.norm(A.T * A - Identity(3)) ** 2, A)
    assert str(d[A]) == "4*A*T1"
    assert d.compile().source.count(" @ ") == 2


def test_names_of_values_cost_nothing():
    def net(named):
        H, weights = X, []
        for k in range(1, 5):
            weights.append(sn.matrix(f"W{k}", SIZE, SIZE))
            H = H + sn.tanh(weights[-1] * H)
            H = sn.let(f"H{k}", H) if named else H
        return sn.derive(sn.squared_error(H, Y), weights).compile().source

    assert net(True).count(" @ ") == net(False).count(" @ ") == 3 * 4 - 1


def test_a_mask_is_multiplied_once_in_the_loss():
    R, M = sn.matrix("R", 4, 5), sn.matrix("M", 4, 5)
    U, V = sn.matrix("U", 4, 2), sn.matrix("V", 5, 2)
    source = sn.derive(sn.norm(HadamardProduct(M, R - U * V.T)) ** 2 / 2, [U, V]).compile().source
    assert source.count(" @ ") == 3 and source.count("vdot(T1, T1)") == 1
    assert len(re.findall(r"\bM\b", source)) == 3  # the argument, the loss, the adjoint


# -- what some nets print


def attention():
    d = 4
    E = sn.matrix("X", d, N)
    Wq, Wk, Wv = (sn.matrix(name, d, d) for name in ("Wq", "Wk", "Wv"))
    Q, K, V = sn.let("Q", Wq * E), sn.let("K", Wk * E), sn.let("V", Wv * E)
    A = sn.let("A", sn.softmax(sn.let("S", K.T * Q / 2)))
    return sn.squared_error(sn.let("O", V * A), sn.matrix("Y", d, N)), [Wq, Wk, Wv]


def rows_of_attention():
    E = sn.matrix("X", N, 4)
    Wq, Wk, Wv = (sn.matrix(name, 4, 4) for name in ("Wq", "Wk", "Wv"))
    A = sn.softmax(E * Wq * (E * Wk).T / 2, axis=1)
    return sn.squared_error(A * E * Wv, sn.matrix("Y", N, 4), axis=1), [Wq, Wk, Wv]


def residual_blocks():
    H, weights = X, []
    for k in (1, 2):
        W, V = sn.matrix(f"W{k}", SIZE, SIZE), sn.matrix(f"V{k}", SIZE, SIZE)
        weights += [W, V]
        H = sn.let(f"H{k}", H + V * sn.relu(W * H))
    return sn.squared_error(H, Y), weights


def least_squares():
    D, v, y = sn.matrix("X", N, 3), sn.vector("v", 3), sn.vector("y", N)
    return sn.inner(D * v - y, D * v - y) / 2, [v]


def factors():
    R, M = sn.matrix("R", 4, 5), sn.matrix("M", 4, 5)
    U, V = sn.matrix("U", 4, 2), sn.matrix("V", 5, 2)
    return sn.norm(HadamardProduct(M, R - U * V.T)) ** 2 / 2, [U, V]


def decay():
    net = sn.mlp(X, [SIZE] * 3)
    W = net.parameters[::2]
    return sn.squared_error(net.output, Y) + 0.01 * sum(sn.norm(w) ** 2 for w in W), net.parameters


def recurrent():
    W, U, V, h = sn.matrix("W", 4, 4), sn.matrix("U", 4, 3), sn.matrix("V", 2, 4), sn.matrix("h0", 4, N)
    loss = 0
    for t in (1, 2):
        h = sn.let(f"h{t}", sn.tanh(W * h + U * sn.matrix(f"x{t}", 3, N)))
        loss = loss + sn.squared_error(V * h, sn.matrix(f"y{t}", 2, N))
    return loss, [W, U, V]


def hinge():
    D, w, y = sn.matrix("X", N, 3), sn.vector("w", 3), sn.vector("y", N)
    return sn.norm(w) ** 2 / 2 + Symbol("C") * sn.sum(sn.relu(OneMatrix(N, 1) - HadamardProduct(y, D * w))), [w]


def cosine():
    a, b = sn.vector("a", 3), sn.vector("b", 3)
    return sn.inner(a, b) / (sn.norm(a) * sn.norm(b)), [a]


def gauss():
    W, V = sn.matrix("W", SIZE, SIZE), sn.matrix("V", SIZE, SIZE)
    hidden = sn.elementwise(lambda t: sympy.exp(-(t**2) / 2), W * X)
    return sn.squared_error(V * hidden, Y), [W, V]


GOLDEN = {
    least_squares: """\
Forward               Backward
  Z₁ = X⋅v              Z̅₁ = Z₁ − y
  L  = ‖Z₁ − y‖²/2      ∂L/∂v = Xᵀ⋅Z̅₁
""",
    factors: """\
Forward                     Backward
  Z₁ = U⋅Vᵀ                   Z̅₁ = M ∘ M ∘ (Z₁ − R)
  L  = ‖M ∘ (R − Z₁)‖²/2      ∂L/∂U = Z̅₁⋅V
                              ∂L/∂V = Z̅₁ᵀ⋅U
""",
    attention: """\
Forward                Backward
  V = Wv⋅X               O̅ = (O − Y)/n
  K = Wk⋅X               A̅ = Vᵀ⋅O̅
  Q = Wq⋅X               S̅ = A ∘ (A̅ − 1⋅1ᵀ⋅(A̅∘A))
  S = Kᵀ⋅Q/2             Q̅ = K⋅S̅/2
  A = softmax(S)         ∂L/∂Wq = Q̅⋅Xᵀ
  O = V⋅A                K̅ = Q⋅S̅ᵀ/2
  L = ‖O − Y‖²/(2n)      ∂L/∂Wk = K̅⋅Xᵀ
                         V̅ = O̅⋅Aᵀ
                         ∂L/∂Wv = V̅⋅Xᵀ
""",
    rows_of_attention: """\
Forward                       Backward
  Z₁ = X⋅Wq⋅Wkᵀ⋅Xᵀ/2            Z̅₂ = (Z₂ − Y)/n
  A₁ = softmax(Z₁, axis=1)      ∂L/∂Wv = Xᵀ⋅A₁ᵀ⋅Z̅₂
  T₁ = X⋅Wv                     A̅₁ = Z̅₂⋅T₁ᵀ
  Z₂ = A₁⋅T₁                    Z̅₁ = A₁ ∘ (A̅₁ − (A̅₁∘A₁)⋅1⋅1ᵀ)
  L  = ‖Z₂ − Y‖²/(2n)           T₂ = Xᵀ⋅Z̅₁⋅X
                                ∂L/∂Wq = T₂⋅Wk/2
                                ∂L/∂Wk = T₂ᵀ⋅Wq/2
""",
    residual_blocks: """\
Forward                  Backward
  Z₁ = W₁⋅X                H̅₂ = (H₂ − Y)/n
  A₁ = relu(Z₁)            ∂L/∂V₂ = H̅₂⋅A₂ᵀ
  H₁ = V₁⋅A₁ + X           Z̅₂ = (V₂ᵀ⋅H̅₂) ∘ [Z₂ > 0]
  Z₂ = W₂⋅H₁               ∂L/∂W₂ = Z̅₂⋅H₁ᵀ
  A₂ = relu(Z₂)            H̅₁ = W₂ᵀ⋅Z̅₂ + H̅₂
  H₂ = V₂⋅A₂ + H₁          ∂L/∂V₁ = H̅₁⋅A₁ᵀ
  L  = ‖H₂ − Y‖²/(2n)      Z̅₁ = (V₁ᵀ⋅H̅₁) ∘ [Z₁ > 0]
                           ∂L/∂W₁ = Z̅₁⋅Xᵀ
""",
    decay: """\
Forward                                                      Backward
  Z₁ = W₁⋅X + b₁⋅1ᵀ                                            Z̅₃ = (Z₃ − Y)/n
  A₁ = tanh(Z₁)                                                ∂L/∂W₃ = Z̅₃⋅A₂ᵀ + 0.02⋅W₃
  Z₂ = W₂⋅A₁ + b₂⋅1ᵀ                                           ∂L/∂b₃ = Z̅₃⋅1
  A₂ = tanh(Z₂)                                                Z̅₂ = (W₃ᵀ⋅Z̅₃) ∘ (1 − A₂∘A₂)
  Z₃ = W₃⋅A₂ + b₃⋅1ᵀ                                           ∂L/∂W₂ = Z̅₂⋅A₁ᵀ + 0.02⋅W₂
  L  = 0.01‖W₁‖² + 0.01‖W₂‖² + 0.01‖W₃‖² + ‖Z₃ − Y‖²/(2n)      ∂L/∂b₂ = Z̅₂⋅1
                                                               Z̅₁ = (W₂ᵀ⋅Z̅₂) ∘ (1 − A₁∘A₁)
                                                               ∂L/∂W₁ = Z̅₁⋅Xᵀ + 0.02⋅W₁
                                                               ∂L/∂b₁ = Z̅₁⋅1
""",
    recurrent: """\
Forward                                     Backward
  Z₁ = U⋅x₁ + W⋅h₀                            Z̅₄ = (Z₄ − y₂)/n
  h₁ = tanh(Z₁)                               h̅₂ = Vᵀ⋅Z̅₄
  Z₃ = V⋅h₁                                   Z̅₂ = h̅₂ ∘ (1 − h₂∘h₂)
  Z₂ = U⋅x₂ + W⋅h₁                            Z̅₃ = (Z₃ − y₁)/n
  h₂ = tanh(Z₂)                               ∂L/∂V = Z̅₄⋅h₂ᵀ + Z̅₃⋅h₁ᵀ
  Z₄ = V⋅h₂                                   h̅₁ = Wᵀ⋅Z̅₂ + Vᵀ⋅Z̅₃
  L  = ‖Z₃ − y₁‖²/(2n) + ‖Z₄ − y₂‖²/(2n)      Z̅₁ = h̅₁ ∘ (1 − h₁∘h₁)
                                              ∂L/∂W = Z̅₂⋅h₁ᵀ + Z̅₁⋅h₀ᵀ
                                              ∂L/∂U = Z̅₂⋅x₂ᵀ + Z̅₁⋅x₁ᵀ
""",
    hinge: """\
Forward                            Backward
  Z₁ = X⋅w                           Z̅₁ = −C⋅([T₁ > 0]∘y)
  T₁ = 1 − Z₁∘y                      ∂L/∂w = Xᵀ⋅Z̅₁ + w
  L  = C⋅sum(relu(T₁)) + ‖w‖²/2
""",
    cosine: """\
Forward                   Backward
  L = ⟨a, b⟩/(‖a‖⋅‖b‖)      ∂L/∂a = b/(‖a‖⋅‖b‖) − ⟨a, b⟩⋅a/(‖a‖³⋅‖b‖)
""",
    gauss: """\
Forward                   Backward
  Z₁ = W⋅X                  Z̅₂ = (Z₂ − Y)/n
  A₁ = exp(−(Z₁∘Z₁)/2)      ∂L/∂V = Z̅₂⋅A₁ᵀ
  Z₂ = V⋅A₁                 Z̅₁ = −(Vᵀ⋅Z̅₂) ∘ Z₁ ∘ A₁
  L  = ‖Z₂ − Y‖²/(2n)       ∂L/∂W = Z̅₁⋅Xᵀ
""",
}


@pytest.mark.parametrize("net", GOLDEN, ids=lambda net: net.__name__)
def test_what_a_net_prints(net):
    assert f"{sn.derive(*net())}\n" == GOLDEN[net]


M = sn.matrix("M", 2, 2)
a, mu, sigma = (Symbol(name, real=True) for name in ("a", "mu", "sigma"))
SCALAR_SLOPES = [
    ((a - mu) ** 2 / (2 * sigma**2), mu, "(μ − a)/σ²"), ((2 * a - 4 * mu) ** 2 / sigma, a, "8(a − 2μ)/σ"),
    ((a - mu) ** 2 * Trace(M) / 4, mu, "(μ − a)⋅tr(M)/2"),
    (exp(-((a - mu) ** 2) / (2 * sigma**2)), mu, "(a − μ)⋅exp(−(a − μ)²/(2σ²))/σ²"),
    (sn.sum(sn.elementwise(lambda t: (t - mu) ** 2 / (2 * sigma**2), M)), M, "(M − μ)/σ²"),
    (-log(exp(-((a - mu) ** 2) / (2 * sigma**2)) / (sigma * sqrt(2 * pi))), mu, "(μ − a)/σ²"),
    (-log(exp(-((a - mu) ** 2) / (2 * sigma**2)) / sqrt(2 * pi)), sigma, "−(a − μ)²/σ³"),
]  # fmt: skip


@pytest.mark.parametrize("loss, w, formula", SCALAR_SLOPES, ids=lambda e: str(e)[:40])
def test_slopes_of_scalars_have_their_numbers_in_front_and_cancelled(loss, w, formula):
    assert str(sn.formula(sn.gradient(loss, w))) == formula

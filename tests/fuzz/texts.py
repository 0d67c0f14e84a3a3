"""Texts of every kind for `sn.parse`: formulas, formulas that somebody spoilt, programs, and noise.

In: a seed. Out: a text, a syntax or None, and what is told of the shapes. `python -m tests.fuzz.texts 10000` is a long run.
"""

import random
import resource
import sys
import time
from collections import Counter

FORMULAS = [
    "sum(log(1 + exp(-y * (X @ w))))", "norm(X @ w - y)**2/(2*m) + lam*norm(w)**2", "trace(A @ B.T @ A)/2",
    "x'*A*x/2", "norm2(A*x-y)^2", "sum(log(exp(-y.*(X*w)) + vector(1)))", "tr(A*X'*B*X*C)", "log(det(inv(X)))",
    "norm1(A*x-y)", "(y.*v)'*x", "A*exp(x)", "a^b", "Tr[Transpose[Y - W.X].(Y - W.X)]/2", "LogisticSigmoid[W.X]",
    "Total[(W.x - y)^2]", "Total[a, 2]", "np.sum(np.maximum(X @ W + b, 0), axis=0)", "where(x > 0, x, 0.1*x)",
    "sn.cross_entropy(W @ X, Y)", "-np.mean(Y*np.log(softmax(W @ X, axis=0)))", "X.T*(X*w - y)/n", "A[0, 1] + A[1:3, ::2]",
    "sum(exp(Z - logsumexp(Z, axis=1)))", "kron(A, B) @ vec(C)", "2 x + Exp[x]/Total[Exp[x]]", "f(x)", "X(1, 2) + X(:)",
]  # fmt: skip
PROGRAMS = [
    "__import__('os').system('touch {}')", "open('{}', 'w')", "().__class__.__bases__[0].__subclasses__()",
    "eval('1')", "exec(\"x = 1\")", "lambda: 0", "[x for x in X]", "X.__class__", "np.load('{}')", "np.linalg.__dict__",
    "sn.load('{}')", "sn.save('{}', X)", "f'{{X}}'", "(yield)", "await X", "X if y else z", "print(X)", "X := 3",
    "Import[\"{}\"]", "Run[\"touch {}\"]", "system('touch {}')", "!touch {}", "Get[\"{}\"]", "ToExpression[\"1\"]", "{}", "sn.__loader__",
    "getattr(X, 'T')", "X.T.__init__", "np.sum.__globals__", "globals()", "sn.parse('X')", "sn.elementwise(X, X)",
]  # fmt: skip
BOMBS = [
    "10**10**10", "9**9**9**9", "(" * 5000 + "x" + ")" * 5000, "-" * 9000 + "x", "x" + "**x" * 3000, "x" + "'" * 5000,
    "exp(" * 200 + "x" + ")" * 200, "9" * 9000, "1e999999", "gamma(10**9)", "x^" * 2000 + "x", "x" + "+x" * 4000, "x" + "*x" * 900,
    "2^2^2^2^2^2", "[" * 3000, "{" * 3000, "x.T" + ".T" * 3000, "x" + "[0]" * 2000, "factorial(10**8)", "exp(exp(exp(exp(9))))",
    "1/" * 3000 + "3", "(x+1)**1000", "sum(" * 90 + "x" + ")" * 90, "f(" * 3000, "if " * 2000, "not " * 3000 + "x", "lambda " * 900,
    "1" + "*1000000000000000000" * 400, "x" * 9000, "é" * 9000, "A@" * 900 + "A", "A*" * 900 + "A", "sigmoid(" * 60 + "x" + ")" * 60,
    "zeros((10**8, 10**8))", "eye(10**9)", "ones(999999999, 999999999)", "polygamma(10**9, 3)", "0.1**1000", "(1/3)**999", "2**-1000*x",
    "exp(700)*exp(700)*exp(700)", "sin(1e300)", "log(log(log(2)))", "sqrt(2)**999", "x**1000 + y**999", "gamma(169.5)*x",
    "gamma(gamma(4.9))", "erf(10**25)", "(1+x*y)**1000", "loggamma(10**20)", "tan(pi/2)", "1/(sqrt(2)**2-2)", "log(0)", "atan2(0,0)",
]  # fmt: skip
SIGNS = list("+-*/^@.,:;'\"()[]{}=<>!&|~%$#?\\ \t\n_0123456789") + [
    "**", ".*", "./", ".^", ".T", "==", "->", "/@", "[[", "]]", "exp", "sum", "norm", "X", "x", "y", "w", "np.", "sn.", "Tr[", "Exp[", "λ",
    "²", "\x00", "\u202e", "\ud800", "１", "ｘ", "1e400", "lambda", "for", "in", "None", "axis=0", "T", "é",
]  # fmt: skip
SHAPES = ["m×n", "n", "m", "3×4", "n×n", "scalar", "matrix", "vector", 3, ("m", "n"), "m,n", "1×1", "n×1"]


FITTING = {**dict.fromkeys("ABC", "n×n"), "X": "m×n", "y": "m", **dict.fromkeys("xvw", "n"), "W": "k×m", "a": "scalar"}


def spoilt(text, rng):
    """Give a text with a few places changed, doubled, dropped or swapped."""
    for _ in range(rng.choice([1, 1, 2, 3])):
        at = rng.randrange(len(text) + 1)
        end = min(len(text), at + rng.randint(0, 6))
        text = rng.choice([
            text[:at] + rng.choice(SIGNS) + text[at:], text[:at] + text[end:], text[:end] + text[at:],
            text[:at] + rng.choice(SIGNS) + text[end:], text[:at] + rng.choice(FORMULAS) + text[end:],
        ])  # fmt: skip
    return text


def made(seed, path="/nowhere"):
    """Give the text, the syntax and the shapes of a seed. `path`: a file that programs would write."""
    rng = random.Random(seed)
    kind = rng.randrange(8)
    if kind == 0:
        text = bytes(rng.randrange(256) for _ in range(rng.randint(0, 60))).decode(
            rng.choice(["latin-1", "utf-8"]), "replace"
        )
    elif kind == 1:
        text = "".join(rng.choice(SIGNS) for _ in range(rng.randint(1, 40)))
    elif kind == 2:
        text = rng.choice(PROGRAMS).replace("{}", path)
        text = text if rng.random() < 0.5 else spoilt(text, rng)
    elif kind == 3 and rng.random() < 0.3:
        text = rng.choice(BOMBS)
    else:
        text = rng.choice(FORMULAS)
        text = text if rng.random() < 0.2 else spoilt(text, rng)
    syntax = rng.choice([None, None, "numpy", "matlab", "mathematica", "sympy"])
    names = rng.sample(list("XxywAWBabmn"), rng.randint(0, 4))
    shapes = {name: rng.choice(SHAPES) for name in names if name in text}
    if rng.random() < 0.5:
        shapes = {name: shape for name, shape in FITTING.items() if name in text}
    return text, syntax, shapes


def main(count):
    """Have `sn.parse` read texts; print what came of them, the slowest one and the memory."""
    import symnet as sn

    met, slowest = Counter(), (0.0, "")
    for seed in range(count):
        text, syntax, shapes = made(seed)
        start = time.perf_counter()
        try:
            sn.parse(text, shapes, syntax=syntax)
            met["read"] += 1
        except (ValueError, TypeError) as error:
            met[type(error).__name__ if str(error).startswith("parse: ") else f"not ours: {error!r} of {text!r}"] += 1
        slowest = max(slowest, (time.perf_counter() - start, text[:60]))
    print(
        dict(met),
        f"slowest {slowest[0]:.2f} s: {slowest[1]!r},",
        resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024,
        "MiB",
    )


if __name__ == "__main__":
    main(int(sys.argv[1]))

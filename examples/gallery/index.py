"""The page of the gallery: every example with its formula, its picture and what it found.

Run `python examples/gallery/index.py [FOLDER]`; index.html and the pictures go to FOLDER. SYMNET_QUICK=1 trains less.
"""

import contextlib
import importlib
import io
import sys
from html import escape
from pathlib import Path

from gallery_style import target

import symnet as sn

SECTIONS = {
    "One layer": ("adaline", "perceptron", "logistic_regression", "newton", "solvers"),
    "Bent boundaries": ("xor", "functional_link", "radial_basis", "probabilistic"),
    "Memory and time": ("elman", "jordan", "tapped_delay", "hopfield", "associative_memory", "travelling_salesman"),
    "Structure without a teacher": (
        "vector_quantisation", "kohonen", "pca", "autoencoder", "matrix_factorisation",
    ),
}  # fmt: skip

STYLE = """
body { margin: 0 auto; max-width: 70rem; padding: 1rem 1.5rem 4rem; color: #222; background: #fff;
       font: 16px/1.5 system-ui, sans-serif }
h1, h2, h3 { line-height: 1.2 } h2 { margin-top: 3rem; border-bottom: 2px solid #1f5fa8; padding-bottom: .2rem }
article { margin: 2.2rem 0 } h3 { margin-bottom: .3rem } h3 code { float: right; font-size: .8rem; color: #777 }
nav { columns: 3; font-size: .95rem } nav a { display: block; color: #1f5fa8; text-decoration: none }
.formula { overflow-x: auto; padding: .6rem 1rem; margin: .6rem 0; background: #f6f7f9; border-radius: 6px }
.formula math { font-size: 1.05rem }
img { display: block; max-width: 100%; margin: .8rem auto }
pre { padding: .6rem 1rem; border-left: 3px solid #d9771a; background: #fdf8f2; overflow-x: auto; font-size: .85rem }
"""


PAGE = """<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>symnet: the gallery</title>
<meta name="viewport" content="width=device-width"><style>{style}</style></head>
<body><h1>The gallery</h1>
<p>Classic networks, each written as one formula. What stands in the grey boxes was derived from it, was
compiled, and was trained.</p>
<nav>{contents}</nav>
{parts}
</body></html>
"""


def ran(name, folder):
    """Run an example; give the formulas that it showed and the lines that it printed about them."""
    printed = io.StringIO()
    with contextlib.redirect_stdout(printed):
        formulas = importlib.import_module(name).main(folder)
    return formulas, [line for line in printed.getvalue().split("\n\n")[-1].splitlines() if "saved " not in line]


def article(name, folder):
    """Give an example as HTML."""
    formulas, found = ran(name, folder)
    title, _, text = importlib.import_module(name).__doc__.strip().partition("\n\n")
    typeset = lambda f: f._repr_html_() if isinstance(f, sn.Derivation) else sn.formula(f, "mathml")
    blocks = "\n".join(f'<div class="formula">{typeset(f)}</div>' for f in formulas)
    width = int.from_bytes((Path(folder) / f"{name}.png").read_bytes()[16:20], "big") * 2 // 3  # of 150 dots an inch
    lines = "\n".join(found)
    return (
        f'<article id="{name}"><h3><code>{name}.py</code>{escape(title)}</h3>\n<p>{escape(text)}</p>\n{blocks}\n'
        f'<img width="{width}" src="{name}.png" alt="{escape(title)}">\n<pre>{escape(lines)}</pre></article>'
    )


def main(folder):
    contents, parts = [], []
    for section, names in SECTIONS.items():
        parts.append(f"<h2>{section}</h2>")
        for name in names:
            print(name, flush=True)
            parts.append(article(name, folder))
            title = importlib.import_module(name).__doc__.partition(":")[0]
            contents.append(f'<a href="#{name}">{escape(title)}</a>')
    page = PAGE.format(style=STYLE, contents="".join(contents), parts="\n".join(parts))
    path = Path(folder) / "index.html"
    path.write_text(page, encoding="utf-8")
    print(f"saved {path}")


if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parent))
    main(target())

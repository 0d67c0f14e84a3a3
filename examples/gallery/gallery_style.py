"""What the examples of the gallery share: one look for pictures, formulas shown one way, and the folder to write to."""

import os
import sys
from pathlib import Path

import numpy as np

import symnet as sn

try:
    import matplotlib
    import sklearn  # noqa: F401  (the data of several examples)
    from matplotlib.figure import Figure
except ImportError as error:
    sys.exit(f"the gallery needs scikit-learn and matplotlib ({error}): pip install 'symnet[examples]'")

QUICK = os.environ.get("SYMNET_QUICK") == "1"
BLUE, ORANGE, GREEN, RED, GREY = "#1f5fa8", "#d9771a", "#2b8a57", "#c8202f", "#777777"
TEN = [BLUE, ORANGE, GREEN, RED, "#7a4fa3", "#8a5a3b", "#d45c9e", GREY, "#a3a81f", "#1fa3b5"]

matplotlib.rcParams.update({
    "axes.edgecolor": "#444444", "axes.labelsize": 11, "axes.spines.right": False, "axes.spines.top": False,
    "axes.titlesize": 12, "figure.constrained_layout.use": True, "figure.dpi": 100, "font.size": 11,
    "image.cmap": "gray_r", "legend.fontsize": 10, "legend.edgecolor": "none", "legend.framealpha": 0.8,
    "lines.linewidth": 2, "savefig.dpi": 150,
})  # fmt: skip


def target():
    """Give the folder that pictures go to: the argument of the script, here by default."""
    folder = Path(*sys.argv[1:2])
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def show(*formulas):
    """Print derivations and single expressions, and give them back for the page of the gallery."""
    for one in formulas:
        print(one if isinstance(one, sn.Derivation) else sn.formula(one), end="\n\n")
    return formulas


def plots(rows=1, columns=1, size=(8, 3.8), **options):
    """Give a figure and its axes."""
    figure = Figure(figsize=size, layout="constrained")
    return figure, figure.subplots(rows, columns, **options)


def picture(axes, image, title="", **options):
    """Draw a matrix as a picture without ticks."""
    axes.imshow(image, **options)
    axes.set(xticks=[], yticks=[], title=title)
    axes.spines[:].set_visible(True)


def regions(axes, classify, xlim, ylim, colors=(BLUE, ORANGE, GREEN), points=200):
    """Shade a plane by the class of each point; classify: from a 2 × points array to whole numbers from 0."""
    x, y = np.meshgrid(np.linspace(*xlim, points), np.linspace(*ylim, points))
    found = classify(np.stack([x.ravel(), y.ravel()])).reshape(x.shape)
    levels = np.arange(len(colors) + 1) - 0.5
    axes.contourf(x, y, found, levels=levels, colors=list(colors), alpha=0.15)


def save(figure, folder, script):
    """Save the picture of a script under its name."""
    path = Path(folder) / f"{Path(script).stem}.png"
    figure.savefig(path)
    print(f"saved {path}")

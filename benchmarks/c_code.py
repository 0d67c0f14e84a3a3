"""C that symnet derives against C written by hand: steps of the smallest net in double, both called in a loop of C."""

import shutil
import subprocess
import tempfile
from pathlib import Path

import symnet as sn
from benchmarks.timing import table

DRIVER = """
#include <stdio.h>
#include <time.h>

double net_step(const double *, const double *, double, double *, double *, double *, double *);
double hand_step(const double *, const double *, double, double *, double *, double *, double *);

typedef double step_of(const double *, const double *, double, double *, double *, double *, double *);

static double seconds(step_of *step, const int steps, double *loss)
{
    const double X[8] = {0, 0, 1, 1, 0, 1, 0, 1}, Y[4] = {0, 1, 1, 0};
    double W1[6] = {0.3, -0.5, 0.7, 0.2, -0.6, 0.4}, b1[3] = {0, 0, 0}, W2[3] = {0.5, -0.3, 0.8}, b2[1] = {0};
    struct timespec begin, end;
    timespec_get(&begin, TIME_UTC);
    for (int k = 0; k < steps; k++) *loss = step(X, Y, 0.3, W1, b1, W2, b2);
    timespec_get(&end, TIME_UTC);
    return (double)(end.tv_sec - begin.tv_sec) + 1e-9*(double)(end.tv_nsec - begin.tv_nsec);
}

int main(void)
{
    double best[2] = {1e9, 1e9}, loss[2] = {0, 0};
    for (int round = 0; round < ROUNDS; round++) {
        for (int which = 0; which < 2; which++) {
            const double taken = seconds(which ? hand_step : net_step, STEPS, &loss[which]);
            best[which] = taken < best[which] ? taken : best[which];
        }
    }
    printf("%.17g %.17g %.17g %.17g\\n", best[0]/STEPS, best[1]/STEPS, loss[0], loss[1]);
    return 0;
}
"""


def derived() -> str:
    """Give the C of the net of 2, 3 and 1 units with four samples."""
    X, Y = sn.matrix("X", 2, 4), sn.matrix("Y", 1, 4)
    net = sn.mlp(X, [3, 1])
    return sn.derive(sn.squared_error(net.output, Y), net).c("net", "double", optimizer=sn.GradientDescent(0.3))


def measured(steps: int, rounds: int) -> tuple[float, ...]:
    """Give seconds a step and the last loss, of symnet's C and of the C by hand."""
    by_hand = Path(__file__).with_name("c_by_hand.c")
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        (place / "net.c").write_text(derived())
        (place / "driver.c").write_text(DRIVER)
        sources = [str(place / "net.c"), str(by_hand)]
        for source, out in zip(sources, ("net.o", "hand.o"), strict=True):
            subprocess.run(["cc", "-std=c99", "-O3", "-c", source, "-o", str(place / out)], check=True)
        limits = [f"-DSTEPS={steps}", f"-DROUNDS={rounds}", "-std=c11", "-O3"]
        objects = [str(place / name) for name in ("driver.c", "net.o", "hand.o")]
        subprocess.run(["cc", *limits, *objects, "-o", str(place / "run"), "-lm"], check=True)
        found = subprocess.run([str(place / "run")], check=True, capture_output=True, text=True).stdout
    return tuple(map(float, found.split()))


def report(smoke: bool) -> None:
    """Print the table."""
    if shutil.which("cc") is None:
        print("\nC: there is no compiler, cc, on the path")
        return
    net, hand, loss, by_hand = measured(*((100, 2) if smoke else (200_000, 15)))
    assert abs(loss - by_hand) <= 1e-12
    table(
        "C, one step of gradient descent of 2-3-1 with 4 samples in double, cc -O3, both called in a loop of C",
        ["derived", "by hand", "derived / by hand"],
        [[f"{net * 1e9:.0f} ns", f"{hand * 1e9:.0f} ns", f"{net / hand:.2f}"]],
    )

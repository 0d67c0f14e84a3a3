"""Long tables of cases: of a test marked `sampled(k)` each k-th case runs every time, all of them with `--all`."""

from collections import Counter


def pytest_addoption(parser):
    parser.addoption("--all", action="store_true", help="run all cases of long tables, not a part of each")


def pytest_configure(config):
    config.addinivalue_line("markers", "sampled(k): of the cases of this test each k-th, all of them with --all")


def pytest_collection_modifyitems(config, items):
    if config.getoption("--all"):
        return
    met, left = Counter(), []
    for item in items:
        mark = item.get_closest_marker("sampled")
        if mark:
            test = item.nodeid.partition("[")[0]
            if met[test] % mark.args[0]:
                left.append(item)
            met[test] += 1
    if left:
        config.hook.pytest_deselected(items=left)
        items[:] = [item for item in items if item not in set(left)]

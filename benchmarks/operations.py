"""Every operation, forward and backward, against PyTorch on one thread: float32, at sizes that networks have.

    python -m benchmarks.operations [--quick] [--only PART …] [--above RATIO] [--beside TREE]

prints a table of all of them, the slowest beside PyTorch's first, or of those whose name has one of the parts in it;
with TREE, another one whose environment is TREE/.venv, what each took there. What is timed is the operation alone: its
own nodes of a graph in their order, then their gradients from a given one, and the same call in PyTorch with its
gradients. CPU time of the process, the two in turns, the least of each.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import tempfile
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from time import process_time
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np

from benchmarks.case import Case
from benchmarks.measure import Pair
from benchmarks.names import GradstepError, loads, read_only
from benchmarks.sweep import CASES
from benchmarks.sweep_layers import MORE
from benchmarks.terminal import ROOT, environment

if TYPE_CHECKING:
    from gradstep.engine.graph.graph import Graph

Array = np.ndarray[Any, np.dtype[Any]]
#: The aim of each, and what none may exceed.
AIM, MOST = 1.5, 3.0
#: What stands in the table of all benchmarks also where it is quick enough.
ALWAYS = ("gelu", "layer_norm", "softmax", "attention", "conv2d(X, W, padding=1)", "max_pool2d(X, 2)")


class Timed(NamedTuple):
    """CPU seconds of an operation, forward and backward, here and in PyTorch; the least of several runs."""

    name: str
    ours: float
    theirs: float

    @property
    def ratio(self) -> float:
        return self.ours / self.theirs


def timed(name: str, case: Case, runs: int) -> Timed:
    """One operation in both. Raises AssertionError where they do not compute the same."""
    import torch

    torch.set_num_threads(1)
    graph, leaves, made, weights = _built(case)
    flow = np.asarray(np.random.default_rng(1).random(graph.values[made].shape) + 0.5, np.float32)
    tensors = [torch.from_numpy(np.array(leaves[v])) for v in case.order(graph)]
    wanted = [t.requires_grad_() for t, v in zip(tensors, case.order(graph), strict=True) if v in weights]
    upstream = torch.from_numpy(flow.copy())

    def here() -> tuple[Array, list[Array]]:
        data, grads = _forward(graph, leaves, made), {made: flow}
        _backward(graph, made, data, grads)
        return data[made], [grads[v] for v in weights]

    def there() -> tuple[Any, Any]:
        y = case.torch(*tensors)
        return y, torch.autograd.grad(y, wanted, upstream) if wanted and y.requires_grad else ()

    (y, grads), (their_y, their_grads) = here(), there()
    _agree(name, [y, *grads], [their_y, *their_grads])
    ours, theirs = [], []
    for _ in range(runs):
        for call, times in ((here, ours), (there, theirs)):
            before = process_time()
            result = call()
            times.append(process_time() - before)
            del result
    return Timed(name, min(ours), min(theirs))


def _built(case: Case) -> tuple[Graph, dict[int, Array], int, list[int]]:
    """The graph of a case, its leaves, the value that is made, and the parameters, whose gradients are wanted."""
    rng, lines = np.random.default_rng(0), {"inputs": [], "parameters": []}
    for name in case.leaves:
        lines["parameters" if name.isupper() else "inputs"].append(
            f'{name} = {{ init = "zeros", shape = {[*case.shape(name)]} }}'
        )
    text = "\n".join(
        [
            "format = 1",
            'dtype = "float32"',
            "[inputs]",
            *lines["inputs"],
            "[parameters]",
            *(lines["parameters"] or ["U = [1.0]"]),
            "[graph]",
            f'made = "{case.formula}"',
            'L = "sum(made)"' if lines["parameters"] else 'L = "sum(made) * sum(U)"',
        ]
    )
    graph = loads(text).graph
    leaves = {graph.by_name[n].id: read_only(case.numbers(n, rng)) for n in case.leaves}
    made = graph.by_name["made"].id
    return graph, leaves, made, [graph.by_name[n].id for n in case.leaves if n.isupper()]


def _forward(graph: Graph, leaves: dict[int, Array], made: int) -> dict[int, Array]:
    """All values up to the one that is made."""
    data = {v: np.asarray(number, dtype=np.float32) for v, number in graph.leaves if number is not None} | leaves
    with np.errstate(all="ignore"):
        for node in graph.nodes:
            data[node.output] = read_only(np.ascontiguousarray(node.op.forward([data[i] for i in node.inputs])))
            if node.output == made:
                break
    return data


def _backward(graph: Graph, made: int, data: dict[int, Array], grads: dict[int, Array]) -> None:
    """The gradients of all that the made value depends on, from its own; what comes through several uses is added up as
    in `passes.run`."""
    sums: dict[int, Array] = {}
    with np.errstate(all="ignore"):
        for node, *_, slots in graph.pullbacks:
            if node.output not in grads or node.output not in data:
                continue
            xs = [data[i] for i in node.inputs]
            for slot, value, _ in slots:
                part = np.ascontiguousarray(node.op.vjp(slot, grads[node.output], data[node.output], xs))
                if value in sums:
                    sums[value] += part
                elif value in grads:
                    grads[value] = sums[value] = grads[value] + part
                else:
                    grads[value] = part


def _agree(name: str, ours: Sequence[Array], theirs: Sequence[Any]) -> None:
    assert len(ours) == len(theirs) or len(theirs) == 1, f"{name}: {len(ours)} and {len(theirs)} results"
    for mine, other in zip(ours, theirs, strict=False):
        there = other.detach().numpy().astype(np.float64)
        assert mine.size == there.size, f"{name}: shapes {mine.shape} and {there.shape}"
        scale = np.abs(there[np.isfinite(there)]).max(initial=1e-30)
        gap = np.abs(mine.reshape(there.shape).astype(np.float64) - there)
        assert np.nanmax(gap, initial=0) <= 1e-3 * scale, f"{name}: differs by {np.nanmax(gap) / scale:.2g}"


def sweep(parts: Sequence[str], runs: int) -> tuple[list[Timed], dict[str, str]]:
    """All cases, or those in whose name one of the parts is, the slowest first; and why what cannot be told cannot."""
    found, refused = [], {}
    for name, case in {**CASES, **MORE}.items():
        if not parts or any(part in name for part in parts):
            try:
                found.append(timed(name, case, runs))
            except (AssertionError, GradstepError) as error:
                refused[name] = str(error)
    return sorted(found, key=lambda one: -one.ratio), refused


def beside(tree: Path, parts: Sequence[str], runs: int) -> dict[str, Timed]:
    """The same cases in another tree: these benchmarks with its engine."""
    with tempfile.TemporaryDirectory() as folder:
        (Path(folder) / "benchmarks").symlink_to(ROOT / "benchmarks")
        call = [str(tree / ".venv" / "bin" / "python"), "-m", "benchmarks.operations", "--raw", f"--runs={runs}"]
        done = subprocess.run(
            [*call, "--only", *parts], cwd=folder, env=environment(), stdout=subprocess.PIPE, check=True
        )
    return {one[0]: Timed(*one) for one in json.loads(done.stdout)}


def measure(runs: int) -> list[Pair]:
    """All of them, the slowest first."""
    return [Pair("operations", o.name, "PyTorch", AIM, ours=[o.ours], theirs=[o.theirs]) for o in sweep([], runs)[0]]


def shown(here: list[Pair], there: list[Pair]) -> list[Pair]:
    """For the table of all benchmarks: how many are too slow, the middle one, those above the aim, those that were far
    above it in another tree, and a few that every network has."""
    counts = [sum(pair.ratio > bound for pair in here) for bound in (AIM, MOST)]
    case = f"the middle one of {len(here)}; {counts[0]} above {AIM:g}, {counts[1]} above {MOST:g}"
    slow = {pair.case for pair in there if pair.ratio > MOST} | set(ALWAYS)
    return [
        replace(here[len(here) // 2], case=case),
        *(pair for pair in here if pair.ratio > AIM or pair.case in slow),
    ]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="few repetitions")
    parser.add_argument("--runs", type=int, help="so many repetitions")
    parser.add_argument("--only", nargs="*", default=[], help="those with one of these in their names")
    parser.add_argument("--above", type=float, default=0.0, help="those that take more than so many times PyTorch's")
    parser.add_argument("--beside", type=Path, metavar="TREE", help="another tree as well")
    parser.add_argument("--json", action="store_true", help="the pairs for the table of all benchmarks")
    parser.add_argument("--raw", action="store_true", help="the times, for another process")
    options = parser.parse_args()
    runs = options.runs or (3 if options.quick else 15)
    if options.json:
        print(json.dumps([pair.plain() for pair in measure(runs)]))
        return
    found, refused = sweep(options.only, runs)
    if options.raw:
        print(json.dumps(found))
        return
    before = {} if options.beside is None else beside(options.beside.absolute(), options.only, runs)
    for one in (one for one in found if one.ratio > options.above):
        mark = "above 3" if one.ratio > MOST else "above 1.5" if one.ratio > AIM else ""
        was = f"{before[one.name].ratio:8.2f}" if one.name in before else "" if not before else " " * 8
        print(
            f"{one.name:58} {one.ours * 1e3:9.3f} ms {one.theirs * 1e3:9.3f} ms {one.ratio:7.2f}{was}  {mark}".rstrip()
        )
    for name, why in refused.items():
        print(f"{name:58} cannot be told: {why}")
    aim, most = (sum(one.ratio > bound for one in found) for bound in (AIM, MOST))
    print(f"{len(found)} cases; {aim} above {AIM:g}, {most} above {MOST:g}")


if __name__ == "__main__":
    main()

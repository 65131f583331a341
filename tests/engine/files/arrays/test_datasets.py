"""The data sets that ship, against what others have published about them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from gradstep.engine.errors import GraphError, ScenarioError
from gradstep.engine.files import loads
from gradstep.engine.files.arrays import datasets
from gradstep.engine.files.shipped import SHIPPED

README = (SHIPPED / "data" / "README.md").read_text(encoding="utf-8")


def part(name: str, part: str, split: str = "all") -> Any:
    shape, read, *_ = datasets.find(name, split, part)
    found = read()
    assert found.shape == shape
    assert found.dtype == np.float64
    return found


def test_iris_has_the_statistics_of_the_published_table() -> None:
    """Minimum, maximum, mean and standard deviation as listed in the UCI repository's iris.names
    (there with two erroneous rows, which change none of these digits but the mean of the last)."""
    x = part("iris", "inputs")
    assert x.shape == (150, 4)
    assert x.min(axis=0).tolist() == [4.3, 2.0, 1.0, 0.1]
    assert x.max(axis=0).tolist() == [7.9, 4.4, 6.9, 2.5]
    assert np.abs(x.mean(axis=0) - [5.84, 3.05, 3.76, 1.20]).max() < 0.01
    assert np.abs(x.std(axis=0, ddof=1) - [0.83, 0.43, 1.76, 0.76]).max() < 0.01
    # Fisher's rows 35 and 38, which the UCI copy has wrong.
    assert x[34].tolist() == [4.9, 3.1, 1.5, 0.2]
    assert x[37].tolist() == [4.9, 3.6, 1.4, 0.1]
    assert np.bincount(part("iris", "labels").astype(int)).tolist() == [50, 50, 50]


def test_digits_has_the_counts_of_the_published_description() -> None:
    """Class distribution of the test set in the UCI repository's optdigits.names."""
    labels, x = part("digits", "labels"), part("digits", "inputs")
    assert np.bincount(labels.astype(int)).tolist() == [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]
    assert x.shape == (1797, 64)
    assert x.min() == 0
    assert x.max() == 1
    assert (x * 16 == np.round(x * 16)).all()
    # The first image, a nought, as it is printed in scikit-learn's tutorial.
    assert (part("digits", "images")[0, :2] * 16).tolist() == [[0, 0, 5, 13, 9, 1, 0, 0], [0, 0, 13, 15, 10, 15, 5, 0]]


@pytest.mark.parametrize("name", ["two-moons", "spiral"])
def test_the_made_ones_are_what_the_readme_makes(name: str) -> None:
    source = re.search(r"```python\n(.*?)```", README, re.DOTALL)
    assert source is not None
    made: dict[str, Any] = {}
    exec(source[1], made)
    x, labels = made[name.replace("-", "_")](np.random.Generator(np.random.PCG64(0)))
    # The last digit may differ where another machine's sine does.
    assert np.abs(part(name, "inputs") - x).max() <= 1.01e-6
    assert (part(name, "labels") == labels).all()


def test_parts_say_the_same_in_other_shapes() -> None:
    labels = part("two-moons", "labels")
    assert (part("two-moons", "targets")[:, 0] == labels).all()
    assert (part("two-moons", "one_hot").argmax(axis=1) == labels).all()
    assert (part("two-moons", "one_hot").sum(axis=1) == 1).all()
    assert (part("digits", "images").reshape(-1, 64) == part("digits", "inputs")).all()
    assert part("xor", "targets")[:, 0].tolist() == [a != b for a, b in part("xor", "inputs").tolist()]


@pytest.mark.parametrize("name", [n for n, of in datasets.DATASETS.items() if not of.whole])
def test_splits_divide_every_class(name: str) -> None:
    train, test, whole = (part(name, "labels", split) for split in ("train", "test", "all"))
    assert len(train) + len(test) == len(whole)
    assert len(test) == len(whole) // 5
    assert (whole[4::5] == test).all()
    assert set(train) == set(test) == set(whole)


def test_every_set_is_described_and_every_file_belongs_to_one() -> None:
    for name in datasets.DATASETS:
        assert re.search(rf"^\| `{name}` \|.*(licence|rights|BSD|CC BY)", README, re.MULTILINE), name
        of = datasets.DATASETS[name]
        assert part(name, "inputs").shape == (of.samples, of.features)
        assert len(set(part(name, "labels"))) == of.classes
    files = {f"{name}-{kind}.npy" for name in datasets.DATASETS for kind in ("inputs", "labels")}
    assert {f.name for f in Path(SHIPPED / "data").glob("*.npy")} == files


@pytest.mark.parametrize(
    ("spec", "says"),
    [
        ({"name": "mnist"}, "no data set 'mnist'"),
        ({"name": "digit"}, "did you mean 'digits'?"),
        ({"name": 3}, "there are xor, two-moons, spiral, iris, digits"),
        ({"split": "trian"}, "did you mean 'train'?"),
        ({"part": "image"}, "did you mean 'images'?"),
        ({"name": "iris", "part": "images"}, "'iris' has no part 'images'"),
        ({"name": "xor", "split": "test"}, "'xor' has no split 'test'; there are all"),
    ],
)
def test_what_there_is_not_is_refused(spec: dict[str, Any], says: str) -> None:
    with pytest.raises(GraphError, match=re.escape(says)):
        datasets.find(spec.get("name", "digits"), spec.get("split", "all"), spec.get("part", "inputs"))


def test_a_scenario_reads_them() -> None:
    text = 'format = 1\ndtype = "float32"\n[inputs]\nx = {{ {} }}\n[parameters]\nw = 1.0\n[graph]\nL = "sum(x * w)"\n'
    scenario = loads(text.format('dataset = "iris", split = "test", part = "inputs"'))
    x = scenario.leaves[scenario.graph.by_name["x"].id]
    assert x.dtype == np.float32
    assert (x == part("iris", "inputs", "test").astype(np.float32)).all()
    for wrong, says in (('dataset = "iris"', "needs 'part'"), ('dataset = "iris", prat = "inputs"', "'part'")):
        with pytest.raises(ScenarioError, match=says) as error:
            loads(text.format(wrong))
        assert error.value.problems[0].line == 4

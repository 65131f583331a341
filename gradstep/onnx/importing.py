"""A model of ONNX as a scenario: a folder with its formulas and its arrays."""

from __future__ import annotations

import fnmatch
from collections.abc import Callable, Mapping, Sequence
from functools import partial
from pathlib import Path
from typing import BinaryIO

import numpy as np

from gradstep.engine.errors import CommandError, GradstepError, ScenarioError, nearest, printable, shortened
from gradstep.engine.files import (
    LEAVES,
    SCENARIO,
    array_in,
    check_new_folder,
    load,
    packed,
    scenario_text,
    write_folder,
    write_tensors,
)
from gradstep.engine.graph import Formulas, Role
from gradstep.engine.run import Needs, budget, needs
from gradstep.onnx.composing import Composed, composed
from gradstep.onnx.givens import Asked, givens
from gradstep.onnx.loss import target_of, with_names
from gradstep.onnx.network import Misfit
from gradstep.onnx.parameters import Parameters
from gradstep.onnx.reading import Model, read_model
from gradstep.onnx.report import Report
from gradstep.onnx.translating import Translation, dtype_of, translated
from gradstep.onnx.values import Array, Value

#: What stands for the only output of a model in a formula.
OUT = "OUT"
LOSS = "loss"


def import_model(
    file: str,
    folder: str,
    loss: str | None = None,
    *,
    sizes: Mapping[str, int] | None = None,
    inputs: Mapping[str, str] | None = None,
    seed: int = 0,
    freeze: Sequence[str] = (),
) -> Report:
    """Writes a model of ONNX as a scenario into a new folder, and says what it has become.

    `loss` is a formula of the model's outputs, by their names or, of the only one, as OUT, and of targets; None where
    the model has a single number as its output. `sizes` are those that the model leaves open, by their names or as
    INPUT.AXIS; `inputs` are files with the numbers of inputs and targets, by their names, and others are drawn from
    `seed`. Parameters of the names in `freeze`, in which * stands for any characters, get no gradient.

    Raises CommandError, before anything is written, where the model cannot be read or expressed.
    """
    try:
        return _imported(Path(file), folder, loss, Asked(sizes or {}, inputs or {}, seed), freeze)
    except CommandError as error:
        raise CommandError(printable(str(error))) from None


def _imported(path: Path, folder: str, loss: str | None, asked: Asked, freeze: Sequence[str]) -> Report:
    check_new_folder(folder)
    model = read_model(path)
    parameters = Parameters(model)
    dtype = dtype_of(model, parameters)
    given = list(givens(model, asked, dtype))
    try:
        translation = translated(model, parameters, given, dtype, asked.seed)
    except Misfit as error:
        raise CommandError(f"{error}{asked.hint}") from None
    made = composed(translation)
    targets, needed = _Loss(translation, made, asked, dtype).add(loss)
    asked.check([*(one.name for one in given), *targets])
    frozen = _frozen(made, freeze)
    how = {made.names[word]: one.how for word, one in translation.inputs.items()} | targets
    text = _text(model, path, translation, made, dtype, list(how), frozen)
    size = _write(folder, text, made, needed)
    return Report(
        path.name, folder, model, translation, made, dtype, how, frozen, parameters.absent, needed.total, size
    )


class _Loss:
    """The line of the loss, and the targets in it."""

    def __init__(self, translation: Translation, made: Composed, asked: Asked, dtype: str) -> None:
        self._network, self._made, self._asked, self._dtype = translation.network, made, asked, dtype
        self._formulas = Formulas(self._network.builder)
        self._results = translation.results
        self.name = LOSS

    def add(self, text: str | None) -> tuple[dict[str, str], Needs]:
        """How targets are drawn, by their names, and what memory the network takes. Raises CommandError."""
        targets = dict[str, str]()
        if text is None:
            self._made.loss = self._made.names[word := self._only_number()]
        else:
            formula, unknown = with_names(text, self._words(text))
            for name in unknown:
                targets[name] = self._target(formula, name)
                formula, _ = with_names(formula, {name: self._word_of(name)})
            word = self._line(formula)
        try:
            return targets, needs(self._network.builder.build(word))
        except GradstepError as error:
            raise CommandError(f"--loss: {self._made.text(str(error))}") from None

    def _words(self, text: str) -> dict[str, str]:
        """What stands for each name that a formula may have."""
        found = {name: word for word, name in self._made.names.items()} | dict(self._results)
        if len(self._results) == 1:
            return found | {OUT: next(iter(self._results.values()))}
        if not self._results:
            raise CommandError("nothing that the model gives is computed from its inputs")
        if OUT in with_names(text, found)[1]:
            names = ", ".join(shortened(name, 40) for name in list(self._results)[:20])
            raise CommandError(
                f"--loss: the model has {len(self._results)} outputs, so OUT may be any of {names}; write one of these"
            )
        return found

    def _only_number(self) -> str:
        """The output that is the loss, where none is written."""
        names = self._network.builder.names
        if not self._results:
            raise CommandError("nothing that the model gives is computed from its inputs")
        numbers = [word for word in self._results.values() if names[word].size == 1]
        if len(numbers) == 1:
            return numbers[0]
        shown = ", ".join(
            f"{shortened(name, 40)} {names[word].shape}" for name, word in list(self._results.items())[:8]
        )
        raise CommandError(
            f'--loss is missing: say what to differentiate, as in --loss "cross_entropy(OUT, t)"; outputs are {shown}'
        )

    def _target(self, formula: str, name: str) -> str:
        """Gives a name in the loss its numbers; in words where they are from."""
        made, number = self._made, 1000 + len(self._made.names)
        if not name.replace(".", "_").isidentifier() or made.taken.take(name) != name:
            raise CommandError(f"--loss: '{shortened(name, 60)}' can be no name here; choose another")
        if name in self._asked.files:
            array, how = self._read(name), f"from {shortened(self._asked.files[name], 60)}"
        else:
            known = [*made.names.values(), *self._results]
            if (hint := nearest(name, known)) and len(name) > 2:
                raise CommandError(
                    f"--loss: unknown name '{shortened(name, 60)}'{hint} Targets are given with --input {name}=FILE.npy"
                )
            otherwise = next(iter(self._results.values()), "1")
            target, shape = target_of(formula, name, self._shape_of, otherwise)
            array, how = target.draw(self._asked.rng(number), shape), target.how
            array = array if array.dtype.kind == "i" else array.astype(self._dtype)
        value = self._network.leaf(Value(str(array.dtype), array.shape), Role.INPUT, False)
        made.names[value.word] = name
        made.inputs[name] = packed(array)
        return how

    def _word_of(self, name: str) -> str:
        return next(word for word, one in self._made.names.items() if one == name)

    def _read(self, name: str) -> Array:
        try:
            array = array_in(self._asked.files[name], name, np.dtype("float64"))
        except GradstepError as error:
            raise CommandError(f"--input {shortened(name, 60)}: {error}") from None
        whole = np.isfinite(array).all() and (array == np.rint(array)).all() and (abs(array) < 2**53).all()
        return array.astype(np.int64) if whole else array.astype(self._dtype)

    def _shape_of(self, formula: str) -> tuple[int, ...]:
        names = self._network.builder.names
        return names[formula].shape if formula in names else self._formulas.add(f"probe{len(names)}", formula).shape

    def _line(self, formula: str) -> str:
        """Adds the line; what stands for the loss."""
        names = self._network.builder.names
        if formula.strip() in self._results.values():
            self._made.loss = self._made.names[formula.strip()]
            return formula.strip()
        try:
            self._formulas.add(LOSS, formula)
        except GradstepError as error:
            raise CommandError(f"--loss: {self._made.text(str(error))}") from None
        self._made.lines[LOSS] = self._made.text(formula)
        assert LOSS in names, "the line was added"
        return LOSS


def _frozen(made: Composed, patterns: Sequence[str]) -> list[str]:
    """The parameters that get no gradient. Raises CommandError where a pattern is that of none."""
    found = list[str]()
    for pattern in patterns:
        some = fnmatch.filter(made.parameters, pattern)
        if not some:
            raise CommandError(
                f"--freeze {shortened(pattern, 60)}: no parameter has such a name{nearest(pattern, made.parameters)}"
            )
        found += [name for name in some if name not in found]
    return found


def _text(
    model: Model,
    path: Path,
    translation: Translation,
    made: Composed,
    dtype: str,
    data: Sequence[str],
    frozen: Sequence[str],
) -> str:
    head: dict[str, str | Sequence[str]] = {
        "title": f"{model.name}, imported from {path.name}",
        "source": ", ".join(filter(None, (path.name, f"opset {model.opset}", model.producer))),
        "loss": made.loss,
        "dtype": dtype,
    }
    extents = {made.inputs[name].shape[:1] for name in data}
    if len(extents) == 1 and not extents <= {(), (0,), (1,)}:
        head["batch"] = list(data)
    leaves = {"inputs": made.inputs, "parameters": made.parameters}
    return scenario_text(head, leaves, made.lines, (), made.origins, frozen)


def _put(text: str, file: BinaryIO) -> None:
    file.write(text.encode("utf-8"))


def _write(folder: str, text: str, made: Composed, needed: Needs) -> int:
    """Writes the folder, and opens it where there is memory for that; how many bytes it has."""
    arrays = {**made.inputs, **made.parameters}
    files: dict[str, Callable[[BinaryIO], None]] = {
        SCENARIO: partial(_put, text),
        LEAVES: partial(write_tensors, arrays=arrays),
    }
    most = budget()

    def check(part: Path) -> None:
        if most is None or needed.total <= most:
            try:
                load(part)
            except ScenarioError as error:
                raise CommandError(printable(error.problems[0].text)) from None

    return write_folder(folder, files, check)

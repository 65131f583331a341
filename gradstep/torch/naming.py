"""What the values of a recording are called: after the module that made them, else the function, else what they are."""

from __future__ import annotations

from collections import Counter

from gradstep.engine.files import Names
from gradstep.torch.blocks import Block
from gradstep.torch.capture import Recorder
from gradstep.torch.seen import Called, Key, Ref, Seen

#: Arguments of functions that say what their numbers are.
_TELLING = (
    "target",
    "mask",
    "attn_mask",
    "attn_bias",
    "weight",
    "indices",
    "index",
    "pos_weight",
    "running_mean",
    "running_var",
)


def names_of(blocks: list[Block], names: Names, loss: Key | None) -> list[str]:
    """A name for each block, in order: its module's where that makes no other, else with the function behind it."""
    count = Counter((b.call.module, b.call.turn) for b in blocks if b.call is not None)
    found = []
    for block in blocks:
        call = block.call
        if loss is not None and loss in block.outputs:
            found.append("loss")
        elif call is not None and call.module and count[call.module, call.turn] == 1:
            found.append(names.take(call.module))
        else:
            found.append(names.take(f"{call.module}.{block.word}" if call is not None else block.word))
    return found


class LeafNames:
    """What data is called: by the name that the user gave it, what it was made of, or the argument that it was."""

    def __init__(self, recorder: Recorder, blocks: list[Block]) -> None:
        self._makers = {one.number: call for call in recorder.calls for one in call.outputs if one is not None}
        self._roles: dict[int, str] = {}
        for call in (block.call for block in blocks if block.call is not None):
            self._note(call)

    def _note(self, call: Called) -> None:
        for number, argument in enumerate(call.args):
            if isinstance(argument, Ref) and call.schema is not None:
                role = call.schema.arguments[number].name
                if role in _TELLING:
                    self._roles.setdefault(argument.seen.number, f"{call.module}.{role}" if call.module else role)
            elif isinstance(argument, Ref) and number == 1 and ("loss" in call.name or call.name == "cross_entropy"):
                self._roles.setdefault(argument.seen.number, "target")

    def of(self, seen: Seen) -> str:
        """The name wished for."""
        if seen.name:
            return seen.name
        if seen.number in self._roles:
            return self._roles[seen.number]
        words, here = list[str](), seen
        while here.kind == "made" and (call := self._makers.get(here.number)) is not None and len(words) < 3:
            words.insert(0, call.name.partition(".")[0].strip("_"))
            before = next((a.seen for a in call.args if isinstance(a, Ref)), None)
            if before is None:
                break
            here = before
        if here.kind in ("input", "buffer") and here.name and words:
            return "_".join([here.name, *words])
        if words:
            made = self._makers[seen.number]
            return f"{made.module}.{words[-1]}" if made.module else words[-1]
        module = self._makers[seen.number].module if seen.number in self._makers else ""
        return f"{module}.constant" if module else "constant"

"""Every key, once. The bindings, the footer, the help screen and the README's table are made of this.

A capital letter is the same move backwards in time.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple

from textual.binding import Binding, BindingType
from textual.keys import Keys, _character_to_key, key_to_character

from gradstep.tui.table import NUMBERED


class Key(NamedTuple):
    """One binding: `id` names it for remapping, `keys` are Textual's names of its keys, `action`
    which part of the screen does what, `shown` how help writes the keys, `hint` the word in the footer,
    which shows entries of higher `weight` first where room is short. `batch`: it matters only where
    there are several samples, `training`: only where there are several iterations. `always`: it works
    also while something runs beside the screen."""

    id: str
    keys: str
    action: str
    group: str
    shown: str
    help: str
    hint: str = ""
    weight: int = 0
    batch: bool = False
    training: bool = False
    always: bool = False

    def binding(self) -> Binding:
        # With priority a key acts when it is read, and the next one only then: what is typed ahead
        # keeps its order, also into a dialog that a key opens. Dialogs are modal, so their inputs
        # still get every printable key.
        action = self.action if self.action.startswith("app.") else f"press('{self.id}')"
        return Binding(self.keys, action, self.help, id=self.id, show=False, priority=True)


TIME, SPACE, ACT, APP = "Time", "Space", "Act on the selection", "gradstep"

KEYS: tuple[Key, ...] = (
    Key(
        "time.step",
        "space,n,full_stop",
        "time.step('', 1)",
        TIME,
        "space n .",
        "one step: as far as one sees",
        "step",
        100,
    ),
    Key("time.back", "backspace,N,comma,R", "time.step('', -1)", TIME, "⌫ N ,", "one step back", "back", 99),
    Key("time.into", "s", "time.into(1)", TIME, "s", "into the next term of a sum", "step into", 90),
    Key("time.outof", "S", "time.into(-1)", TIME, "S", "out of it again, one term back"),
    Key("time.finish", "f", "time.finish", TIME, "f", "finish this sum", "finish", 40),
    Key("time.restart", "F", "time.restart", TIME, "F", "to the start of this sum"),
    Key("time.layer", "right_square_bracket,pagedown", "time.step('line', 1)", TIME, "] PgDn", "next layer"),
    Key("time.rlayer", "left_square_bracket,pageup", "time.step('line', -1)", TIME, "[ PgUp", "previous layer"),
    Key("time.phase", "p", "time.step('phase', 1)", TIME, "p", "next phase", "phase", 80),
    Key("time.rphase", "P", "time.step('phase', -1)", TIME, "P", "previous phase"),
    Key(
        "time.iterate",
        "i",
        "time.iterate(1)",
        TIME,
        "i",
        "the same moment of the next iteration",
        "iteration",
        62,
        training=True,
    ),
    Key("time.riterate", "I", "time.iterate(-1)", TIME, "I", "the same moment of the previous iteration"),
    Key(
        "time.train",
        "u",
        "time.train",
        TIME,
        "u",
        "train to the end, or on; again: pause",
        "train",
        61,
        training=True,
        always=True,
    ),
    Key("time.run", "c", "time.run(True)", TIME, "c", "run to the next stop", "run", 88),
    Key("time.rrun", "C", "time.run(False)", TIME, "C", "run back to the previous stop"),
    Key("time.place", "ctrl+o", "time.revisit(True)", TIME, "^o", "to the place before the last jump"),
    Key("time.rplace", "ctrl+n", "time.revisit(False)", TIME, "^n", "to the place after it again"),
    Key("time.play", "a", "player.play(1)", TIME, "a", "play; again: faster", "play", 50),
    Key("time.rplay", "A", "player.play(-1)", TIME, "A", "play backwards"),
    Key("time.travel", "t", "time.travel", TIME, "t", "travel to the selection's nearest step"),
    Key("time.goto", "g", "time.goto", TIME, "g", "go to: 24, h[1], loss, +10, 50%, @12", "go to", 45),
    Key("time.start", "home", "time.jump('start')", TIME, "Home", "first step"),
    Key("time.end", "end", "time.jump('end')", TIME, "End", "last step"),
    Key("space.up", "up,k", "space.select('up')", SPACE, "↑ k", "select the node above"),
    Key("space.down", "down,j", "space.select('down')", SPACE, "↓ j", "select the node below"),
    Key(
        "space.left",
        "left,h",
        "space.select('left')",
        SPACE,
        "← h",
        "select to the left; on the timeline: one step back",
    ),
    Key(
        "space.right",
        "right,l",
        "space.select('right')",
        SPACE,
        "→ l",
        "select to the right; on the timeline: one step",
    ),
    Key(
        "space.zoom",
        "enter,plus,equals_sign",
        "space.zoom",
        SPACE,
        "⏎ +",
        "nearer: network, layer, neuron, term",
        "zoom in",
        56,
    ),
    Key(
        "space.escape",
        "escape",
        "space.escape",
        SPACE,
        "esc",
        "close what is open, drop the selection",
        "close",
        33,
    ),
    Key("space.outer", "minus", "space.outer", SPACE, "-", "farther: term, neuron, layer, network", "zoom out", 34),
    Key("space.next", "tab", "app.focus_next", SPACE, "tab", "next panel"),
    Key("space.previous", "shift+tab", "app.focus_previous", SPACE, "⇧tab", "previous panel"),
    *(
        Key(f"space.{panel.id}", panel.key, f"space.panel('{panel.id}')", SPACE, panel.key, panel.help, always=True)
        for panel in NUMBERED.values()
    ),
    Key("space.sample", "greater_than_sign", "space.sample(1)", SPACE, "> <", "next sample", "sample", 70, True),
    Key("space.rsample", "less_than_sign", "space.sample(-1)", SPACE, "<", "previous sample"),
    Key("space.samples", "asterisk", "space.samples", SPACE, "*", "all samples at once; again: one", "all", 60, True),
    Key("space.order", "O", "space.order", SPACE, "O", "sort Params: largest gradient first, …"),
    Key("space.filter", "L", "space.filter", SPACE, "L", "list in Params only some names: W1[0,*]"),
    Key("space.maximise", "m", "space.maximise", SPACE, "m", "maximise the panel", always=True),
    Key("act.break", "b", "act.toggle_break", ACT, "b", "breakpoint at the selection, on and off", "break", 60),
    Key("act.rule", "B", "act.rule", ACT, "B", "a rule to stop at: grad == 0 and op == relu"),
    Key("act.watch", "w", "act.toggle_watch", ACT, "w", "watch the selection, on and off", "watch", 42),
    Key("act.when", "W", "act.when", ACT, "W", "when did it become this?"),
    Key("act.why", "y", "act.why", ACT, "y", "why is it this? the blame chain", "why", 55),
    Key("act.edit", "e", "act.edit", ACT, "e", "what if? edit a number", "edit", 44),
    Key("act.revert", "E", "act.revert", ACT, "E", "take all edits back"),
    Key("act.undo", "ctrl+z", "act.undo", ACT, "^z", "undo the last edit"),
    Key("act.verify", "v", "act.verify", ACT, "v", "verify this gradient by a finite difference", "verify", 43),
    Key("act.verify_all", "V", "act.verify_all", ACT, "V", "verify all of them"),
    Key("act.explain", "x", "act.explain", ACT, "x", "explain more"),
    Key("act.digits", "d", "act.digits", ACT, "d", "more or fewer digits", "digits", 30),
    Key("act.copy", "Y", "act.copy", ACT, "Y", "copy the formula of this step"),
    Key("act.find", "slash", "act.find", ACT, "/", "find a node"),
    Key("app.command", "colon,ctrl+p", "program.command", APP, ": ^p", "type a command"),
    Key("app.findings", "exclamation_mark", "program.findings", APP, "!", "what the rules see in this run"),
    Key("app.save", "ctrl+s", "program.save", APP, "^s", "save as a new scenario"),
    Key("app.open", "o", "program.open", APP, "o", "open a scenario", "open", 35),
    Key("app.theme", "T", "program.theme", APP, "T", "dark, light, high contrast", "theme", 20, always=True),
    Key("app.help", "question_mark,f1", "program.help", APP, "? F1", "help", "help", 1000, always=True),
    Key("app.quit", "q", "program.quit", APP, "q", "quit; asks if there are edits", "quit", 1000, always=True),
    Key(
        "app.interrupt",
        "ctrl+c",
        "program.interrupt",
        APP,
        "^c",
        "stop what is running, else quit as q does",
        always=True,
    ),
)

#: Each by its id.
BY_ID = {key.id: key for key in KEYS}
BINDINGS: list[BindingType] = [key.binding() for key in KEYS]


#: What Textual calls keys that are no character.
_NAMED = {
    **{str(key.value): str(key.value) for key in Keys},
    "space": "space", "backspace": "⌫", "enter": "⏎", "escape": "esc", "up": "↑", "down": "↓", "left": "←",
    "right": "→", "pageup": "PgUp", "pagedown": "PgDn", "home": "Home", "end": "End",
}  # fmt: skip


def is_key(key: str) -> bool:
    """Whether this is the name of a key, as a person writes it: `n`, `?`, `space`, `ctrl+o`, `f5`, `shift+tab`."""
    *held, last = key.split("+") if len(key) > 1 else [key]
    named = last in _NAMED or (len(last) == 1 and last.isprintable()) or key_to_character(last) is not None
    return named and all(word in ("ctrl", "shift", "alt") for word in held)


def written(key: str) -> str:
    """A key as help and footer write it: `^o`, `⌫`, `?`."""
    *held, last = key.split("+") if len(key) > 1 else [key]
    character = _NAMED.get(last) or key_to_character(last) or last
    before = "".join({"ctrl": "^", "shift": "⇧", "alt": "alt-"}[word] for word in held)
    return before + (character.upper() if re.fullmatch(r"f\d+", character) else character)


class Keymap:
    """The keys as a person has them: those of the table, but for what `changes` gives others, by the names of keys.
    Compared as an object, so that a view that holds one is compared at once."""

    def __init__(self, changes: Mapping[str, str] = MappingProxyType({})) -> None:
        self.changes = {name: _listed(keys) for name, keys in changes.items()}
        self.keys = tuple(map(self._mine, KEYS)) if changes else KEYS

    def _mine(self, key: Key) -> Key:
        keys = self.changes.get(key.id)
        return key if keys is None else key._replace(keys=keys, shown=" ".join(map(written, keys.split(","))))

    def face(self, name: str) -> str:
        """The first key of a name, as it is written."""
        return next(key.shown for key in self.keys if key.id == name).split(" ")[0]

    def clashes(self, name: str) -> list[tuple[str, str]]:
        """The keys of this name that another has too: as they are written, and the other's name."""
        mine = {key.id: set(key.keys.split(",")) for key in self.keys}
        others = ((other, keys & mine[name]) for other, keys in mine.items() if other != name)
        return [(written(key), other) for other, both in others for key in sorted(both)]


#: Nothing changed.
DEFAULT = Keymap()


def _listed(keys: str) -> str:
    """Keys under Textual's names."""
    return ",".join(_character_to_key(key) if len(key) == 1 else key for key in map(str.strip, keys.split(",")))


def markdown() -> str:
    """The table of keys for the README."""
    lines = ["| key | does |", "|---|---|"]
    for group in (TIME, SPACE, ACT, APP):
        lines.append(f"| **{group}** | |")
        lines += [f"| `{k.shown}` | {k.help} |" for k in KEYS if k.group == group]
    return "\n".join(lines)

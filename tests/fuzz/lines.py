"""Command lines that one would type, and such that nobody would: names, indices, expressions and conditions as a
session has them, and now and then something else in their place."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

from gradstep.engine.debugger import commands
from gradstep.engine.debugger.session import Session
from gradstep.engine.graph.graph import Role, Value
from gradstep.engine.ops import REGISTRY

NUMBERS = [
    *("0", "1", "2", "3", "-1", "+1", "17", "50%", "1e-3", "1e308", "1e999", "0.5", "nan", "inf", "-inf", "9" * 12),
    *("9" * 18, "9" * 400, "9" * 5000, "@2", "@0", "@99", "@end", "00", "1_0", "٣", "½", "1e-400", "0x1", "-0.0", "1j"),
    *("1e-320", "True", "-1e300", "1e22", "10**12", "10**400", "2**-1074"),
]
#: As expressions have them.
LITERALS = ["0", "1", "-1", "1e-3", "1e308", "1e999", "9" * 18, "9" * 400, "True", "10**400", "2**-1074", "0.0", "1_0"]
OPTIONS = ["0", "1", "-1", "0.5", "()", "(0, 1)", "(1, 0)", "None", "True", "'a'", "[1]", "9" * 30, "9" * 400, "1e999"]
WORDS = [
    *("step", "relu", "forward", "backward", "update", "start", "end", "all", "none", "scenario", "breakpoints"),
    *("watch", "position", "json", "on", "do", "print", "do print", "off", "here", "loss", "previous", "op", "layer"),
]
SIGNS = [
    *("==", "!=", "<", ">", "<=", ">=", "and", "or", "not", "+", "-", "*", "/", "**", "%", "@", "//", "=", "(", ")"),
    *("[", "]", ",", ".", "^", "|", ":", ";", "'", '"', "#", "\\", "~", "\x1b[2J", "\x00", "\u202e", "变", "\t", "…"),
]
#: Letters that look like others, turn the line round, or are put together; numbers that are none of ours.
UNUSUAL = ("ｗ", "𝐖", "W\u0301", "\u0301", "ﬁnd", "Ｗ１", "w\u200d1", "\u2066W1\u2069", "İ", "ß", "①", "１２", "²",
           "−1", "∞",
           "∂L/∂W1", "😀", "👩\u200d👩\u200d👧", "\ud800", "\ufeff", "\u0000", "\x9b31m",
           "%s", "{0}", "{}", "$(x)", "`x`",
           "../x", "~root", "__class__", "self", "lambda: 0", "x := 1", "*a", "**a", "f'{x}'", "b''", "...", "0b1",
           "1e-5_0")  # fmt: skip
NUMERIC = ("value", "grad", "upstream", "local", "contribution", "terms", "layer", "index", "iteration")
KINDS = {"dead": "", "flip": "", "zero": "", "nonfinite": "", "vanish": "0.1", "explode": "2", "saturated": "0.2",
         "cancel": "0.5"}  # fmt: skip
ELEMENTWISE = ("abs", "sign", "sqrt", "exp", "log", "isnan", "isinf", "isfinite")
REDUCING = ("max", "min", "sum", "mean", "std", "norm", "any", "all")
RULES = ("vanish", "explode", "saturated", "cancel", "update", "loss", "oscillates", "overfit", "dead", "zero", "no")


class Lines:
    """Lines for a session, made up with `random`; files are written into `folder`."""

    def __init__(self, random: random.Random, session: Session, folder: Path) -> None:
        self.random, self.session, self.folder = random, session, folder

    def line(self) -> str:
        """One command, mostly as it should be."""
        word = self.pick(self._words())
        if self.chance(0.04):
            return f"{word} {self.tokens()}"
        rest = ARGUMENTS.get(word, lambda lines: "")(self) if self.chance(0.9) else self.anything()
        short = {name: one for one, name in commands.SHORT.items()}
        text = f"{short[word] if word in short and self.chance(0.1) else word} {rest}".strip()
        for _ in range(self.pick((1, 3)) if self.chance(0.15) else 0):
            at = self.random.randrange(len(text) + 1)
            text = text[:at] + self.pick(SIGNS) + text[at + self.pick((0, 1)) :]
        return text

    def _words(self) -> list[str]:
        """The commands; those more often that are about something that is there, or ask a lot."""
        session = self.session
        words = [c for c in commands.COMMANDS if c != "quit"]
        words += ["print", "find", "when", "set", "set", "break", "watch", "goto", "goto", "continue", "rcontinue"]
        words += ["undo", "redo", "undo", "save", "findings", "verify"] if session.edits or session.runs.undone else []
        words += ["delete", "enable", "disable", "ignore", "continue"] if session.stops.breakpoints else []
        words += ["unwatch", "continue", "train"] if session.stops.watches else []
        return words

    def pick(self, among: object) -> str:
        return self.random.choice(list(among))  # type: ignore[call-overload, no-any-return]

    def chance(self, share: float) -> bool:
        return self.random.random() < share

    def anything(self) -> str:
        make = self.pick((self.number, self.name, self.expression, self.condition, self.edit, self.word, self.file))
        return make()  # type: ignore[operator, no-any-return]

    def tokens(self) -> str:
        """Words of the grammar in no order, now and then one of them very often, or something within many brackets."""
        vocabulary = (
            *NUMBERS, *WORDS, *SIGNS, *SIGNS[:18], *KINDS, *NUMERIC, *ELEMENTWISE, *REDUCING, *RULES, *REGISTRY,
            *UNUSUAL, self.name(), self.name(True), self.part(), self.pattern(),
        )  # fmt: skip
        text = self.pick((" ", " ", "")).join(self.random.choices(vocabulary, k=self.random.randrange(1, 16)))
        if self.chance(0.1):
            text = text[:40] * self.random.choice((10, 300, 3000))
        if self.chance(0.1):
            depth = self.random.choice((5, 90, 101, 1000, 20_000))
            opened, closed = self.random.choice(
                (("(", ")"), ("[", "]"), ("abs(", ")"), ("not ", ""), ("-", ""), ("x[", "]"))
            )
            text = opened * depth + text + closed * depth
        return text

    # Words ---------------------------------------------------------------------------------------

    def number(self) -> str:
        if self.chance(0.6):
            return self.pick((str(self.random.randrange(20)), f"{self.random.gauss(0, 1):.3g}"))
        return self.pick(NUMBERS)

    def literal(self) -> str:
        """A number as an expression has it."""
        odd = (
            "0",
            "1",
            "-1",
            "1e-3",
            "1e308",
            "1e999",
            "9" * 18,
            "9" * 400,
            "True",
            "10**400",
            "2**-1074",
            "0.0",
            "1_0",
        )
        return self.pick(odd) if self.chance(0.3) else f"{self.random.gauss(0, 1):.3g}"

    def count(self) -> str:
        return self.pick(("", "", "2", "3", "10", "999999999999", "0", "1000000000000"))

    def word(self) -> str:
        return self.pick(WORDS)

    def _value(self) -> Value:
        values = [v for v in self.session.recording.graph.values if v.role is not Role.LITERAL]
        return self.random.choice(values)

    def name(self, element: bool | None = None) -> str:
        """A name; of one `element`, or of a whole array."""
        recording = self.session.recording
        value, kind = self._value(), ""
        if self.chance(0.5) and (recording.trace.grad[value.id] is not None or self.chance(0.1)):
            kind = ".grad"
        elif value.role is Role.PARAMETER and self.chance(0.2):
            kind = ".next"
        if self.chance(0.05):
            return self.pick(("loss", "previous", "h", "W1", "unknown", "h:add", "∂L/∂h₁", "h₂", "w112"))
        if element is None:
            element = self.chance(0.4)
        if not element or not value.shape:
            return value.name + kind
        if self.chance(0.1) and value.size:
            return recording.board.element(value.id, self.random.randrange(value.size))
        index = [str(self.random.randrange(n)) if n else "0" for n in value.shape]
        return f"{value.name}{kind}[{','.join(index)}]"

    def part(self) -> str:
        """A part of an array, or something that is none."""
        value = self._value()
        ends = ("", "0", "1", "-1", "2", "9" * 30, str(-(10**20)), "True", "None", "0.5", "...")
        index = [
            self.pick((":", "0", "-1", f"{self.pick(ends)}:{self.pick(ends)}", "::-1", "::2", "*", self.pick(ends)))
            for _ in value.shape[: self.random.randrange(len(value.shape) + 1)] or ("",)
        ]
        return f"{value.name}{self.pick(('', '.grad', '.T', '.next', '.data'))}[{','.join(index)}]"

    def pattern(self) -> str:
        value = self._value()
        stars = self.pick(("", "[*]", "[0,*]", "[-1]", "[*,*,*,*]"))
        return self.pick((value.name, f"{value.name[0]}*", f"{value.name}.grad", "*", "?", "h[1]")) + stars

    # Expressions ---------------------------------------------------------------------------------

    def array(self, depth: int = 0) -> str:
        """Arrays of shapes that fit, and of others."""
        if depth > 2 or self.chance(0.4):
            return self.pick((self.name(False), self.name(False), self.part(), self.name(True), self.literal()))
        inner = self.array(depth + 1)
        return self.pick(
            (
                f"{inner} {self.pick(('+', '-', '*', '/', '**', '%', '@'))} {self.array(depth + 1)}",
                f"{self.pick(ELEMENTWISE)}({inner})",
                f"({inner})",
                f"-{inner}",
                f"previous({inner})",
                f"{self.name(False)}.T",
            )
        )

    def single(self, depth: int = 0) -> str:
        """Mostly one number."""
        return self.pick(
            (
                self.name(True), self.name(True), self.literal(), f"{self.pick(REDUCING)}({self.array(1)})",
                f"{self.name(False)}.{self.pick(REDUCING)}()", "loss", "previous",
                f"abs({self.single(depth + 1)})" if depth < 3 else "loss",
                f"{self.single(depth + 1)} {self.pick(('+', '*', '/', '-'))} {self.single(depth + 1)}"
                if depth < 3
                else "1",
            )
        )  # fmt: skip

    def field(self) -> str:
        field = self.pick(NUMERIC)
        return self.pick(
            (field, field, f"abs({field})", f"{field} * {self.number()}", f"{field} + {self.pick(NUMERIC)}")
        )

    def expression(self) -> str:
        return self.pick((self.array(), self.single(), self.name(), self.condition(2)))

    # Conditions ----------------------------------------------------------------------------------

    def _compared(self) -> str:
        sign = self.pick(("==", "!=", "<", ">", "<=", ">="))
        sides = (self.field, self.field, self.single, self.single, self.literal, self.literal, self.array)
        text = f"{self.pick(sides)()} {sign} {self.pick(sides)()}"  # type: ignore[operator]
        return text + (f" {self.pick(('<', '<=', '=='))} {self.single()}" if self.chance(0.1) else "")

    def _kind(self) -> str:
        kind = self.pick(KINDS)
        inside = [KINDS[kind] if self.chance(0.8) else self.literal()] if KINDS[kind] or self.chance(0.1) else []
        inside = (inside if self.chance(0.5) else []) + ([self.pattern()] if self.chance(0.4) else [])
        return f"{kind}({', '.join(inside)})" if inside or self.chance(0.3) else kind

    def _texts(self) -> str:
        field, words = self.random.choice(
            [
                ("op", list(REGISTRY)),
                ("phase", ["forward", "loss", "backward", "update"]),
                ("name", ['"h*"', "h", "W1"]),
            ]
        )
        return f"{field} {self.pick(('==', '!='))} {self.pick(words) if self.chance(0.9) else self.number()}"

    def condition(self, depth: int = 0) -> str:
        if depth > 1 or self.chance(0.55):
            return self.pick(
                (
                    self._compared(), self._compared(), self._compared(), self._kind(), self._kind(), self._texts(),
                    f"changed({self.expression() if depth == 0 else self.name()})",
                    self._compared() if depth else self.pattern(), f"crosses({self.name(True)}, {self.literal()})",
                    f"{self.pick(('any', 'all'))}({self.array(1)} {self.pick(('<', '>', '=='))} {self.array(1)})",
                )
            )  # fmt: skip
        left, right = self.condition(depth + 1), self.condition(depth + 1)
        text = self.pick((f"{left} and {right}", f"{left} or {right}", f"not {left}", f"({left})"))
        return f"{text} on {self.pattern()}" if depth == 0 and self.chance(0.2) else text

    # Arguments -----------------------------------------------------------------------------------

    def edit(self) -> str:
        if self.chance(0.25):
            return f"op {self._value().name} = {self._operation()}"
        if self.chance(0.5):
            return f"{self.name(True)} = {self.pick((self.literal(), self.literal(), self.single(), 'nan', '-inf'))}"
        right = self.pick(
            (self.number(), self.array(), f"[{self.literal()}, {self.literal()}]", self.name(), "[[], []]")
        )
        return f"{self.pick((self.name(), self.part()))} = {right}"

    def _operation(self) -> str:
        like = [node.op.name for node in self.session.recording.graph.nodes]
        op = self.pick((*like, *REGISTRY, "tanh", "relu", "sigmoid", "leaky_relu", "relax"))
        names = [*(REGISTRY[op].options() if op in REGISTRY else ()), "x"]
        odd = (
            "0",
            "1",
            "-1",
            "0.5",
            "()",
            "(0, 1)",
            "(1, 0)",
            "None",
            "True",
            "'a'",
            "[1]",
            "9" * 30,
            "9" * 400,
            "1e999",
        )
        given = [f"{self.pick(names)}={self.pick(odd)}" for _ in range(self.random.randrange(3))]
        return f"{op}({', '.join(given)})" if given else op + self.pick(("", "()", "(", "((("))

    def breakpoint(self) -> str:
        return self.condition() + (f" do print {self.expression()}" if self.chance(0.2) else "")

    def numbered(self) -> str:
        there = [str(one.number) for one in self.session.stops.breakpoints]
        return (
            self.pick(there)
            if there and self.chance(0.7)
            else self.pick(("1", "2", "3", "4", "99", "all", "0", "9" * 9, self.number()))
        )

    def ignored(self) -> str:
        return f"{self.numbered()} {self.pick(('1', '2', '30', self.number()))}"

    def place(self) -> str:
        last = self.session.recording.timeline.total
        place = self.pick(
            (
                str(self.random.randrange(last + 1)), self.name(True), self.name(), "start", "end", "loss", "backward",
                "update", f"+{self.number()}", f"-{self.number()}", f"{self.random.randrange(120)}%", "here",
                self.number(),
            )
        )  # fmt: skip
        return (
            f"@{self.pick(('1', '2', '5', '+1', '-2', 'end', '12', self.number()))} {place}"
            if self.chance(0.3)
            else place
        )

    def file(self) -> str:
        new = f"{self.random.randrange(10**9)}.toml"
        odd = ("x" * 300, "..", ".", "/dev/null", "\x00", "no/such", "~", "‮x", " ", "/", "y" * 5000)
        return self.pick(
            (f"{self.folder}/{new}",) * 3
            + (f"{self.folder}/saved.toml", f"{self.folder}/{self.pick(odd)}", self.pick(odd))
        )

    def scenario(self) -> str:
        return self.pick(("xor", "walkthrough", "dead-relu", "conv-edge", "xor-training", self.file(), "xoor", "off"))

    def thresholds(self) -> str:
        return " ".join(f"{self.pick(RULES)}={self.number()}" for _ in range(self.random.randrange(3)))


#: What stands behind each command; behind the others nothing.
ARGUMENTS: dict[str, Callable[[Lines], str]] = {
    **dict.fromkeys(("step", "back", "into", "outof", "layer", "rlayer", "phase", "rphase"), Lines.count),
    **dict.fromkeys(("iterate", "riterate", "train"), lambda lines: lines.pick(("", "1", "2", "5", "20", "0", "-1"))),
    "goto": Lines.place,
    "when": lambda lines: f"{lines.pick(('', 'first '))}{lines.condition()}",
    "find": Lines.condition,
    **dict.fromkeys(("break", "tbreak"), Lines.breakpoint),
    **dict.fromkeys(("enable", "disable", "delete"), Lines.numbered),
    "ignore": Lines.ignored,
    **dict.fromkeys(("print", "watch"), Lines.expression),
    "unwatch": lambda lines: lines.pick([w.text for w in lines.session.stops.watches] or ["loss"]),
    "why": lambda lines: lines.pick(("loss", lines.name(True), lines.name(True))),
    "terms": lambda lines: lines.name(True),
    "paths": lambda lines: f"{lines.name(True)} {lines.pick(('', '', '3', '100', '0', '999999', lines.number()))}",
    "nudge": lambda lines: f"{lines.name(True)} {lines.pick(('', '', '1e-3', '1', '1e300', lines.number()))}",
    "findings": Lines.thresholds,
    "try": lambda lines: lines.pick(("", "1", "2", "1 keep", "keep", "0", "99", lines.number())),
    "set": Lines.edit,
    "bookmark": lambda lines: lines.pick(("here", "there", "end", "x y", "1")),
    "sample": lambda lines: lines.pick(("0", "1", "2", "all", "*", "99", lines.number())),
    "info": lambda lines: lines.pick(("breakpoints", "watch", "scenario", "position", "all")),
    "export": lambda lines: f"{lines.pick(('json', 'json', 'html', ''))} {lines.file()}",
    "save": Lines.file,
    **dict.fromkeys(("open", "diff"), Lines.scenario),
    "help": lambda lines: lines.pick(("", *commands.COMMANDS, "n", "no")),
}

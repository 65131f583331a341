"""A newcomer's path, in a terminal of 80 × 24: step the walkthrough, begin a file, meet three mistakes by their lines,
mend them, set a breakpoint and stop at it. The numbers are computed here with NumPy."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np

from tests.tui.terminals import PATIENCE, Terminal, terminal

#: What stands in the starter, what the newcomer makes of it by mistake, and what is said of that, with its line.
MISTAKES = (
    ('h = "tanh(x @ W1.T + b1)"', "h = tanh(x @ W1.T + b1)", 'stands in quotes: h = "tanh(x @ W1.T + b1)"'),
    ('"tanh(x @ W1.T + b1)"', '"tanh(W1 @ x + b1)"', "write x @ W1.T"),
    ("lr = 0.5", "learning_rate = 0.5", "unknown key 'learning_rate'; it is called 'lr' here"),
)
PARAMETERS = {
    "W1": [[0.5, -0.3], [0.8, 0.2], [-0.4, 0.6]],
    "b1": [0.1, -0.2, 0.3],
    "W2": [[0.7, -0.9, 0.4]],
    "b2": [0.05],
}


def own(text: str) -> str:
    """The starter with numbers of one's own."""
    lines = text.splitlines(keepends=True)
    for name, numbers in PARAMETERS.items():
        (at,) = (k for k, line in enumerate(lines) if line.startswith(f"{name} = {{"))
        lines[at] = f"{name} = {numbers}\n"
    return "".join(lines)


def said(folder: Path, *arguments: str) -> tuple[int, str]:
    """What a call in the shell says, and its status."""
    with terminal(200, 24, *arguments, cwd=folder) as t:
        return t.ended(), t.text


def test_a_newcomers_path(tmp_path: Path) -> None:
    walkthrough(tmp_path)
    status, text = said(tmp_path, "new", "mine.toml")
    assert (status, "open it with: gradstep mine.toml" in text) == (0, True)
    file = tmp_path / "mine.toml"
    status, text = said(tmp_path, "new", "mine.toml")
    assert (status, "nothing is overwritten" in text) == (2, True)
    good = own(file.read_text(encoding="utf-8"))
    for right, wrong, says in MISTAKES:
        bad = good.replace(right, wrong)
        assert bad != good
        file.write_text(bad, encoding="utf-8")
        line = 1 + next(k for k, (a, b) in enumerate(zip(bad.splitlines(), good.splitlines(), strict=True)) if a != b)
        status, text = said(tmp_path, "mine.toml")
        assert status == 2
        assert f"mine.toml:{line}:" in text
        assert says in text
    file.write_text(good, encoding="utf-8")
    stopped(tmp_path)


def closed(t: Terminal, text: str) -> None:
    """Presses escape, and waits until what says this is gone: a key at once would be one that is held with alt."""
    t.press(b"\x1b")
    end = time.monotonic() + PATIENCE
    while text in t.text and time.monotonic() < end:
        t.read()
    assert text not in t.text


def walkthrough(folder: Path) -> None:
    """Every key that the first line names, a look around, and out again."""
    with terminal(80, 24, cwd=folder) as t:
        t.wait_for("space takes a step · ⌫ takes it back · ? shows all keys")
        for step in range(1, 8):
            t.press(b" ")
            t.wait_for(f"step {step}/31")
        # σ(0.54·0.6 − 0.2·0.4 + 0.2) = 0.6092, and half the square of what is missing to 1.
        y = 1 / (1 + np.exp(-(0.54 * 0.6 - 0.2 * 0.4 + 0.2)))
        t.wait_for(f"{(y - 1) ** 2 / 2:.4f}", "◆ LOSS")
        t.press(b"\x7f")
        t.wait_for("step 6/31", "loss ·")
        t.press(b"?")
        t.wait_for("esc closes")
        closed(t, "esc closes")
        t.press("g∂L/∂h₂\r".encode())
        # Back from the loss through σ and the weight of −0.4.
        t.wait_for("step 14/31", f"{(y - 1) * y * (1 - y) * -0.4:+.4f}")
        t.press(b"y")
        t.wait_for("hop by hop", "∂L/∂h₂")
        closed(t, "hop by hop")
        t.press(b"q")
        assert t.ended() == 0
        assert not t.wrong()


def stopped(folder: Path) -> None:
    """A rule of one's own, a run to it, and the same number as by hand."""
    x = np.array([[0.0, 0.0], [0.0, 1.0], [1.0, 0.0], [1.0, 1.0]])
    t_, w = np.array([[0.0], [1.0], [1.0], [0.0]]), {name: np.array(found) for name, found in PARAMETERS.items()}
    h = np.tanh(x @ w["W1"].T + w["b1"])
    z = h @ w["W2"].T + w["b2"]
    slope = (1 / (1 + np.exp(-z)) - t_) / 4 @ w["W2"]
    with terminal(80, 24, "mine.toml", cwd=folder) as t:
        t.wait_for("h[0,0]", "? help")
        t.press(b"Bh.grad[7,0]\r")
        t.wait_for("h.grad[7,0]", "out of range")
        closed(t, "out of range")
        t.press("B∂L/∂h[2,1]\r".encode())
        t.wait_for("breakpoint 1: ∂L/∂h[2,1]")
        t.press(b"c")
        t.wait_for("STOPPED ∂L/∂h[2,1]", f"{slope[2, 1]:+.4f}".replace("-", "−"), "c runs on, C runs back")
        t.press(b"6")
        t.wait_for("● 1", "HIT")
        t.press(b":print h[2,1]\r")
        t.wait_for(f"h[2,1] = {h[2, 1]:.10f}"[:18])
        t.press(b"q")
        assert t.ended() == 0
        assert not t.wrong()

"""What is on the screen: a session's moment, looked at as the view says, in all panels."""

from __future__ import annotations

from collections.abc import Mapping
from time import perf_counter

from textual.screen import Screen

from gradstep.engine.debugger import Move, Session
from gradstep.engine.graph import Element
from gradstep.engine.run import Grain
from gradstep.tui.arrangement import Box, arrangement
from gradstep.tui.folding import foldable, opened_at
from gradstep.tui.hints import Hints
from gradstep.tui.network.levels import opening
from gradstep.tui.network.looking import looked_at
from gradstep.tui.panels.base import Panel, Scene
from gradstep.tui.table import NUMBERED, Place, standing
from gradstep.tui.terminal.frames import moves, write_lines
from gradstep.tui.theme import Palette
from gradstep.tui.view import Beginning, Layout, View, Zoom

#: Under keys that come faster than they can be shown, so often something is shown, in seconds.
_LONGEST = 0.1
#: How far one step goes: as far as one sees.
_STEPS = {Zoom.NETWORK: Grain.ARRAY, Zoom.LAYER: Grain.ELEMENT, Zoom.NEURON: Grain.ELEMENT, Zoom.TERM: Grain.TERM}


class Scenery:
    """The session, the view, and the panels of a screen, which show the two."""

    def __init__(
        self, screen: Screen[None], session: Session, palettes: Mapping[str, Palette], beginning: Beginning
    ) -> None:
        self.screen, self.session, self.palettes, self.beginning = screen, session, palettes, beginning
        self.view = View(
            palette=next(iter(palettes.values())),
            zoom=beginning.zoom or opening(session.recording),
            math_digits=beginning.digits,
            keymap=beginning.keymap,
        )
        self._hints = None if beginning.hinted is None else Hints(beginning.hinted, beginning.note_hint)
        self._panels: tuple[Panel, ...] = ()
        #: Whether something has changed since the last painting, and when that was.
        self._owed, self._painted = False, 0.0
        #: How the panels stand.
        self._arranged: tuple[Layout, dict[str, Box]] | None = None
        #: Whether the screen is arranged for a training.
        self._several = session.runs.last > 1
        self._opened = session.runs.original
        self._begin()

    # Showing -------------------------------------------------------------------------------------

    @property
    def scene(self) -> Scene:
        """What there is to see now, also where it is not painted yet."""
        return Scene(self.session.frame(), self.view)

    def change(self, **changes: object) -> None:
        """Changes some of the view, to be shown with what follows."""
        self.view = self.view.but(**changes)

    def show(self, **changes: object) -> None:
        """Shows where the session is now, with some of the view changed. While further keys are waiting
        nothing is painted: a held key must not run on after it is let go."""
        if changes:
            self.change(**changes)
        if self.screen.app.message_queue_size and perf_counter() - self._painted < _LONGEST:
            if not self._owed:
                self._owed = True
                self.screen.app.call_later(self._catch_up)
            return
        self.paint()

    def _catch_up(self) -> None:
        """Paints what was not painted for the sake of the keys that followed."""
        if self._owed:
            self.paint()

    def paint(self) -> None:
        """Shows it at once."""
        self._owed, self._painted = False, perf_counter()
        if self._several != (self.session.runs.last > 1):
            self.arrange()
        scene = self.scene
        for panel in self._panels:
            panel.show(scene)
        write_lines(self.screen.app)

    def mounted(self) -> None:
        """The panels are there from now on."""
        self._panels = tuple(self.screen.query().results(Panel))  # type: ignore[type-abstract]

    @property
    def built(self) -> bool:
        """Whether there are panels to show anything."""
        return bool(self._panels)

    def arrange(self) -> bool:
        """Puts the panels where they stand in a terminal of this size; whether any of them has stood otherwise."""
        width, height = self.screen.app.size
        self.change(layout=Layout.of(width, height))
        self._several = self.session.runs.last > 1
        recording = self.session.recording
        parameters = sum(p.size for p in recording.graph.parameters)
        about = self._several, recording.timeline.total, foldable(recording), parameters
        arranged = (self.view.layout, arrangement(self.view, (width, height), *about))
        if arranged == self._arranged:
            return False
        self._arranged = arranged
        moves(self.screen.app)
        for kind in Layout:
            self.screen.set_class(kind is self.view.layout, f"-{kind.value}")
        for name, box in arranged[1].items():
            widget = self.screen.query_one(f"#{name}")
            widget.display = box.shown
            if box.width is not None:
                widget.styles.width = box.width
            if box.height is not None:
                widget.styles.height = box.height
        return True

    # Where the keys go ---------------------------------------------------------------------------

    @property
    def focused(self) -> Panel | None:
        """The panel that has the focus."""
        found = self.screen.focused
        return found if isinstance(found, Panel) else None

    @property
    def picture(self) -> Panel:
        """The panel that is the picture of the network."""
        (name,) = standing(Place.PICTURE)
        return next(panel for panel in self._panels if panel.id == name)

    def open(self, panel: str) -> None:
        """Opens a panel where it is closed, and gives it the focus."""
        view = self.view.with_open(panel)
        self.view = view.but(maximised=panel) if view.maximised else view
        self.arrange()
        self.show()
        # At once: keys that were typed ahead are for the panel already.
        railed = self.view.layout is Layout.WIDE and Place.RAIL in NUMBERED[panel].places
        self.screen.set_focus(self.screen.query_one("#rail" if railed else f"#{panel}"))

    def maximise(self) -> None:
        """Gives all room to the panel that has the focus, or to all panels again."""
        focused = self.focused
        name = "network" if focused is None else "tape" if focused.id == "rail" else focused.id
        self.change(maximised="" if self.view.maximised or name not in NUMBERED else name)
        self.arrange()
        self.show()

    # What belongs together with the place --------------------------------------------------------

    @property
    def element(self) -> Element | None:
        """The element that is selected, else the one that the current step writes."""
        return self.view.selection or self.session.frame().element

    @property
    def grain(self) -> Grain:
        """How far one step goes at this zoom."""
        return _STEPS[self.view.zoom]

    @property
    def nodes(self) -> bool:
        """Whether the network is so small that every node of it is drawn."""
        return opening(self.session.recording) is Zoom.LAYER

    def forget_selection(self) -> None:
        if self.view.selection is not None:
            self.change(selection=None)

    def moved(self, move: Move) -> None:
        """Shows where a move has led, and what it has to say."""
        self.forget_selection()
        self._open_here()
        hint = "" if move.message or self._hints is None else self._hints.about(self.session.frame(), self.view.keymap)
        self.show(message=move.message or hint)

    def arrived(self, stopped: bool) -> None:
        """Goes as near to the place one has come to as it asks for; it was `stopped` at, or gone to: a small
        network is shown with its nodes, a large one as near as the place is exact."""
        if self.session.runs.original is not self._opened:  # another scenario
            self._opened = self.session.runs.original
            self.change(selection=None, explained=False, order=0, filter="", opened=None)
            self.change(zoom=opening(self.session.recording))
            self._begin()
        position, zoom = self.session.position, self.view.zoom
        if self.nodes:
            near: Zoom = Zoom.LAYER if zoom is Zoom.NETWORK else zoom
        elif position.term is not None:
            near = Zoom.TERM
        elif stopped:
            near = Zoom.NEURON
        else:
            sweep = self.session.frame().sweep
            inside = sweep is not None and position.step != sweep.stop
            near = Zoom.LAYER if zoom is Zoom.NETWORK and inside else zoom
        self.change(zoom=near)
        self._open_here()

    def nearer(self) -> None:
        """One level in, to what is looked at."""
        zoom = self.view.zoom.beside(True)
        if zoom is None:
            self.show(message="This is as near as it gets: one term is one step.")
            return
        frame = self.session.frame()
        # What one looks at from afar may not be what the step wrote; from near it still is looked at.
        focus = looked_at(frame, self.view)
        self.show(zoom=zoom, selection=None if focus == frame.element else focus, message="")

    def _open_here(self) -> None:
        """From afar one sees where one stands: modules in whose midst that is are opened."""
        if self.view.zoom is Zoom.NETWORK:
            self.change(opened=opened_at(self.session.recording, self.session.position, self.view.opened))

    def _begin(self) -> None:
        """Of what is to be trained the training is in view."""
        self.change(pointed=None, lists="training" if self.session.runs.last > 1 else "watch")

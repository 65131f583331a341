"""What nobody foresaw runs against a wall: the screen stays and says one line, and the traceback goes into a log."""

from __future__ import annotations

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump

from gradstep.engine.files import fault

#: All that has gone wrong in this process.
FAULTS: list[Exception] = []


def noted(error: Exception) -> str:
    """A line about what went wrong that nobody foresaw; its traceback is in the log from now on."""
    FAULTS.append(error)
    return fault(error)


class Walled(MessagePump):
    """A widget or screen in whose handlers an error does not end the program. It stands before Textual's class among
    the bases."""

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            # Without its widgets there is no screen to stay.
            if isinstance(message, events.Compose | events.Mount | events.Load):
                raise
            self.app._handle_exception(error)

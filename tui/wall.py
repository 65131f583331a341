"""What nobody foresaw runs against a wall: the screen stays and says one line, and the traceback goes into a log."""

from __future__ import annotations

from typing import ClassVar

from textual import events
from textual.message import Message
from textual.message_pump import MessagePump

from gradstep.engine.files import is_fault, told

#: All that nobody foresaw in this process, and the line that was shown of each.
FAULTS: dict[Exception, str] = {}


def noted(error: Exception) -> str:
    """A line about what went wrong; of what nobody foresaw the traceback is in the log from now on."""
    line = told(error)
    if is_fault(error):
        FAULTS[error] = line
    return line


class Walled(MessagePump):
    """A widget, screen or app in whose handlers an error does not end the program. It stands before Textual's class
    among the bases."""

    #: Whether there is something to stay where it could not be built.
    dispensable: ClassVar[bool] = False

    def tell(self, line: str) -> bool:
        """Shows a line about what went wrong; whether there is a place for it."""
        return False

    async def _dispatch_message(self, message: Message) -> None:
        try:
            await super()._dispatch_message(message)
        except Exception as error:
            if isinstance(message, events.Compose | events.Mount | events.Load) and not self.dispensable:
                raise
            self.app._handle_exception(error)

"""The gateway as a control port sees it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from ibelay.control.controlled import Done, Json, Views
from ibelay.gateway.control.views import VIEWS
from ibelay.gateway.server import PaperGateway
from ibelay.model.faults import Command


class Front:
    """Commands and views of one gateway.

    Args:
        paper: The gateway, entered already.
    """

    def __init__(self, paper: PaperGateway) -> None:
        self._paper = paper
        self.views: Views = {path: partial(self._look, view) for path, view in VIEWS.items()}

    @property
    def log(self) -> Sequence[Done]:
        """What was done, in order."""
        return self._paper.operator.log

    def do(self, command: Command) -> str:
        """Do what *command* says; return what was done, in words.

        Raises:
            ConfigurationError: It cannot be done as things stand.
        """
        return self._paper.operator.do(command)

    def _look(self, view: Callable[[PaperGateway], Json]) -> Json:
        """Return what *view* shows of the present moment."""
        self._paper.catch_up()
        return view(self._paper)

    def flush(self) -> None:
        """Send every client what the commands led to."""
        self._paper.flush()

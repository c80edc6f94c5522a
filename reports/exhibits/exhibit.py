"""What an exhibit is: a title, sentences, and tables or figures, as data until rendered."""

from __future__ import annotations

from dataclasses import dataclass

from reports.figures import FlowDiagram, MeansChart
from reports.tables import Table

Block = Table | FlowDiagram | MeansChart


@dataclass(frozen=True, slots=True)
class Exhibit:
    """One numbered part of the report.

    Attributes
    ----------
    id : str
        Its anchor in the document, kebab-case.
    title : str
        Its heading, without the number.
    sentences : tuple of str
        Read before the blocks; where there is nothing to show they say why.
    blocks : tuple of Table, FlowDiagram or MeansChart
        In reading order, a figure directly before the table of its data.
    """

    id: str
    title: str
    sentences: tuple[str, ...] = ()
    blocks: tuple[Block, ...] = ()

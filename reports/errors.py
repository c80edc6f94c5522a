"""Errors of the reports package: what was found, where, and what was expected."""

from __future__ import annotations


class ReportsError(Exception):
    """Anything that stops a report or an estimate from being made."""


class EstimationError(ReportsError):
    """A number was asked for that these data cannot give."""


class TableShapeError(ReportsError):
    """A frame or array handed to an estimate does not have the shape it must have."""

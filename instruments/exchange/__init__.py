"""Instruments in the formats of other platforms, both ways, with what a format cannot carry."""

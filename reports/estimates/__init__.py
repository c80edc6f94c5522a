"""Estimates by arm: pure functions of arrays and tables, unrounded."""

"""Scales read as ordered categories: polychoric correlations and what rests on them."""

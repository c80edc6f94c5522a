"""Engines of the trial: the study's definition, the roster and the allocation. Pure and seeded."""

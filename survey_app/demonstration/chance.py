"""One root seed, and a stream of chance of its own for each part of the story."""

from __future__ import annotations

import hashlib
import random

import numpy as np


def _number(seed: str, stream: str) -> int:
    return int.from_bytes(hashlib.sha256(f"{seed}|{stream}".encode()).digest()[:16], "big")


def numbers_from(seed: str, stream: str) -> np.random.Generator:
    """Give the named stream of numbers of a seed."""
    return np.random.default_rng(_number(seed, stream))


def choices_from(seed: str, stream: str) -> random.Random:
    """Give the named stream of choices of a seed."""
    return random.Random(_number(seed, stream))  # noqa: S311  # a simulation, no secret

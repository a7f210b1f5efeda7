"""Measurements that a chapter shows and does not repeat, since they depend on the machine.

Each is a JSON file that a command of the repository writes; the file says how it was made.
"""

from __future__ import annotations

import json
from pathlib import Path

__all__ = ["training_speed"]

_FOLDER = Path(__file__).parent


def training_speed() -> dict:
    """Return how long training steps of the CIFAR-10 network took, in our layers and in Keras.

    Written by ``python -m benchmarks.cnn --save notmagic/measured/training_speed.json``.

    Returns
    -------
    dict
        ``step_ms``, by batch size (as text): medians in milliseconds, keyed "ours forward", "ours step",
        "keras forward" and "keras step". ``layer_ms``, by batch size and layer of ours: milliseconds forward
        and backward. ``memory_mb``, by batch size: what ten steps needed at most, keyed "ours" and "keras".
        ``how``: versions, threads, repeats, and the clock.
    """
    return json.loads((_FOLDER / "training_speed.json").read_text(encoding="utf-8"))

"""Print what NumPy computes, as JSON, for tests/js/filter_bank.test.mjs to compare with; nothing is kept."""

from __future__ import annotations

import json

import numpy as np

from notmagic.widgets import FilterBank
from notmagic.widgets.filter_bank import POOLS


def banks(count: int = 24) -> list[dict]:
    """Random pictures and filters, with every way to pool them."""
    random, cases = np.random.default_rng(6), []
    for case in range(count):
        k, full = int(random.integers(1, 6)), int(random.choice([16, 255]))
        height, width = (int(side) for side in random.integers(k + 3, 16, 2))
        image = random.integers(0, full + 1, (height, width))
        filters = {f"filter {i}": random.normal(size=(k, k)) for i in range(random.integers(1, 7))}
        bank = FilterBank(image, filters, full=full)
        bank.threshold = float(random.uniform(0, bank.largest_threshold / 4))
        bank.pool, bank.pool_size = POOLS[case % 4], int(random.integers(1, 5))
        cases.append(_case(bank, image, full, k))
    return cases


def defaults() -> list[dict]:
    """Each picture that comes with the widget, with the line units: where windows are alike, units tie."""
    cases = []
    for entry in FilterBank().pictures:
        bank = FilterBank(image=entry["name"], threshold=0.5)
        image = np.round(bank.picture() * entry["full"]).astype(int)
        cases.append(_case(bank, image, entry["full"], 3))
    return cases


def _case(bank: FilterBank, image: np.ndarray, full: int, k: int) -> dict:
    return {
        "picture": {"height": image.shape[0], "width": image.shape[1], "full": full,
                    "data": image.ravel().tolist()},
        "k": k, "weights": [np.ravel(unit["weights"]).tolist() for unit in bank.bank],
        "threshold": bank.threshold, "pool": bank.pool, "size": bank.pool_size,
        "responses": bank.responses().tolist(), "activations": bank.activations().tolist(),
        "pooled": bank.pooled().tolist(), "lit": list(bank.lit().values()),
        "winners": bank.winner_map().ravel().tolist(), "cell": bank.cell,
    }  # fmt: skip


if __name__ == "__main__":
    print(json.dumps({make.__name__: make() for make in (banks, defaults)}))

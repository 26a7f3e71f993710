"""The clients: training data for the models, and traffic. No client is in both."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]

SOURCE = Path(__file__).parent / "data" / "credit_default.csv.gz"
SEED = 2005
TRAINING_ROWS = 10_000

MONTHS = ("September", "August", "July", "June", "May", "April")
INPUTS = ("limit_bal", *(f"{stem}{month}" for stem in ("pay_", "bill_amt", "pay_amt") for month in range(1, 7)))
"""Every input that either version reads, so that one request serves both."""

EDUCATION = {1: "graduate school", 2: "university", 3: "high school"}
AGE_BANDS = ((30, "under 30"), (40, "30-39"), (50, "40-49"), (60, "50-59"))


@dataclass(frozen=True)
class Clients:
    """Some of the clients, by column."""

    rows: NDArray[Any]

    def __len__(self) -> int:
        """Return the number of clients."""
        return len(self.rows)

    @cached_property
    def defaulted(self) -> Floats:
        """Return 1 for clients that defaulted the month after, else 0."""
        return np.asarray(self.rows["default"], dtype=np.float64)

    def matrix(self, features: tuple[str, ...]) -> Floats:
        """Return these features in this order, shape (clients, features)."""
        return np.column_stack([np.asarray(self.rows[name], dtype=np.float64) for name in features])

    def client_id(self, index: int) -> int:
        """Return the client's number in the source."""
        return int(self.rows["id"][index])

    def inputs(self, index: int) -> dict[str, int]:
        """Return a client's inputs for a request."""
        return {name: int(self.rows[name][index]) for name in INPUTS}

    def segments(self, index: int) -> dict[str, str]:
        """Return attributes that the models must not read, and are compared across."""
        row = self.rows[index]
        band = next((name for limit, name in AGE_BANDS if row["age"] < limit), "60 and over")
        return {"sex": "male" if row["sex"] == 1 else "female", "education": EDUCATION.get(int(row["education"]), "other"), "age_band": band}


def load() -> tuple[Clients, Clients]:
    """Return (training, traffic): 10 000 and 20 000 clients, divided by a seeded hash of the client's number, each in the hash's order."""
    rows = np.genfromtxt(SOURCE, delimiter=",", names=True)
    order = sorted(range(len(rows)), key=lambda index: _rank(int(rows["id"][index])))
    return Clients(rows[order[:TRAINING_ROWS]]), Clients(rows[order[TRAINING_ROWS:]])


def digest() -> str:
    """Return the SHA-256 of the source file."""
    return hashlib.sha256(SOURCE.read_bytes()).hexdigest()


def _rank(client: int) -> bytes:
    return hashlib.blake2b(f"{SEED}:{client}".encode(), digest_size=8).digest()

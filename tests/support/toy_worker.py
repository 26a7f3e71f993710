"""A worker process with the toy slice: `python -m tests.support.toy_worker`."""

from backend.slices import SLICES
from tests.support.toy_slice import TOY
from workers.main import run

if __name__ == "__main__":
    run((*SLICES, TOY))

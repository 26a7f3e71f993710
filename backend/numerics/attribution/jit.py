"""Compilation that caches where it can."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function as machine code that runs without the GIL, kept on disk.

    Where numba finds no folder to write (a read-only installation, no home, no NUMBA_CACHE_DIR) it would refuse to cache at all;
    the code is then compiled anew in each process.
    """
    try:
        return cast("Callable[P, R]", njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast("Callable[P, R]", njit(nogil=True)(function))

"""Compilation, cached where possible."""

from collections.abc import Callable
from typing import ParamSpec, TypeVar, cast

from numba import njit

P = ParamSpec("P")
R = TypeVar("R")


def compiled(function: Callable[P, R]) -> Callable[P, R]:
    """Return the function as machine code that runs without the GIL, kept on disk.

    Without a writable folder (a read-only installation, no home, no NUMBA_CACHE_DIR) numba would refuse to cache. Each process then compiles the code anew.
    """
    try:
        return cast("Callable[P, R]", njit(cache=True, nogil=True)(function))
    except RuntimeError:
        return cast("Callable[P, R]", njit(nogil=True)(function))

"""Scores a few rows through LightGBM's C interface, without the preparations of `Booster.predict`."""

import ctypes
import threading
from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from backend.runtimes.errors import RuntimeRefused
from backend.runtimes.protocol import Floats

if TYPE_CHECKING:
    from lightgbm import Booster

RAW_SCORE = 1
FLOAT64 = 1


class FastRows:
    """Raw scores of a few rows, one by one. Threads take turns: the buffers are shared."""

    def __init__(self, booster: "Booster", features: int) -> None:
        """Prepare LightGBM's fast single-row configuration for a model of this number of features."""
        from lightgbm.libpath import _LIB  # noqa: PLC0415  heavy: the shared library, loaded with the first model

        self._library = ctypes.PyDLL(_LIB._name)  # keeps the GIL: releasing it for some microseconds means waiting to get it back
        self._booster = booster  # the configuration points into it
        self._row = np.zeros(features)
        self._out = np.zeros(1)
        self._config = ctypes.c_void_p()
        self._check(
            _LIB.LGBM_BoosterPredictForMatSingleRowFastInit(
                booster._handle, RAW_SCORE, 0, -1, FLOAT64, ctypes.c_int32(features), ctypes.c_char_p(b"num_threads=1"), ctypes.byref(self._config)
            )
        )
        length = ctypes.c_int64(0)
        self._arguments = (self._config, ctypes.c_void_p(self._row.ctypes.data), ctypes.byref(length), ctypes.c_void_p(self._out.ctypes.data))
        self._lock = threading.Lock()

    def __call__(self, matrix: Floats) -> Floats:
        """Return the raw scores [n] of a matrix [n, features]."""
        return np.array([self.row(row) for row in matrix], dtype=np.float64)

    def row(self, row: Sequence[float] | Floats) -> float:
        """Return the raw score of one row [features]."""
        with self._lock:
            self._row[:] = row
            if self._library.LGBM_BoosterPredictForMatSingleRowFast(*self._arguments):
                self._check(-1)
            return self._out.item()

    def _check(self, code: int) -> None:
        if code:
            self._library.LGBM_GetLastError.restype = ctypes.c_char_p
            raise RuntimeRefused(f"LightGBM failed: {self._library.LGBM_GetLastError().decode(errors='replace')}")

    def __del__(self) -> None:
        """Free LightGBM's configuration."""
        if self._config.value:
            self._library.LGBM_FastConfigFree(self._config)

"""Reads XGBoost's JSON strictly."""

import json
from typing import Any

from backend.numerics.trees.lightgbm_fields import MalformedTrees
from backend.numerics.trees.xgboost_errors import UnsupportedTrees

JSON_LIMIT = 64 * 1024 * 1024
"""Reading text takes twenty times its size in memory; UBJSON does not."""


def read_json(content: bytes) -> Any:
    """Return the parsed file. Raises `MalformedTrees`, `UnsupportedTrees`."""
    if len(content) > JSON_LIMIT:
        raise UnsupportedTrees(f"A model of more than {JSON_LIMIT // 1024**2} MiB is taken as UBJSON, which is smaller: `booster.save_model('model.ubj')`.")

    def pairs(found: list[tuple[str, Any]]) -> dict[str, Any]:
        made = dict(found)
        if len(made) != len(found):
            raise MalformedTrees("A name is there twice in one object.")
        return made

    try:
        return json.loads(content, object_pairs_hook=pairs)
    except RecursionError:
        raise MalformedTrees("The file is nested deeper than a model is.") from None
    except json.JSONDecodeError as error:
        raise MalformedTrees(f"Line {error.lineno}, column {error.colno}: {error.msg}.") from error
    except ValueError as error:
        raise MalformedTrees(f"The file is not JSON: {str(error)[:100]}.") from error

"""A reader of LightGBM's text format that believes nothing.

LightGBM itself trusts the file: a child index out of range is a crash, a cycle never ends. So every array is checked
here before the library sees a byte. The format is what `Booster.save_model` writes (versions v3 and v4).
"""

import json
import re
from dataclasses import dataclass
from typing import Any

import numpy as np

from backend.numerics.trees.forest import CATEGORICAL, Forest, Tree, near_zero_is_zero
from backend.numerics.trees.lightgbm_fields import Fields, MalformedTrees
from backend.numerics.trees.shape import check_structure

END = b"end of trees\n"
VERSIONS = {"v3", "v4"}


@dataclass(frozen=True)
class Limits:
    """How large a model may be."""

    trees: int = 20_000
    leaves: int = 131_072
    nodes: int = 5_000_000
    features: int = 10_000
    depth: int = 512


def read_lightgbm(content: bytes, limits: Limits | None = None) -> Forest:
    """The forest in a model file.

    Raises `MalformedTrees` for anything LightGBM would not have written, saying where.

    >>> read_lightgbm(b"tree\\nversion=v4\\n")
    Traceback (most recent call last):
    ...
    backend.numerics.trees.lightgbm_fields.MalformedTrees: The header has no `Tree=0`, or ends before it.
    """
    limits = limits or Limits()
    content = plain_text(content)
    start = content.find(b"\nTree=0\n")
    if start < 0:
        raise MalformedTrees("The header has no `Tree=0`, or ends before it.")
    header = Fields.of(content[: start + 1], "the header", flags=True)
    features, sizes = _check_header(header, limits)
    trees, nodes, offset = [], 0, start + 1
    for number, size in enumerate(sizes):
        tree = _read_tree(content[offset : offset + size], number, len(features), limits)
        trees.append(tree)
        nodes, offset = nodes + tree.leaves, offset + size
        if nodes > limits.nodes:
            raise MalformedTrees(f"The model has more than {limits.nodes} leaves in all.")
    if not content.startswith(END, offset):
        raise MalformedTrees("The file does not go on with `end of trees` where `tree_sizes` says the trees end: it is cut off or was edited.")
    parameters, lists = _read_tail(content[offset + len(END) :])
    iterations = max(len(trees) // header.integer("num_tree_per_iteration"), 1)
    infos = tuple(header.require("feature_infos").split(" "))
    scale = 1.0 / iterations if "average_output" in header.flags else 1.0
    return Forest(
        tuple(trees),
        features,
        header.text.get("objective", ""),
        header.integer("num_class"),
        scale,
        parameters,
        read=near_zero_is_zero,
        infos=infos,
        category_lists=lists,
    )


def plain_text(content: bytes) -> bytes:
    """The text as LightGBM wrote it, where a transfer changed its line ends, put a byte order mark before it, or made UTF-16 of it.

    >>> plain_text(b"\\xef\\xbb\\xbftree\\r\\nversion=v4\\r\\n")
    b'tree\\nversion=v4\\n'
    """
    if content[:2] in (b"\xff\xfe", b"\xfe\xff"):
        content = content.decode("utf-16", errors="replace").encode()
    return content.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")


def _check_header(header: Fields, limits: Limits) -> tuple[list[str], list[int]]:
    if header.text.get("version") not in VERSIONS:
        raise MalformedTrees(f"The format's version is {header.text.get('version')!r}; {' and '.join(sorted(VERSIONS))} are read.")
    count = header.integer("max_feature_idx") + 1
    if not 1 <= count <= limits.features:
        raise MalformedTrees(f"The model has {count} features; 1 to {limits.features} are allowed.")
    features = header.require("feature_names").split(" ")
    if len(features) != count or len(set(features)) != count or "" in features:
        raise MalformedTrees(f"`feature_names` must be {count} different names (max_feature_idx + 1).")
    if len(header.require("feature_infos").split(" ")) != count:
        raise MalformedTrees(f"`feature_infos` must have {count} entries.")
    sizes = [int(size) for size in header.integers("tree_sizes")]
    if not 1 <= len(sizes) <= limits.trees or min(sizes) <= 0:
        raise MalformedTrees(f"`tree_sizes` must be 1 to {limits.trees} positive sizes.")
    each, classes = header.integer("num_tree_per_iteration"), header.integer("num_class")
    if each < 1 or classes < 1 or len(sizes) % each or each not in (1, classes):
        raise MalformedTrees("`num_tree_per_iteration`, `num_class` and the number of trees do not fit each other.")
    return features, sizes


def _read_tree(block: bytes, number: int, features: int, limits: Limits) -> Tree:
    where = f"tree {number}"
    head = b"Tree=%d\n" % number
    if not block.startswith(head) or not block.endswith(b"\n\n"):
        raise MalformedTrees(f"`tree_sizes` does not fit {where}: the file is cut off or was edited.")
    fields = Fields.of(block[len(head) :].rstrip(b"\n") + b"\n", where)
    leaves = fields.integer("num_leaves")
    if not 1 <= leaves <= limits.leaves:
        raise MalformedTrees(f"{where}: {leaves} leaves; 1 to {limits.leaves} are allowed.")
    inner = leaves - 1
    tree = Tree(
        feature=fields.integers("split_feature", inner),
        threshold=fields.floats("threshold", inner),
        decision=fields.integers("decision_type", inner),
        left=fields.integers("left_child", inner),
        right=fields.integers("right_child", inner),
        leaf_value=fields.floats("leaf_value", leaves),
        leaf_count=_counts(fields, "leaf_count", leaves),
        node_count=_counts(fields, "internal_count", inner),
        category_starts=fields.integers("cat_boundaries", missing=True),
        category_bits=_bits(fields),
        linear=fields.text.get("is_linear", "0") == "1",
    )
    for name, length in {"split_gain": inner, "internal_value": inner, "internal_weight": inner, "leaf_weight": leaves}.items():
        fields.floats(name, length if leaves > 1 else None, missing=True)
    if np.any((tree.feature < 0) | (tree.feature >= features)):
        raise MalformedTrees(f"{where}: `split_feature` names a feature beyond max_feature_idx.")
    if np.any((tree.decision < 0) | (tree.decision > 11)):
        raise MalformedTrees(f"{where}: `decision_type` has a value LightGBM does not write.")
    check_structure(tree.left, tree.right, leaves, where, limits.depth)
    _check_categories(fields, tree, where)
    if tree.linear:
        _check_linear(fields, leaves, features, where)
    return tree


def _counts(fields: Fields, name: str, length: int) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Counts, or ones where the file has none (a single leaf)."""
    values = fields.integers(name, missing=True)
    if len(values) == 0:
        return np.zeros(length)
    if len(values) != length or values.min() < 0:
        raise MalformedTrees(f"{fields.where}: `{name}` must be {length} counts.")
    return values.astype(np.float64)


def _bits(fields: Fields) -> np.ndarray[tuple[int], np.dtype[np.uint32]]:
    values = fields.integers("cat_threshold", missing=True)
    if len(values) and (values.min() < 0 or values.max() > 0xFFFFFFFF):
        raise MalformedTrees(f"{fields.where}: `cat_threshold` must be 32-bit words.")
    return values.astype(np.uint32)


def _check_categories(fields: Fields, tree: Tree, where: str) -> None:
    sets = fields.integer("num_cat")
    starts = tree.category_starts
    indices = tree.threshold[(tree.decision & CATEGORICAL) == CATEGORICAL]
    if sets < 0 or len(starts) != (sets + 1 if sets else 0) or (sets == 0 and len(tree.category_bits)):
        raise MalformedTrees(f"{where}: `num_cat` and `cat_boundaries` do not fit each other.")
    if sets and (starts[0] != 0 or np.any(np.diff(starts) < 1) or starts[-1] != len(tree.category_bits)):
        raise MalformedTrees(f"{where}: `cat_boundaries` must rise from 0 to the length of `cat_threshold`.")
    if np.any((indices != np.floor(indices)) | (indices < 0) | (indices >= sets)):
        raise MalformedTrees(f"{where}: a categorical split names a category set that is not there.")


def _check_linear(fields: Fields, leaves: int, features: int, where: str) -> None:
    fields.floats("leaf_const", leaves)
    counts = fields.integers("num_features", leaves)
    named = fields.integers("leaf_features", loose=True)
    slopes = fields.floats("leaf_coeff", loose=True)
    if counts.min() < 0 or len(named) != counts.sum() or len(slopes) != counts.sum():
        raise MalformedTrees(f"{where}: `num_features`, `leaf_features` and `leaf_coeff` do not fit each other.")
    if np.any((named < 0) | (named >= features)):
        raise MalformedTrees(f"{where}: `leaf_features` names a feature beyond max_feature_idx.")


def _read_tail(tail: bytes) -> tuple[dict[str, str], tuple[tuple[Any, ...], ...]]:
    """The training parameters, and the values of the pandas categories. What follows the parameters must be JSON: LightGBM's Python package parses it."""
    text = tail.decode("utf-8", errors="replace")
    found = re.search(r"^parameters:\n(.*?)^end of parameters$", text, re.MULTILINE | re.DOTALL)
    if "parameters:" in text and found is None:
        raise MalformedTrees("The `parameters` section does not end: the file is cut off.")
    categories = re.search(r"^pandas_categorical:(.*)$", text, re.MULTILINE)
    lists = read_category_lists(categories.group(1)) if categories else ()
    return dict(re.findall(r"^\[([^:\]\n]+): ?([^\]\n]*)\]$", found.group(1), re.MULTILINE)) if found else {}, lists


def read_category_lists(said: str) -> tuple[tuple[Any, ...], ...]:
    """The values of each pandas category, in the order of their codes, from the JSON that LightGBM writes. Raises `MalformedTrees`."""
    try:
        lists = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise MalformedTrees("`pandas_categorical` is not JSON.") from error
    if lists is None:
        return ()
    if not isinstance(lists, list) or not all(isinstance(one, list) and all(isinstance(value, str | int | float) for value in one) for one in lists):
        raise MalformedTrees("`pandas_categorical` must be lists of numbers, texts or truth values.")
    return tuple(tuple(one) for one in lists)

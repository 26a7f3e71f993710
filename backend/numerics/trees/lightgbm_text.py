"""Reads LightGBM's text format and trusts nothing in it. LightGBM itself trusts the file: a child index out of range crashes it, and a cycle never ends. So
every array is checked here before the library sees a byte. The format is that of `Booster.save_model` (versions v3 and v4).
"""

import json
import re
from typing import Any

from backend.numerics.trees.forest import Forest, Tree, near_zero_is_zero
from backend.numerics.trees.lightgbm_fields import Fields, MalformedTrees
from backend.numerics.trees.lightgbm_tree import tree_of
from backend.numerics.trees.limits import TreeLimits
from backend.numerics.trees.transfers import plain_text

END = b"end of trees\n"
VERSIONS = {"v3", "v4"}


def read_lightgbm(content: bytes, limits: TreeLimits | None = None) -> Forest:
    """Return the forest in a model file.

    Raises `MalformedTrees`, with the place, for anything that LightGBM would not have written.

    >>> read_lightgbm(b"tree\\nversion=v4\\n")
    Traceback (most recent call last):
    ...
    backend.numerics.trees.lightgbm_fields.MalformedTrees: The header has no `Tree=0`, or ends before it.
    """
    limits = limits or TreeLimits()
    content = plain_text(content)
    start = content.find(b"\nTree=0\n")
    if start < 0:
        raise MalformedTrees("The header has no `Tree=0`, or ends before it.")
    header = Fields.of(content[: start + 1], "the header", flags=True)
    features, sizes = check_header(header, limits)
    trees, nodes, offset = [], 0, start + 1
    for number, size in enumerate(sizes):
        tree = read_tree(content[offset : offset + size], number, len(features), limits)
        trees.append(tree)
        nodes, offset = nodes + tree.leaves, offset + size
        if nodes > limits.nodes:
            raise MalformedTrees(f"The model has more than {limits.nodes} leaves in total.")
    if not content.startswith(END, offset):
        raise MalformedTrees("The file does not go on with `end of trees` where `tree_sizes` says the trees end: it is cut off or was edited.")
    parameters, lists = read_tail(content[offset + len(END) :])
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


def check_header(header: Fields, limits: TreeLimits) -> tuple[list[str], list[int]]:
    """Return the features' names and the trees' sizes in bytes, from the fields before the trees. Raises `MalformedTrees`."""
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


def read_tree(block: bytes, number: int, features: int, limits: TreeLimits) -> Tree:
    """Return the tree in its own span of the file, `tree_sizes` long. Raises `MalformedTrees`."""
    where = f"tree {number}"
    head = b"Tree=%d\n" % number
    if not block.startswith(head) or not block.endswith(b"\n\n"):
        raise MalformedTrees(f"`tree_sizes` does not fit {where}: the file is cut off or was edited.")
    return tree_of(Fields.of(block[len(head) :].rstrip(b"\n") + b"\n", where), features, limits)


def read_tail(tail: bytes) -> tuple[dict[str, str], tuple[tuple[Any, ...], ...]]:
    """Return the training parameters, and the values of the pandas categories. The text after the parameters must be JSON, because LightGBM's Python package
    parses it.
    """
    text = tail.decode("utf-8", errors="replace")
    found = re.search(r"^parameters:\n(.*?)^end of parameters$", text, re.MULTILINE | re.DOTALL)
    if "parameters:" in text and found is None:
        raise MalformedTrees("The `parameters` section does not end: the file is cut off.")
    categories = re.search(r"^pandas_categorical:(.*)$", text, re.MULTILINE)
    lists = read_category_lists(categories.group(1)) if categories else ()
    return dict(re.findall(r"^\[([^:\]\n]+): ?([^\]\n]*)\]$", found.group(1), re.MULTILINE)) if found else {}, lists


def read_category_lists(said: str) -> tuple[tuple[Any, ...], ...]:
    """Return the values of each pandas category, in the order of their codes, from the JSON that LightGBM writes. Raises `MalformedTrees`."""
    try:
        lists = json.loads(said)
    except (ValueError, RecursionError) as error:
        raise MalformedTrees("`pandas_categorical` is not JSON.") from error
    if lists is None:
        return ()
    if not isinstance(lists, list) or not all(isinstance(one, list) and all(isinstance(value, str | int | float) for value in one) for one in lists):
        raise MalformedTrees("`pandas_categorical` must be lists of numbers, texts or truth values.")
    return tuple(tuple(one) for one in lists)

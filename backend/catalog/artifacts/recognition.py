"""The kind of a file, recognised by its content and never by its name."""

import re
import zipfile
from pathlib import Path

from backend.catalog.artifacts import errors
from backend.numerics.trees.transfers import plain_json, plain_text
from backend.numerics.trees.ubjson import is_ubjson
from schemas.catalog import ArtifactKind

HEAD = 4096
JSON_HEAD = 4 * 1024 * 1024
OLD_PICKLE = re.compile(rb"(\(dp?[0-9]*\n|\(lp?[0-9]*\n|\(?c[A-Za-z_][\w.]*\n[A-Za-z_]\w*\n)")
"""Pickle protocol 0 is text: a container, or the name of a class to import."""

MAGIC: dict[bytes, type[errors.UnservableArtifact]] = {
    **dict.fromkeys((b"x\x01", b"x\x5e", b"x\x9c", b"x\xda", b"ZF0x"), errors.JoblibArtifact),
    **dict.fromkeys((b"binf", b"bs64"), errors.XgboostBinaryArtifact),
    b"CBM1": errors.CatboostArtifact,
    b"\x89HDF": errors.KerasArtifact,
    b"PAR1": errors.TableArtifact,
}


def recognise(path: Path) -> ArtifactKind:
    """Return the kind of a servable artifact. Raises the matching `UnservableArtifact` for any other file.

    ONNX has no magic number. A file that begins like a model's protobuf is taken for ONNX, and parsing proves it.
    """
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise errors.EmptyArtifact
    if plain_text(head).startswith(b"tree\n"):
        return ArtifactKind.LIGHTGBM
    if is_ubjson(head) and b"learner" in head[:32]:
        return ArtifactKind.XGBOOST
    if plain_json(head).lstrip(b" \t\r\n").startswith(b"{"):
        return _of_json(path, plain_json(head))
    _refuse_known(path, head)
    if _looks_like_onnx(head):
        return ArtifactKind.ONNX
    raise errors.UnknownArtifact


def _refuse_known(path: Path, head: bytes) -> None:
    text = head.lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    if head.startswith(b"PK"):
        raise _of_zip(path)
    if head[:1] == b"\x80" and head[1:2] in b"\x02\x03\x04\x05" and len(head) > 2:
        raise _of_pickle(head)
    if OLD_PICKLE.match(head):
        raise errors.PickleArtifact
    if head.startswith((b"\x1f\x8b", b"BZh", b"\xfd7zXZ", b"\x28\xb5\x2f\xfd", b"7z\xbc\xaf", b"\x04\x22\x4d\x18")) or head[257:262] == b"ustar":
        raise errors.CompressedArtifact
    if text.startswith((b"<!doctype", b"<html", b"<?xml", b"<head", b"<body", b"<pmml")):
        raise errors.PmmlArtifact if b"<pmml" in text else errors.HtmlArtifact if b"html" in text[:1024] or b"<head" in text else errors.XmlArtifact
    for magic, error in MAGIC.items():
        if head.startswith(magic):
            raise error
    if text.startswith(b"booster[0]:") or (text.startswith(b"[") and b'"nodeid"' in text):
        raise errors.XgboostDumpArtifact
    if text.startswith(b"["):
        raise errors.JsonArtifact


def _of_zip(path: Path) -> errors.UnservableArtifact:
    try:
        with zipfile.ZipFile(path) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, ValueError, NotImplementedError):
        return errors.CompressedArtifact()
    if any(name.endswith("data.pkl") for name in names):
        return errors.TorchArtifact()
    if "model.ini" in names:
        return errors.MojoArtifact()
    if "config.json" in names and any(name.endswith(".h5") for name in names):
        return errors.KerasArtifact()
    return errors.SkopsArtifact() if "schema.json" in names else errors.CompressedArtifact()


def _of_pickle(head: bytes) -> errors.UnservableArtifact:
    if b"joblib" in head:
        return errors.JoblibArtifact()
    return errors.TorchArtifact() if b"torch" in head or b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19" in head else errors.PickleArtifact()


def _of_json(path: Path, head: bytes) -> ArtifactKind:
    """Recognise a JSON object by its first names, wherever they are in the first megabytes."""
    if b'"learner"' in head and b'"generic_param"' not in head:
        return ArtifactKind.XGBOOST
    if b'"tree_info"' in head or b'"num_tree_per_iteration"' in head:
        raise errors.LightgbmJsonArtifact
    with path.open("rb") as file:
        text = plain_json(file.read(JSON_HEAD))
    if b'"oblivious_trees"' in text or (b'"features_info"' in text and b'"model_info"' in text):
        raise errors.CatboostArtifact
    if b'"ebm"' in text and b'"outputs"' in text:
        raise errors.EbmArtifact
    if b'"generic_param"' in text and b'"learner_train_param"' in text:
        raise errors.XgboostConfigArtifact
    if b'"coefficients"' in text and b'"intercept"' in text:
        return ArtifactKind.LINEAR
    if b'"gradient_booster"' in text or b'"learner"' in text:
        return ArtifactKind.XGBOOST
    raise errors.JsonArtifact


def _looks_like_onnx(head: bytes) -> bool:
    """Return whether the bytes begin like a ModelProto: with ir_version (field 1) or, from some tools, opset_import, producer or graph."""
    return (head[:1] == b"\x08" and 1 <= head[1] <= 30) if len(head) > 1 and head[:1] == b"\x08" else head[:1] in (b"\x12", b"\x3a", b"\x42")

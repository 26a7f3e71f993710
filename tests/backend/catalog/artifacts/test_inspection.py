"""What an upload is, and what is refused with what advice."""

import gzip
import json
import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path

import joblib
import numpy as np
import onnx
import pytest
import skl2onnx
import xgboost as xgb
from sklearn.ensemble import GradientBoostingClassifier, GradientBoostingRegressor, RandomForestClassifier
from sklearn.linear_model import LogisticRegression

from backend.catalog.artifacts import errors, inspect, probe
from schemas.catalog import ArtifactKind
from tests.backend.numerics.models import SHAPES, train
from tests.backend.numerics.xgboost_models import saved as saved_xgboost
from tests.backend.numerics.xgboost_models import train_xgboost

X = np.random.default_rng(0).normal(size=(200, 3)).astype(np.float32)
Y = (X[:, 0] + X[:, 1] * X[:, 2] > 0).astype(int)


def convert(model: object, **options: object) -> onnx.ModelProto:
    return skl2onnx.to_onnx(model.fit(X, Y), X[:1], **options)  # type: ignore[attr-defined]


def linear(**changed: object) -> bytes:
    return json.dumps({"format": "linear", "features": ["age", "income"], "coefficients": [0.1, -2.0], "intercept": 0.5, "link": "logit"} | changed).encode()


def by_category() -> bytes:
    rows = np.random.default_rng(0).integers(0, 9, size=(200, 2))
    data = xgb.DMatrix(rows, label=rows[:, 0] % 3 == 0, feature_types=["c", "c"], enable_categorical=True)
    return bytes(xgb.train({"objective": "binary:logistic", "tree_method": "hist", "max_cat_to_onehot": 1}, data, 3).save_raw("ubj"))


def of_classes() -> bytes:
    return bytes(xgb.train({"objective": "multi:softprob", "num_class": 3}, xgb.DMatrix(X, label=np.arange(len(X)) % 3), 2).save_raw("ubj"))


FOREST = convert(RandomForestClassifier(4, max_depth=3, random_state=0))


def saved(folder: Path, content: bytes) -> Path:
    path = folder / "upload"
    path.write_bytes(content)
    return path


@pytest.mark.parametrize("shape", SHAPES)
def test_lightgbm_text_is_known_by_its_content(tmp_path: Path, shape: str) -> None:
    facts = inspect(saved(tmp_path, train(**SHAPES[shape]).model_to_string().encode()))
    assert (facts.kind, facts.features, facts.named, facts.outputs) == (ArtifactKind.LIGHTGBM, ["x0", "x1", "x2", "x3", "x4"], True, 1)
    assert facts.trees is not None
    assert facts.trees >= 1


ALTERED: dict[str, Callable[[bytes], bytes]] = {
    "Windows line ends": lambda text: text.replace(b"\n", b"\r\n"),
    "a byte order mark": lambda text: b"\xef\xbb\xbf" + text,
    "UTF-16": lambda text: text.decode().encode("utf-16"),
}


@pytest.mark.parametrize("case", ALTERED)
async def test_lightgbm_text_that_a_transfer_altered_without_harm_is_served_the_same(tmp_path: Path, case: str) -> None:
    text = train(objective="binary").model_to_string().encode()
    path = saved(tmp_path, ALTERED[case](text))
    facts = inspect(path)
    report = await probe(path, facts)
    assert facts.features == ["x0", "x1", "x2", "x3", "x4"]
    assert report.scores == (await probe(saved(tmp_path, text), inspect(saved(tmp_path, text)))).scores


@pytest.mark.parametrize("case", ["a byte order mark", "UTF-16"])
@pytest.mark.parametrize("made", [lambda: saved_xgboost(train_xgboost(objective="binary:logistic"), "json"), lambda: linear()], ids=["XGBoost", "linear"])
async def test_json_that_a_transfer_altered_without_harm_is_served_the_same(tmp_path: Path, made: Callable[[], bytes], case: str) -> None:
    """Before, a byte order mark was refused by the library in the probe, or as malformed, and UTF-16 was not known."""
    content = made()
    plain = await probe(saved(tmp_path, content), inspect(saved(tmp_path, content)))
    path = saved(tmp_path, ALTERED[case](content))
    assert (await probe(path, inspect(path))).scores == plain.scores


def test_what_is_advised_in_place_of_an_ebm_is_additive_and_served(tmp_path: Path) -> None:
    booster = train(objective="binary", interaction_constraints=[[at] for at in range(5)])
    splits = [line.partition("=")[2].split() for line in booster.model_to_string().split("\n") if line.startswith("split_feature=")]
    assert all(len(set(features)) <= 1 for features in splits)
    assert inspect(saved(tmp_path, booster.model_to_string().encode())).kind is ArtifactKind.LIGHTGBM


@pytest.mark.parametrize("form", ["json", "ubj"])
def test_xgboost_is_known_by_its_content(tmp_path: Path, form: str) -> None:
    facts = inspect(saved(tmp_path, saved_xgboost(train_xgboost(objective="binary:logistic"), form)))
    assert (facts.kind, facts.features, facts.named, facts.outputs) == (ArtifactKind.XGBOOST, ["x0", "x1", "x2", "x3", "x4"], True, 1)
    assert (facts.objective, facts.trees) == ("binary:logistic", 8)


@pytest.mark.parametrize("before", ["", "\n  "])
def test_linear_json_is_known_by_its_content_wherever_its_names_are(tmp_path: Path, before: str) -> None:
    names = [f"a_long_name_for_a_feature_{i}" for i in range(500)]
    content = {"features": names, "format": "linear", "intercept": 1, "coefficients": [0.5] * 500}
    facts = inspect(saved(tmp_path, before.encode() + json.dumps(content).encode()))
    assert (facts.kind, facts.features, facts.named) == (ArtifactKind.LINEAR, names, True)


@pytest.mark.parametrize(
    "model",
    [RandomForestClassifier(3), GradientBoostingClassifier(n_estimators=3), GradientBoostingRegressor(n_estimators=3), LogisticRegression()],
    ids=lambda model: type(model).__name__,
)
def test_onnx_is_known_by_its_content(tmp_path: Path, model: object) -> None:
    facts = inspect(saved(tmp_path, convert(model).SerializeToString()))
    assert (facts.kind, facts.features, facts.named) == (ArtifactKind.ONNX, ["f0", "f1", "f2"], False)
    assert (facts.trees is None) == isinstance(model, LogisticRegression)


def test_onnx_metadata_names_the_features(tmp_path: Path) -> None:
    model = convert(LogisticRegression())
    onnx.helper.set_model_props(model, {"feature_names": json.dumps(["age", "income", "debt"])})
    facts = inspect(saved(tmp_path, model.SerializeToString()))
    assert (facts.features, facts.named) == (["age", "income", "debt"], True)


def archive(folder: Path, **entries: bytes) -> bytes:
    path = folder / "archive.zip"
    with zipfile.ZipFile(path, "w") as file:
        for name, content in entries.items():
            file.writestr(name, content)
    return path.read_bytes()


def dumped(folder: Path, **options: object) -> bytes:
    joblib.dump({"model": np.zeros(2000)}, folder / "model.bin", **options)
    return (folder / "model.bin").read_bytes()


REFUSED: dict[str, tuple[Callable[[Path], bytes], type[errors.UnservableArtifact], str]] = {
    "empty": (lambda _: b"", errors.EmptyArtifact, "empty"),
    "pickle": (lambda _: pickle.dumps(LogisticRegression()), errors.PickleArtifact, "save_model"),
    "old pickle": (lambda _: pickle.dumps(LogisticRegression(), protocol=0), errors.PickleArtifact, "skl2onnx"),
    "joblib": (dumped, errors.JoblibArtifact, "skl2onnx"),
    "compressed joblib": (lambda folder: dumped(folder, compress=("zlib", 3)), errors.JoblibArtifact, "skl2onnx"),
    "torch": (lambda folder: archive(folder, **{"model/data.pkl": b"\x80\x02.", "model/version": b"3"}), errors.TorchArtifact, "torch.onnx"),
    "skops": (lambda folder: archive(folder, **{"schema.json": b"{}"}), errors.SkopsArtifact, "skl2onnx"),
    "zip": (lambda folder: archive(folder, **{"model.txt": b"tree\n"}), errors.CompressedArtifact, "Unpack"),
    "broken zip": (lambda _: b"PK\x03\x04nothing", errors.CompressedArtifact, "Unpack"),
    "gzip": (lambda _: gzip.compress(b"tree\n"), errors.CompressedArtifact, "Unpack"),
    "xgboost json": (lambda _: b'{"learner":{"gradient_booster":{}},"version":[2,0,3]}', errors.MalformedArtifact, "save_model('model.ubj')"),
    "xgboost ubj": (lambda _: b"{L\x00\x00\x00\x00\x00\x00\x00\x07learner{", errors.MalformedArtifact, "save_model('model.ubj')"),
    "xgboost by category": (lambda _: by_category(), errors.UnsupportedModel, "one column per category"),
    "xgboost of many classes": (lambda _: of_classes(), errors.UnsupportedModel, "3 numbers"),
    "xgboost binary": (lambda _: b"binf\x00\x00", errors.XgboostBinaryArtifact, "model.ubj"),
    "linear of too few": (lambda _: linear(coefficients=[1.0]), errors.MalformedArtifact, "1 entries for 2 features"),
    "linear with a name twice": (lambda _: linear(features=["a", "a"]), errors.MalformedArtifact, "twice"),
    "linear with a word": (lambda _: linear(intercept="x"), errors.MalformedArtifact, "$.intercept"),
    "linear with an unknown link": (lambda _: linear(link="probit"), errors.MalformedArtifact, "$.link"),
    "linear with more than it has": (lambda _: linear(code="evil()"), errors.MalformedArtifact, "code"),
    "linear divided by zero": (lambda _: linear(standardisation={"mean": [0, 0], "scale": [1, 0]}), errors.MalformedArtifact, "has a 0"),
    "linear too large": (lambda _: linear(standardisation={"mean": [0, 0], "scale": [1, 1e-309]}), errors.MalformedArtifact, "finite"),
    "lightgbm dump": (lambda _: json.dumps(train(rounds=1).dump_model()).encode(), errors.LightgbmJsonArtifact, "save_model"),
    "json": (lambda _: b'{"auc": 0.8}', errors.JsonArtifact, "document"),
    "PMML": (lambda _: b'<?xml version="1.0"?>\n<PMML version="4.3"><Header/></PMML>\n', errors.PmmlArtifact, "skl2onnx"),
    "other XML": (lambda _: b'<?xml version="1.0"?>\n<model/>', errors.XmlArtifact, "XML"),
    "CatBoost": (lambda _: b"CBM1" + bytes(200), errors.CatboostArtifact, "format='onnx'"),
    "CatBoost JSON": (lambda _: b'{"features_info": {}, "model_info": {}, "oblivious_trees": []}', errors.CatboostArtifact, "format='onnx'"),
    "EBM JSON": (lambda _: b'{"version": "1.0", "ebm": {"outputs": [{"task": "classification"}]}}', errors.EbmArtifact, "interaction_constraints"),
    "XGBoost settings": (lambda _: train_xgboost().save_config().encode(), errors.XgboostConfigArtifact, "save_model"),
    "XGBoost dump": (lambda _: ("booster[0]:\n" + train_xgboost().get_dump()[0]).encode(), errors.XgboostDumpArtifact, "save_model"),
    "XGBoost dump in JSON": (lambda _: ("[\n" + train_xgboost().get_dump(dump_format="json")[0] + "]").encode(), errors.XgboostDumpArtifact, "save_model"),
    "Keras": (lambda _: b"\x89HDF\r\n\x1a\n" + bytes(90), errors.KerasArtifact, "onnx"),
    "a MOJO": (lambda folder: archive(folder, **{"model.ini": b"[info]"}), errors.MojoArtifact, "H2O"),
    "Parquet": (lambda _: b"PAR1" + bytes(90), errors.TableArtifact, "table"),
    "web page": (lambda _: b"\n<!DOCTYPE html><html>Sign in</html>", errors.HtmlArtifact, "sign-in"),
    "text": (lambda _: b"hello there", errors.UnknownArtifact, "save_model"),
    "random bytes": (lambda _: bytes(range(200, 250)), errors.UnknownArtifact, "ONNX"),
    "lightgbm cut off": (lambda _: train().model_to_string().encode()[:3000], errors.MalformedArtifact, "save_model"),
    "lightgbm of many classes": (
        lambda _: train(objective="multiclass", num_class=2).model_to_string().encode(),
        errors.UnsupportedModel,
        "2 numbers per row",
    ),
    "onnx cut off": (lambda _: FOREST.SerializeToString()[:-40], errors.MalformedArtifact, "cut off"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_cannot_be_served_is_named_and_told_how_to_export(tmp_path: Path, case: str) -> None:
    make, error, advice = REFUSED[case]
    with pytest.raises(error) as refusal:
        inspect(saved(tmp_path, make(tmp_path)))
    assert type(refusal.value) is error
    assert advice in refusal.value.message


def test_a_file_over_the_limit_is_refused_before_it_is_read(tmp_path: Path) -> None:
    with pytest.raises(errors.ArtifactTooLarge) as refusal:
        inspect(saved(tmp_path, b"tree\n" * 100), limit_bytes=499)
    assert refusal.value.data == {"size_bytes": 500, "limit_bytes": 499}


def altered(change: Callable[[onnx.ModelProto], object]) -> bytes:
    model = onnx.ModelProto()
    model.CopyFrom(FOREST)
    change(model)
    return model.SerializeToString()


ALTERED_GRAPHS: dict[str, tuple[Callable[[onnx.ModelProto], object], type[errors.UnservableArtifact], str]] = {
    "foreign operators": (lambda model: model.opset_import.add(domain="com.evil", version=1), errors.UnsupportedModel, "com.evil"),
    "foreign node": (lambda model: setattr(model.graph.node[0], "domain", "com.evil"), errors.UnsupportedModel, "com.evil"),
    "functions of its own": (lambda model: model.functions.add(name="f", domain="x"), errors.UnsupportedModel, "functions"),
    "weights elsewhere": (lambda model: model.graph.initializer.add(name="w", data_location=1), errors.UnsupportedModel, "another file"),
    "two wide inputs": (
        lambda model: model.graph.input.add().CopyFrom(model.graph.input[0]) or setattr(model.graph.input[1], "name", "Z"),
        errors.UnsupportedModel,
        "one tensor",
    ),
    "an operator that is not there": (lambda model: setattr(model.graph.node[1], "op_type", "Bogus"), errors.MalformedArtifact, "checker"),
}


@pytest.mark.parametrize("case", ALTERED_GRAPHS)
def test_a_graph_that_is_not_served_is_refused_for_what_it_has(tmp_path: Path, case: str) -> None:
    change, error, said = ALTERED_GRAPHS[case]
    with pytest.raises(error) as refusal:
        inspect(saved(tmp_path, altered(change)))
    assert said in refusal.value.message


def test_onnx_of_three_classes_is_refused(tmp_path: Path) -> None:
    model = LogisticRegression().fit(X, np.arange(len(X)) % 3)
    content = skl2onnx.to_onnx(model, X[:1], options={"zipmap": False}).SerializeToString()
    with pytest.raises(errors.UnsupportedModel, match="3 numbers per row"):
        inspect(saved(tmp_path, content))


@pytest.mark.parametrize(
    "model", [GradientBoostingClassifier(n_estimators=2), GradientBoostingRegressor(n_estimators=2)], ids=lambda model: type(model).__name__
)
def test_a_forest_of_doubles_is_named_and_what_is_advised_is_served(tmp_path: Path, model: object) -> None:
    rows = X.astype(np.float64)
    made = model.fit(rows, Y)  # type: ignore[attr-defined]
    with pytest.raises(errors.UnsupportedModel, match="double precision"):
        inspect(saved(tmp_path, skl2onnx.to_onnx(made, rows[:1]).SerializeToString()))
    assert inspect(saved(tmp_path, skl2onnx.to_onnx(made, rows[:1].astype(np.float32)).SerializeToString())).trees


def test_random_bytes_of_a_graph_without_trees_never_escape_as_anything_but_a_refusal(tmp_path: Path) -> None:
    """Read by our own rules and the checker; nothing loads it."""
    rng, refused = np.random.default_rng(2), 0
    original = convert(LogisticRegression()).SerializeToString()
    for _ in range(200):
        content = bytearray(original)
        content[int(rng.integers(0, len(content)))] = int(rng.integers(0, 256))
        try:
            inspect(saved(tmp_path, bytes(content)))
        except errors.UnservableArtifact:
            refused += 1
    assert refused > 50

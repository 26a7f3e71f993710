import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner, Result

from rpc.cli import main
from rpc.commands.import_file import DECISION, FINE, REFUSED

DOCUMENTS = Path(__file__).parent.parent / "backend/importing/fixtures/labelled"


def run(*arguments: str, given: bytes | None = None) -> Result:
    return CliRunner().invoke(main, ["import", *arguments, "--dry-run"], input=given)


def as_json(*arguments: str, given: bytes | None = None) -> dict[str, Any]:
    shown: dict[str, Any] = json.loads(run(*arguments, "--json", given=given).stdout)
    return shown


def test_a_clear_file_is_shown_value_by_value_and_the_exit_code_is_0() -> None:
    done = run(str(DOCUMENTS / "doc14.json"))
    assert done.exit_code == FINE
    line = next(line for line in done.output.splitlines() if line.startswith("/metrics/4/value"))
    assert line.split() == ["/metrics/4/value", "0.8428", "/metrics_test/roc_auc"]


def test_json_has_all_that_was_understood() -> None:
    shown = as_json(str(DOCUMENTS / "doc14.json"))
    assert list(shown) == ["document", "provenance", "unmapped", "contradictions", "several_models", "format", "mapping"]
    assert shown["several_models"] is None
    assert shown["provenance"]["/metrics/4/value"] == "/metrics_test/roc_auc"


def test_several_models_are_asked_about_with_exit_code_2_and_picking_one_settles_it() -> None:
    asked = run(str(DOCUMENTS / "doc10.json"))
    assert asked.exit_code == DECISION
    assert "--pick" in asked.output
    assert run(str(DOCUMENTS / "doc10.json"), "--pick", "xgboost").exit_code == FINE
    assert as_json(str(DOCUMENTS / "doc10.json"), "--pick", "xgboost")["document"]["name"] == "XGBoost"


def test_a_contradiction_and_a_file_without_a_model_need_a_decision() -> None:
    assert run("-", given=b'{"model_name": "m", "auc": 0.8, "gini": 0.1}').exit_code == DECISION
    assert run(str(DOCUMENTS / "doc09.json")).exit_code == DECISION


@pytest.mark.parametrize(
    ("content", "says"),
    [
        (b"", "empty"),
        (b"a,b\n1,2\n", "table"),
        (b"\x80\x04\x95\x00", "pickle"),
        (b'{"a": }', "Line 1, column 7"),
        (b"{" + b" " * (50 * 1024 * 1024), "52.4 MB"),
    ],
)
def test_a_file_that_cannot_be_read_is_refused_with_exit_code_1_and_the_reason(tmp_path: Path, content: bytes, says: str) -> None:
    file = tmp_path / "model.json"
    file.write_bytes(content)
    done = run(str(file))
    assert done.exit_code == REFUSED
    assert says in done.output


def test_a_file_that_is_not_there_and_a_model_that_is_not_in_it_are_refused() -> None:
    assert run("nowhere.json").exit_code == REFUSED
    done = run(str(DOCUMENTS / "doc10.json"), "--pick", "svm")
    assert done.exit_code == REFUSED
    assert "xgboost, logistic_regression" in done.output


def test_in_json_mode_warnings_and_questions_go_to_standard_error() -> None:
    done = run("-", "--json", given=b'{"model_name": "m", "auc": NaN, "f1": 0.5, "accuracy": 97.3}')
    assert done.exit_code == DECISION
    assert json.loads(done.stdout)["document"]["metrics"]
    assert "/auc" in done.stderr
    assert "decide" in done.stderr


def test_without_a_running_hub_the_command_says_how_to_see_the_file_anyway(tmp_path: Path) -> None:
    done = CliRunner().invoke(main, ["import", str(DOCUMENTS / "doc14.json"), "--data-dir", str(tmp_path / "none")])
    assert done.exit_code == REFUSED
    assert "--dry-run" in done.output


def test_control_characters_of_a_file_do_not_reach_the_terminal() -> None:
    done = run("-", given=json.dumps({"model_name": "\x1b[31mred[/]", "\x1b]0;x": 1, "auc": 0.8}).encode())
    assert done.exit_code == 1
    assert "/name" in done.output
    assert "\x1b" not in done.output

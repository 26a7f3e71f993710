"""Settings come from the environment, or from files it names."""

from pathlib import Path

import pytest

from backend.settings import BadSetting, Settings


def test_a_setting_may_be_in_a_file(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("kept apart\n")
    settings = Settings.from_environment({"TILTYARD_SECRET_KEY_FILE": str(secret), "TILTYARD_PORT": "9000", "TILTYARD_DATA_DIR": "/somewhere"})
    assert (settings.secret_key, settings.port, settings.data_dir) == ("kept apart", 9000, Path("/somewhere"))
    assert settings.url == "http://127.0.0.1:9000"


def test_the_command_line_wins() -> None:
    assert Settings.from_environment({"TILTYARD_PORT": "9000"}, port=9001, host=None).port == 9001


def test_what_cannot_be_used_is_named() -> None:
    with pytest.raises(BadSetting, match="port"):
        Settings.from_environment({"TILTYARD_PORT": "many"})
    with pytest.raises(BadSetting, match="TILTYARD_SECRET_KEY_FILE"):
        Settings.from_environment({"TILTYARD_SECRET_KEY_FILE": "/nowhere/at/all"})

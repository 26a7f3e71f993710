"""The command line tells what is wrong in words, and how to mend it."""

import socket
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest
from click.testing import CliRunner

from backend.settings import Settings
from rpc.cli import COMMANDS, main
from rpc.commands.shared.installation import complete, environment_of, environment_of_application, read_settings, running_installation
from rpc.commands.shared.ready import SignIn, keep_access, kept_access, write_ready_file
from tests.conftest import SECRET
from tests.support import servers


def run(*arguments: str, **environment: str) -> tuple[int, str]:
    given = {"TILTYARD_DATABASE_URL": None, "TILTYARD_REDIS_URL": None, "TILTYARD_SECRET_KEY": None, **environment}
    done = CliRunner().invoke(main, list(arguments), env=given)
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done.exit_code, done.output


def test_help_lists_every_command_with_what_it_does() -> None:
    code, output = run("--help")
    assert code == 0
    for name in COMMANDS:
        line = next(line for line in output.splitlines() if line.strip().startswith(f"{name} "))
        assert len(line.split()) > 2


def test_asking_for_help_loads_no_machine_learning_library() -> None:
    program = (
        "import sys, rpc.commands.up, rpc.commands.doctor; print(sorted({'numba', 'shap', 'lightgbm', 'onnxruntime', 'sklearn', 'pyarrow'} & set(sys.modules)))"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=Path(__file__).parents[3])
    assert done.stdout.strip() == "[]"


def test_an_unreachable_database_is_named_and_no_traceback_shown(tmp_path: Path) -> None:
    for command in ("up", "migrate", "doctor"):
        code, output = run(
            command, "--data-dir", str(tmp_path), TILTYARD_DATABASE_URL="postgresql://a:b@127.0.0.1:1/x", TILTYARD_REDIS_URL="redis://127.0.0.1:1/0"
        )
        assert code == 1
        assert "PostgreSQL does not answer at 127.0.0.1:1" in output
        assert "TILTYARD_DATABASE_URL" in output
        assert "Traceback" not in output


def test_a_port_that_is_taken_is_named_before_anything_starts(tmp_path: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        code, output = run("up", "--data-dir", str(tmp_path / "data"), "--port", str(port))
    assert code == 1
    assert f"Cannot listen on 127.0.0.1:{port}: Address already in use" in output
    assert not (tmp_path / "data").exists()


def test_a_setting_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    code, output = run("up", "--data-dir", str(tmp_path), TILTYARD_PORT="many")
    assert code == 1
    assert "port" in output


def test_serve_and_worker_without_servers_say_what_starts_them(tmp_path: Path) -> None:
    for command in ("serve", "worker"):
        code, output = run(command, "--data-dir", str(tmp_path))
        assert code == 1
        assert "`tiltyard up` starts them" in output


def test_doctor_on_an_empty_folder_says_that_nothing_was_started_and_makes_nothing(tmp_path: Path) -> None:
    code, output = run("doctor", "--data-dir", str(tmp_path / "none"))
    assert code == 1
    assert "WRONG Servers: never started" in output
    assert not (tmp_path / "none").exists()


def test_doctor_names_an_old_schema_secrets_that_others_may_read_and_a_redis_that_forgets(tmp_path: Path, worker_number: int) -> None:
    """The Redis of a test run keeps no file, and the database is empty."""
    secret = tmp_path / "secrets" / "secret_key"
    secret.parent.mkdir()
    secret.write_text(SECRET)  # the role it is for is shared by the whole test run
    secret.chmod(0o644)
    addresses = {"TILTYARD_DATABASE_URL": servers.database_url(f"doctor_{worker_number}"), "TILTYARD_REDIS_URL": servers.redis_url(0)}
    code, output = run("doctor", "--data-dir", str(tmp_path), **addresses)
    assert code == 1
    assert "others may read secret_key. Run: chmod 600" in output
    assert "the database is at nothing, this release needs" in output
    assert "Run `tiltyard migrate`" in output

    secret.chmod(0o600)
    code, output = run("migrate", "--data-dir", str(tmp_path), **addresses)
    assert code == 0, output
    code, output = run("doctor", "--data-dir", str(tmp_path), **addresses)
    assert code == 0, output
    assert "note Log guarantee: disk, slower: Valkey 9.1 keeps no append-only file" in " ".join(output.split())
    _, output = run("doctor", "--data-dir", str(tmp_path), TILTYARD_LOG_GUARANTEE="standard", **addresses)
    assert "note  Log guarantee: memory:" in output
    assert "note  Workers: no worker runs" in output


def test_a_short_password_is_refused_before_anything_is_touched(tmp_path: Path) -> None:
    (tmp_path / "password").write_text("short\n")
    code, output = run("reset-password", "--data-dir", str(tmp_path / "data"), "a@example.org", "--password-file", str(tmp_path / "password"))
    assert code == 1
    assert "length >= 12" in output
    assert not (tmp_path / "data").exists()


def test_a_backup_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "backup.tar").write_text("precious")
    code, output = run("backup", "--data-dir", str(tmp_path / "data"), str(tmp_path / "backup.tar"))
    assert code == 1
    assert "never overwritten" in output
    assert (tmp_path / "backup.tar").read_text() == "precious"


def test_a_child_is_told_the_complete_settings_and_nothing_else_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("TILTYARD_PORT", "1111")
    monkeypatch.setenv("TILTYARD_REDIS_URL_FILE", "/nowhere")
    settings = Settings(data_dir=tmp_path, database_url="postgresql://a:b@h/d", redis_url="redis://h", secret_key="s" * 20, port=2222)
    environment = environment_of(settings)
    assert Settings.from_environment(environment) == settings
    assert "TILTYARD_REDIS_URL_FILE" not in environment


def test_the_api_process_and_the_worker_never_learn_the_address_of_the_databases_owner(tmp_path: Path) -> None:
    settings = Settings(data_dir=tmp_path, database_url="postgresql://owner:very-secret@h/d", redis_url="redis://h", secret_key="s" * 20)
    environment = environment_of_application(settings)
    assert "TILTYARD_DATABASE_URL" not in environment
    assert not any("very-secret" in value or "owner" in value for name, value in environment.items() if name.startswith("TILTYARD_"))
    told = running_installation(Settings.from_environment(environment))
    assert (told.database_url, told.redis_url, told.kek) == (None, "redis://h", None)
    assert (told.app_database_url or "").endswith("@h/d")


def test_the_installations_secret_is_made_once_and_kept_to_oneself(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    settings = msgspec.structs.replace(read_settings(tmp_path), database_url="postgresql://a:b@h/d", redis_url="redis://h")
    first = complete(settings, None).secret_key
    assert first
    assert complete(settings, None).secret_key == first
    assert (tmp_path / "secrets" / "secret_key").stat().st_mode & 0o777 == 0o600


def test_the_ready_file_holds_all_its_fields_and_only_its_owner_reads_it(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    access = SignIn(email="a@example.org", password="a password", token="tyd_x")
    keep_access(tmp_path, access)
    assert kept_access(tmp_path) == SignIn(email="a@example.org"), "no secret is kept"
    settings = Settings(data_dir=tmp_path, database_url="postgresql://a:b@h/d", redis_url="redis://h", port=4321)
    write_ready_file(tmp_path / "deep" / "ready.json", settings, access)
    assert msgspec.json.decode((tmp_path / "deep" / "ready.json").read_bytes()) == {
        "url": "http://127.0.0.1:4321",
        "email": "a@example.org",
        "password": "a password",
        "token": "tyd_x",
        "database_url": "postgresql://a:b@h/d",
        "redis_url": "redis://h",
    }
    assert (tmp_path / "deep" / "ready.json").stat().st_mode & 0o777 == 0o600

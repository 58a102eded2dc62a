import subprocess
import sys

import pytest

from serving_runtime import cli
from serving_runtime.errors import StartError


@pytest.mark.parametrize("verb", cli.VERBS)
def test_every_verb_has_help(command, verb):
    """Each verb explains itself, with the sentence its module begins with."""
    code, out, _ = command(verb, "--help")
    assert code == 0
    assert f"usage: serving-runtime {verb}" in out


def test_misspelt_verb_is_answered_with_the_nearest(command):
    """A verb that is not there is a usage error that suggests one that is."""
    code, _, err = command("vaildate", "dir")
    assert code == 2
    assert 'no verb "vaildate": did you mean "validate"?' in err


def test_misspelt_flag_is_answered_with_the_nearest(command):
    """A flag that is not there is a usage error that suggests one that is."""
    code, _, err = command("config", "--wrokers", "3")
    assert code == 2
    assert 'unexpected argument --wrokers: did you mean "--workers"?' in err


def test_misspelt_flag_of_an_action(command):
    """The flags of `contract show` are suggested for it, not those of `contract`."""
    code, _, err = command("contract", "show", "dir", "--formt", "json")
    assert code == 2
    assert 'unexpected argument --formt: did you mean "--format"?' in err


def test_value_that_the_setting_cannot_read_is_refused(command):
    """A flag's value is checked like its variable's, and the form expected is shown."""
    code, _, err = command("serve", "--port", "tcp://1.2.3.4:90")
    assert code == 2
    assert "--port: 'tcp://1.2.3.4:90' cannot be read: expected a port number" in err


def test_no_verb_prints_help(command):
    """Without a verb there is help, and the exit code of a usage error."""
    code, out, err = command()
    assert (code, out) == (2, "")
    assert "usage: serving-runtime" in err


def test_version(command):
    """The version is one line."""
    code, out, _ = command("--version")
    assert code == 0
    assert out.startswith("serving-runtime ")


def test_start_error_is_one_message_and_exit_code_1(command, monkeypatch):
    """What stops the start is shown without a traceback."""

    def fail(environ, runtime):
        raise StartError("the port is taken", "choose another")

    from serving_runtime import service

    monkeypatch.setattr(service, "run", fail)
    code, out, err = command("serve", "somewhere")
    assert (code, out) == (1, "")
    assert err == "serving-runtime serve: the port is taken\n  fix: choose another\n"


def test_serve_lays_flags_over_the_environment(command, monkeypatch):
    """The service is given the environment with the flags' values in it."""
    from serving_runtime import service

    given = []
    monkeypatch.setattr(service, "run", lambda environ, name: given.append((environ, name)) or 0)
    monkeypatch.setenv("APP_PORT", "1234")
    monkeypatch.setenv("RUNTIME_WORKERS", "7")
    code, _, _ = command("serve", "some/model", "--runtime", "python", "--port", "0")
    environ, name = given[0]
    assert (code, name) == (0, "python")
    chosen = [environ[variable] for variable in ("MODEL_DIR", "APP_PORT", "RUNTIME_WORKERS")]
    assert chosen == ["some/model", "0", "7"]


def test_serve_without_model_dir_leaves_the_variable(command, monkeypatch):
    """The MODEL_DIR variable, or its flag, counts if the argument is left out."""
    from serving_runtime import service

    given = []
    monkeypatch.setattr(service, "run", lambda environ, name: given.append(environ) or 0)
    command("serve", "--model-dir", "by/flag")
    assert given[0]["MODEL_DIR"] == "by/flag"


def test_help_imports_nothing_heavy():
    """Help is instant: numpy, grpc and yaml are imported by the verbs that need them."""
    code = (
        "import sys; from serving_runtime.cli import main\n"
        "try: main(['--help'])\n"
        "except SystemExit: pass\n"
        "heavy = {'numpy', 'grpc', 'yaml', 'google.protobuf', 'tabulate'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 0)"
    )
    subprocess.run([sys.executable, "-c", code], check=True, stdout=subprocess.DEVNULL)


def test_health_never_imports_numpy():
    """The health check runs every few seconds: it must start fast."""
    code = (
        "import sys; from serving_runtime.cli import main\n"
        "code = main(['health', '--address', 'localhost:1', '--deadline', '100ms'])\n"
        "heavy = {'numpy', 'yaml', 'google.protobuf'} & set(sys.modules)\n"
        "sys.exit(repr(heavy) if heavy else 10 + code)"
    )
    run = subprocess.run([sys.executable, "-c", code], check=False, stderr=subprocess.DEVNULL)
    assert run.returncode == 11


def test_closed_pipe_is_no_traceback():
    """Output that nobody reads any more, as with `| head`, ends the command quietly."""
    run = subprocess.Popen(
        [sys.executable, "-m", "serving_runtime.cli", "config", "--format", "json"],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    )
    run.stdout.close()
    errors = run.stderr.read()
    run.stderr.close()
    assert run.wait() == 1
    assert b"Traceback" not in errors

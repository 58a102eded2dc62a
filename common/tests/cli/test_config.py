import json
from pathlib import Path

import pytest
import yaml

from serving_runtime.cli import compose, flags, kubernetes, reference
from serving_runtime.cli.flags import Group
from serving_runtime.settings import SETTINGS, Settings

DOCS = Path(__file__).resolve().parents[3] / "docs" / "settings.md"


def settings_by_variable(out):
    """Return the settings of the command's JSON by their variables."""
    return {entry["variable"]: entry for entry in json.loads(out)["settings"]}


def test_table_shows_every_setting_with_its_default(command):
    """The table has each variable, and says that its value is the default."""
    code, out, err = command("config")
    assert (code, err) == (0, "")
    assert all(setting.variable in out for setting in SETTINGS)
    assert "environment" not in out.replace("every environment", "")


def test_table_ends_with_what_kubernetes_needs(command):
    """The grace period covers the longest drain, and the startup probe the longest load."""
    code, out, _ = command(
        "config", "--drain-delay", "2s", "--connection-age", "10s", "--drain-timeout", "30s",
        "--load-timeout", "90s", "--port", "8033",
    )  # fmt: skip
    assert code == 0
    told = yaml.safe_load(out[out.index("terminationGracePeriodSeconds") :])
    assert told["terminationGracePeriodSeconds"] == 2 + 1.1 * 10 + 30 + 5
    assert list(told)[1:] == ["startupProbe", "readinessProbe", "livenessProbe"]
    asked = [told[probe]["grpc"] for probe in list(told)[1:]]
    assert asked == [{"port": 8033}, {"port": 8033}, {"port": 8033, "service": "liveness"}]
    assert told["startupProbe"]["failureThreshold"] * told["startupProbe"]["periodSeconds"] == 100


@pytest.mark.parametrize(
    ("arguments", "is_plain"),
    [
        ((), True),
        (("--token-file", "tokens"), True),
        (("--token-file", "tokens", "--open-health", "0"), False),
        (("--tls-cert", "cert.pem"), False),
    ],
)
def test_probes_are_such_as_the_service_answers(command, arguments, is_plain):
    """Kubernetes' gRPC probe knows neither TLS nor tokens; the command reads them."""
    _, out, _ = command("config", "--format", "json", *arguments)
    told = json.loads(out)["kubernetes"]
    probes = [told[name] for name in told if name.endswith("Probe")]
    assert len(probes) == 3
    assert all(("grpc" in probe) == is_plain for probe in probes)
    assert all(("exec" in probe) != is_plain for probe in probes)
    if not is_plain:
        asked = [probe["exec"]["command"][2:] for probe in probes]
        assert asked == [["--probe", name] for name in ("readiness", "readiness", "liveness")]


def test_compose_and_swarm_wait_for_the_load_and_the_drain(command):
    """The health check asks for what a restart may mend, and not before the model may be loaded."""
    code, out, _ = command("config", "--load-timeout", "90s", "--drain-timeout", "41s")
    assert code == 0
    told = yaml.safe_load(out[out.index("stop_grace_period") : out.index("What a Kubernetes")])
    assert int(told["stop_grace_period"].rstrip("s")) > 41
    assert told["healthcheck"]["start_period"] == "100s"
    assert told["healthcheck"]["test"][-2:] == ["--probe", "container"]


def test_images_ask_what_compose_would():
    """The image's HEALTHCHECK is the default of every service that says nothing of health."""
    template = (DOCS.parents[1] / "tools" / "images" / "Dockerfile.template").read_text()
    told = compose.needs(Settings.from_env({}))["healthcheck"]
    assert ", ".join(f'"{word}"' for word in told["test"][2:]) in template
    assert f"--interval={told['interval']} --timeout={told['timeout']}" in template
    assert f"--retries={told['retries']}" in template


def test_json_has_what_kubernetes_needs(command):
    """It is the same as in the text."""
    _, out, _ = command("config", "--format", "json")
    assert json.loads(out)["compose"] == compose.needs(Settings.from_env({}))
    assert json.loads(out)["kubernetes"] == kubernetes.needs(Settings.from_env({}))
    assert yaml.safe_load(kubernetes.lines(Settings.from_env({}))) == json.loads(out)["kubernetes"]


def test_json_says_where_values_come_from(command, monkeypatch):
    """Each value is from a flag, the environment or the default, in this order."""
    monkeypatch.setenv("RUNTIME_WORKERS", "2")
    monkeypatch.setenv("RUNTIME_MAX_QUEUE", "9")
    monkeypatch.setenv("RUNTIME_CAST", "")
    code, out, _ = command("config", "--format", "json", "--workers", "3")
    found = settings_by_variable(out)
    assert code == 0
    assert [(found[name]["value"], found[name]["source"]) for name in (
        "RUNTIME_WORKERS", "RUNTIME_MAX_QUEUE", "RUNTIME_CAST",
    )] == [("3", "flag"), ("9", "environment"), ("same_kind", "default")]  # fmt: skip


def test_a_default_of_the_runtime_is_called_that(command, monkeypatch, tmp_path):
    """A framework may have another default, of which the user must be able to learn."""
    package = tmp_path / "toyish_runtime"
    package.mkdir()
    init = "DEFAULTS = {'RUNTIME_MAX_BATCH_SIZE': '8', 'RUNTIME_BATCH_DELAY': '2ms'}\n"
    (package / "__init__.py").write_text(init + "recognises = bool\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.setenv("RUNTIME_BATCH_DELAY", "1s")
    code, out, _ = command("config", "--format", "json", "--runtime", "toyish")
    found = settings_by_variable(out)
    assert code == 0
    batch, delay = found["RUNTIME_MAX_BATCH_SIZE"], found["RUNTIME_BATCH_DELAY"]
    assert (batch["value"], batch["source"]) == ("8", "default of the runtime")
    assert (delay["value"], delay["source"]) == ("1s", "environment")


def test_unreadable_values_are_all_shown(command, monkeypatch):
    """Every bad value is told with the form expected; the exit code is 1."""
    monkeypatch.setenv("RUNTIME_WORKERS", "many")
    monkeypatch.setenv("APP_PORT", "tcp://10.0.0.1:9090")
    code, out, err = command("config")
    assert code == 1
    assert "RUNTIME_WORKERS='many' cannot be read: expected a whole number" in err
    assert "enableServiceLinks" in err
    assert "many  <- cannot be read" in out
    assert "terminationGracePeriodSeconds" not in out


def test_unreadable_value_is_in_the_json(command, monkeypatch):
    """The JSON carries the error beside the value."""
    monkeypatch.setenv("RUNTIME_DRAIN_DELAY", "soon")
    code, out, _ = command("config", "--format", "json")
    assert code == 1
    assert "expected a time" in settings_by_variable(out)["RUNTIME_DRAIN_DELAY"]["error"]
    assert json.loads(out)["kubernetes"] is None


def test_unknown_variable_is_shown_with_the_nearest(command, monkeypatch):
    """A variable that no setting reads is likely a typo: a warning, not an error."""
    monkeypatch.setenv("RUNTIME_WORKER", "2")
    code, out, err = command("config", "--format", "json")
    assert code == 0
    assert 'RUNTIME_WORKER is set, but there is no such setting: did you mean "RUNTIME_WORK' in err
    assert json.loads(out)["unknown"] == ["RUNTIME_WORKER"]


def test_a_former_name_is_a_warning_and_not_unknown(command, monkeypatch):
    """The value counts; the warning has today's name."""
    monkeypatch.setenv("RUNTIME_POISON_MEMORY", "7s")
    code, out, err = command("config", "--format", "json")
    assert code == 0
    assert err.startswith("warning: RUNTIME_POISON_MEMORY is called RUNTIME_POISON_TTL now")
    assert json.loads(out)["unknown"] == []
    found = settings_by_variable(out)["RUNTIME_POISON_TTL"]
    assert (found["value"], found["source"], found["former"]) == (
        "7s", "environment", "RUNTIME_POISON_MEMORY",
    )  # fmt: skip


@pytest.mark.parametrize("flag", ["--poison-ttl", "--poison-memory"])
@pytest.mark.parametrize("variable", ["RUNTIME_POISON_TTL", "RUNTIME_POISON_MEMORY"])
def test_a_flag_wins_by_either_name(command, monkeypatch, flag, variable):
    """Over the environment, whichever name is used there."""
    monkeypatch.setenv(variable, "7s")
    code, out, _ = command("config", "--format", "json", flag, "8s")
    assert code == 0
    found = settings_by_variable(out)["RUNTIME_POISON_TTL"]
    assert (found["value"], found["source"]) == ("8s", "flag")


def test_two_names_with_two_values_are_an_error(command, monkeypatch):
    """It is shown as any other value that cannot be read."""
    monkeypatch.setenv("RUNTIME_POISON_TTL", "7s")
    monkeypatch.setenv("RUNTIME_POISON_MEMORY", "8s")
    code, _, err = command("config")
    assert code == 1
    assert "error: RUNTIME_POISON_TTL='7s' and RUNTIME_POISON_MEMORY='8s' are one setting" in err


def test_every_setting_has_a_flag_of_its_own():
    """No two settings share a flag."""
    names = [flags.flag_of(name) for setting in flags.all_settings() for name in setting.names]
    assert len(set(names)) == len(names)
    assert {"--port", "--model-dir", "--max-batch-size", "--log-calls"} <= set(names)


@pytest.mark.parametrize("flag", ["--model-name", "--model_name"])
@pytest.mark.parametrize("joined", [True, False])
def test_a_flag_may_be_written_with_underscores(command, flag, joined):
    """As KServe writes its own; the help has one form of each."""
    given = [f"{flag}=flowers"] if joined else [flag, "flowers"]
    code, out, _ = command("config", "--format", "json", *given)
    assert code == 0
    found = settings_by_variable(out)["MODEL_NAME"]
    assert (found["value"], found["source"], found["flag"]) == ("flowers", "flag", "--model-name")
    assert "--model_name" not in command("config", "--help")[1]


def test_reference_in_docs_is_the_one_of_the_settings(command):
    """docs/settings.md is what the settings say; `serving-runtime config --markdown` renews it."""
    code, _, err = command("config", "--markdown", "--check", DOCS)
    assert code == 0, err


def test_old_reference_is_found(command, tmp_path):
    """A changed or a missing file is told with the command that renews it."""
    _, out, _ = command("config", "--markdown")
    old = tmp_path / "settings.md"
    for text in ("", out.replace("9090", "9091"), out + "| one row too many |\n"):
        old.write_text(text)
        code, _, err = command("config", "--markdown", "--check", old)
        assert code == 1
        assert "run `serving-runtime config --markdown >" in err
    assert command("config", "--markdown", "--check", tmp_path / "missing.md")[0] == 1


@pytest.mark.parametrize("installed", [("alpha",), ("beta",), ("alpha", "beta")])
def test_reference_is_compared_for_what_is_installed(tmp_path, installed):
    """Where only some runtimes are installed, the others' sections are left alone."""
    groups = [Group(name, SETTINGS[:2]) for name in ("alpha", "beta")]
    path = tmp_path / "settings.md"
    path.write_text(reference.markdown([Group(flags.EVERY_RUNTIME, SETTINGS), *groups]))
    assert reference.check(path, [group for group in groups if group.owner in installed]) == 0

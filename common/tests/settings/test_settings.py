import contextlib

import pytest

from serving_runtime import settings
from serving_runtime.errors import SettingError
from serving_runtime.settings import SETTINGS, Settings

BY_VARIABLE = {setting.variable: setting for setting in SETTINGS}


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_default_parses(setting):
    """Every default is a value that the setting itself would accept."""
    setting.parser.parse(setting.default)


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_meaning_is_a_sentence(setting):
    """The reference in docs and the help are made of it."""
    assert setting.meaning.endswith(".")
    assert setting.parser.form


def test_table_and_fields_are_the_same():
    """Each setting of the table has a field, in the same order, and no field lacks one."""
    assert tuple(setting.attribute for setting in SETTINGS) == Settings._fields[:-1]
    assert Settings._fields[-1] == "unset"


def test_variables_are_ours_or_the_known_ones():
    """No two settings share a variable, and new ones begin with RUNTIME_."""
    assert len(BY_VARIABLE) == len(SETTINGS)
    foreign = {name for name in BY_VARIABLE if not name.startswith("RUNTIME_")}
    vertex = {"AIP_PREDICT_ROUTE", "AIP_HEALTH_ROUTE"}
    assert foreign == {"APP_PORT", "MODEL_DIR", "MODEL_NAME", *vertex}


def test_nothing_set_gives_the_defaults():
    """An empty environment is a valid one; other variables are not looked at."""
    chosen = Settings.from_env({"PATH": "/bin"})
    assert chosen.port == 9090
    assert chosen.workers == 1
    assert chosen.max_message_bytes == 256 * 2**20
    assert (chosen.log_calls, chosen.slow_call_seconds) == ("failed", 1.0)


def test_values_are_read_with_their_units():
    """Each variable reaches its own field."""
    chosen = Settings.from_env({"APP_PORT": "0", "RUNTIME_HANG_GRACE": "250ms"})
    assert (chosen.port, chosen.hang_grace_seconds) == (0, 0.25)


def test_files_are_named_wherever_the_process_is(monkeypatch, tmp_path):
    """They are read again when they change; user code may have left the folder by then."""
    monkeypatch.chdir(tmp_path)
    chosen = Settings.from_env({"RUNTIME_TOKEN_FILE": "tokens", "RUNTIME_TLS_KEY": "/tls/key"})
    assert chosen.token_file == str(tmp_path / "tokens")
    assert (chosen.tls_key, chosen.tls_cert) == ("/tls/key", "")


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
def test_empty_is_unset(setting):
    """Charts set variables to empty strings where a value is left out."""
    assert Settings.from_env({setting.variable: ""}) == Settings.from_env({})


@pytest.mark.parametrize(
    "setting",
    [setting for setting in SETTINGS if setting.parser.form != "text"],
    ids=lambda setting: setting.variable,
)
def test_bad_value_is_shown_with_variable_value_and_form(setting):
    """The message has what a user needs to mend it: which, what, and what instead."""
    with pytest.raises(SettingError) as caught:
        Settings.from_env({setting.variable: "a lot"})
    assert setting.variable in caught.value.problem
    assert "'a lot'" in caught.value.problem
    assert setting.parser.form in caught.value.problem
    assert not setting.default or f"{setting.variable}={setting.default}" in caught.value.fix


@pytest.mark.parametrize("setting", SETTINGS, ids=lambda setting: setting.variable)
@pytest.mark.parametrize("text", ["9" * 400, "1e999", "\N{ARABIC-INDIC DIGIT THREE}x", "\0"])
def test_no_value_escapes_as_another_error(setting, text):
    """Whatever the text, it is read or refused: never a traceback of OverflowError."""
    with contextlib.suppress(SettingError):
        Settings.from_env({setting.variable: text})


def test_port_that_kubernetes_injected_is_explained():
    """A Service named app sets APP_PORT to an address; the message says so and how to stop it."""
    with pytest.raises(SettingError) as caught:
        Settings.from_env({"APP_PORT": "tcp://10.0.0.1:9090"})
    assert "'tcp://10.0.0.1:9090'" in str(caught.value)
    assert "Service" in caught.value.fix
    assert "enableServiceLinks: false" in caught.value.fix


def test_sources_say_where_a_value_comes_from():
    """`serving-runtime config` shows the text in force and its origin."""
    found = {
        source.setting.variable: (source.text, source.origin)
        for source in settings.sources(SETTINGS, {"APP_PORT": "1", "RUNTIME_CAST": ""})
    }
    assert found["APP_PORT"] == ("1", "environment")
    assert found["RUNTIME_CAST"] == ("same_kind", "default")


def test_unknown_variables_are_those_of_ours_that_nobody_reads():
    """A misspelt variable is found; foreign ones are none of ours."""
    environ = {"RUNTIME_WORKER": "2", "RUNTIME_WORKERS": "2", "HOME": "/", "APP_PROT": "1"}
    assert settings.unknown_variables(SETTINGS, environ) == ["RUNTIME_WORKER"]


@pytest.mark.parametrize(
    ("existing", "chosen"),
    [
        ((), "/model"),
        (("/model",), "/model"),
        (("/mnt/models",), "/mnt/models"),
        (("/model", "/mnt/models"), "/model"),
    ],
)
def test_default_model_dir_is_kserves_only_if_ours_is_missing(monkeypatch, existing, chosen):
    """KServe mounts to a place of its own; ours goes first."""
    monkeypatch.setattr(settings.os.path, "isdir", lambda path: path in existing)
    assert settings.default_model_dir() == chosen


@pytest.mark.parametrize(
    ("text", "logged"),
    [("all", "all"), ("Failed", "failed"), ("none", "none")]
    + [(word, "all") for word in ("1", "true", "on", "yes")]
    + [(word, "none") for word in ("0", "false", "off", "no")],
)
def test_words_for_the_log_of_calls(text, logged):
    """It was a switch once, and takes a switch's words as well."""
    assert Settings.from_env({"RUNTIME_LOG_CALLS": text}).log_calls == logged


RENAMED = [setting for setting in SETTINGS if setting.former]


def other_text(setting):
    """Return a text that the setting takes, and that is not its default."""
    return {"RUNTIME_POISON_TTL": "7s", "RUNTIME_CONTRACT": "strict"}.get(
        setting.variable, "asyncio"
    )


def test_former_names_are_nobody_elses():
    """No former name is the name of a setting, or of two."""
    names = [name for setting in SETTINGS for name in setting.names]
    assert len(set(names)) == len(names)
    assert {setting.former for setting in RENAMED} == {
        "RUNTIME_POISON_MEMORY", "RUNTIME_LISTENER",
    }  # fmt: skip


@pytest.mark.parametrize("setting", RENAMED, ids=lambda setting: setting.variable)
def test_a_former_name_goes_on_working(setting):
    """It sets the same, is no unknown variable, and a warning has both names."""
    text = other_text(setting)
    by_former, by_name = {setting.former: text}, {setting.variable: text}
    assert Settings.from_env(by_former) == Settings.from_env(by_name) != Settings.from_env({})
    assert settings.unknown_variables(SETTINGS, by_former) == []
    [warning] = settings.former_names(SETTINGS, by_former)
    assert setting.variable in warning
    assert setting.former in warning
    assert settings.former_names(SETTINGS, {**by_name, setting.former: ""}) == []


@pytest.mark.parametrize("setting", RENAMED, ids=lambda setting: setting.variable)
def test_both_names_must_agree(setting):
    """The same text twice is taken; two texts are an error that names both variables."""
    text = other_text(setting)
    agreed = Settings.from_env({setting.variable: text, setting.former: text})
    assert agreed == Settings.from_env({setting.variable: text})
    with pytest.raises(SettingError) as caught:
        Settings.from_env({setting.variable: setting.default, setting.former: text})
    assert f"{setting.variable}={setting.default!r}" in caught.value.problem
    assert f"{setting.former}={text!r}" in caught.value.problem


@pytest.mark.parametrize("setting", RENAMED, ids=lambda setting: setting.variable)
def test_a_bad_value_is_shown_by_the_name_that_set_it(setting):
    """The user finds it where it is, and learns today's name from the example."""
    with pytest.raises(SettingError) as caught:
        Settings.from_env({setting.former: "a lot"})
    assert f"{setting.former}='a lot'" in caught.value.problem
    assert f"{setting.variable}={setting.default}" in caught.value.fix

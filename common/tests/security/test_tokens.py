import hmac
import logging

import pytest

from serving_runtime.errors import NotAuthenticated, SettingError, Status
from serving_runtime.security import tokens as module
from serving_runtime.security.tokens import TokenAuthenticator

OPERATION = "protocol.predict"
OPEN = "health.check"
TOKENS = ("first", "second", "third")


@pytest.fixture
def path(tmp_path):
    """Return a file of three tokens."""
    path = tmp_path / "tokens"
    path.write_text("\n".join(TOKENS), encoding="ascii")
    return path


@pytest.fixture
def access(path):
    """Return the authenticator that admits those who have one of the tokens."""
    return TokenAuthenticator(str(path), {OPEN})


def is_let_in(access, token):
    """Return whether a token opens the operation."""
    try:
        access.check(OPERATION, f"Bearer {token}")
    except NotAuthenticated:
        return False
    return True


@pytest.mark.parametrize("token", TOKENS)
@pytest.mark.parametrize("form", ["Bearer {}", "bearer {}", "BEARER   {} ", " Bearer {}"])
def test_each_token_lets_in(access, token, form):
    """The scheme is known in any case, as HTTP has it."""
    access.check(OPERATION, form.format(token))


@pytest.mark.parametrize(
    "authorization",
    [None, "", "Bearer", "Bearer ", "first", "Basic first", "Bearerfirst", "Bearer first second",
     "Bearer firs", "Bearer firstt", "Bearer FIRST", "Bearer gr\xfcn", "Bearer \udcff",
     "Bearer first\nsecond\nthird"],
)  # fmt: skip
def test_everything_else_is_refused(access, authorization):
    """With what is expected and the setting's name, and nothing of the tokens."""
    with pytest.raises(NotAuthenticated) as caught:
        access.check(OPERATION, authorization)
    assert caught.value.status == Status.UNAUTHENTICATED
    text = str(caught.value)
    assert "authorization: Bearer TOKEN" in text
    assert "RUNTIME_TOKEN_FILE" in text
    assert not any(token in text for token in (*TOKENS, "firs", "FIRST"))


def test_what_is_open_needs_no_token(access):
    """Health, by default; and a wrong token does not close it."""
    access.check(OPEN, None)
    access.check(OPEN, "Bearer wrong")


@pytest.mark.parametrize("token", [*TOKENS, "wrong", "x" * 10000])
def test_every_token_is_compared_in_full(access, token, monkeypatch):
    """The time that a refusal takes tells neither which token was near nor how near."""
    compared = []
    rightly = hmac.compare_digest

    def compare(shown, ours):
        compared.append((shown, ours))
        return rightly(shown, ours)

    monkeypatch.setattr(module.hmac, "compare_digest", compare)
    is_let_in(access, token)
    assert len(compared) == len(TOKENS)
    assert {len(side) for pair in compared for side in pair} == {32}


def test_tokens_are_not_kept(access):
    """What a dump of the front's memory shows cannot be sent by anybody."""
    assert not set(access.tokens.value) & {token.encode() for token in TOKENS}


def test_renewed_tokens_count(access, path, caplog):
    """A new one is taken at once, and one that was taken away no longer; other files are not."""
    path.write_text("second\nfourth\n", encoding="ascii")
    with caplog.at_level(logging.INFO):
        access.tokens.refresh()
        access.tokens.refresh()
    assert [is_let_in(access, token) for token in ("first", "second", "fourth")] == [
        False,
        True,
        True,
    ]
    assert [record.levelname for record in caplog.records if "read again" in record.message] == [
        "INFO"
    ]


@pytest.mark.parametrize("spoil", ["empty", "garbled", "gone", "a folder"])
def test_a_spoilt_file_leaves_the_old_tokens(access, path, spoil, caplog):
    """Nobody is locked out, nor let in, by a mistake; the log has it once."""
    if spoil in ("gone", "a folder"):
        path.unlink()
    if spoil == "a folder":
        path.mkdir()
    if spoil in ("empty", "garbled"):
        path.write_bytes(b"" if spoil == "empty" else b"two words")
    for _ in range(3):
        access.tokens.refresh()
    assert is_let_in(access, "first")
    assert [record.levelname for record in caplog.records] == ["ERROR"]
    assert "stays in force" in caplog.text


def test_tokens_that_come_back_count(access, path):
    """After a mistake the next good file is taken."""
    path.unlink()
    access.tokens.refresh()
    path.write_text("fourth", encoding="ascii")
    access.tokens.refresh()
    assert (is_let_in(access, "first"), is_let_in(access, "fourth")) == (False, True)


def test_a_link_that_is_turned_counts(tmp_path):
    """Kubernetes renews a Secret by turning a link to its folder; the file's own name stays."""
    for name, token in (("old", "first"), ("new", "second")):
        (tmp_path / name).mkdir()
        (tmp_path / name / "tokens").write_text(token, encoding="ascii")
    link = tmp_path / "data"
    link.symlink_to("old")
    access = TokenAuthenticator(str(link / "tokens"), set())
    (tmp_path / "turned").symlink_to("new")
    (tmp_path / "turned").replace(link)
    access.tokens.refresh()
    assert (is_let_in(access, "first"), is_let_in(access, "second")) == (False, True)


def test_a_file_of_no_use_stops_the_start(tmp_path):
    """As every setting that cannot be read."""
    with pytest.raises(SettingError, match="RUNTIME_TOKEN_FILE"):
        TokenAuthenticator(str(tmp_path / "nothing"), set())


def test_refusals_are_logged_now_and_then(access, caplog, monkeypatch):
    """The log says that somebody tries, and cannot be filled by it."""
    now = [100.0]
    monkeypatch.setattr(module.time, "monotonic", lambda: now[0])
    for _ in range(1000):
        is_let_in(access, "wrong")
    now[0] += module.LOG_SECONDS
    is_let_in(access, "wrong")
    logged = [record.getMessage() for record in caplog.records]
    assert logged == [
        "refused for want of a token: calls=1",
        "refused for want of a token: calls=1000",
    ]
    assert "wrong" not in caplog.text

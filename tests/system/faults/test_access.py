"""TLS, client certificates and tokens: the real service, its command line and its health check."""

import os
import re
import shutil
import signal
import subprocess
import sys
import threading
from concurrent.futures import ThreadPoolExecutor

import grpc
import pytest

from serving_runtime.client import CallFailed, Client, channel_options
from serving_runtime.client.connection import PLAINTEXT, ConnectionOptions
from tests.support.authority import Authority
from tests.support.processes import wait_until
from tests.support.servers import GOLDEN_X, ask, expected, request

COMMAND = (sys.executable, "-m", "serving_runtime.cli")
TOKEN = "3f2c-first"
OTHER_TOKEN = "9a1b-second"
OPEN_LINE = "may call the model"


class Secrets:
    """The files that a service is given, as a mounted secret has them, and who may use them."""

    def __init__(self, folder):
        self.folder = folder
        self.authority = Authority(folder / "ca")
        self.cert, self.key = folder / "tls.crt", folder / "tls.key"
        self.tokens = folder / "tokens"
        self.tokens.write_text(f"{TOKEN}\n", encoding="ascii")
        self.renew(self.authority)

    def renew(self, authority, names="DNS:models.example.com,DNS:localhost"):
        """Issue the service a certificate by another name than most are called by."""
        pair = authority.issue("service", names)
        shutil.move(pair.key, self.key)
        shutil.move(pair.cert, self.cert)

    @property
    def tls(self):
        """The variables that switch TLS on."""
        return {"RUNTIME_TLS_CERT": str(self.cert), "RUNTIME_TLS_KEY": str(self.key)}

    @property
    def token(self):
        """The variable that asks for a token."""
        return {"RUNTIME_TOKEN_FILE": str(self.tokens)}

    @property
    def mutual(self):
        """The variables that ask clients for certificates too."""
        return {**self.tls, "RUNTIME_TLS_CLIENT_CA": str(self.authority.cert)}

    def dialing(self, **changes):
        """Connect as a client that trusts the CA."""
        return ConnectionOptions(tls=True, trusted=self.authority.cert.read_bytes())._replace(
            **changes
        )


@pytest.fixture
def secrets(tmp_path):
    """Make a CA, a certificate and a token."""
    return Secrets(tmp_path / "secrets")


@pytest.fixture
def protected(launch, obedient):
    """Serve the obedient model with settings; returns once a client by ``dialing`` is served."""
    servers = []

    def start(dialing=PLAINTEXT, **settings):
        servers.append(launch(obedient, RUNTIME_HOST="127.0.0.1", **settings))
        wait_until(lambda: health(servers[-1], dialing) == "SERVING" or servers[-1].has_ended,
                   "SERVING")  # fmt: skip
        assert not servers[-1].has_ended, servers[-1].log
        return servers[-1]

    yield start
    for server in servers:
        server.end()


def health(server, dialing):
    """Return what health says, or how it failed."""
    with Client(server.address, dialing) as client:
        try:
            return client.health(deadline_seconds=30)
        except CallFailed as error:
            return error.status


def predict(server, dialing):
    """Call the model; returns the name of the status."""
    with dialing.channel(server.address, channel_options(server.address)) as channel:
        try:
            assert ask(channel, request(), 10, dialing.metadata) == expected(GOLDEN_X)
        except grpc.RpcError as error:
            return error.code().name
    return "OK"


def verb(server, name, *arguments, environ=()):
    """Run a verb of the command line in the container of ``server``, so to speak."""
    port = server.address.rpartition(":")[2]
    kept = {key: text for key, text in os.environ.items() if not key.startswith("RUNTIME_")}
    return subprocess.run(
        [*COMMAND, name, *map(str, arguments)], env={**kept, "APP_PORT": port, **dict(environ)},
        capture_output=True, text=True, check=False, timeout=60,
    )  # fmt: skip


def test_nothing_is_asked_for_by_default(serve):
    """As ever; the log says so, and warns where a network can reach it."""
    server = serve()
    assert predict(server, PLAINTEXT) == "OK"
    assert "TLS: off, client certificates: not required, token: not required" in server.log
    assert re.search(rf"WARNING .*\[::\] {OPEN_LINE}.*RUNTIME_TOKEN_FILE", server.log)


def test_health_check_of_the_image_goes_on_working(protected, secrets):
    """Its command has no flags: it reads the settings of the service, whatever they are."""
    secrets.renew(secrets.authority, "DNS:*.example.com")
    settings = {**secrets.tls, **secrets.token, "RUNTIME_OPEN_HEALTH": "0"}
    server = protected(secrets.dialing(name="any.example.com", token=TOKEN), **settings)
    healthy = verb(server, "health", environ=settings)
    assert (healthy.stdout, healthy.returncode) == ("SERVING\n", 0), healthy.stderr
    assert verb(server, "health").returncode == 1
    refused = verb(server, "health", environ=secrets.tls)
    assert refused.returncode == 1
    assert "UNAUTHENTICATED" in refused.stderr
    assert "--token-file" in refused.stderr
    secrets.renew(secrets.authority, "IP:10.1.2.3")
    server.wait_log("read again")
    assert verb(server, "health", environ=settings).returncode == 0


def test_health_check_with_client_certificates(protected, secrets):
    """It shows the service's own certificate, which its CA has signed; another may be given."""
    pair = secrets.authority.issue("client")
    shown = {"certificate": pair.cert.read_bytes(), "key": pair.key.read_bytes()}
    server = protected(secrets.dialing(**shown), **secrets.mutual)
    assert verb(server, "health", environ=secrets.mutual).returncode == 0
    without = verb(server, "health", environ=secrets.tls)
    assert without.returncode == 1
    assert "it may want --tls-cert" in without.stderr
    given = ("--tls-cert", pair.cert, "--tls-key", pair.key)
    assert verb(server, "health", *given, environ=secrets.tls).returncode == 0
    assert predict(server, secrets.dialing()) == "UNAVAILABLE"
    assert predict(server, secrets.dialing(**shown)) == "OK"


def test_verbs_are_told_by_flags(protected, secrets):
    """From another machine: what to trust, and which token to show."""
    server = protected(secrets.dialing(), **secrets.tls, **secrets.token)
    inputs = '{"what": [""], "x": [1.5]}'
    ours = ("--tls-ca", secrets.authority.cert, "--token-file", secrets.tokens)
    asked = ("--input", inputs, "--format", "json", "--address", server.address,
             "--signature", "infer")  # fmt: skip
    ended = verb(server, "predict", *asked, *ours)
    assert ended.stdout == '{"y": [1.75]}\n', ended.stderr
    plain = verb(server, "predict", *asked)
    assert plain.returncode == 1
    assert "if it wants TLS, give --tls-ca FILE" in plain.stderr
    load = ("--seconds", "0.2", "--concurrency", "2", "--signature", "infer")
    measured = verb(server, "bench", "--address", server.address, *load, *ours)
    assert measured.returncode == 0, measured.stderr
    assert verb(server, "bench", "--address", server.address, *load, *ours[:2]).returncode == 1


def test_a_token_is_sent_nowhere_else_unasked(protected, secrets):
    """An address that is given may be anybody's: the container's own token stays here."""
    settings = {**secrets.token, "RUNTIME_OPEN_HEALTH": "0"}
    server = protected(PLAINTEXT._replace(token=TOKEN), **settings)
    assert verb(server, "health", environ=settings).returncode == 0
    elsewhere = verb(server, "health", "--address", server.address, environ=settings)
    assert "there is no bearer token" in elsewhere.stderr


def test_tokens_are_renewed_while_it_runs(protected, secrets):
    """Both are taken while both are in the file; a mistake in between changes nothing."""
    first, second = PLAINTEXT._replace(token=TOKEN), PLAINTEXT._replace(token=OTHER_TOKEN)
    server = protected(**secrets.token)
    assert [predict(server, dialing) for dialing in (first, second)] == ["OK", "UNAUTHENTICATED"]
    secrets.tokens.write_text(f"{TOKEN}\n{OTHER_TOKEN}\n", encoding="ascii")
    wait_until(lambda: predict(server, second) == "OK", "the second token")
    assert predict(server, first) == "OK"
    secrets.tokens.write_text("", encoding="ascii")
    server.wait_log("has no token")
    assert [predict(server, dialing) for dialing in (first, second)] == ["OK", "OK"]
    secrets.tokens.write_text(OTHER_TOKEN, encoding="ascii")
    wait_until(lambda: predict(server, first) == "UNAUTHENTICATED", "the first one's end")
    assert predict(server, second) == "OK"
    assert TOKEN not in server.log
    assert OTHER_TOKEN not in server.log


def test_certificates_are_renewed_under_load(protected, secrets):
    """Clients that connect anew five times a second lose no call, by the same CA or another."""
    later = Authority(secrets.folder / "later")
    both = secrets.authority.cert.read_bytes() + later.cert.read_bytes()
    dialing = secrets.dialing(trusted=both)
    server = protected(dialing, RUNTIME_CONNECTION_AGE="200ms", **secrets.tls)
    is_over = threading.Event()

    def call_on(_):
        answered = 0
        with dialing.channel(server.address, channel_options(server.address)) as channel:
            while not is_over.is_set():
                assert ask(channel, request(), 30) == expected(GOLDEN_X)
                answered += 1
        return answered

    with ThreadPoolExecutor(4) as pool:
        answers = pool.map(call_on, range(4))
        try:
            for authority in (secrets.authority, later):
                seen = server.log.count("read again")
                secrets.renew(authority)
                wait_until(lambda seen=seen: server.log.count("read again") > seen, "a new look")
            last = secrets.dialing(trusted=later.cert.read_bytes())
            wait_until(lambda: predict(server, last) == "OK", "the other CA's")
        finally:
            is_over.set()
        assert min(answers) > 10
    assert predict(server, secrets.dialing()) == "UNAVAILABLE"


def test_draining_over_tls_loses_nothing(protected, secrets):
    """The call that runs is answered, and the service ends as if in the clear."""
    server = protected(secrets.dialing(), RUNTIME_DRAIN_DELAY="0s", **secrets.tls)
    with secrets.dialing().channel(server.address) as channel, ThreadPoolExecutor(1) as pool:
        answer = pool.submit(ask, channel, request("note runs then sleep 1"), 30)
        wait_until(server.runs, "the call")
        server.signal(signal.SIGTERM)
        assert answer.result() == expected(GOLDEN_X)
    assert server.wait() == 0
    assert "stopped" in server.log


def test_strangers_do_not_harm_tls(protected, secrets):
    """Clients in the clear, by the hundred, and the service goes on."""
    server = protected(secrets.dialing(), **secrets.tls)
    with ThreadPoolExecutor(8) as pool:
        statuses = set(pool.map(lambda _: predict(server, PLAINTEXT), range(100)))
    assert statuses == {"UNAVAILABLE"}
    assert predict(server, secrets.dialing()) == "OK"


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"RUNTIME_TLS_CERT": "tls.crt"}, "RUNTIME_TLS_CERT without the rest"),
        ({"RUNTIME_TLS_CERT": "tls.crt", "RUNTIME_TLS_KEY": "tokens"}, "cannot be used"),
        ({"RUNTIME_TOKEN_FILE": "nothing"}, "cannot be read: No such file or directory"),
    ],
)
def test_what_is_of_no_use_stops_the_start(launch, obedient, secrets, settings, told):
    """Exit code 1, and a line that names the setting; nothing is left running."""
    paths = {name: str(secrets.folder / file) for name, file in settings.items()}
    server = launch(obedient, **paths)
    assert server.wait() == 1
    assert told in server.log
    assert "Traceback" not in server.log
    wait_until(lambda: not server.processes, "the end of all processes")

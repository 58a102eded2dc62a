import socket
import threading

from tests.images import relay


def test_who_has_read_the_end_can_still_write(tmp_path, monkeypatch):
    """A service ends connections that have to move while their clients may be about to write."""
    path = str(tmp_path / "socket")
    with socket.create_server(("127.0.0.1", 0)) as service, relay.Relay(path) as server:
        monkeypatch.setattr(relay, "PORT", service.getsockname()[1])
        threading.Thread(target=server.serve_forever, daemon=True).start()
        with socket.socket(socket.AF_UNIX) as client:
            client.connect(path)
            there, _ = service.accept()
            with there:
                client.sendall(b"call")
                assert there.recv(4) == b"call"
                there.sendall(b"move")
            assert client.recv(4) == b"move"
            assert client.recv(4) == b""
            client.sendall(b"call")
        server.shutdown()

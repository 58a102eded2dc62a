"""Call one method all the time with a prebuilt request, with grpcio's defaults.

caller.py ADDRESS METHOD REQUEST_FILE REPLY_FILE SECONDS LANES [SERVICE_CONFIG]

It runs on whichever grpcio its environment has, so it imports nothing of ours.
"""

import json
import sys
import threading
import time
from collections import Counter
from pathlib import Path

import grpc

UNLIMITED = [("grpc.max_receive_message_length", -1), ("grpc.max_send_message_length", -1)]


def main() -> None:
    """Call in as many threads as there are lanes, over one channel, and print what came of it."""
    address, method, request_file, reply_file, seconds, lanes, *config = sys.argv[1:]
    request, expected = Path(request_file).read_bytes(), Path(reply_file).read_bytes()
    options = [*UNLIMITED, *(("grpc.service_config", text) for text in config)]
    end = time.monotonic() + float(seconds)
    outcomes: Counter = Counter()
    with grpc.insecure_channel(address, options) as channel:
        call = channel.unary_unary(method)

        def lane() -> None:
            while time.monotonic() < end:
                outcomes[_outcome(call, request, expected)] += 1
                time.sleep(0.005)

        threads = [threading.Thread(target=lane) for _ in range(int(lanes))]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    print(json.dumps({"answered": outcomes.pop("", 0), "failed": outcomes}))


def _outcome(call, request: bytes, expected: bytes) -> str:
    try:
        return "" if call(request, timeout=30) == expected else "wrong answer"
    except grpc.RpcError as error:
        return f"{error.code().name}: {error.details()}"


main()

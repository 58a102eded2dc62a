"""What only this protocol can say, one module a subject: bytes in, a message or details out."""

from tests.conformance.open_inference import metadata, requests, unreadable

EXCHANGES = [
    *requests.EXCHANGES,
    *unreadable.EXCHANGES,
    *metadata.EXCHANGES,
]

"""What only this protocol can say, one module a subject: bytes in, a message or details out."""

from tests.conformance.tensorflow_serving import encodings, examples, metadata, requests, unreadable

EXCHANGES = [
    *encodings.EXCHANGES,
    *unreadable.EXCHANGES,
    *requests.EXCHANGES,
    *metadata.EXCHANGES,
    *examples.EXCHANGES,
]

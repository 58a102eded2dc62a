"""Messages by their full name, for the services that have no module of their own here.

Health, reflection and the older contracts are reached this way:
`message_class("grpc.health.v1.HealthCheckRequest")`.
"""

from hydro_serving_grpc._pool import POOL, enum_type, message_class

__all__ = ["POOL", "enum_type", "message_class"]

import os

from hypothesis import HealthCheck, settings

# Tests start processes beside gRPC's threads, as the front does; see service.run. gRPC reads it
# when it is imported.
os.environ["GRPC_ENABLE_FORK_SUPPORT"] = "0"

# A busy machine is no failure: pytest's own timeout bounds each test.
settings.register_profile("common", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("common")

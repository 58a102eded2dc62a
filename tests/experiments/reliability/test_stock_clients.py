import pytest

from experiments.reliability import stock_clients


@pytest.mark.apt
@pytest.mark.timeout(300)
def test_node_s_clients_with_the_service_config_lose_nothing():
    """Large calls are sent again on another connection, though theirs moves every two seconds."""
    size = "--clients grpcio,grpc-js --seconds 6 --restarts 0 --age 2s"
    findings = stock_clients.EXPERIMENT.try_with(size)
    kept = [goal for goal in findings.goals if stock_clients.WITH_CONFIG in goal.what]
    assert [goal.measured for goal in kept] == [0] * 4
    assert findings.counts["calls"] > 50

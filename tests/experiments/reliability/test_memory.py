from experiments.reliability import memory


def test_a_few_bursts_end_no_container():
    """In a container of 512 MiB, the four requests of 32 MiB that ended it once."""
    findings = memory.EXPERIMENT.try_with("--limits 512 --callers 4 --times 2")
    assert findings.wrong == []
    assert findings.counts["bursts"] == 4

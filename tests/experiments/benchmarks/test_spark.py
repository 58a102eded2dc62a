from experiments.benchmarks import spark


def test_both_engines_are_measured_in_turns(monkeypatch):
    """Each engine answers each number of rows; here both are ours, as there is no Spark."""
    monkeypatch.setattr(spark, "CALLS", {rows: {spark.OURS: 2} for rows in (1, 10)})
    engine = spark.Engine(spark.OURS)
    assert engine.start_seconds > 0
    assert engine.seconds(10) > 0
    assert engine.end() > 1


def test_figures_have_ratios():
    """A line has both figures, and how many times ours is better."""
    ours = {"start_seconds": 0.5, "pss_mb": 50.0, "seconds": {1: 0.00004, 1000: 0.008}}
    theirs = {"start_seconds": 5.0, "pss_mb": 500.0, "seconds": {1: 0.2, 1000: 0.24}}
    lines = spark.lines_of({spark.OURS: ours, spark.THEIRS: theirs})
    assert [line.split() for line in lines][2:] == [
        ["one", "row", "0.040", "ms", "200.000", "ms", "5000×"],
        ["1000", "rows", "8.000", "ms", "240.000", "ms", "30×"],
    ]

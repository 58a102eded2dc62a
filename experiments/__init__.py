"""Programs that publish figures: reliability and benchmarks; no tests."""

from hypothesis import settings

# A busy machine is no failure: pytest's own timeout bounds each test.
settings.register_profile("common", deadline=None)
settings.load_profile("common")

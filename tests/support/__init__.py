"""The harness of all tests: servers and processes, callers, model directories, fixtures, attacks.

Whatever two folders of tests or an experiment share stands here; nothing here is a test.
"""

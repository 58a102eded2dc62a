"""The lanes of tests: which parts each has, what they may take, and how they are run."""

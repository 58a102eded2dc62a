"""Builds the matrix's images, measures and tests them: what CI runs, and what a fork can run."""

"""Build the matrix's images, measure and test them: what CI runs, and what a fork can run."""

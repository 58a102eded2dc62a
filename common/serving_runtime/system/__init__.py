"""The machine as a process finds it: CPUs and memory."""

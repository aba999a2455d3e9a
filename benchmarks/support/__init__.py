"""What the benchmarks share: rounds, child processes, a screen, a peer's environment."""

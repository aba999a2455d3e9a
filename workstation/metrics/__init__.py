"""The statistics of a study: pure functions on counts, one file per family."""

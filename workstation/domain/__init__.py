"""The rules of a study: frozen values and plain functions; standard library and numpy only."""

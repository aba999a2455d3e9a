"""The encrypted study folder: the only SQL and the only key handling."""

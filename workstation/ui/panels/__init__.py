"""Parts of desks that several desks use."""

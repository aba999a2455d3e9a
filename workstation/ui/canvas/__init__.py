"""Images on the screen."""

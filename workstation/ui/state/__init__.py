"""What is shown and drawn, apart from widgets."""

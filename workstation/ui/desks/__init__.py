"""The desks; none knows another."""

"""File formats in and out, one per file; no format knows another."""

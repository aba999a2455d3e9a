"""The study report: values in, PDF and JSON out."""

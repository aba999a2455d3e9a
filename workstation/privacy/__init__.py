"""What may tell who a patient is, and what becomes of it."""

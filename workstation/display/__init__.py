"""How stored pixels become what is seen: pure functions on arrays, no files and no widgets."""

"""The demo study: images made by code, simulated readers, and the whole story played."""

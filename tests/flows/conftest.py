"""The window's fixtures, for whole stories."""

from tests.ui.conftest import _made, answer, bench

__all__ = ["_made", "answer", "bench"]

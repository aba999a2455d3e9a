"""`workstation import`: bring de-identified images into the study."""

from __future__ import annotations


"""Where the product's own files and a person's files are."""

from __future__ import annotations

import os
from pathlib import Path

import platformdirs

APP = "workstation"


def resources_dir() -> Path:
    """The folder of shipped resources: beside the package in a checkout, inside it when
    installed."""
    package = Path(__file__).resolve().parent
    inside = package / "resources"
    return inside if inside.is_dir() else package.parent / "resources"


def user_data_dir() -> Path:
    """The folder for settings, the demo study and the list of recent studies.

    The environment variable WORKSTATION_HOME overrides the platform's place.
    """
    override = os.environ.get("WORKSTATION_HOME")
    return Path(override) if override else Path(platformdirs.user_data_dir(APP, appauthor=False))

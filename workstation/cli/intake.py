"""`workstation import`: bring de-identified images into the study."""

from __future__ import annotations

from pathlib import Path

import click

from workstation.cli.session import Session, pass_session, signed_in, signs_in
from workstation.i18n import tr
from workstation.messages import refusal
from workstation.services import importing

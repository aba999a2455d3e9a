"""Late translation: English sentences are the keys, zh_CN comes from gettext catalogues.

Catalogues are all `resources/i18n/<language>/*.mo`, one per room of the product, read together.
"""

from __future__ import annotations

import gettext
import locale
import os
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from typing import Any

from workstation.paths import resources_dir

LANGUAGES = ("zh_CN", "en")

_language = "en"
_catalogue: dict[str, str] = {}
# A document's own language, of this thread only: a report made in the background must not turn
# the window's sentences into its language.
_document: ContextVar[tuple[str, dict[str, str]] | None] = ContextVar("document", default=None)


def N_(msgid: str) -> str:
    """Mark a sentence for translation without translating it yet."""
    return msgid


def default_language() -> str:
    """WORKSTATION_LANG where set to a known language, else by the system's locale."""
    wanted = os.environ.get("WORKSTATION_LANG", "")
    if wanted in LANGUAGES:
        return wanted
    system = os.environ.get("LC_ALL") or os.environ.get("LANG") or locale.getlocale()[0] or ""
    return "zh_CN" if system.lower().startswith(("zh", "chinese")) else "en"


def set_language(code: str) -> None:
    """Switch the language of everything translated from now on."""
    global _language
    catalogue = _read(code)
    _catalogue.clear()
    _catalogue.update(catalogue)
    _language = code


@contextmanager
def language_in_force(code: str) -> Iterator[None]:
    """Translate into `code` within the block, in this thread only."""
    token = _document.set((code, _read(code)))
    try:
        yield
    finally:
        _document.reset(token)


def _read(code: str) -> dict[str, str]:
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    catalogue: dict[str, str] = {}
    for path in sorted((resources_dir() / "i18n" / code).glob("*.mo")):
        with path.open("rb") as file:
            entries = gettext.GNUTranslations(file)
        # _catalog is the parsed table; GNUTranslations offers no public way to merge several.
        table: dict[Any, str] = entries._catalog  # type: ignore[attr-defined]
        catalogue.update({k: v for k, v in table.items() if isinstance(k, str) and k and v})
    return catalogue


def language() -> str:
    document = _document.get()
    return _language if document is None else document[0]


def tr(msgid: str, /, **params: Any) -> str:
    """The sentence in the language in force, with `{name}` placeholders filled in."""
    document = _document.get()
    text = (_catalogue if document is None else document[1]).get(msgid, msgid)
    return text.format(**params) if params else text

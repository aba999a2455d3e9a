"""Late translation: English sentences are the keys, zh_CN comes from gettext catalogues.

Catalogues are all `resources/i18n/<language>/*.mo`, one per room of the product, read together.
"""

from __future__ import annotations

import gettext
import locale
import os
from typing import Any

from workstation.paths import resources_dir

LANGUAGES = ("zh_CN", "en")

_language = "en"
_catalogue: dict[str, str] = {}


def N_(msgid: str) -> str:  # noqa: N802  the name every gettext tool knows
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
    if code not in LANGUAGES:
        raise ValueError(f"unknown language {code!r}")
    _catalogue.clear()
    for path in sorted((resources_dir() / "i18n" / code).glob("*.mo")):
        with path.open("rb") as file:
            entries = gettext.GNUTranslations(file)
        # _catalog is the parsed table; GNUTranslations offers no public way to merge several.
        table: dict[Any, str] = entries._catalog  # type: ignore[attr-defined]
        _catalogue.update({k: v for k, v in table.items() if isinstance(k, str) and k and v})
    _language = code


def language() -> str:
    return _language


def tr(msgid: str, /, **params: Any) -> str:
    """The sentence in the language in force, with `{name}` placeholders filled in."""
    text = _catalogue.get(msgid, msgid)
    return text.format(**params) if params else text

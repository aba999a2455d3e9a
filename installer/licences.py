"""Check the licence of every installed package: permissive or LGPL; never GPL or AGPL.

Reads SPDX expressions (an OR is chosen for us), else licence classifiers, else the reasoned table
below. A package nothing is known of fails the check.
"""

from __future__ import annotations

import re
import sys
from importlib.metadata import Distribution, distributions

REFUSED = re.compile(r"(?i)(?<!l)\b(a?gpl)(-|v|\b)|affero")
ALLOWED = re.compile(
    r"(?i)mit|bsd|apache|isc|psf|python-2|python software foundation|lgpl|zlib|mpl|unlicense|cc0|ofl|hpnd|0bsd|libpng|"
    r"boost|bsl|postgresql|public domain|cnri"
)
CLASSIFIER = re.compile(r"License :: (?:OSI Approved :: )?(.+)")

# Packages whose metadata say nothing usable; each with where it was read.
KNOWN = {
    "sqlcipher3": "zlib (LICENSE in the wheel)",
    "pyside6-essentials": "LGPL-3.0-only chosen of LGPL-3.0-only OR GPL",
    "shiboken6": "LGPL-3.0-only chosen of LGPL-3.0-only OR GPL",
}


def expression_allowed(expression: str) -> bool:
    """Whether an SPDX expression leaves a way that is allowed: OR chooses, AND needs all."""
    text = expression.strip()
    while text.startswith("(") and _closes(text) == len(text) - 1:
        text = text[1:-1].strip()
    for word, decide in ((" OR ", any), (" AND ", all)):
        parts = _split(text, word)
        if len(parts) > 1:
            return decide(expression_allowed(part) for part in parts)
    name = text.split(" WITH ")[0].strip("() ")
    if re.match(r"(?i)lgpl", name):
        return True
    return not REFUSED.search(name) and bool(ALLOWED.search(name))


def _closes(text: str) -> int:
    depth = 0
    for at, char in enumerate(text):
        depth += (char == "(") - (char == ")")
        if depth == 0:
            return at
    return -1


def _split(text: str, word: str) -> list[str]:
    """Split at a word outside parentheses."""
    parts, depth, start, at = [], 0, 0, 0
    while at < len(text):
        depth += (text[at] == "(") - (text[at] == ")")
        if depth == 0 and text[at : at + len(word)].upper() == word:
            parts.append(text[start:at])
            start = at = at + len(word)
            continue
        at += 1
    return [*parts, text[start:]]


def verdict(package: Distribution) -> tuple[bool, str]:
    """Whether a package may be used, and by what it says."""
    name = package.metadata["Name"].lower().replace("_", "-")
    if name in KNOWN:
        return True, KNOWN[name]
    expression = package.metadata.get("License-Expression")
    if expression:
        return expression_allowed(expression), expression
    classifiers = [
        found.group(1)
        for text in package.metadata.get_all("Classifier") or []
        if (found := CLASSIFIER.match(text)) and found.group(1) != "DFSG approved"
    ]
    if classifiers:
        # Several classifiers without an expression: each must be allowed, no choice is implied.
        good = all(_words_allowed(text) for text in classifiers)
        return good, "; ".join(classifiers)
    text = (package.metadata.get("License") or "").strip().split("\n")[0][:80]
    return bool(text) and _words_allowed(text), text or "nothing stated"


def _words_allowed(text: str) -> bool:
    if re.search(r"(?i)lesser|lgpl", text):
        return True
    if re.search(r"(?i)general public|(?<!l)gpl|affero", text):
        return False
    return bool(ALLOWED.search(text)) or "OSI Approved" in text


def main() -> int:
    failed = 0
    for package in sorted(distributions(), key=lambda d: d.metadata["Name"].lower()):
        good, why = verdict(package)
        if not good:
            failed += 1
            print(f"NOT ALLOWED {package.metadata['Name']} {package.version}: {why}")
    print(f"licences: {failed} not allowed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())

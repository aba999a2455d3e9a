"""The `IdentityCheck` port: finds signs that a file was not de-identified; never says what it read.

A person's name is accepted only where it is a pseudonym: empty, a word that says "removed", or the
patient id itself. Any other identity-bearing element, person fields of EXIF, and file names that
look like a name, a phone or an identity number are findings.
"""

from __future__ import annotations

import re

from workstation.domain.intake import FileFacts, IdentityFinding

_REMOVED = re.compile(
    r"(?i)\s*(removed|anon(ym(ous|ized|ised|e)?)?[ _^0-9-]*|de-?id(entified)?[ _^0-9-]*|none|unknown|"
    r"no[ _^]?name|x+|\^*|匿名|已脱敏|脱敏)\s*\Z"
)
_PHONE = re.compile(r"(?<!\d)1[3-9]\d{9}(?!\d)")
_ID_NUMBER = re.compile(r"(?<!\d)\d{17}[\dXx](?!\d)")
_HOSPITAL_NUMBER = re.compile(r"(?<!\d)\d{8,16}(?!\d)")
_HAN = re.compile(r"[\u4e00-\u9fff]{2,4}")
# Words of the trade that are written in Han characters in file names and are nobody's name.
_TRADE = re.compile(
    "右眼|左眼|双眼|眼底|照相|照片|彩照|黄斑|视盘|中心|图像|影像|序列|平扫|增强|胸部|肺窗|病例|受试者|患者|样本|筛查|"
    r"门诊|住院|体检|第[一二三四五六七八九十]+[张例号]|\d+[张例号]"
)
_PHOTO_PERSON = (
    "Artist", "CameraOwnerName", "OwnerName", "XPAuthor", "UserComment", "ImageDescription",
    "XPComment", "XPTitle", "XPSubject", "XPKeywords",
)  # fmt: skip
_NOT_PERSONAL = frozenset({"IssuerOfPatientID"})


class HeaderIdentity:
    """Looks at headers, photo metadata and file names; burned-in text is not its matter."""

    def findings(self, facts: FileFacts) -> tuple[IdentityFinding, ...]:
        name = facts.source.name
        found = [IdentityFinding(name, where, code) for where, code in _header(facts)]
        found += [IdentityFinding(name, "", code) for code in name_codes(name)]
        return tuple(found)


def _header(facts: FileFacts) -> list[tuple[str, str]]:
    patient_id = str(facts.attributes.get("PatientID", ""))
    out: list[tuple[str, str]] = []
    for where, text in facts.identity.items():
        if facts.kind == "dicom":
            if where in _NOT_PERSONAL or _REMOVED.match(text) or text.strip() == patient_id:
                continue
            out.append((where, "identity.element"))
        elif (
            where.rpartition(" ")[2] in _PHOTO_PERSON
            and not _REMOVED.match(text)
            or where in ("tEXt", "iTXt", "XMP", "IPTC", "COM")
            and looks_personal(text)
        ):
            out.append((where, "identity.photo_metadata"))
    if facts.attributes.get("BurnedInAnnotation") == "YES":
        out.append(("BurnedInAnnotation", "identity.burned_in"))
    return out


def looks_personal(text: str) -> bool:
    """A phone or identity number, or a short run of Han characters that is no word of the trade."""
    return bool(
        _PHONE.search(text) or _ID_NUMBER.search(text) or _HAN.search(_TRADE.sub(" ", text))
    )


def name_codes(name: str) -> tuple[str, ...]:
    """What in a file's own name or its folders looks like an identity."""
    stem = re.sub(r"\.[A-Za-z0-9]{1,5}\Z", "", name)
    if _ID_NUMBER.search(stem):
        return ("identity.name_id_number",)
    if _PHONE.search(stem):
        return ("identity.name_phone",)
    leaf = stem.rpartition("/")[2]
    if _HAN.search(_TRADE.sub(" ", leaf)):
        return ("identity.name_person",)
    if _HOSPITAL_NUMBER.search(leaf):
        return ("identity.name_number",)
    return ()

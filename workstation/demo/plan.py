"""What the demo study shows and how its simulated readers deviate: one table each."""

from __future__ import annotations

from workstation.demo.fundus import ScenePlan

SEED = 20260

# Patient number -> right eye, left eye. Chosen so that normal, every early stage, proliferative
# disease, another disease and an unacceptable photograph are there.
_MA = (("MA", 1),)
_MILD = (("MA", 3),)
_MODERATE = (("MA", 4), ("HE", 3), ("EX", 2))
_SEVERE = (("MA", 6), ("HE", 9), ("EX", 3), ("CWS", 2))
_PROLIFERATIVE = (("MA", 5), ("HE", 6), ("EX", 2), ("CWS", 1), ("NV", 1))


def _dr(
    eye: str, stage: str, lesions: tuple[tuple[str, int], ...], laser: bool = False
) -> ScenePlan:
    return ScenePlan(eye, "DR", stage, True, lesions, laser)


FUNDUS: tuple[tuple[ScenePlan, ScenePlan], ...] = (
    (ScenePlan("OD"), ScenePlan("OS")),
    (_dr("OD", "I", _MILD), ScenePlan("OS")),
    (_dr("OD", "II", _MODERATE), _dr("OS", "II", _MODERATE)),
    (_dr("OD", "III", _SEVERE), _dr("OS", "II", _MODERATE)),
    (_dr("OD", "II", (("HE", 3),)), _dr("OS", "II", (("IRMA", 1),))),
    (_dr("OD", "IV", _PROLIFERATIVE), _dr("OS", "III", _SEVERE)),
    (ScenePlan("OD", acceptable=False), ScenePlan("OS")),
    (ScenePlan("OD"), _dr("OS", "I", _MA)),
    (_dr("OD", "IV", _PROLIFERATIVE, laser=True), _dr("OS", "IV", _PROLIFERATIVE, laser=True)),
    (ScenePlan("OD", "other", "", True, (("DRUSEN", 18),)), ScenePlan("OS")),
    (_dr("OD", "II", _MODERATE), ScenePlan("OS")),
    (_dr("OD", "III", _SEVERE), _dr("OS", "II", _MODERATE)),
)

# (patient, eye) -> how reader B deviates from what is there; everyone else reads as planted.
FUNDUS_DEVIATIONS: dict[tuple[int, str], str] = {
    (1, "OD"): "diagnosis",
    (3, "OD"): "stage_down",
    (4, "OD"): "outline",
    (4, "OS"): "exact_threshold",
    (6, "OS"): "not_evaluable",
    (7, "OS"): "other_microaneurysm",
    (8, "OS"): "laser",
}
# Left for the newcomer: neither reader has read these patients.
FUNDUS_UNREAD = frozenset({10, 11})
# A ruling the newcomer can still give.
FUNDUS_OPEN_DISPUTES = frozenset({1, 4})

CT: tuple[tuple[tuple[str, float], ...], ...] = (
    (("solid", 11.0), ("ground_glass", 13.0)),
    (),
    (("solid", 9.0), ("part_solid", 14.0)),
)
CT_DEVIATIONS: dict[int, str] = {0: "missed_nodule", 2: "nodule_type"}
CT_UNREAD = frozenset({2})
CT_OPEN_DISPUTES = frozenset({0})

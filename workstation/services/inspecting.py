"""Look at delivered files without a study: what series they make and what is wrong with them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from workstation.domain.intake import FileFacts, PicturePlan, Refusal, StackPlan
from workstation.domain.ports import FileIntake, Progress


@dataclass(frozen=True, slots=True)
class FilesFound:
    """Series, single pictures and refused files; every file is in one of them."""

    stacks: tuple[StackPlan, ...]
    pictures: tuple[tuple[FileFacts, PicturePlan], ...]
    refusals: tuple[Refusal, ...]
    file_count: int


def look(intake: FileIntake, sources: Sequence[Path], progress: Progress) -> FilesFound:
    """Inspect every file of the sources; no pixels are decoded and nothing is kept.

    Raises InvalidValue where a source does not exist.
    """
    try:
        files = intake.find(sources, progress)
        facts: list[FileFacts] = []
        refusals: list[Refusal] = []
        inspected = intake.inspect(files)
        for n in range(len(files)):
            progress(n, len(files), "inspect")
            found = next(inspected)
            if isinstance(found, Refusal):
                refusals.append(found)
            else:
                facts.append(found)
        stacks = intake.stacks(facts)
        refusals += [refusal for stack in stacks for refusal in stack.refused]
        pictures = tuple((f, intake.picture(f)) for f in facts if not f.is_stacked)
    finally:
        intake.close()
    kept = tuple(stack for stack in stacks if stack.files)
    return FilesFound(kept, pictures, tuple(refusals), len(files))

"""The demo studies on disk, and an unread case's pixels as plain files for the peers.

Arguments: the folder to fill. Slots are made at the strength a person's own study has, not at the
weaker one of the demo study whose passphrase is no secret.
"""

import json
import sys
from pathlib import Path

import numpy as np

from workstation.bootstrap import Opener
from workstation.demo import story
from workstation.domain.case import AssignmentState
from workstation.services import reading
from workstation.store.slots import DEFAULT_KIB


def waiting(opener, study, codec):
    """The workspace, the first case nobody has read that starts with such an image, the image."""
    workspace = opener.open(study, story.READER_A, story.PASSPHRASE)
    with workspace.reading() as uow:
        for row in reading.worklist(uow, workspace.person.person_id):
            images = reading.ordered_images(uow.images.of_case(row.case_id))
            if row.state is AssignmentState.WAITING and images[0].planes[0].codec == codec:
                return workspace, row.number, images[0]
    raise SystemExit(f"the demo study has no case left to read that starts with {codec}")


def main(home):
    opener = Opener(DEFAULT_KIB)
    story.prepare(home, opener, lambda done, total, what: None)
    workspace, photo_case, photo = waiting(opener, home / story.FUNDUS_STUDY, "jpeg")
    _, data = workspace.pixels.encoded(photo)
    (home / "fundus.jpg").write_bytes(data)
    workspace.close()
    workspace, stack_case, stack = waiting(opener, home / story.CT_STUDY, "shuffle+zstd")
    planes = [workspace.pixels.plane(stack, z) for z in range(stack.slices)]
    np.save(home / "ct.npy", np.stack(planes))
    workspace.close()
    about = {
        "login": story.READER_A,
        "passphrase": story.PASSPHRASE,
        "images": {
            "fundus": {
                "study": story.FUNDUS_STUDY,
                "case": photo_case,
                "file": "fundus.jpg",
                "what": f"{photo.cols} x {photo.rows} JPEG, {len(data) >> 10} KiB",
            },
            "ct": {
                "study": story.CT_STUDY,
                "case": stack_case,
                "file": "ct.npy",
                "what": f"{stack.cols} x {stack.rows} x {stack.slices} {stack.dtype}",
            },
        },
    }
    (home / "about.json").write_text(json.dumps(about), "utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))

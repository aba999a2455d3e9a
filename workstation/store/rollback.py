"""Is the store older than what was seen before? What remembers it: each person's slot, and
`heads.log` beside the store. And how a coordinator takes an older one as it is from now on.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

from workstation.domain.audit import AuditEvent
from workstation.domain.errors import IntegrityProblem
from workstation.services.auditing import event_hash
from workstation.store import rows
from workstation.store.slots import OpenSlot
from workstation.store.unit_of_work import StoreUnitOfWork

HEADS = "heads.log"
VERIFIED_TAIL = 1000
MAX_DIGITS = 15  # of a number in heads.log; no store gets there
_META = "accepted_rollbacks"


def accepted(uow: StoreUnitOfWork) -> dict[str, int]:
    """The rollbacks that were accepted: hash of the event -> how far the trail had come back."""
    return dict(json.loads(rows.get_meta(uow.connection, _META) or "{}"))


def check_audit(
    folder: Path, uow: StoreUnitOfWork, slot: OpenSlot, heads: list[tuple[int, str]]
) -> IntegrityProblem | None:
    """Verify the tail of the chain; the problem of a store older than remembered, if it is.

    `heads` are those of `logged`, read before the transaction began: a head logged since is no
    part of what the transaction sees. Raises IntegrityProblem for a broken chain: that is no matter of accepting.
    """
    last = uow.audit.last_seq()
    _check_links(uow.audit.since(max(0, last - VERIFIED_TAIL)))
    for seq, head in sorted([*_of_slot(uow, slot), *heads], reverse=True):
        if seq > 0 and uow.audit.hash_at(seq) != head:
            return IntegrityProblem(
                "store.rolled_back", remembered=seq, found=last, folder=str(folder)
            )
    return None


def _of_slot(uow: StoreUnitOfWork, slot: OpenSlot) -> list[tuple[int, str]]:
    """What the person remembers; nothing where a rollback accepted since explains that it is gone.

    One the person knew of when this was seen explains nothing: it was the state after it.
    """
    secrets = slot.secrets
    since = {h: found for h, found in accepted(uow).items() if h not in secrets.rollbacks}
    if any(found < secrets.last_seq for found in since.values()):
        return []
    return [(secrets.last_seq, secrets.last_head)]


def accept(uow: StoreUnitOfWork, store_id: str, problem: IntegrityProblem, because: str) -> None:
    """Record that the store is meant to be as it is; in the transaction of `uow`."""
    details = {key: problem.params[key] for key in ("remembered", "found")}
    event = uow.audit.append("store.rollback_accepted", store_id, {**details, "reason": because})
    known = accepted(uow) | {event.hash: details["found"]}
    rows.set_meta(uow.connection, _META, json.dumps(known))


def log_head(folder: Path, seq: int, head: str, *, anew: bool = False) -> None:
    """Remember beside the store how far the audit trail has come; `anew` forgets what was there."""
    line = f"{seq} {head}\n".encode()
    with (folder / HEADS).open("wb" if anew else "ab+") as log:
        if log.tell() and not anew:
            log.seek(-1, os.SEEK_END)
            if log.read(1) != b"\n":
                line = b"\n" + line  # after a line that a full disk or a power loss has torn
        log.write(line)


def logged(folder: Path) -> list[tuple[int, str]]:
    """The last heads of heads.log; a line that was torn, or is none, is passed over."""
    try:
        lines = (folder / HEADS).read_text("ascii", errors="replace").splitlines()[-50:]
    except OSError:
        return []
    out = []
    for line in lines:
        seq, _, head = line.partition(" ")
        if seq.isdigit() and len(seq) <= MAX_DIGITS and len(head) == 64:
            out.append((int(seq), head))
    return out[-3:]


def _check_links(events: tuple[AuditEvent, ...]) -> None:
    previous: AuditEvent | None = None
    for event in events:
        follows = previous is None or (
            event.seq == previous.seq + 1 and event.previous == previous.hash
        )
        if not follows or event_hash(event) != event.hash:
            raise IntegrityProblem("audit.broken", seq=event.seq)
        previous = event

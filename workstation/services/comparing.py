"""Compare: every case whose readings are all in gets a verdict, whatever happened in between."""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace

from workstation.comparators.compare import compare
from workstation.comparators.consensus import consensus
from workstation.domain.agreement import Reason
from workstation.domain.arbitration import Dispute, DisputeState, x_is_first
from workstation.domain.case import CaseState, moved
from workstation.domain.events import Changes, Topic, changed
from workstation.domain.people import Role, require_role
from workstation.domain.ports import Clock, Comparison, UnitOfWorkFactory
from workstation.services.workspace import Workspace

SYSTEM = "system"


@dataclass(frozen=True, slots=True)
class ProgramComparison:
    """The comparison agent of blindness level `application`: this program compares."""

    unit_of_work: UnitOfWorkFactory
    clock: Clock

    def compare_pending(self) -> Changes:
        """Compare all cases that await it; one transaction per case, any order, any number of
        times: a case already settled is left alone."""
        with self.unit_of_work(SYSTEM, write=False) as uow:
            waiting = [c.case_id for c in uow.cases.all(CaseState.AWAITING_COMPARISON)]
        changes = changed()
        for case_id in waiting:
            changes = changes | self._compare(case_id)
        return changes

    def _compare(self, case_id: str) -> Changes:
        with self.unit_of_work(SYSTEM, write=False) as uow:
            readings = uow.readings.submitted(case_id)
            images = uow.images.of_case(case_id)
            sha256 = readings[0].protocol_sha256
            protocol = uow.protocols.get(sha256)
        # Scores are computed outside any transaction: they may take a second, nobody waits.
        bodies = [reading.body for reading in readings]
        verdict = compare(protocol, images, bodies)
        reference = consensus(protocol, images, bodies) if verdict.agreed else None
        with self.unit_of_work(SYSTEM) as uow:
            case = uow.cases.get(case_id)
            if case.state is not CaseState.AWAITING_COMPARISON:
                return changed()
            study = uow.study.get()
            assert study is not None
            now = self.clock.now()
            comparison = Comparison(
                str(uuid.uuid4()),
                case_id,
                tuple(reading.reading_id for reading in readings),
                sha256,
                verdict,
                now,
            )
            uow.comparisons.add(comparison)
            if reference is not None:
                to = CaseState.AGREED
                uow.references.put(reference)
            else:
                to = CaseState.DISPUTED
                first, second = (readings[i].reading_id for i in _disputing_pair(verdict.reasons))
                x, y = (first, second) if x_is_first(study.seed, case_id) else (second, first)
                uow.disputes.add(
                    Dispute(
                        str(uuid.uuid4()),
                        case_id,
                        comparison.comparison_id,
                        DisputeState.OPEN,
                        x,
                        y,
                        now,
                    )
                )
            uow.cases.update(replace(case, state=moved(case.state, to, case.number)))
            uow.audit.append(
                "case.compared", case_id, {"readings": len(readings), "protocol": sha256}
            )
            uow.commit()
        return changed(Topic.CASES, Topic.DISPUTES, case_ids=(case_id,))


def compare_now(workspace: Workspace) -> Changes:
    """Compare what waits, as a coordinator; also done at each submission and sign-in."""
    require_role(workspace.person, Role.COORDINATOR)
    return workspace.comparison.compare_pending()


def _disputing_pair(reasons: tuple[Reason, ...]) -> tuple[int, int]:
    """The two readings a dispute shows: the pair of the leading reason."""
    return reasons[0].score.pair

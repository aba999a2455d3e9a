"""One's own read of a case: bench, form, lesions, what is missing, and the button that ends it.

The reading desk and the arbitrator's blind read are both this.
"""

from __future__ import annotations

from PySide6.QtCore import Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.hanging import Hanging, hangings
from workstation.domain.image import Image
from workstation.domain.protocol import Protocol
from workstation.domain.reading import Reading, ReadingState, missing_in
from workstation.domain.schema import Missing
from workstation.i18n import language, tr
from workstation.ui.actions import bind, hint, show_key
from workstation.ui.panels.bench import Bench
from workstation.ui.panels.elsewhere import Elsewhere
from workstation.ui.panels.form import scope_title
from workstation.ui.state.app_state import AppState
from workstation.ui.state.autosave import Autosave
from workstation.ui.state.reading_session import ReadingSession


class OwnRead(QWidget):
    """`images` in reading order. Emits `finish_wanted` when all is answered and the person
    presses the button (`verb`) or its key."""

    finish_wanted = Signal()

    def __init__(
        self, app: AppState, protocol: Protocol, images: tuple[Image, ...], reading: Reading,
        verb: str, note: str = "", earlier: tuple[Image, ...] = (),
    ) -> None:  # fmt: skip
        super().__init__()
        self.protocol = protocol
        self.images = images
        self.earlier = earlier
        self.targets = tuple(image for image in images if image.is_target)
        self.open = reading.state is ReadingState.DRAFT
        self.autosave = Autosave(app, reading)
        self.elsewhere = Elsewhere(app, self, self.autosave)
        self.session = ReadingSession(reading.body, self.autosave.put)
        self.bench = Bench(
            app.workspace, protocol, self.targets, self.session, read_only=not self.open
        )
        if self.open:
            self.autosave.gather = self.session.save_viewing
        self.bench.read_out.connect(app.read_out)
        app.jobs.closing.connect(self.bench.close_images)
        self.bench.toolbar.class_followed.connect(
            lambda name: app.saved.emit(tr("The tool draws another class: {name}", name=name))
        )
        row = QHBoxLayout(self)
        row.setContentsMargins(0, 0, 0, 0)
        row.setSpacing(0)
        row.addWidget(self.bench, 1)
        self.side = right = QWidget()
        right.setFixedWidth(350)
        column = QVBoxLayout(right)
        column.setContentsMargins(0, 6, 0, 0)
        if note:
            label = QLabel(note)
            label.setProperty("role", "muted")
            label.setWordWrap(True)
            label.setContentsMargins(8, 0, 8, 0)
            column.addWidget(label)
        column.addWidget(self.bench.form, 1)
        column.addWidget(self.bench.lesions)
        self.lacking = QPushButton()
        self.lacking.setFlat(True)
        self.lacking.setObjectName("missing")
        self.lacking.setStyleSheet("text-align: left; color: #e0a83c;")
        self.lacking.clicked.connect(self._go_to_missing)
        # It keeps its room when there is nothing to say: nothing above it jumps.
        keeps = self.lacking.sizePolicy()
        keeps.setRetainSizeWhenHidden(True)
        keeps.setHorizontalPolicy(QSizePolicy.Policy.Ignored)
        self.lacking.setSizePolicy(keeps)
        self.finish = QPushButton()
        show_key(self.finish, "finish", verb)
        self.finish.setProperty("primary", True)
        self.finish.setObjectName("finish")
        self.finish.clicked.connect(self._finish)
        foot = QVBoxLayout()
        foot.setContentsMargins(8, 4, 8, 0)
        foot.addWidget(self.lacking)
        foot.addWidget(self.finish)
        column.addLayout(foot)
        row.addWidget(right)
        self.bench.bind_keys(self)
        bind(self, "finish", self._finish)
        bind(self, "next_item", lambda: self.bench.step_lesion(1))
        bind(self, "previous_item", lambda: self.bench.step_lesion(-1))
        self.session.changed.connect(self._show_missing)
        self._lay_out()
        self._show_missing()

    # how images hang

    def _lay_out(self) -> None:
        """The first way of hanging; the others by name, or in turn with the keys."""
        self.hangings = hangings(self.images, self.earlier)
        self._hung = 0
        self.ways = QComboBox()
        self.ways.setObjectName("hanging")
        self.ways.setToolTip(
            tr("How images hang; {next} and {previous} go through all",
               next=hint("hanging_next"), previous=hint("hanging_previous"))
        )  # fmt: skip
        for hanging in self.hangings:
            self.ways.addItem(self._hanging_name(hanging))
        self.ways.activated.connect(lambda: self.hang(self.ways.currentIndex()))
        if len(self.hangings) > 1:
            self.bench.below.addWidget(self.ways)
        turns = (("hanging_next", 1), ("hanging_previous", -1))
        for key, by in turns:
            self.bench.keys.append(bind(self, key, lambda by=by: self.hang(self._hung + by)))
        self.hang(0)

    def hang(self, which: int) -> None:
        """Hang images in the way of that number, counted round."""
        if not self.hangings:
            return
        self._hung = which % len(self.hangings)
        self.ways.setCurrentIndex(self._hung)
        hanging = self.hangings[self._hung]
        bench, known = self.bench, {i.image_id: i for i in (*self.images, *self.earlier)}
        bench.clear_panes()
        for n, slot in enumerate(hanging.slots):
            image = known.get(slot.image_id)
            own = image in self.targets
            bench.add_pane(
                image,
                (lambda i=image: bench.own_marks(i)) if own else lambda: (),
                drawing=own,
                message=tr("No image of this side"),
                title=tr("Visit before this one") if image in self.earlier else "",
                at=divmod(n, hanging.cols),
                anchor=slot.anchor,
            )
        bench.refresh()
        bench.focus_first()

    def _hanging_name(self, hanging: Hanging) -> str:
        numbers = {i.image_id: i.number for i in (*self.images, *self.earlier)}
        shown = " · ".join(numbers[i] for i in hanging.image_ids)
        names = {
            "eyes": tr("Both eyes"),
            "eyes_fields": tr("Both eyes, two fields"),
            "eyes_one_field": tr("Both eyes, one field"),
            "previous_visit": tr("With the visit before"),
            "eye_unknown": tr("Eye unknown"),
            "breasts": tr("CC above MLO"),
            "breasts_cc": tr("CC, right and left"),
            "breasts_mlo": tr("MLO, right and left"),
            "stack": tr("One series"),
            "beside": tr("With another series"),
            "radiographs": tr("Side by side") if hanging.cols > 1 else tr("One image"),
        }
        return f"{names[hanging.hanging_id]}: {shown}"

    # what is missing

    def missing(self) -> tuple[Missing, ...]:
        return missing_in(self.protocol.schema, self.targets, self.session.body)

    def _show_missing(self) -> None:
        lacking = self.missing() if self.open else ()
        self.finish.setVisible(self.open)
        self.finish.setEnabled(self.open and not lacking)
        self.lacking.setVisible(bool(lacking))
        if lacking:
            text = tr("Missing ({count}): {first}", count=len(lacking),
                      first=self.missing_text(lacking[0]))  # fmt: skip
            self.lacking.setText(text)
            self.lacking.setToolTip("\n".join(self.missing_text(m) for m in lacking[:12]))

    def missing_text(self, lacking: Missing) -> str:
        """A missing item by its place and name."""
        schema = self.protocol.schema
        where = scope_title(lacking.scope, self.images)
        if lacking.kind == "question":
            name = schema.question(lacking.code).label.text(language())
        elif lacking.kind == "attribute":
            name = next(
                a.label.text(language())
                for c in schema.lesion_classes
                for a in c.attributes
                if a.code == lacking.code
            )
        else:
            label = schema.lesion_class(lacking.code).label.text(language())
            name = tr("mark: {name}", name=label)
        return f"{where}: {name}"

    def _go_to_missing(self) -> None:
        lacking = self.missing()
        if not lacking:
            return
        first = lacking[0]
        if first.kind == "question":
            self.bench.form.go_to(first.scope, first.code)
        elif first.kind == "attribute":
            self.bench.jump(first.mark_id)
        else:
            self.bench.toolbar.set_class(first.code)
            self.bench.show_scope(first.scope)

    def _finish(self) -> None:
        """The button, or its key: what is missing is gone to, else the read may end."""
        if not self.open or not self.finish.isVisible():
            return
        if self.missing():
            self._go_to_missing()
        elif self.finish.isEnabled():
            self.finish_wanted.emit()


def confirmed(parent: QWidget, question: str, verb: str) -> bool:
    """Ask before a step there is no way back from; the button says what it does."""
    box = QMessageBox(parent)
    box.setObjectName("confirm")
    box.setText(question)
    yes = box.addButton(verb, QMessageBox.ButtonRole.AcceptRole)
    box.addButton(tr("Not yet"), QMessageBox.ButtonRole.RejectRole)
    box.setDefaultButton(yes)
    box.exec()
    return box.clickedButton() is yes

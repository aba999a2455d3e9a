"""The lesion list: what was marked, its size and attributes; a click jumps to it."""

from __future__ import annotations

from collections.abc import Sequence

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtWidgets import (
    QComboBox,
    QHBoxLayout,
    QLabel,
    QListWidget,
    QListWidgetItem,
    QMessageBox,
    QPushButton,
    QSizePolicy,
    QVBoxLayout,
    QWidget,
)

from workstation.domain.fundus import (
    CUP,
    DISC,
    Lacking,
    contradictions,
    cup_disc_ratio,
    disc_diameter,
)
from workstation.domain.image import Image, ImageKind
from workstation.domain.marks import Mark
from workstation.domain.measures import Measure
from workstation.domain.protocol import Protocol
from workstation.domain.schema import Completeness
from workstation.i18n import language, tr
from workstation.ui.canvas.photo_layer import lacking_text
from workstation.ui.measured import TITLES, Measuring
from workstation.ui.state.reading_session import ReadingSession

ROW_PX = 20


class LesionPanel(QWidget):
    """Follows the session's marks, measures and selection."""

    jump = Signal(str)

    def __init__(self, protocol: Protocol, images: Sequence[Image], measuring: Measuring) -> None:
        super().__init__()
        self._measuring = measuring
        self._protocol = protocol
        self._images = {i.image_id: i for i in images}
        self._session: ReadingSession | None = None
        layout = QVBoxLayout(self)
        layout.setContentsMargins(8, 0, 8, 0)
        self.title = QLabel()
        self.title.setProperty("role", "section")
        self.what = QPushButton(tr("What to mark"))
        self.what.setObjectName("what_to_mark")
        self.what.setFlat(True)
        self.what.clicked.connect(self._show_what)
        head = QHBoxLayout()
        head.addWidget(self.title)
        head.addStretch()
        head.addWidget(self.what)
        layout.addLayout(head)
        self.list = QListWidget()
        self.list.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.list.itemClicked.connect(
            lambda item: self.jump.emit(item.data(Qt.ItemDataRole.UserRole))
        )
        self.measures = QListWidget()
        self.measures.setObjectName("measures")
        self.measures.setVerticalScrollMode(QListWidget.ScrollMode.ScrollPerPixel)
        self.measures.setHorizontalScrollBarPolicy(Qt.ScrollBarPolicy.ScrollBarAlwaysOff)
        self.measures.setToolTip(tr("Your own working notes: compared by no rule, in no report"))
        self.measures.itemClicked.connect(
            lambda item: self.jump.emit(item.data(Qt.ItemDataRole.UserRole))
        )
        self.delete = QPushButton(tr("Delete lesion"))
        self.delete.clicked.connect(self._delete)
        self._attributes = QWidget()
        self._attribute_row = QHBoxLayout(self._attributes)
        self._attribute_row.setContentsMargins(0, 0, 0, 0)
        self.eye_warning = QLabel()
        self.eye_warning.setObjectName("eye_warning")
        self.eye_warning.setProperty("role", "problem")
        self.eye_warning.setWordWrap(True)
        self.eye_warning.hide()
        for widget in (
            self.eye_warning, self.list, self._attributes, self.measures, self.delete,
        ):  # fmt: skip
            layout.addWidget(widget)

    def set_session(self, session: ReadingSession, read_only: bool) -> None:
        self._session = session
        self.delete.setVisible(not read_only)
        self._attributes.setEnabled(not read_only)
        session.changed.connect(self.refresh)
        session.selected.connect(lambda _: self.refresh())
        self.refresh()

    def refresh(self) -> None:
        if self._session is None:
            return
        marks = self._session.body.marks
        self.title.setText(tr("Lesions ({count})", count=len(marks)))
        self.list.clear()
        for mark in marks:
            image = self._images[mark.image_id]
            name = self._protocol.schema.lesion_class(mark.class_code).label.text(language())
            size = self._measuring.mark(mark, image) + self._of_disc(mark, image)
            text = f"{mark.class_code}-{mark.number}  {name}  {size}"
            item = QListWidgetItem(f"{text}  {image.number}")
            item.setToolTip(item.text())
            item.setData(Qt.ItemDataRole.UserRole, mark.mark_id)
            self.list.addItem(item)
            if mark.mark_id == self._session.selection:
                self.list.setCurrentItem(item)
        # As high as what it lists, so that an empty list leaves its room to the form.
        self.list.setFixedHeight(8 + 20 * min(7, max(2, len(marks))))
        self._list_measures()
        chosen = self._session.measure(self._session.selection)
        self.delete.setText(tr("Delete measure") if chosen else tr("Delete lesion"))
        self.delete.setEnabled(bool(self._session.selection))
        self._warn_of_eyes(marks)
        self._show_attributes()

    def _warn_of_eyes(self, marks: Sequence[Mark]) -> None:
        """Say where disc and fovea lie as in the other eye; nothing is changed or kept by it."""
        found = contradictions(self._protocol.schema, list(self._images.values()), marks)
        self.eye_warning.setText(
            "\n".join(
                tr(
                    "{image} is stated as {stated}; disc and fovea lie as in {shown}. Please check.",
                    image=image.number,
                    stated=str(image.eye),
                    shown=str(shown),
                )
                for image, shown in found
            )
        )
        self.eye_warning.setVisible(bool(found))

    def _list_measures(self) -> None:
        """Measures in the order taken; the list is there only while there are any."""
        assert self._session is not None
        measures = self._session.body.measures
        self.measures.clear()
        for measure in measures:
            item = QListWidgetItem(self._measure_text(measure))
            item.setToolTip(item.text())
            # As wide as the list, so that a long text ends in dots; the tooltip has all of it.
            item.setSizeHint(QSize(10, ROW_PX))
            item.setData(Qt.ItemDataRole.UserRole, measure.measure_id)
            self.measures.addItem(item)
            if measure.measure_id == self._session.selection:
                self.measures.setCurrentItem(item)
        self.measures.setFixedHeight(8 + ROW_PX * min(4, len(measures)))
        self.measures.setVisible(bool(measures))

    def _measure_text(self, measure: Measure) -> str:
        image = self._images[measure.image_id]
        lines = self._measuring.lines(measure, image, self._disc(image))
        where = f"{image.number}/{measure.z + 1}" if image.slices > 1 else image.number
        return f"{where}  {tr(TITLES[measure.kind])}  {'  '.join(lines)}"

    def _disc(self, image: Image) -> float | None:
        if self._session is None or image.kind is not ImageKind.PHOTOGRAPH:
            return None
        return disc_diameter(image, self._session.body.on_image(image.image_id))

    def _of_disc(self, mark: Mark, image: Image) -> str:
        """The vertical cup-disc ratio beside a disc or cup, or why there is none."""
        known = {c.code for c in self._protocol.schema.lesion_classes}
        if self._session is None or mark.class_code not in (DISC, CUP) or CUP not in known:
            return ""
        ratio = cup_disc_ratio(image, self._session.body.on_image(image.image_id))
        if isinstance(ratio, Lacking):
            return "  " + tr("C/D: {why}", why=lacking_text(ratio))
        return "  " + tr("vertical C/D {ratio}", ratio=f"{ratio:.2f}")

    def _show_attributes(self) -> None:
        while self._attribute_row.count():
            old = self._attribute_row.takeAt(0).widget()
            if old is not None:
                old.deleteLater()
        assert self._session is not None
        mark = self._session.mark(self._session.selection)
        if mark is None:
            return
        self._attribute_row.addWidget(self._class_combo(mark))
        for question in self._protocol.schema.lesion_class(mark.class_code).attributes:
            self._attribute_row.addWidget(QLabel(question.label.text(language())))
            combo = QComboBox()
            combo.setObjectName(f"attribute:{question.code}")
            combo.addItem(tr("choose …"), None)
            for option in question.options:
                combo.addItem(option.label.text(language()), option.code)
            combo.setCurrentIndex(max(0, combo.findData(mark.attributes.get(question.code))))
            combo.activated.connect(
                lambda _, c=combo, m=mark.mark_id, q=question.code: self._set(m, q, c.currentData())
            )
            self._attribute_row.addWidget(combo, 1)

    def _class_combo(self, mark: Mark) -> QComboBox:
        """The class of the chosen lesion; another one of the same geometry may be given."""
        schema = self._protocol.schema
        geometry = schema.lesion_class(mark.class_code).geometry
        combo = QComboBox()
        combo.setObjectName("class_of_lesion")
        combo.setToolTip(tr("Class of the lesion chosen"))
        for lesion in schema.lesion_classes:
            if lesion.geometry is geometry:
                combo.addItem(f"{lesion.code}  {lesion.label.text(language())}", lesion.code)
        combo.setCurrentIndex(combo.findData(mark.class_code))
        combo.setSizePolicy(QSizePolicy.Policy.Ignored, QSizePolicy.Policy.Fixed)
        combo.activated.connect(
            lambda _, m=mark.mark_id: (
                self._session is not None and self._session.reclassify(m, str(combo.currentData()))
            )
        )
        return combo

    def what_to_mark(self) -> str:
        """What the protocol wants marked, in words."""
        schema = self._protocol.schema
        lines = []
        for wanted, text in (
            (Completeness.ALL, tr("Every one of: {classes}.")),
            (Completeness.NEAREST, tr(
                "Of each of these the one nearest to the fovea, and the fovea itself: {classes}.")),
            (Completeness.OPTIONAL, tr("If you like (compared by no rule): {classes}.")),
        ):  # fmt: skip
            names = [
                f"{c.code} {c.label.text(language())}"
                for c in schema.lesion_classes
                if c.completeness is wanted and c.is_lesion
            ]
            if names:
                lines.append(text.format(classes=", ".join(names)))
        return "\n\n".join(lines)

    def _show_what(self) -> None:
        box = QMessageBox(self)
        box.setWindowTitle(tr("What to mark"))
        box.setText(self.what_to_mark())
        box.exec()

    def _set(self, mark_id: str, code: str, value: object) -> None:
        if self._session is not None and value is not None:
            self._session.set_attribute(mark_id, code, value)

    def _delete(self) -> None:
        if self._session is not None and self._session.selection:
            self._session.delete(self._session.selection)

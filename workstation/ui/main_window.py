"""The frame: who and which study on top, the desks of one's roles at the side, jobs below."""

from __future__ import annotations

from PySide6.QtCore import QSize, Qt, Signal
from PySide6.QtGui import QAction, QCloseEvent
from PySide6.QtWidgets import (
    QButtonGroup,
    QHBoxLayout,
    QLabel,
    QMainWindow,
    QMenu,
    QPushButton,
    QStackedWidget,
    QVBoxLayout,
    QWidget,
)

from workstation import settings
from workstation.domain.errors import WorkstationError
from workstation.domain.people import Role
from workstation.i18n import tr
from workstation.messages import state_text, step_text
from workstation.ui.actions import all_actions, bind, show_key, use
from workstation.ui.desk import Desk, desks
from workstation.ui.errors import told
from workstation.ui.jobs import Job
from workstation.ui.key_map import KeyMap
from workstation.ui.keys_dialog import KeysDialog
from workstation.ui.office import (
    HasSides,
    OfficeWindow,
    office_was_open,
    place_first,
    remember,
    restore,
)
from workstation.ui.state.app_state import AppState
from workstation.ui.state.mouse import MouseRoles, use_mouse


def use_own_keys() -> None:
    """Keys and mouse as the person has set them on this machine; what cannot be used is as none."""
    own = settings.load()
    try:
        use(KeyMap(own.key_preset, own.keys))
    except ValueError:
        use(KeyMap())
    use_mouse(MouseRoles(own.mouse, own.left_handed, own.drag_up))


class MainWindow(QMainWindow):
    """Lays out the desks; no logic of its own."""

    signed_out = Signal()

    def __init__(self, app: AppState) -> None:
        super().__init__()
        self.app = app
        workspace = app.workspace
        with workspace.reading() as uow:
            study = uow.study.get()
        assert study is not None
        self.setWindowTitle(study.title)
        if not restore(self, "main"):
            room = self.screen().availableGeometry().size()
            self.resize(QSize(1600, 960).boundedTo(room))
        content = QWidget()
        column = QVBoxLayout(content)
        column.setContentsMargins(0, 0, 0, 0)
        column.setSpacing(0)
        top = QHBoxLayout()
        top.setContentsMargins(12, 4, 8, 4)
        self.menu = QPushButton("≡")
        self.menu.setObjectName("menu")
        self.menu.setToolTip(tr("What can be done here"))
        self.menu.setFixedWidth(40)
        self.menu.clicked.connect(self.show_menu)
        top.addWidget(self.menu)
        name = QLabel(study.title)
        name.setProperty("role", "section")
        top.addSpacing(8)
        top.addWidget(name)
        level = QLabel(tr("blindness: {level}", level=state_text(workspace.keys.blindness_level)))
        level.setProperty("role", "muted")
        level.setToolTip(
            tr("The program keeps readers apart; readings are not yet sealed with separate keys.")
        )
        top.addSpacing(16)
        top.addWidget(level)
        top.addStretch()
        roles = ", ".join(state_text(str(r)) for r in sorted(workspace.person.roles))
        top.addWidget(QLabel(f"{workspace.person.display_name} · {roles}"))
        keys = QPushButton()
        show_key(keys, "help", tr("Keys"))
        keys.setObjectName("keys")
        keys.clicked.connect(self.show_keys)
        apart = QPushButton()
        apart.setObjectName("apart")
        show_key(apart, "office", tr("Form apart"))
        apart.setToolTip(tr("Worklist and form in a window of their own, or back"))
        apart.clicked.connect(self.toggle_office)
        apart.setVisible(bool(workspace.person.roles & {Role.READER, Role.ARBITRATOR}))
        leave = QPushButton(tr("Sign out"))
        leave.setObjectName("sign_out")
        leave.clicked.connect(self.signed_out)
        top.addSpacing(12)
        top.addWidget(apart)
        top.addWidget(keys)
        top.addWidget(leave)
        bind(self, "help", self.show_keys)
        bind(self, "office", self.toggle_office)
        bind(self, "sign_out", self.signed_out.emit)
        column.addLayout(top)
        middle = QHBoxLayout()
        middle.setSpacing(0)
        self._rail = QVBoxLayout()
        self._rail.setContentsMargins(4, 6, 4, 6)
        self._group = QButtonGroup(self)
        self.stack = QStackedWidget()
        self.office: OfficeWindow | None = None
        self._closing = False
        for desk in desks():
            if desk.roles & workspace.person.roles:
                self._add(desk)
        self.stack.currentChanged.connect(lambda _: self._hold_sides())
        self._rail.addStretch()
        middle.addLayout(self._rail)
        middle.addWidget(self.stack, 1)
        column.addLayout(middle, 1)
        self.setCentralWidget(content)
        self._saved = QLabel()
        self._job = QLabel()
        self._cancel = QPushButton(tr("Cancel"))
        self._cancel.setVisible(False)
        self._cancel.clicked.connect(self._cancel_jobs)
        bar = self.statusBar()
        self._pointer = QLabel()
        bar.addWidget(self._saved, 1)
        bar.addPermanentWidget(self._pointer)
        bar.addPermanentWidget(self._job)
        bar.addPermanentWidget(self._cancel)
        app.saved.connect(self._saved.setText)
        app.read_out.connect(self._pointer.setText)
        app.wanted.connect(self._show_desk)
        app.jobs.progressed.connect(self._progressed)
        app.jobs.finished.connect(self._finished)
        if office_was_open():
            self.toggle_office()

    # worklist and form elsewhere

    def toggle_office(self) -> None:
        """Worklist and form in a window of their own, or back beside the images."""
        if self.office is not None:
            self.office.close()
            return
        if not isinstance(self.stack.currentWidget(), HasSides):
            self.app.saved.emit(tr("This desk has no worklist and form to put elsewhere."))
            return
        self.office = OfficeWindow(self)
        self.office.closed.connect(self._office_closed)
        if not restore(self.office, "office"):
            place_first(self.office, self)
        self._hold_sides()

    def _office_closed(self) -> None:
        closed, self.office = self.office, None
        if closed is not None:
            closed.deleteLater()
        if not self._closing:
            remember(self, None)

    def _hold_sides(self) -> None:
        """The office window holds what the desk in front has beside its images."""
        if self.office is None:
            return
        desk = self.stack.currentWidget()
        panels = desk.sides() if isinstance(desk, HasSides) else []
        self.office.hold(panels, desk)
        self.office.setVisible(bool(panels))

    def menu_of_desk(self) -> QMenu:
        """The actions that work now, grouped as in the table."""
        menu = QMenu(self)
        here = [*self.findChildren(QAction), *self.actions()]
        bound = {a.objectName(): a for a in here if self._usable(a)}
        for group in dict.fromkeys(a.group for a in all_actions()):
            rows = [bound.get(f"action:{a.action_id}") for a in all_actions() if a.group == group]
            usable = [row for row in rows if row is not None]
            if usable:
                menu.addMenu(tr(group)).addActions(usable)
        return menu

    def _usable(self, action: QAction) -> bool:
        owner = action.parent()
        visible = isinstance(owner, QWidget) and (owner is self or owner.isVisible())
        return visible and action.isEnabled() and action.objectName().startswith("action:")

    def show_menu(self) -> None:
        self.menu_of_desk().exec(self.menu.mapToGlobal(self.menu.rect().bottomLeft()))

    def show_keys(self) -> None:
        KeysDialog(self).exec()

    def _add(self, desk: Desk) -> None:
        widget = desk.make(self.app)
        if isinstance(widget, HasSides):
            widget.sides_changed.connect(self._hold_sides)
        index = self.stack.addWidget(widget)
        button = QPushButton(f"{desk.icon}\n{tr(desk.title)}")
        button.setCheckable(True)
        button.setObjectName(f"desk:{desk.desk_id}")
        button.setFixedSize(76, 56)
        button.setStyleSheet("padding: 2px; font-size: 12px;")
        button.clicked.connect(lambda: self.stack.setCurrentIndex(index))
        button.setChecked(index == 0)
        self._group.addButton(button)
        self._rail.addWidget(button, 0, Qt.AlignmentFlag.AlignTop)

    def _show_desk(self, desk_id: str, _: object) -> None:
        button = self.findChild(QPushButton, f"desk:{desk_id}")
        if button is not None:
            button.click()

    def _progressed(self, job: Job, done: int, total: int, what: str) -> None:
        self._job.setText(f"{job.title}: {step_text(what)} {done}/{total}")
        self._cancel.setVisible(True)

    def _finished(self, _: Job) -> None:
        if not self.app.jobs.active:
            self._job.clear()
            self._cancel.setVisible(False)

    def _cancel_jobs(self) -> None:
        for job in self.app.jobs.active.values():
            job.progress.cancel()

    def closeEvent(self, event: QCloseEvent) -> None:
        """Drafts are saved step by step: what is under way is finished, then all is closed."""
        self._closing = True
        remember(self, self.office)
        if self.office is not None:
            self.office.close()
        self.app.jobs.close()
        try:
            self.app.workspace.close()
        except WorkstationError as error:
            told(self, error)
        event.accept()

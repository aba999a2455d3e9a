"""All keys on one page, made of the action table: to read, to print, to change."""

from __future__ import annotations

from dataclasses import replace
from html import escape

from PySide6.QtCore import QMarginsF, Qt
from PySide6.QtGui import QPageLayout, QTextDocument
from PySide6.QtPrintSupport import QPrintDialog, QPrinter
from PySide6.QtWidgets import (
    QCheckBox,
    QComboBox,
    QDialog,
    QDialogButtonBox,
    QGridLayout,
    QHBoxLayout,
    QHeaderView,
    QKeySequenceEdit,
    QLabel,
    QPushButton,
    QTreeWidget,
    QTreeWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation import settings
from workstation.i18n import N_, tr
from workstation.ui.actions import Action, all_actions, key_map, key_text, keys_of, row, use
from workstation.ui.key_map import PRESETS, WORKSTATION, KeyMap
from workstation.ui.state.mouse import MouseRoles, mouse_roles, use_mouse

PRESET_NAMES = {
    WORKSTATION: N_("This workstation"),
    "weasis": N_("As in Weasis"),
    "ohif": N_("As in OHIF"),
}
MOUSE_NAMES = {
    "workstation": N_("Left: window · middle: move · right: zoom"),
    "weasis": N_("Left: window · middle: move · right: menu · Ctrl+wheel: zoom"),
    "pacs": N_("Left: slices · middle: move · right: window"),
}
DRAG_NAMES = {
    settings.DARKENS: N_("Dragging up darkens"),
    settings.BRIGHTENS: N_("Dragging up brightens"),
}
ACTION = Qt.ItemDataRole.UserRole


class KeysDialog(QDialog):
    """A change is in force, and kept on this machine, when it is made."""

    def __init__(self, parent: QWidget | None = None) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("All keys"))
        self.resize(820, 680)
        column = QVBoxLayout(self)
        column.addLayout(self._choices())
        self.tree = QTreeWidget()
        self.tree.setObjectName("keys")
        self.tree.setHeaderLabels([tr("What it does"), tr("Keys")])
        self.tree.setRootIsDecorated(False)
        self.tree.header().setSectionResizeMode(0, QHeaderView.ResizeMode.Stretch)
        self.tree.header().setStretchLastSection(False)
        self.tree.header().setSectionResizeMode(1, QHeaderView.ResizeMode.ResizeToContents)
        self.tree.itemDoubleClicked.connect(lambda *_: self.change())
        self.tree.itemSelectionChanged.connect(self._show_buttons)
        column.addWidget(self.tree, 1)
        foot = QHBoxLayout()
        self.change_button = QPushButton(tr("Change key …"))
        self.change_button.setObjectName("change_key")
        self.change_button.clicked.connect(self.change)
        self.restore_button = QPushButton(tr("As before"))
        self.restore_button.setObjectName("restore_key")
        self.restore_button.setToolTip(tr("The key this action has in the keys chosen above"))
        self.restore_button.clicked.connect(self.restore)
        self.restore_all = QPushButton(tr("All as before"))
        self.restore_all.setObjectName("restore_all")
        self.restore_all.clicked.connect(lambda: self._use(replace(key_map(), own={})))
        print_button = QPushButton(tr("Print …"))
        print_button.setObjectName("print_keys")
        print_button.clicked.connect(self.print_sheet)
        close = QPushButton(tr("Close"))
        close.clicked.connect(self.accept)
        for button in (self.change_button, self.restore_button, self.restore_all):
            button.setAutoDefault(False)
            foot.addWidget(button)
        foot.addStretch()
        foot.addWidget(print_button)
        foot.addWidget(close)
        column.addLayout(foot)
        self._fill()

    def _choices(self) -> QGridLayout:
        grid = QGridLayout()
        grid.setColumnStretch(1, 1)
        self.preset = QComboBox()
        self.preset.setObjectName("key_preset")
        for preset in PRESETS:
            self.preset.addItem(tr(PRESET_NAMES[preset]), preset)
        self.preset.setCurrentIndex(self.preset.findData(key_map().preset))
        self.preset.activated.connect(
            lambda: self._use(replace(key_map(), preset=self.preset.currentData()))
        )
        roles = mouse_roles()
        self.mouse = QComboBox()
        self.mouse.setObjectName("mouse")
        for name in settings.MICE:
            self.mouse.addItem(tr(MOUSE_NAMES[name]), name)
        self.mouse.setCurrentIndex(self.mouse.findData(roles.name))
        self.mouse.activated.connect(self._mouse_changed)
        self.left_handed = QCheckBox(tr("Left-handed: the buttons change sides"))
        self.left_handed.setObjectName("left_handed")
        self.left_handed.setChecked(roles.left_handed)
        self.left_handed.toggled.connect(self._mouse_changed)
        self.drag = QComboBox()
        self.drag.setObjectName("drag_up")
        for name, text in DRAG_NAMES.items():
            self.drag.addItem(tr(text), name)
        self.drag.setCurrentIndex(self.drag.findData(roles.drag_up))
        self.drag.activated.connect(self._mouse_changed)
        grid.addWidget(QLabel(tr("Keys")), 0, 0)
        grid.addWidget(self.preset, 0, 1)
        grid.addWidget(QLabel(tr("Mouse")), 1, 0)
        grid.addWidget(self.mouse, 1, 1)
        grid.addWidget(self.drag, 0, 2)
        grid.addWidget(self.left_handed, 1, 2)
        return grid

    def _fill(self) -> None:
        """The rows, with the same one chosen as before."""
        chosen = self._chosen()
        self.tree.clear()
        for group in dict.fromkeys(a.group for a in all_actions()):
            head = QTreeWidgetItem([tr(group), ""])
            font = head.font(0)
            font.setBold(True)
            head.setFont(0, font)
            head.setFlags(Qt.ItemFlag.ItemIsEnabled)
            self.tree.addTopLevelItem(head)
            for action in (a for a in all_actions() if a.group == group):
                item = QTreeWidgetItem([tr(action.title), shown_keys(action)])
                item.setData(0, ACTION, action.action_id)
                if action.action_id in key_map().own:
                    item.setText(1, item.text(1) + "  •")
                    item.setToolTip(1, tr("Changed by you"))
                head.addChild(item)
                if chosen is not None and action.action_id == chosen.action_id:
                    self.tree.setCurrentItem(item)
            head.setExpanded(True)
        self._show_buttons()

    def _chosen(self) -> Action | None:
        item = self.tree.currentItem()
        action_id = item.data(0, ACTION) if item is not None else None
        return row(str(action_id)) if action_id else None

    def choose(self, action_id: str) -> None:
        """Choose the row of an action."""
        for top in range(self.tree.topLevelItemCount()):
            head = self.tree.topLevelItem(top)
            for n in range(head.childCount() if head else 0):
                assert head is not None
                if head.child(n).data(0, ACTION) == action_id:
                    self.tree.setCurrentItem(head.child(n))

    def _show_buttons(self) -> None:
        chosen = self._chosen()
        self.change_button.setEnabled(chosen is not None and not chosen.fixed)
        own = key_map().own
        self.restore_button.setEnabled(chosen is not None and chosen.action_id in own)
        self.restore_all.setEnabled(bool(own))

    # changes

    def change(self) -> None:
        """Ask for a key for the chosen action; a key in use changes hands only if that is wanted."""
        chosen = self._chosen()
        if chosen is None or chosen.fixed:
            return
        asked = KeyQuestion(chosen, self)
        if asked.exec() == QDialog.DialogCode.Accepted:
            self._use(key_map().with_key(all_actions(), chosen.action_id, asked.key()))

    def restore(self) -> None:
        chosen = self._chosen()
        if chosen is not None:
            self._use(key_map().restored(chosen.action_id))

    def _use(self, keys: KeyMap) -> None:
        use(keys)
        kept = replace(settings.load(), key_preset=keys.preset, keys=keys.own)
        settings.save(kept)
        self._fill()

    def _mouse_changed(self) -> None:
        roles = MouseRoles(
            str(self.mouse.currentData()),
            self.left_handed.isChecked(),
            str(self.drag.currentData()),
        )
        use_mouse(roles)
        settings.save(
            replace(
                settings.load(),
                mouse=roles.name,
                left_handed=roles.left_handed,
                drag_up=roles.drag_up,
            )
        )

    # on paper

    def print_sheet(self) -> None:
        """The page for the wall beside the screen."""
        printer = QPrinter(QPrinter.PrinterMode.HighResolution)
        printer.setPageMargins(QMarginsF(15, 15, 15, 15), QPageLayout.Unit.Millimeter)
        if QPrintDialog(printer, self).exec() == QDialog.DialogCode.Accepted:
            sheet().print_(printer)


class KeyQuestion(QDialog):
    """The next key pressed; says who has it already."""

    def __init__(self, action: Action, parent: QWidget) -> None:
        super().__init__(parent)
        self.setWindowTitle(tr("Change key"))
        self._action = action
        column = QVBoxLayout(self)
        column.addWidget(QLabel(tr("Press the key for: {action}", action=tr(action.title))))
        self.edit = QKeySequenceEdit()
        self.edit.setObjectName("key")
        self.edit.setMaximumSequenceLength(1)
        self.edit.keySequenceChanged.connect(self._look)
        column.addWidget(self.edit)
        self.problem = QLabel()
        self.problem.setObjectName("taken")
        self.problem.setWordWrap(True)
        self.problem.setProperty("role", "problem")
        column.addWidget(self.problem)
        box = QDialogButtonBox()
        self.ok = box.addButton(tr("Use this key"), QDialogButtonBox.ButtonRole.AcceptRole)
        box.addButton(tr("Leave it"), QDialogButtonBox.ButtonRole.RejectRole)
        box.accepted.connect(self.accept)
        box.rejected.connect(self.reject)
        column.addWidget(box)
        self.setMinimumWidth(440)
        self._look()

    def key(self) -> str:
        return self.edit.keySequence().toString()

    def _look(self) -> None:
        holders = key_map().holders(all_actions(), self._action.action_id, self.key())
        kept = [row(holder) for holder in holders if row(holder).fixed]
        self.ok.setEnabled(bool(self.key()) and not kept)
        if kept:
            self.problem.setText(tr("Digits answer questions and choose windows; they stay so."))
        elif not holders:
            self.problem.clear()
            self.ok.setText(tr("Use this key"))
        else:
            names = ", ".join(f"“{tr(row(holder).title)}”" for holder in holders)
            self.problem.setText(
                tr("This key is taken and would be lost to: {actions}", actions=names)
            )
            self.ok.setText(tr("Take it over"))


def shown_keys(action: Action) -> str:
    """The keys in force as they are printed, or that there is none."""
    keys = dict.fromkeys(key_text(k) for k in keys_of(action.action_id))
    return ", ".join(keys) or tr("no key")


def sheet() -> QTextDocument:
    """All keys and the mouse, on paper."""
    parts = [f"<h2>{escape(tr('All keys'))}</h2><table width='100%'>"]
    for group in dict.fromkeys(a.group for a in all_actions()):
        parts.append(f"<tr><td colspan='2'><b>{escape(tr(group))}</b></td></tr>")
        for action in (a for a in all_actions() if a.group == group):
            keys = escape(shown_keys(action))
            parts.append(f"<tr><td>{escape(tr(action.title))}</td><td>{keys}</td></tr>")
    roles = mouse_roles()
    parts.append(f"</table><p>{escape(tr('Mouse'))}: {escape(tr(MOUSE_NAMES[roles.name]))}</p>")
    document = QTextDocument()
    document.setHtml("".join(parts))
    return document

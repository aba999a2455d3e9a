"""A table people can sort, filter and copy."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from PySide6.QtCore import Qt
from PySide6.QtGui import QAction, QColor, QGuiApplication, QKeySequence
from PySide6.QtWidgets import (
    QAbstractItemView,
    QHeaderView,
    QLineEdit,
    QTableWidget,
    QTableWidgetItem,
    QVBoxLayout,
    QWidget,
)

from workstation.i18n import tr

KEY = Qt.ItemDataRole.UserRole


class Cell(QTableWidgetItem):
    """Sorts numbers as numbers, everything else as text."""

    def __lt__(self, other: QTableWidgetItem) -> bool:
        try:
            return float(self.text()) < float(other.text())
        except ValueError:
            return self.text() < other.text()


class Table(QWidget):
    """`fill` with rows of (key, texts); `chosen` are the keys of the selected rows."""

    def __init__(self, heads: Sequence[str], name: str, *, sortable: bool = True) -> None:
        super().__init__()
        column = QVBoxLayout(self)
        column.setContentsMargins(0, 0, 0, 0)
        self.filter = QLineEdit()
        self.filter.setPlaceholderText(tr("Filter …"))
        self.filter.setClearButtonEnabled(True)
        self.filter.textChanged.connect(self._apply_filter)
        self.widget = QTableWidget(0, len(heads))
        self.widget.setObjectName(name)
        self._heads = list(heads)
        self._sortable = sortable
        self.widget.setHorizontalHeaderLabels(self._heads)
        self.widget.verticalHeader().hide()
        self.widget.verticalHeader().setDefaultSectionSize(28)
        self.widget.setEditTriggers(QAbstractItemView.EditTrigger.NoEditTriggers)
        self.widget.setSelectionBehavior(QAbstractItemView.SelectionBehavior.SelectRows)
        self.widget.setShowGrid(False)
        header = self.widget.horizontalHeader()
        header.setSectionResizeMode(QHeaderView.ResizeMode.ResizeToContents)
        header.setStretchLastSection(True)
        header.setSortIndicator(0, Qt.SortOrder.AscendingOrder)
        header.setDefaultAlignment(Qt.AlignmentFlag.AlignLeft | Qt.AlignmentFlag.AlignVCenter)
        copy = QAction(tr("Copy rows"), self.widget)
        copy.setShortcut(QKeySequence.StandardKey.Copy)
        copy.setShortcutContext(Qt.ShortcutContext.WidgetShortcut)
        copy.triggered.connect(self.copy)
        self.widget.addAction(copy)
        self.widget.setContextMenuPolicy(Qt.ContextMenuPolicy.ActionsContextMenu)
        column.addWidget(self.filter)
        column.addWidget(self.widget, 1)

    def fill(
        self,
        rows: Sequence[tuple[str, Sequence[str]]],
        colors: Sequence[QColor | None] = (),
        colored: int = 0,
    ) -> None:
        """Show rows; what was selected stays so. `colors` colours the column `colored`."""
        chosen = set(self.chosen())
        self.widget.setSortingEnabled(False)
        self.widget.setRowCount(len(rows))
        for r, (key, texts) in enumerate(rows):
            for c, text in enumerate(texts):
                cell = Cell(text)
                cell.setData(KEY, key)
                cell.setToolTip(text)
                color = colors[r] if colors else None
                if color is not None and c == colored:
                    cell.setForeground(color)
                self.widget.setItem(r, c, cell)
        self.widget.setSortingEnabled(self._sortable)
        self._apply_filter(self.filter.text())
        for r in range(len(rows)):
            if self.key(r) in chosen:
                for c in range(self.widget.columnCount()):
                    self.widget.item(r, c).setSelected(True)

    def key(self, row: int) -> str:
        return str(self.widget.item(row, 0).data(KEY))

    def chosen(self) -> list[str]:
        """Keys of the selected rows, from the top."""
        rows = sorted({index.row() for index in self.widget.selectedIndexes()})
        return [self.key(row) for row in rows]

    def choose(self, keys: Collection[str]) -> None:
        """Select the rows of these keys and bring the first into view."""
        self.widget.clearSelection()
        self.filter.clear()
        rows = [r for r in range(self.widget.rowCount()) if self.key(r) in keys]
        for row in rows:
            for column in range(self.widget.columnCount()):
                self.widget.item(row, column).setSelected(True)
        if rows:
            self.widget.scrollToItem(self.widget.item(rows[0], 0))

    def row_texts(self, row: int) -> list[str]:
        cells = [self.widget.item(row, c) for c in range(self.widget.columnCount())]
        return [cell.text() if cell is not None else "" for cell in cells]

    def copy(self) -> None:
        """Selected rows, else all, as tab-separated text."""
        rows = sorted({index.row() for index in self.widget.selectedIndexes()})
        rows = rows or list(range(self.widget.rowCount()))
        lines = ["\t".join(line) for line in (self._heads, *(self.row_texts(r) for r in rows))]
        QGuiApplication.clipboard().setText("\n".join(lines))

    def _apply_filter(self, text: str) -> None:
        wanted = text.casefold()
        for row in range(self.widget.rowCount()):
            hit = any(wanted in cell.casefold() for cell in self.row_texts(row))
            self.widget.setRowHidden(row, not hit)

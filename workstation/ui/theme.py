"""One visual language: the dark reading theme on Fusion, and how states look."""

from __future__ import annotations

from PySide6.QtGui import QColor, QFont, QFontDatabase, QPalette
from PySide6.QtWidgets import QApplication

from workstation.messages import state_text
from workstation.paths import resources_dir

WINDOW, BASE, RAISED, LINE = "#1b1d20", "#121315", "#26292d", "#33373c"
TEXT, MUTED, ACCENT, SELECTION = "#d6d8da", "#9aa0a6", "#4c9be8", "#2f6fab"
AMBER, GREEN, RED = "#e0a83c", "#6cc070", "#e5675c"

# State -> (shape, colour); the word comes from messages.
STATES = {
    "waiting": ("○", MUTED),
    "in_progress": ("◐", ACCENT),
    "submitted": ("✓", GREEN),
    "open": ("◆", AMBER),
    "blind_read_sealed": ("◆", AMBER),
    "revealed": ("◆", AMBER),
    "resolved": ("⬟", "#b08ae0"),
    "imported": ("○", MUTED),
    "included": ("○", TEXT),
    "assigned": ("◐", ACCENT),
    "awaiting_comparison": ("◐", ACCENT),
    "agreed": ("✓", GREEN),
    "disputed": ("◆", AMBER),
    "ruled": ("⬟", "#b08ae0"),
    "excluded": ("■", RED),
    "withdrawn": ("■", RED),
}

CHECK = (resources_dir() / "icons" / "check.svg").as_posix()

STYLE = f"""
QWidget {{ font-size: 13px; }}
QToolTip {{ color: {TEXT}; background: {RAISED}; border: 1px solid {LINE}; }}
QPushButton {{ background: {RAISED}; border: 1px solid {LINE}; border-radius: 4px;
  padding: 4px 12px; min-height: 20px; }}
QPushButton:hover {{ border-color: {ACCENT}; }}
QPushButton:checked {{ background: {SELECTION}; border-color: {ACCENT}; }}
QPushButton:disabled {{ color: #6b7076; }}
QPushButton:checked:disabled {{ color: {TEXT}; background: #2a4257; border-color: #3d5d7a; }}
QPushButton[primary="true"] {{ background: {SELECTION}; font-weight: 600; }}
QPushButton[primary="true"]:disabled {{ background: {RAISED}; }}
QLineEdit, QComboBox, QPlainTextEdit, QListWidget, QTableWidget, QSpinBox {{
  background: {BASE}; border: 1px solid {LINE}; border-radius: 3px; padding: 3px; }}
QCheckBox::indicator {{ width: 14px; height: 14px; background: {BASE};
  border: 1px solid #6b7076; border-radius: 3px; }}
QCheckBox::indicator:hover {{ border-color: {ACCENT}; }}
QCheckBox::indicator:checked {{ background: {SELECTION}; border-color: {ACCENT};
  image: url({CHECK}); }}
QHeaderView::section {{ background: {RAISED}; border: none; padding: 4px; }}
QTabWidget::pane {{ border: 1px solid {LINE}; background: {WINDOW}; }}
QTabBar::tab {{ padding: 7px 16px; background: {WINDOW}; color: {MUTED}; border: none; }}
QTabBar::tab:selected {{ color: {TEXT}; border-bottom: 2px solid {ACCENT}; }}
QGroupBox {{ border: 1px solid {LINE}; border-radius: 4px; margin-top: 12px; padding-top: 6px; }}
QGroupBox::title {{ subcontrol-origin: margin; left: 8px; color: {MUTED}; }}
QLabel[role="title"] {{ font-size: 20px; }}
QLabel[role="section"] {{ font-size: 15px; font-weight: 600; }}
QLabel[role="muted"] {{ color: {MUTED}; }}
QLabel[role="problem"] {{ color: {AMBER}; }}
"""


def apply_theme(application: QApplication) -> None:
    """Palette, style sheet and a font that has Chinese on every system."""
    application.setStyle("Fusion")
    palette = QPalette()
    roles = {
        QPalette.ColorRole.Window: WINDOW,
        QPalette.ColorRole.Base: BASE,
        QPalette.ColorRole.AlternateBase: RAISED,
        QPalette.ColorRole.Button: RAISED,
        QPalette.ColorRole.Text: TEXT,
        QPalette.ColorRole.WindowText: TEXT,
        QPalette.ColorRole.ButtonText: TEXT,
        QPalette.ColorRole.ToolTipBase: RAISED,
        QPalette.ColorRole.ToolTipText: TEXT,
        QPalette.ColorRole.PlaceholderText: MUTED,
        QPalette.ColorRole.Highlight: SELECTION,
        QPalette.ColorRole.HighlightedText: "#ffffff",
        QPalette.ColorRole.Link: ACCENT,
        QPalette.ColorRole.Mid: LINE,
    }
    for role, color in roles.items():
        palette.setColor(role, QColor(color))
    for role in (QPalette.ColorRole.Text, QPalette.ColorRole.ButtonText):
        palette.setColor(QPalette.ColorGroup.Disabled, role, QColor("#6b7076"))
    application.setPalette(palette)
    families: list[str] = []
    for path in sorted((resources_dir() / "fonts").glob("*.ttf")):
        number = QFontDatabase.addApplicationFont(str(path))
        families += QFontDatabase.applicationFontFamilies(number)
    font = QFont(application.font())
    font.setFamilies([*dict.fromkeys(families), font.family()])
    application.setFont(font)
    application.setStyleSheet(STYLE)


def badge(state: str) -> str:
    """A state as shape and word; the colour is `color_of`."""
    return f"{STATES[state][0]} {state_text(state)}"


def color_of(state: str) -> QColor:
    return QColor(STATES[state][1])

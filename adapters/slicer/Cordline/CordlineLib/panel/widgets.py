"""Widgets that several sections of the panel use."""

from __future__ import annotations

from typing import Any

import ctk
import qt

# Legible on the light and on the dark theme of Slicer.
AMBER = "#b36b00"
RED = "#d04545"
GREEN = "#3c9a4e"


def collapsible_section(title: str, collapsed: bool = False, column: bool = False) -> tuple[Any, Any]:
    """A collapsible section with a form in it, or a column: a form cuts labels that break into many lines."""
    box = ctk.ctkCollapsibleButton()
    box.text = title
    box.collapsed = collapsed
    return box, qt.QVBoxLayout(box) if column else qt.QFormLayout(box)


def text_label(text: str = "", colour: str = "", bold: bool = False, name: str = "") -> Any:
    """A label with word wrap."""
    label = qt.QLabel(text)
    label.wordWrap = True
    style = (f"color: {colour};" if colour else "") + ("font-weight: bold;" if bold else "")
    if style:
        label.setStyleSheet(style)
    label.objectName = name
    return label


def set_label_text(label: Any, text: str) -> None:
    """Sets the text, and hides the label where it is empty."""
    label.text = text
    label.setVisible(bool(text))


def button(text: str, name: str, tip: str = "") -> Any:
    found = qt.QPushButton(text)
    found.objectName = name
    found.toolTip = tip
    return found


def clear_layout(layout: Any) -> None:
    """Removes and deletes all widgets of a layout."""
    while layout.count():
        item = layout.takeAt(0)
        widget = item.widget()
        if widget is not None:
            widget.hide()
            widget.setParent(None)
            widget.deleteLater()

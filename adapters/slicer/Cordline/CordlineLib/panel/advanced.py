"""Section Advanced: address and key of the daemon, and options of requests."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from ..connection_test import ConnectionTest
from ..settings import Settings
from ..verdict import READER_LENGTH
from .widgets import AMBER, GREEN, RED, button, collapsible_section, set_label_text, text_label


class Advanced:
    """test: called by the button. forget_test: called once address or key are others than those that were tested.
    changed: called after changes on which Apply depends.
    """

    def __init__(
        self,
        settings: Settings,
        test: Callable[[], None],
        forget_test: Callable[[], None],
        changed: Callable[[], None],
    ) -> None:
        self._settings, self._forget_test, self._changed = settings, forget_test, changed
        self.box, form = collapsible_section(strings.ADVANCED, collapsed=True)
        self.address: Any = qt.QComboBox()
        self.address.objectName = "CordlineAddress"
        self.address.editable = True
        self.address.toolTip = strings.ADDRESS_TIP
        self.address.setInsertPolicy(qt.QComboBox.NoInsert)
        self._list_addresses()
        self.key: Any = qt.QLineEdit(settings.key)
        self.key.objectName = "CordlineKey"
        self.key.toolTip = strings.KEY_TIP
        self.key.setPlaceholderText(strings.NONE)
        browse = qt.QToolButton()
        browse.text = strings.BROWSE
        key_row = qt.QHBoxLayout()
        key_row.addWidget(self.key)
        key_row.addWidget(browse)
        self.test = button(strings.TEST, "CordlineTest")
        self.connection_status = text_label(name="CordlineContact")
        self.bundle = text_label(strings.BUNDLE_UNKNOWN, name="CordlineBundle")
        self.priority: Any = qt.QComboBox()
        self.priority.objectName = "CordlinePriority"
        for name, label in strings.PRIORITIES:
            self.priority.addItem(label, name)
        names = [name for name, _ in strings.PRIORITIES]
        self.priority.currentIndex = names.index(settings.priority) if settings.priority in names else 0
        self.reader: Any = qt.QLineEdit(settings.reader)
        self.reader.objectName = "CordlineReader"
        self.reader.maxLength = READER_LENGTH
        self.reader.toolTip = strings.READER_TIP
        self.files: Any = qt.QCheckBox(strings.SEND_FILES)
        self.files.objectName = "CordlineSendFiles"
        self.files.toolTip = strings.SEND_FILES_TIP
        self.files.checked = settings.send_files
        form.addRow(strings.ADDRESS, self.address)
        form.addRow(strings.KEY, key_row)
        form.addRow("", self.test)
        form.addRow(self.connection_status)
        form.addRow(strings.BUNDLE, self.bundle)
        form.addRow(strings.PRIORITY, self.priority)
        form.addRow(strings.READER, self.reader)
        form.addRow(self.files)
        self.connection_status.setVisible(False)

        self.address.connect("activated(int)", lambda index: self._use_address())
        self.address.lineEdit().connect("editingFinished()", self._use_address)
        self.key.connect("editingFinished()", lambda: self._use_key(self.key.text))
        browse.connect("clicked()", self._browse)
        self.test.connect("clicked()", test)
        self.priority.connect("currentIndexChanged(int)", self._use_priority)
        self.reader.connect("editingFinished()", self._use_reader)
        self.files.connect("toggled(bool)", self._use_files)

    def show_connection_test(self, test: ConnectionTest | None) -> None:
        if test is None:
            return
        if not test.done:
            set_label_text(self.connection_status, strings.TESTING)
            self.connection_status.setStyleSheet(f"color: {AMBER};")
        elif test.problem is not None:
            set_label_text(self.connection_status, str(test.problem))
            self.connection_status.setStyleSheet(f"color: {AMBER if test.problem.name == 'not_ready' else RED};")
            self.bundle.text = strings.BUNDLE_UNKNOWN
        else:
            parts = [test.device.get("provider", ""), test.device.get("gpu", ""), test.welcome.get("daemon", "")]
            set_label_text(self.connection_status, " · ".join(part for part in parts if part))
            self.connection_status.setStyleSheet(f"color: {GREEN};")
            self.bundle.text = test.bundle

    def _list_addresses(self) -> None:
        self.address.clear()
        for each in self._settings.addresses:
            self.address.addItem(each)
        self.address.currentIndex = 0

    def _use_address(self) -> None:
        typed = self.address.currentText.strip()
        if typed and typed != self._settings.addresses[0]:
            self._settings.use_address(typed)
            self._list_addresses()
            self._show_untested()
        self._changed()

    def _use_key(self, path: str) -> None:
        if path.strip() != self._settings.key:
            self._settings.key = path.strip()
            self._show_untested()

    def _show_untested(self) -> None:
        self._forget_test()
        self.bundle.text = strings.BUNDLE_UNKNOWN
        set_label_text(self.connection_status, "")

    def _browse(self) -> None:
        path = qt.QFileDialog.getOpenFileName(self.box, strings.KEY)
        path = path[0] if isinstance(path, tuple) else path
        if path:
            self.key.text = path
            self._use_key(path)

    def _use_priority(self, index: int) -> None:
        self._settings.priority = strings.PRIORITIES[index][0]

    def _use_reader(self) -> None:
        self._settings.reader = self.reader.text
        self.reader.text = self._settings.reader
        self._changed()

    def _use_files(self, checked: bool) -> None:
        self._settings.send_files = bool(checked)

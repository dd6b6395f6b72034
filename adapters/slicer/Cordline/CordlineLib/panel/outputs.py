"""Section Outputs: the new segmentation, and whether it is shown in 3D."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import qt

from .. import strings
from .widgets import collapsible_section, text_label


class Outputs:
    """wanted: the initial state. show_3d: called with whether lesions are to be shown in 3D views."""

    def __init__(self, wanted: bool, show_3d: Callable[[bool], None]) -> None:
        self.box, form = collapsible_section(strings.OUTPUTS)
        new = text_label(strings.NEW_SEGMENTATION, name="CordlineNewSegmentation")
        new.toolTip = strings.NEW_SEGMENTATION_TIP
        self.in_3d: Any = qt.QCheckBox(strings.SHOW_3D)
        self.in_3d.objectName = "CordlineShow3D"
        self.in_3d.toolTip = strings.SHOW_3D_TIP
        self.in_3d.checked = wanted
        form.addRow(strings.SEGMENTATION, new)
        form.addRow("", self.in_3d)
        self.in_3d.connect("toggled(bool)", lambda on: show_3d(bool(on)))

"""All text that users see, in one place for translation; the OHIF panel has the same words (strings.ts)."""

from __future__ import annotations

TITLE = "Cordline"
RESEARCH = "Research use only; not a medical device"

HELP = (
    "Sends a sagittal T2-weighted volume of the spine to the Cordline daemon, shows lesions of the spinal cord while "
    "it works, and its answers to three questions with what they rest on. Research use only; not a medical device."
)

# The sections of the panel.
INPUTS = "Inputs"
OUTPUTS = "Outputs"
RESULTS = "Results"
CORRECT = "Correct"
ADVANCED = "Advanced"
LOG = "Log"

T2W = "T2w volume"
T2W_TIP = "A sagittal T2-weighted volume of the spine"
T1C = "T1c volume"
T1C_TIP = "Optional: the T1-weighted volume with contrast agent, for models that use it"
NONE = "None"
SEGMENTATION = "Segmentation"
NEW_SEGMENTATION = "Create new segmentation on Apply"
NEW_SEGMENTATION_TIP = "Each run makes a segmentation of its own. Those that are there stay as they are."
SHOW_3D = "Show 3D"
SHOW_3D_TIP = "Show the lesions in 3D views too"

APPLY = "Apply"
APPLY_TIP = "Send the volume to the box and show lesions as they are found"
CANCEL = "Cancel"
CANCEL_TIP = "Stop the box, and take away what has been drawn"

# Why Apply is disabled.
NO_VOLUME = "Choose a sagittal T2-weighted volume first."
NO_VOXELS = "The volume has no voxels."
NOT_SCALAR = "The volume has {n} values a voxel; one is needed."
NON_LINEAR = (
    "The volume is under a non-linear transform, so its voxels are no grid in the patient. "
    "Harden the transform, or take the volume out of it."
)
NON_LINEAR_T1C = (
    "The T1c volume is under a non-linear transform. Harden the transform, take the volume out of it, or choose none."
)
OTHER_TRANSFORM = (
    "T2w and T1c volume are under different transforms, so the box would see them beside each other. "
    "Harden the transforms, or put both under the same one."
)
NOT_SAGITTAL = (
    "The volume is not sagittal: its sections' normal is only {share:.2f} along left-right. Choose the sagittal series."
)
OTHER_PLANE = (
    "The volume is not sagittal: its voxels are {section:.1f} mm wide along left-right and {other:.1f} mm along "
    "another axis, so its sections were taken in another plane. Choose the sagittal series."
)
NO_ADDRESS = "The daemon's address cannot be read: {why}."

CONNECTING = "Looking for the box…"
PREPARING = "Preparing"
RECONNECTING = "No connection to the box. Trying again…"
STATES = {
    "receiving": "Sending",
    "queued": "Waiting",
    "decoding": "Reading",
    "selecting": "Choosing the series",
    "segmenting": "Segmenting",
    "classifying": "Classifying",
    "explaining": "Explaining",
    "writing": "Writing results",
    "completed": "Done",
    "needs_selection": "A series must be chosen",
    "out_of_scope": "Out of scope",
    "failed": "Failed",
    "cancelled": "Cancelled",
}

NO_RESULTS = "Nothing has been analysed yet."
UNDECIDED = "Undecided"
SHOW_HEAT = "Show heat map"
HIDE_HEAT = "Hide heat map"
NO_HEAT = "No heat map: nothing was decided"
OPACITY = "Opacity of the heat map"
HEAT_LEGEND = "What the answer rests on: violet little, yellow most"
LESIONS = "Lesions"
NO_LESION_MEANS = "No question was asked, and no mask is drawn. Look at the images all the same."
INDETERMINATE_MEANS = (
    "A probability lies in its undecided zone, so neither answer is given. The lesions are drawn and measured."
)
LESION_COLUMNS = ("Lesion", "Volume", "Extent", "Sections", "")
JUMP = "Go to"
JUMP_TIP = "Show the middle of this lesion in all slice views"
NOTES = "Please note"
CORRECTED = "Corrected by {reader}. Before: {finding}"
CORRECTED_BY = "Corrected by {reader}."
MORE_JOBS = "and {n} older ones"
SOME_READER = "a reader"
CHANGED_SINCE = "The volume was changed after this result was made."
SAVE_DICOM = "Save DICOM…"
SAVE_DICOM_TIP = "Fetch the DICOM objects of this result, with the UIDs of the study, to send them to the archive"
NO_DICOM_OBJECTS = "The volume came without its DICOM files, so there are no objects for an archive."
SAVED = "{objects} saved in the folder {folder}."
SAVING = "The objects of a result are being saved."
THERE_ALREADY = "{name} is there already"

# A choice among series, and what readers said.
CHOOSE = "Several series fit equally well. Look at them, and take one."
CHOOSE_DIFFERENCE = "Only here: {what}"
USE = "Use"
USE_TIP = "Analyse this one"
UNNAMED_SERIES = "Series without a description"
NO_THUMBNAIL = "no picture"
VERDICT_OPEN = "No reader has judged this result yet."
NO_VERDICT = "not judged yet"
ACCEPTED = "Accepted"
REJECTED = "Rejected"
WITHDRAWN = "Verdict withdrawn"
ACCEPT = "Accept"
ACCEPT_TIP = "Say as {reader} that this result is right"
REJECT = "Reject…"
REJECT_NOW = "Reject"
REJECT_TIP = "Say as {reader} that this result is wrong, and why"
REASON = "Why"
REASON_HINT = "for example: too large"
WITHDRAW = "Withdraw"
WITHDRAW_TIP = "Take back what was said last; it stays on record that it was said"
ASKING_VERDICT = "Asking what readers said…"
SENDING_VERDICT = "A verdict is on its way…"
VERDICT_NOT_SENT = "Your verdict was not sent: {why}"
OTHER_VERDICT_NOT_SENT = "Your verdict on {result} was not sent: {why}"
UNKNOWN_VERDICT = "What readers said is not known: {why}"
NOT_KEPT = "the box does not keep this job any more"
EARLIER = "This study was analysed before:"
READER = "Reader"
READER_TIP = "Your name, as it stands with verdicts and corrected masks for the next reader"
VIEWER_ONLY = "The key allows looking only; ask the operator for one that may judge."
NO_READER = "Enter your name under Advanced (Reader) first."

CORRECT_HOW = "Paint and erase in the lesion segments, then classify again. The result goes into a new segmentation."
CLASSIFY = "Classify again"
CLASSIFY_TIP = "Send the corrected mask to the box and ask the questions again"
NOTHING_TO_CORRECT = "There is no finished result to correct."
ALREADY_RUNNING = "A run is under way."
RESULT_ELSEWHERE = 'The run has ended. Its result is with the volume "{volume}": choose it under Inputs.'
RESULT_OF_OTHER_VOLUME = "The result belongs to another volume than the chosen one."

ADDRESS = "Daemon"
ADDRESS_TIP = "HOST:PORT, tcp://HOST:PORT, or ipc://PATH for a daemon that you started on this computer"
KEY = "Key file"
KEY_TIP = "What `cordline keys new` printed; needed for every tcp address"
BROWSE = "…"
TEST = "Test connection"
BUNDLE = "Models"
BUNDLE_UNKNOWN = "Press Test connection"
PRIORITY = "Priority"
PRIORITIES = (("routine", "Routine"), ("urgent", "Urgent"), ("background", "Background"))
SEND_FILES = "Send the DICOM files where they are known"
SEND_FILES_TIP = "Then the results carry the study's UIDs and can go to the archive"
TESTING = "Asking…"

INSTALL_TITLE = "Cordline needs two packages"
INSTALL = (
    "To talk to the daemon, Cordline needs these Python packages, which Slicer does not have yet:\n\n{packages}\n\n"
    "They are small (about {mb} MB) and come from PyPI. Install them now?"
)
NOT_INSTALLED = (
    "The Python packages {packages} are not installed.",
    "Press the button again, and agree. Without a connection to PyPI they can be installed from files: see the README.",
)

# Errors: what happened, and what to do. The README explains each under its name.
REFUSED = ("Nobody listens at {endpoint}.", "Start `cordline serve` there, or correct the address under Advanced.")
TIME_OUT = (
    "The daemon at {endpoint} does not answer.",
    "Look whether the computer can be reached and its port is open; with a tcp address also whether a key is needed.",
)
KEY_REFUSED = (
    "The daemon at {endpoint} does not accept this key.",
    "Make one there with `cordline keys new NAME`, and choose the file under Advanced.",
)
KEY_UNREADABLE = ("The key file cannot be read: {why}.", "Choose what `cordline keys new` printed under Advanced.")
VERSION = (
    "The daemon speaks version {theirs} of the protocol, this extension version {ours}.",
    "Update the older of the two.",
)
NOT_READY = ("The box is there, and its models are not ready.", "Wait, and try again; `cordline doctor` tells more.")
LOST = (
    "The connection to {endpoint} is lost.",
    "The box goes on with what it has. Press Apply again to see it.",
)
DAMAGED = ("What came did not arrive as it was announced.", "Try again.")
DAEMON_FAULT = ("{message}.", "{action}.")
VOLUME_CHANGED = (
    "The volume was changed while the box worked, so the result is not for what is shown. Nothing is kept.",
    "Press Apply again.",
)
CHANGED_BEFORE = (
    "The volume was changed after this result was made, so its mask is for other voxels.",
    "Press Apply to analyse the volume as it is.",
)
VOLUME_GONE = ("The volume was removed while the box worked. Nothing is kept.", "Load it again, and press Apply.")
OTHER_VOXELS = (
    "The result is for other voxels than those shown. Nothing is drawn.",
    "Press Apply again; if it stays so, untick `{send_files}` under Advanced.",
)
OTHER_GRID = (
    "The result does not fit the volume: {why}. Nothing is drawn.",
    "Untick `{send_files}` under Advanced, and press Apply again.",
)
NOT_WRITTEN = ("The objects cannot be written: {why}.", "Choose another folder.")
MALFORMED = (
    "The box sent something that this extension cannot read ({what}). Nothing is kept.",
    "Update the older of the two, and press Apply again.",
)
TOO_OLD = ("The daemon keeps no verdicts.", "Update it.")
NO_GRID = ("The box sent a mask before it said where it lies. Nothing is drawn.", "Update the daemon.")
OTHER_MASK = ("The box classified another mask than the one that was sent.", "Classify again.")

# Warnings shown beside a result.
FALLBACK = "Slower than it could be. {why}."
MISSING_SECTIONS = "No mask came for {sections}; nothing is known of them."
UNLISTED = "Parts of the mask that belong to no lesion of the list: {n}. They are in a segment of their own."
ROUNDED = "Voxel values were rounded to 32-bit floating point numbers to be sent."
WITHOUT_FILES = (
    "The volume was sent without its DICOM files ({why}), so the results carry no UIDs and cannot go to an archive."
)
NO_DICOM = "it was not loaded from DICOM"
FILES_GONE = "{n} of {total} are not in Slicer's DICOM database"
FILES_UNWANTED = "as set under Advanced"
SHOWN_TRANSFORMED = "The volume is under a transform: sizes and places are those of the scan, not of the transform."


def queued(place: int) -> str:
    return f"Waiting, {place} before it" if place > 0 else "Waiting"


def left(seconds: float) -> str:
    return f"about {max(1, round(seconds))} s left"


def sections(done: int, total: int) -> str:
    return f"section {done} of {total}"


def threshold(label: str, value: float, zone: tuple[float, float]) -> str:
    return f"{label} decided at {value:.2f}; undecided from {zone[0]:.2f} to {zone[1]:.2f}"


def numbered(number: int, description: str) -> str:
    return f"{number}: {description}"


def section_count(count: int) -> str:
    return f"{count} section{'' if count == 1 else 's'}"


def frame_count(count: int) -> str:
    return f"{count} frame{'' if count == 1 else 's'}"


def spacing(section: float, row: float, column: float) -> str:
    return f"{section:.2g} × {row:.2g} × {column:.2g} mm"


def height(low: float, high: float) -> str:
    return f"z {low:.0f} to {high:.0f} mm"


def verdict(verb: str, reader: str, when: str, reason: str) -> str:
    return f"{verb} by {reader}, {when}" + (f": {reason}" if reason else "")


def corrected_by(finding: str, reader: str) -> str:
    return f"{finding}, corrected by {reader or 'a reader'}"


def lesion(number: int) -> str:
    return f"Lesion {number}"


def millilitres(ml: float) -> str:
    return f"{ml:.2f} mL"


def millimetres(mm: float) -> str:
    return f"{mm:.0f} mm"


def sections_of(numbers: list[int]) -> str:
    if not numbers:
        return "–"
    return f"{numbers[0]}–{numbers[-1]}" if len(numbers) > 1 else str(numbers[0])


def listed(numbers: list[int]) -> str:
    return ("section " if len(numbers) == 1 else "sections ") + ", ".join(map(str, numbers))


def made(daemon: str) -> str:
    return f"Made by {daemon}"


def objects(count: int) -> str:
    return f"{count} object{'' if count == 1 else 's'}"


def segmentation_name(volume: str, corrected: bool) -> str:
    return f"{volume} segmentation corrected" if corrected else f"{volume} segmentation"


def record_name(volume: str) -> str:
    return f"{volume} Cordline result"


def heat_name(volume: str, label: str) -> str:
    return f"{volume} heat map {label}"

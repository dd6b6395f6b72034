"""Values that attributes and lengths should not have."""

from hostile_files import UNDEFINED

WORDS = (0, 1, 2, 3, 7, 0x7F, 0xFF, 0x7FFF, 0xFFFF)
LONG_WORDS = (*WORDS, 0x10000, 0xFFFFFF, 0x7FFFFFFF, 0x80000000, 0xFFFFFFF0, 0xFFFFFFFE, UNDEFINED)
NUMBERS = (
    *(
        [
            "0",
            "-1",
            "1",
            "nan",
            "inf",
            "-inf",
            "1e400",
            "-1e400",
            "1e-400",
            "1e38",
            "3.4e39",
            "2147483648",
            "-2147483649",
            "4294967296",
            "99999999999999999999",
        ]
    ),
    *(["0x10", "1,5", "1.2.3", "-", "+", "e", "--1", "1e"]),
    *(" ", "", "\x00", "\xff", "1" * 300, "0." + "0" * 200 + "1"),
)
WRONG_UIDS = (
    *(
        b"",
        b"../../etc/passwd",
        b"1.2.3/4",
        b"1.2\x003",
        b"1" * 64,
        b"1" * 65,
        b"1." * 200,
        b".1",
        b"1.",
        b"1..2",
        b"0",
    ),
    *(b"x", b"\xff" * 20, b"1.2 \n.3", b"-1.2", b"1.2.840.10008.1.2.1.99", b"1.2.840.10008.1.3.10"),
    b"1.2.840.10008.5.1.4.1.1.2",
)
SYNTAXES = (
    *(
        f"1.2.840.10008.1.2{more}"
        for more in ("", ".1", ".2", ".5", ".4.50", ".4.70", ".4.80", ".4.81", ".4.90", ".4.91", ".4.201", ".1.99")
    ),
    *("", "1.2.3", "../..", "1.2.840.10008.1.2\x00.1"),
)
CHARACTER_SETS = (
    *("", "ISO_IR 100", "ISO_IR 192", "GB18030", "GBK", "ISO 2022 IR 87", "ISO 2022 IR 149", "ISO_IR 13", "ISO_IR 999"),
    *("\x1b[2J", "ISO 2022 IR 6", "ISO 2022 IR 58", "ISO_IR 166", "x" * 200, "\\\\\\"),
)
PIECES = (
    *(
        b"\x1b$B",
        b"\x1b(J",
        b"\x1b$)C",
        b"\x1b(B",
        b"\x1b",
        b"\x1b[31m",
        b"\x9b2J",
        b"\xe2\x80\xae",
        b"\xe2\x80\xa8",
        b"\r\n",
    ),
    *(b"^=\\", b"\x00", b"\xff\xfe", b"\xb1\xe8", b"\x8f\xb0", b"T2 TSE sag spine", b"<script>", b"{{ 7 }}"),
)
FRAME_GROUPS = [
    "PixelMeasuresSequence",
    "PlaneOrientationSequence",
    "PixelValueTransformationSequence",
    "MREchoSequence",
]

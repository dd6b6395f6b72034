//! Character sets that DICOM knows (PS3.3, C.12.1.1.2), with the tables of `encoding_rs`.

use encoding_rs::{
    EUC_JP, EUC_KR, Encoding, GB18030, GBK, ISO_8859_2, ISO_8859_3, ISO_8859_4, ISO_8859_5, ISO_8859_6, ISO_8859_7,
    ISO_8859_8, ISO_8859_15, UTF_8, WINDOWS_874, WINDOWS_1252, WINDOWS_1254,
};

/// A character set.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Repertoire {
    /// ISO-IR 6, the default.
    Ascii,
    /// A set of one byte a character, in the upper half of the code table; the term's number.
    Single(u16),
    /// JIS X 0201, half-width katakana in the upper half (ISO-IR 13).
    Katakana,
    /// JIS X 0208 (ISO-IR 87).
    JisX0208,
    /// JIS X 0212 (ISO-IR 159).
    JisX0212,
    /// KS X 1001 (ISO-IR 149).
    KsX1001,
    /// GB 2312 (ISO-IR 58).
    Gb2312,
    /// UTF-8 (ISO-IR 192).
    Utf8,
    /// GB 18030.
    Gb18030,
    /// GBK.
    Gbk,
    /// A set that DICOM does not know, by a name that people give it.
    Foreign(&'static Encoding),
}

use Repertoire::*;

impl Repertoire {
    /// The set of a defined term. Spelling is not taken to the letter: `ISO-IR 100`, `iso_ir_100` and `UTF-8` occur.
    pub(super) fn named(code: &str) -> Option<Self> {
        let plain: String = code.chars().filter(char::is_ascii_alphanumeric).flat_map(char::to_uppercase).collect();
        let number = plain.strip_prefix("ISO2022IR").or_else(|| plain.strip_prefix("ISOIR"));
        match number.unwrap_or(&plain) {
            "6" | "646" | "ASCII" => Some(Ascii),
            "13" => Some(Katakana),
            "58" | "GB2312" => Some(Gb2312),
            "87" => Some(JisX0208),
            "149" => Some(KsX1001),
            "159" => Some(JisX0212),
            "192" | "UTF8" => Some(Utf8),
            "GB18030" => Some(Gb18030),
            "GBK" => Some(Gbk),
            "ISO88591" | "LATIN1" => Some(Single(100)),
            number => {
                let single = number.parse().ok().filter(|n| table(*n).is_some()).map(Single);
                single.or_else(|| foreign(code))
            }
        }
    }

    /// What people call it.
    pub(super) fn name(self) -> &'static str {
        match self {
            Ascii => "ASCII",
            Single(100) => "Latin-1",
            Single(101) => "Latin-2",
            Single(109) => "Latin-3",
            Single(110) => "Latin-4",
            Single(126) => "Greek",
            Single(127) => "Arabic",
            Single(138) => "Hebrew",
            Single(144) => "Cyrillic",
            Single(148) => "Latin-5",
            Single(166) => "Thai",
            Single(_) => "Latin-9",
            Katakana => "JIS X 0201",
            JisX0208 => "JIS X 0208",
            JisX0212 => "JIS X 0212",
            KsX1001 => "KS X 1001",
            Gb2312 => "GB 2312",
            Utf8 => "UTF-8",
            Gb18030 => "GB 18030",
            Gbk => "GBK",
            Foreign(table) => table.name(),
        }
    }

    /// The table of a set that knows no escape sequences: a value is decoded as a whole.
    pub(super) fn whole(self) -> Option<&'static Encoding> {
        match self {
            Utf8 => Some(UTF_8),
            Gb18030 => Some(GB18030),
            Gbk => Some(GBK),
            Foreign(table) => Some(table),
            _ => None,
        }
    }

    /// True where a character can take more than one byte.
    pub(super) fn several_bytes(self) -> bool {
        !matches!(self, Ascii | Single(_) | Katakana)
    }

    /// The character with which `bytes` begin in the upper half of the code table, and how many bytes it takes.
    pub(super) fn upper(self, bytes: &[u8]) -> Option<(char, usize)> {
        let first = *bytes.first()?;
        match self {
            // The upper half begins behind the second range of control characters.
            Single(_) | Katakana if first < 0xA0 => None,
            Single(number) => Some((one(table(number)?, &[first])?, 1)),
            Katakana => Some((one(EUC_JP, &[0x8E, first])?, 1)),
            KsX1001 | Gb2312 => {
                let second = *bytes.get(1)?;
                let table = if self == KsX1001 { EUC_KR } else { GBK };
                (first >= 0xA1 && second >= 0xA1).then(|| one(table, &[first, second]))?.map(|c| (c, 2))
            }
            _ => None,
        }
    }

    /// The character of two bytes in the lower half of the code table, where this is a set of Japanese ones.
    pub(super) fn lower(self, first: u8, second: u8) -> Option<char> {
        let pair = [first | 0x80, second | 0x80];
        match self {
            JisX0208 => one(EUC_JP, &pair).map(as_in_jis),
            JisX0212 => one(EUC_JP, &[0x8F, pair[0], pair[1]]),
            _ => None,
        }
    }
}

/// The table of a set of single bytes, by its ISO-IR number. What the wider ones of Windows add lies below 0xA0 and is not looked at.
fn table(number: u16) -> Option<&'static Encoding> {
    Some(match number {
        100 => WINDOWS_1252,
        101 => ISO_8859_2,
        109 => ISO_8859_3,
        110 => ISO_8859_4,
        126 => ISO_8859_7,
        127 => ISO_8859_6,
        138 => ISO_8859_8,
        144 => ISO_8859_5,
        148 => WINDOWS_1254,
        166 => WINDOWS_874,
        203 => ISO_8859_15,
        _ => return None,
    })
}

/// A set that is declared by a name of the internet or of Windows: `windows-1251`, `Shift_JIS`, `EUC-KR`, `ISO_8859-2`. Only such in
/// which ASCII is written as ASCII.
fn foreign(name: &str) -> Option<Repertoire> {
    let name = name.trim().replace(' ', "_").replace("8859_", "8859-");
    let table = Encoding::for_label_no_replacement(name.as_bytes())?;
    table.is_ascii_compatible().then_some(Foreign(table))
}

fn one(table: &'static Encoding, bytes: &[u8]) -> Option<char> {
    table.decode_without_bom_handling_and_without_replacement(bytes)?.chars().next()
}

/// The tables are those of browsers, which took six signs of JIS X 0208 from Windows; the standard's own are meant in DICOM.
fn as_in_jis(c: char) -> char {
    match c {
        '\u{FF5E}' => '\u{301C}',
        '\u{2225}' => '\u{2016}',
        '\u{FF0D}' => '\u{2212}',
        '\u{FFE0}' => '\u{A2}',
        '\u{FFE1}' => '\u{A3}',
        '\u{FFE2}' => '\u{AC}',
        c => c,
    }
}

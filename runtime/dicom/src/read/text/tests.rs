use super::*;

/// Escape sequences are written `{$B}`, other bytes `\xNN`.
fn bytes(written: &[u8]) -> Vec<u8> {
    let mut out = Vec::new();
    for byte in written {
        match byte {
            b'{' => out.push(0x1B),
            b'}' => {}
            byte => out.push(*byte),
        }
    }
    out
}

fn decoded(declared: &str, written: &[u8], name: bool) -> (String, Option<TextDoubt>) {
    let bytes = bytes(written);
    let found = TextEncoding::declared(declared.split('\\')).decode(&bytes, name);
    (found.text.into_owned(), found.doubt)
}

/// A name that its declared sets explain in full.
fn name(declared: &str, written: &[u8]) -> String {
    let (text, doubt) = decoded(declared, written, true);
    assert_eq!(doubt, None, "{text}");
    text
}

#[test]
fn the_japanese_names_of_the_standard() {
    // PS3.5, annex H, both encodings of its example.
    let kanji = b"Yamada^Tarou={$B};3ED{(B}^{$B}B@O:{(B}={$B}$d$^$@{(B}^{$B}$?$m$&{(B}";
    assert_eq!(name("\\ISO 2022 IR 87", kanji), "Yamada^Tarou=山田^太郎=やまだ^たろう");
    let half_width = b"\xD4\xCF\xC0\xDE^\xC0\xDB\xB3={$B};3ED{(J}^{$B}B@O:{(J}={$B}$d$^$@{(J}^{$B}$?$m$&{(J}";
    assert_eq!(name("ISO 2022 IR 13\\ISO 2022 IR 87", half_width), "ﾔﾏﾀﾞ^ﾀﾛｳ=山田^太郎=やまだ^たろう");
}

#[test]
fn the_korean_and_chinese_names_of_the_standard() {
    let korean = b"Hong^Gildong={$)C}\xFB\xF3^{$)C}\xD1\xCE\xD4\xD7={$)C}\xC8\xAB^{$)C}\xB1\xE6\xB5\xBF";
    assert_eq!(name("\\ISO 2022 IR 149", korean), "Hong^Gildong=洪^吉洞=홍^길동");
    let wang = "Wang^XiaoDong=王^小东=";
    assert_eq!(name("GB18030", b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB="), wang);
    assert_eq!(name("GBK", b"Wang^XiaoDong=\xCD\xF5^\xD0\xA1\xB6\xAB="), wang);
    assert_eq!(name("ISO_IR 192", wang.as_bytes()), wang);
    let zhang = b"Zhang^XiaoDong={$)A}\xD5\xC5^{$)A}\xD0\xA1\xB6\xAB=";
    assert_eq!(name("\\ISO 2022 IR 58", zhang), "Zhang^XiaoDong=张^小东=");
}

#[test]
fn one_byte_sets_alone_and_switched_to() {
    for (number, byte, last, letter) in [
        (100, 0xFC, 'A', "ü"),
        (101, 0xE8, 'B', "č"),
        (109, 0xB1, 'C', "ħ"),
        (110, 0xB9, 'D', "š"),
        (126, 0xC1, 'F', "Α"),
        (127, 0xC8, 'G', "ب"),
        (138, 0xF9, 'H', "ש"),
        (144, 0xBB, 'L', "Л"),
        (148, 0xFE, 'M', "ş"),
        (166, 0xCA, 'T', "ส"),
        (203, 0xBD, 'b', "œ"),
    ] {
        let alone = [b'a', byte, b'b'];
        assert_eq!(name(&format!("ISO_IR {number}"), &alone), format!("a{letter}b"));
        assert_eq!(name(&format!("ISO 2022 IR {number}"), &alone), format!("a{letter}b"));
        let switched = [b"a^{-", [last as u8].as_slice(), b"}", &[byte], b"^b"].concat();
        assert_eq!(name(&format!("\\ISO 2022 IR {number}"), &switched), format!("a^{letter}^b"), "{number}");
        assert_eq!(name(&format!("ISO 2022 IR 100\\ISO 2022 IR {number}"), &switched), format!("a^{letter}^b"));
    }
}

#[test]
fn a_delimiter_returns_to_the_first_set() {
    // 0xE4 is a letter of Greek before the delimiter, and of Latin-1 behind it.
    let written = b"{-F}\xE4^\xE4={-F}\xE4=\xE4";
    assert_eq!(name("ISO 2022 IR 100\\ISO 2022 IR 126", written), "δ^ä=δ=ä");
    // In other text `^` and `=` are characters like others; line ends and backslashes return.
    let text = decoded("ISO 2022 IR 100\\ISO 2022 IR 126", b"{-F}\xE4^\xE4\r\n\xE4{-F}\xE4\\\xE4", false);
    assert_eq!(text, ("δ^δ\r\näδ\\ä".into(), None));
}

#[test]
fn bytes_of_a_double_byte_character_are_no_delimiters() {
    // 春 is written "=U" and 五 "8^"; the second byte of 慭 is that of a backslash.
    assert_eq!(name("\\ISO 2022 IR 87", b"Haru={$B}=U{(B}^{$B}8^{(B}"), "Haru=春^五");
    for declared in ["GBK", "GB18030"] {
        assert_eq!(name(declared, b"a\x91\x5C^b"), "a慭^b");
    }
}

#[test]
fn supplementary_kanji_and_the_standards_own_signs() {
    assert_eq!(name("\\ISO 2022 IR 87\\ISO 2022 IR 159", b"{$(D}0!{(B}^{$B};3{(B}"), "丂^山");
    assert_eq!(decoded("\\ISO 2022 IR 87", b"{$B}!A!]{(B}", false), ("〜−".into(), None));
}

#[test]
fn what_no_declared_set_explains_is_told() {
    use TextDoubt::*;
    let umlaut = "Müller".to_owned();
    assert_eq!(decoded("", b"M\xFCller", true), (umlaut.clone(), Some(Undeclared("Latin-1"))));
    assert_eq!(decoded("", "Müller".as_bytes(), true), (umlaut.clone(), Some(Undeclared("UTF-8"))));
    assert_eq!(decoded("ISO_IR 9999", b"M\xFCller", true), (umlaut.clone(), Some(Undeclared("Latin-1"))));
    assert_eq!(decoded("ISO_IR 6", b"M\xFCller", true), (umlaut.clone(), Some(NotAsDeclared("Latin-1"))));
    assert_eq!(decoded("ISO_IR 192", b"M\xFCller", true), (umlaut.clone(), Some(NotAsDeclared("Latin-1"))));
    assert_eq!(decoded("ISO_IR 100", b"\x8Aime", true), ("Šime".into(), Some(NotAsDeclared("Windows-1252"))));
    assert_eq!(decoded("GB18030", "José王".as_bytes(), true).1, Some(NotAsDeclared("UTF-8")));
    // Read as declared, since archives read it so: but it does not look like that.
    assert_eq!(decoded("ISO_IR 100", "Müller".as_bytes(), true), ("MÃ¼ller".into(), Some(LooksLikeUtf8)));
    // A set that is declared and not switched to, and one that is not switched to again behind a delimiter.
    let korean = b"\xC8\xAB^\xB1\xE6\xB5\xBF";
    assert_eq!(decoded("\\ISO 2022 IR 149", korean, true), ("홍^길동".into(), Some(NotAsDeclared("KS X 1001"))));
    let (text, doubt) = decoded("\\ISO 2022 IR 149", b"{$)C}\xC8\xAB^\xB1\xE6\xB5\xBF", true);
    assert_eq!((text.as_str(), doubt.is_some()), ("홍^길동", true));
    // Shift JIS under the name of half-width katakana; the second byte of 表 is that of a backslash.
    assert_eq!(decoded("ISO_IR 13", b"\x95\x5C", true), ("表".into(), Some(NotAsDeclared("Shift JIS"))));
    // Nothing explains these: what can be read is, and no control character is left.
    for (declared, written) in [
        ("\\ISO 2022 IR 149", b"{$)C}\xC8^\xFF".as_slice()),
        ("\\ISO 2022 IR 87", b"{$B};"),
        ("ISO_IR 192", b"a{$B};3"),
        ("ISO 2022 IR 100", b"a{zz}"),
        ("GB18030", b"\xCD\xFF\xFF"),
        ("ISO_IR 144", b"\x81\xFF"),
    ] {
        let (text, doubt) = decoded(declared, written, true);
        assert_eq!(doubt, Some(Unreadable), "{declared}");
        assert!(text.contains('\u{FFFD}') && !text.contains('\u{1B}'), "{text:?}");
    }
}

#[test]
fn ascii_is_never_doubtful() {
    for declared in ["", "ISO_IR 9999", "ISO_IR 100", "GB18030", "\\ISO 2022 IR 87", "ISO_IR 192"] {
        assert_eq!(name(declared, b"Doe^Jane~=~"), "Doe^Jane~=~");
    }
}

#[test]
fn terms_are_not_taken_to_the_letter() {
    for declared in ["ISO_IR 100", "ISO-IR 100", "iso_ir_100", "ISO IR 100 ", "ISO 2022 IR 100", "ISO_IR 100\\"] {
        assert_eq!(name(declared, b"M\xFCller"), "Müller", "{declared}");
    }
    assert_eq!(name("UTF-8", "Łódź".as_bytes()), "Łódź");
}

#[test]
fn names_of_the_internet_and_of_windows_are_known() {
    for (declared, written, meant) in [
        ("windows-1251", b"\xCB\xFE\xEA".as_slice(), "Люк"),
        ("ISO_8859-2", b"Dvo\xF8\xE1k", "Dvořák"),
        ("ISO 8859-5", b"\xB8\xD2\xD0\xDD", "Иван"),
        ("SHIFT_JIS", b"\x8E\x52\x93\x63", "山田"),
        ("EUC-KR", b"\xC8\xAB", "홍"),
        ("big5", b"\xA4\xFD", "王"),
    ] {
        assert_eq!(name(declared, written), meant, "{declared}");
    }
    // Names of sets in which ASCII is written otherwise are none.
    assert_eq!(decoded("UTF-16", b"M\xFCller", true).1, Some(TextDoubt::Undeclared("Latin-1")));
}

#[test]
fn kanji_of_1978_and_a_mark_of_utf_8_are_read() {
    assert_eq!(name("\\ISO 2022 IR 87", b"A={$@};3ED{(J}"), "A=山田");
    assert_eq!(name("ISO_IR 192", "\u{FEFF}Müller".as_bytes()), "Müller");
}

#[test]
fn an_escape_sequence_never_reaches_the_text() {
    // Found by fuzzing: bytes that are no UTF-8 were taken for Latin with the escape sequences in them.
    for declared in ["ISO_IR 192", "GB18030", "ISO_IR 100", "", "ISO 2022 IR 87"] {
        for written in [&b"T2 {[2J\x8f\xb0"[..], b"\xff{[31m", b"{{{", b"\xe5{$B;3"] {
            let (text, _) = decoded(declared, written, false);
            assert!(!text.contains('\u{1b}'), "{declared}: {text:?}");
        }
    }
}

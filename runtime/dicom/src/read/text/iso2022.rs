//! Code extensions (ISO 2022, PS3.5, 6.1.2.5): escape sequences put sets into the lower (G0) and upper (G1) half of the code table, in the
//! middle of a value.

use super::repertoire::Repertoire;

/// A decoded value.
pub(super) struct DecodedValue {
    /// The text; U+FFFD for what cannot be read.
    pub text: String,
    /// True where all of it could be read.
    pub complete: bool,
}

/// Where the set returns that holds at the beginning of a value.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Returns {
    /// At line ends, backslashes, and the delimiters of person names.
    InNames,
    /// At line ends and backslashes.
    InText,
    /// Nowhere: some writers do not keep to the standard in this.
    Never,
}

/// Into which half an escape sequence puts a set.
enum Half {
    Lower(Repertoire),
    Upper(Repertoire),
}

/// Decodes a value. `first` holds at its beginning, and again wherever `returns` says.
pub(super) fn decode(bytes: &[u8], first: Repertoire, returns: Returns) -> DecodedValue {
    let upper_of = |set| (set != Repertoire::Ascii).then_some(set);
    let (mut lower, mut upper) = (Repertoire::Ascii, upper_of(first));
    let mut read = DecodedValue { text: String::with_capacity(bytes.len()), complete: true };
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let rest = &bytes[at..];
        let (c, length) = match byte {
            0x1B => match escape(&rest[1..]) {
                Some((half, length)) => {
                    match half {
                        Half::Lower(set) => lower = set,
                        Half::Upper(set) => upper = Some(set),
                    }
                    at += 1 + length;
                    continue;
                }
                None => (None, 1),
            },
            // Space belongs to no set, and control characters return to the first one.
            b' ' => (Some(' '), 1),
            0x00..0x20 => {
                if returns != Returns::Never {
                    (lower, upper) = (Repertoire::Ascii, upper_of(first));
                }
                (Some(char::from(byte)), 1)
            }
            0x21..0x80 if lower == Repertoire::Ascii => {
                let delimiter = match returns {
                    Returns::InNames => matches!(byte, b'\\' | b'^' | b'='),
                    Returns::InText => byte == b'\\',
                    Returns::Never => false,
                };
                if delimiter {
                    upper = upper_of(first);
                }
                (Some(char::from(byte)), 1)
            }
            0x21..0x80 => match rest.get(1) {
                Some(&second) if (0x21..0x7F).contains(&second) => (lower.lower(byte, second), 2),
                _ => (None, 1),
            },
            0x80.. => match upper.and_then(|set| set.upper(rest)) {
                Some((c, length)) => (Some(c), length),
                None => (None, 1),
            },
        };
        read.complete &= c.is_some();
        read.text.push(c.unwrap_or(char::REPLACEMENT_CHARACTER));
        at += length;
    }
    read
}

/// The set that an escape sequence names, and the length of the sequence behind its ESC (PS3.3, tables C.12-3 and C.12-4).
fn escape(rest: &[u8]) -> Option<(Half, usize)> {
    use Half::{Lower, Upper};
    use Repertoire::*;
    Some(match rest {
        // Roman letters of JIS X 0201 differ from ASCII in two signs; a backslash or a tilde is what is meant there.
        [b'(', b'B' | b'J', ..] => (Lower(Ascii), 2),
        // `$@` is the edition of 1978, which differs in a few rare characters.
        [b'$', b'B' | b'@', ..] => (Lower(JisX0208), 2),
        [b'$', b'(', b'D', ..] => (Lower(JisX0212), 3),
        [b')', b'I', ..] => (Upper(Katakana), 2),
        [b'$', b')', b'C', ..] => (Upper(KsX1001), 3),
        [b'$', b')', b'A', ..] => (Upper(Gb2312), 3),
        [b'-', last, ..] => {
            let number = match last {
                b'A' => 100,
                b'B' => 101,
                b'C' => 109,
                b'D' => 110,
                b'F' => 126,
                b'G' => 127,
                b'H' => 138,
                b'L' => 144,
                b'M' => 148,
                b'T' => 166,
                b'b' => 203,
                _ => return None,
            };
            (Upper(Single(number)), 2)
        }
        _ => return None,
    })
}

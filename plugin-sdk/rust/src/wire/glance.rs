//! A header looked at before anything is made of it: which request it is, and whether it is worth the memory.
//!
//! One pass over the bytes, no allocation beside a stack of the nesting. What is read afterwards costs no more than its bytes
//! promise: a header of four million empty maps is refused here.

use super::fault::Fault;
use super::request::VerbName;
use crate::problem::Code;

/// Deepest nesting of a header, a scalar counting as one.
pub(super) const DEPTH: usize = 32;
/// Values that any header may hold, and bytes for each one beyond: an instance of a manifest has twice as many.
const FREE_VALUES: u64 = 64;
const BYTES_A_VALUE: u64 = 8;
/// Bytes of the longest header before `hello`.
pub const GREETING_BYTES: u64 = 4 << 10;

/// What a glance tells.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Glance<'a> {
    /// Number of the request, where one was seen.
    pub id: Option<u64>,
    /// The verb, where one was seen.
    pub verb: Option<&'a str>,
}

impl Glance<'_> {
    /// True for the verb whose header may be long.
    pub fn is_submit(&self) -> bool {
        self.verb == Some(VerbName::Submit.as_str())
    }
}

/// Looks at a header. What was seen before something was wrong is told too, so that the refusal finds its request.
pub fn glance(header: &[u8]) -> (Glance<'_>, Result<(), Fault>) {
    let mut seen = Glance::default();
    let most = FREE_VALUES + header.len() as u64 / BYTES_A_VALUE;
    let mut reader = Reader { rest: header, left: most, most };
    let looked = reader.look(&mut seen);
    (seen, looked)
}

struct Reader<'a> {
    rest: &'a [u8],
    /// Values that may still come.
    left: u64,
    most: u64,
}

/// A value without what it holds.
enum Token<'a> {
    Text(&'a [u8]),
    Number(u64),
    /// So many values follow.
    Holds(u64),
    Other,
}

impl<'a> Reader<'a> {
    fn look(&mut self, seen: &mut Glance<'a>) -> Result<(), Fault> {
        if !matches!(self.rest.first(), Some(0x80..=0x8f | 0xde | 0xdf)) {
            return Err(malformed("the header is not a MessagePack map with text keys"));
        }
        let Token::Holds(values) = self.token()? else { return Err(cut()) };
        for _ in 0..values / 2 {
            let Token::Text(key) = self.token()? else { return Err(malformed("a key of the header is no text")) };
            match (key, self.token()?) {
                (b"id", Token::Number(id)) => seen.id = Some(id),
                (b"verb", Token::Text(verb)) => seen.verb = std::str::from_utf8(verb).ok(),
                (_, Token::Holds(values)) => self.pass(values)?,
                _ => {}
            }
        }
        match self.rest {
            [] => Ok(()),
            _ => Err(malformed("bytes follow the map of the header")),
        }
    }

    /// Passes over `values` values and all that they hold.
    fn pass(&mut self, values: u64) -> Result<(), Fault> {
        // The header itself, what it holds, and now what that holds.
        let mut open = Vec::with_capacity(4);
        open.push(values);
        while let Some(left) = open.last_mut() {
            if *left == 0 {
                open.pop();
                continue;
            }
            *left -= 1;
            if let Token::Holds(values) = self.token()? {
                if open.len() + 2 >= DEPTH {
                    return Err(malformed("the header is nested too deeply"));
                }
                open.push(values);
            }
        }
        Ok(())
    }

    fn token(&mut self) -> Result<Token<'a>, Fault> {
        self.left = self.left.checked_sub(1).ok_or_else(|| {
            Fault::new(
                Code::TooLarge,
                format!("a header of this length holds at most {} values", self.most),
                "keep to the messages of PROTOCOL.md",
            )
        })?;
        let marker = self.number(1)? as u8;
        Ok(match marker {
            0x00..=0x7f => Token::Number(marker.into()),
            0x80..=0x8f => Token::Holds(2 * u64::from(marker & 0x0f)),
            0x90..=0x9f => Token::Holds(u64::from(marker & 0x0f)),
            0xa0..=0xbf => Token::Text(self.take(u64::from(marker & 0x1f))?),
            0xcc..=0xcf => Token::Number(self.number(1 << (marker - 0xcc))?),
            0xd9..=0xdb => {
                let bytes = self.number(1 << (marker - 0xd9))?;
                Token::Text(self.take(bytes)?)
            }
            0xdc => Token::Holds(self.number(2)?),
            0xdd => Token::Holds(self.number(4)?),
            0xde => Token::Holds(2 * self.number(2)?),
            0xdf => Token::Holds(2 * self.number(4)?),
            0xca => self.other(4)?,
            0xcb => self.other(8)?,
            0xd0..=0xd3 => self.other(1 << (marker - 0xd0))?,
            0xd4..=0xd8 => self.other(1 + (1 << (marker - 0xd4)))?,
            0xc4..=0xc6 => {
                let bytes = self.number(1 << (marker - 0xc4))?;
                self.other(bytes)?
            }
            0xc7..=0xc9 => {
                let bytes = self.number(1 << (marker - 0xc7))?;
                self.other(bytes + 1)?
            }
            _ => Token::Other,
        })
    }

    fn other(&mut self, bytes: u64) -> Result<Token<'a>, Fault> {
        self.take(bytes).map(|_| Token::Other)
    }

    /// An unsigned number of up to eight bytes, the highest first.
    fn number(&mut self, bytes: u64) -> Result<u64, Fault> {
        Ok(self.take(bytes)?.iter().fold(0, |number, byte| number << 8 | u64::from(*byte)))
    }

    fn take(&mut self, bytes: u64) -> Result<&'a [u8], Fault> {
        let bytes = usize::try_from(bytes).map_err(|_| cut())?;
        let (taken, rest) = self.rest.split_at_checked(bytes).ok_or_else(cut)?;
        self.rest = rest;
        Ok(taken)
    }
}

fn cut() -> Fault {
    malformed("the header ends before its map does")
}

fn malformed(what: &str) -> Fault {
    Fault::new(Code::Malformed, what, "see PROTOCOL.md for the fields and their types")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn packed(header: &Value) -> Vec<u8> {
        rmp_serde::to_vec(header).unwrap()
    }

    #[test]
    fn number_and_verb_are_found_behind_a_long_body() {
        let instance = json!({"sop_uid": "1.2.3", "bytes": 70_000, "sha256": "ab".repeat(32)});
        let body = json!({"kind": "study", "instances": vec![instance; 1000], "x": [-3, 1.5, null, true]});
        let header = packed(&json!({"v": 1, "body": body, "id": 1u64 << 40, "verb": "submit"}));
        let (seen, looked) = glance(&header);
        assert_eq!((seen, looked), (Glance { id: Some(1 << 40), verb: Some("submit") }, Ok(())));
        assert!(seen.is_submit());
    }

    #[test]
    fn many_values_in_few_bytes_are_refused_and_the_request_is_named() {
        for filling in [json!({}), json!(0), json!([]), json!("")] {
            let header = packed(&json!({"body": {}, "id": 7, "x": vec![filling; 100_000]}));
            let (seen, looked) = glance(&header);
            assert_eq!((seen.id, looked.unwrap_err().problem.code), (Some(7), Code::TooLarge));
        }
    }

    #[test]
    fn what_is_cut_or_nested_too_deeply_is_malformed() {
        let mut deep = json!(1);
        for _ in 0..30 {
            deep = json!([deep]);
        }
        assert_eq!(glance(&packed(&json!({ "x": deep }))).1, Ok(()));
        let header = packed(&json!({"x": [deep], "id": 1}));
        assert_eq!(glance(&header).1.unwrap_err().problem.code, Code::Malformed);
        let header = packed(&json!({"v": 1, "body": {"a": [1.5, "text", 1u64 << 40]}}));
        for end in 0..header.len() {
            assert_eq!(glance(&header[..end]).1.unwrap_err().problem.code, Code::Malformed, "{end}");
        }
    }
}

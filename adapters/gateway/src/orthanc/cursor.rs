//! How far Orthanc's list of changes was read, and in which list: numbers alone do not tell an archive from one that was
//! emptied, restored from a copy, or replaced by another.

use std::io::ErrorKind;
use std::path::Path;

use cordline_atomic_file::{AtomicFile, Durability};

use super::rest::{Change, Changes};

/// A place in the list of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Cursor {
    /// Number of the last change that was read; 0 before the first.
    pub(super) last: u64,
    /// When that change was made, by Orthanc's own clock (`20261129T230935`, UTC); empty where it is not known.
    pub(super) date: String,
}

/// What stands at a cursor in the list as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// The same list: it goes on from here.
    Same,
    /// The change of that number is gone with its study, or was never dated: nothing speaks against going on.
    Unknown,
    /// Another list, which was emptied, restored or replaced.
    Another,
}

impl Cursor {
    /// The place as it was kept; `None` where there is no file yet, an error where it says nothing that can be used.
    pub(super) fn read(file: &Path) -> std::io::Result<Option<Self>> {
        let text = match std::fs::read_to_string(file) {
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
            read => read?,
        };
        let mut words = text.split_whitespace();
        let last = words.next().and_then(|word| word.parse().ok());
        let last = last.ok_or_else(|| std::io::Error::new(ErrorKind::InvalidData, "it holds no number"))?;
        Ok(Some(Self { last, date: words.next().unwrap_or_default().to_owned() }))
    }

    /// Keeps the place. Without the file the next start would begin at its own moment, so a power cut must not take it.
    pub(super) fn write(&self, file: &Path) -> std::io::Result<()> {
        let text = format!("{} {}\n", self.last, self.date);
        AtomicFile { mode: 0o600, durability: Durability::PowerCut }.replace(file, text.as_bytes())
    }

    /// The end of a page.
    pub(super) fn after(page: &Changes) -> Self {
        let date = page.changes.iter().rfind(|change| change.seq == page.last).map(|change| change.date.clone());
        Self { last: page.last, date: date.unwrap_or_default() }
    }

    /// Compares the place with the list: `around` is the page of one change that begins with this place.
    pub(super) fn standing(&self, around: &Changes) -> Standing {
        if around.last < self.last {
            return Standing::Another;
        }
        match around.changes.first() {
            Some(Change { seq, date, .. }) if *seq == self.last && !self.date.is_empty() => {
                if *date == self.date {
                    Standing::Same
                } else {
                    Standing::Another
                }
            }
            _ => Standing::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn page(changes: &[(u64, &str)], last: u64) -> Changes {
        let change = |(seq, date): &(u64, &str)| Change {
            change_type: "StableStudy".into(),
            resource_type: "Study".into(),
            id: "a".into(),
            seq: *seq,
            date: (*date).into(),
        };
        Changes { changes: changes.iter().map(change).collect(), done: true, last }
    }

    #[test]
    fn a_place_is_kept_with_its_date_and_that_of_an_older_version_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("changes");
        assert_eq!(Cursor::read(&file).unwrap(), None);
        let place = Cursor { last: 7, date: "20261129T230935".into() };
        place.write(&file).unwrap();
        assert_eq!(Cursor::read(&file).unwrap(), Some(place));
        std::fs::write(&file, "12").unwrap();
        assert_eq!(Cursor::read(&file).unwrap(), Some(Cursor { last: 12, date: String::new() }));
        for nothing in ["", "seven", "-1 x"] {
            std::fs::write(&file, nothing).unwrap();
            assert!(Cursor::read(&file).is_err(), "{nothing}");
        }
    }

    #[test]
    fn another_list_is_told_by_its_length_or_by_the_date_at_the_place() {
        let place = Cursor { last: 7, date: "20260102T000000".into() };
        assert_eq!(place.standing(&page(&[(7, "20260102T000000")], 7)), Standing::Same);
        assert_eq!(place.standing(&page(&[(7, "20260203T000000")], 7)), Standing::Another);
        assert_eq!(place.standing(&page(&[], 0)), Standing::Another, "an archive that was emptied");
        assert_eq!(place.standing(&page(&[(9, "20260103T000000")], 9)), Standing::Unknown, "the study is gone");
        let undated = Cursor { last: 7, date: String::new() };
        assert_eq!(undated.standing(&page(&[(7, "20260102T000000")], 7)), Standing::Unknown);
        assert_eq!(undated.standing(&page(&[], 3)), Standing::Another);
    }

    #[test]
    fn the_end_of_a_page_has_its_date_where_the_page_holds_it() {
        assert_eq!(Cursor::after(&page(&[(3, "a"), (4, "b")], 4)), Cursor { last: 4, date: "b".into() });
        assert_eq!(Cursor::after(&page(&[], 0)), Cursor::default());
    }
}

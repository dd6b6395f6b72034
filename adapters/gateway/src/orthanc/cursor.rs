//! How far Orthanc's list of changes was read, and in which list: numbers alone do not tell an archive from one that was emptied,
//! restored from a copy, or replaced by another.

use std::io::ErrorKind;
use std::path::Path;

use cordline_files::{AtomicFile, Durability};

use super::resources::{Change, Changes};

/// A position in the list of changes.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct ChangeCursor {
    /// Number of the last change that was read; 0 before the first.
    pub(super) last: u64,
    /// When that change was made, by Orthanc's own clock (`20261129T230935`, UTC); empty where it is not known.
    pub(super) date: String,
}

/// Whether a cursor belongs to the list as it is now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum CursorMatch {
    /// The same list: reading continues from here.
    Same,
    /// The change of that number was removed with its study, or had no date: nothing is known against the list being the same.
    Unknown,
    /// The list of an archive that was emptied, restored or replaced.
    Different,
}

impl ChangeCursor {
    /// The cursor in a file; `None` where there is none yet, an error where it cannot be read.
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

    /// Writes the cursor to a file. Without it the next start would begin at its own time, so it must survive a power cut.
    pub(super) fn write(&self, file: &Path) -> std::io::Result<()> {
        let text = format!("{} {}\n", self.last, self.date);
        AtomicFile { mode: 0o600, durability: Durability::PowerCut }.replace(file, text.as_bytes())
    }

    /// The end of a page.
    pub(super) fn after(page: &Changes) -> Self {
        let date = page.changes.iter().rfind(|change| change.seq == page.last).map(|change| change.date.clone());
        Self { last: page.last, date: date.unwrap_or_default() }
    }

    /// Compares the cursor with the list: `around` is the page of one change that begins at it.
    pub(super) fn compare(&self, around: &Changes) -> CursorMatch {
        if around.last < self.last {
            return CursorMatch::Different;
        }
        match around.changes.first() {
            Some(Change { seq, date, .. }) if *seq == self.last && !self.date.is_empty() => {
                if *date == self.date {
                    CursorMatch::Same
                } else {
                    CursorMatch::Different
                }
            }
            _ => CursorMatch::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::super::resources::{ChangeType, ResourceType};
    use super::*;

    fn page(changes: &[(u64, &str)], last: u64) -> Changes {
        let change = |(seq, date): &(u64, &str)| Change {
            change_type: ChangeType::StableStudy,
            resource_type: ResourceType::Study,
            id: "a".into(),
            seq: *seq,
            date: (*date).into(),
        };
        Changes { changes: changes.iter().map(change).collect(), done: true, last }
    }

    #[test]
    fn a_cursor_is_kept_with_its_date_and_that_of_an_older_version_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("changes");
        assert_eq!(ChangeCursor::read(&file).unwrap(), None);
        let cursor = ChangeCursor { last: 7, date: "20261129T230935".into() };
        cursor.write(&file).unwrap();
        assert_eq!(ChangeCursor::read(&file).unwrap(), Some(cursor));
        std::fs::write(&file, "12").unwrap();
        assert_eq!(ChangeCursor::read(&file).unwrap(), Some(ChangeCursor { last: 12, date: String::new() }));
        for nothing in ["", "seven", "-1 x"] {
            std::fs::write(&file, nothing).unwrap();
            assert!(ChangeCursor::read(&file).is_err(), "{nothing}");
        }
    }

    #[test]
    fn another_list_is_known_by_its_length_or_by_the_date_at_the_cursor() {
        let cursor = ChangeCursor { last: 7, date: "20260102T000000".into() };
        assert_eq!(cursor.compare(&page(&[(7, "20260102T000000")], 7)), CursorMatch::Same);
        assert_eq!(cursor.compare(&page(&[(7, "20260203T000000")], 7)), CursorMatch::Different);
        assert_eq!(cursor.compare(&page(&[], 0)), CursorMatch::Different, "an archive that was emptied");
        assert_eq!(cursor.compare(&page(&[(9, "20260103T000000")], 9)), CursorMatch::Unknown, "the study is gone");
        let undated = ChangeCursor { last: 7, date: String::new() };
        assert_eq!(undated.compare(&page(&[(7, "20260102T000000")], 7)), CursorMatch::Unknown);
        assert_eq!(undated.compare(&page(&[], 3)), CursorMatch::Different);
    }

    #[test]
    fn the_end_of_a_page_has_its_date_where_the_page_holds_it() {
        assert_eq!(ChangeCursor::after(&page(&[(3, "a"), (4, "b")], 4)), ChangeCursor { last: 4, date: "b".into() });
        assert_eq!(ChangeCursor::after(&page(&[], 0)), ChangeCursor::default());
    }
}

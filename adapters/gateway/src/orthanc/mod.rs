//! Studies that arrive in Orthanc: fetched, analysed, and their results put back, once.
//!
//! Who tells of a study does not matter, and how often neither: the hook in Orthanc (`adapters/orthanc/cordline.lua`), the list of
//! changes that is read here, or a person's button. What was done is written on the study itself. Objects are only ever added: what is
//! in the archive may be somebody's work.
//!
//! - [`rest`]: what is asked of Orthanc
//! - [`mark`]: what a study carries about Cordline
//! - [`reviews`], [`saves`]: what readers said and saved, on the study too
//! - [`earlier`]: results of ours that are there already
//! - [`line`](mod@line): the sentence for people
//! - [`turns`]: one writer a study
//! - [`arrivals`]: the queue of studies that were not brought to their end yet
//! - [`porter`]: how one is
//! - [`changes`]: the list of changes, read with a cursor that is kept
//! - [`cursor`]: that place, and whether it is still of the same list
//! - [`again`]: the wish that a study be analysed anew

pub mod again;
pub mod arrivals;
pub mod changes;
mod cursor;
pub mod earlier;
pub mod line;
pub mod mark;
pub mod porter;
pub mod rest;
pub mod reviews;
pub mod saves;
pub mod turns;

/// True for a name as Orthanc gives: 40 hexadecimal digits in five groups. Nothing else goes into a path.
pub fn is_name(text: &str) -> bool {
    text.len() == 44
        && text.split('-').count() == 5
        && text.split('-').all(|part| part.len() == 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_of_orthanc_and_nothing_else() {
        assert!(is_name("27f7126f-4f66fb14-03f4081b-f9341db2-53925988"));
        for bad in
            ["", "../x", "27f7126f-4f66fb14-03f4081b-f9341db2-5392598/", "27f7126f4f66fb1403f4081bf9341db253925988----"]
        {
            assert!(!is_name(bad), "{bad}");
        }
    }
}

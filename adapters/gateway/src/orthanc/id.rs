//! Orthanc's own identifiers.

/// True for an identifier as Orthanc gives: 40 hexadecimal digits in five groups. Nothing else is put into a path.
pub(crate) fn is_orthanc_id(text: &str) -> bool {
    text.len() == 44
        && text.split('-').count() == 5
        && text.split('-').all(|part| part.len() == 8 && part.bytes().all(|b| b.is_ascii_hexdigit()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn identifiers_of_orthanc_and_nothing_else() {
        assert!(is_orthanc_id("27f7126f-4f66fb14-03f4081b-f9341db2-53925988"));
        for bad in
            ["", "../x", "27f7126f-4f66fb14-03f4081b-f9341db2-5392598/", "27f7126f4f66fb1403f4081bf9341db253925988----"]
        {
            assert!(!is_orthanc_id(bad), "{bad}");
        }
    }
}

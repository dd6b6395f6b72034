//! A result file to the page for people: whatever a file says, it stays text.
#![no_main]

use cordline_fuzz::{guard, said};
use cordline_report::page;
use cordline_sdk::AnalysisResult;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Ok(result) = serde_json::from_slice::<AnalysisResult>(data) else { return };
    let written = serde_json::to_vec(&result).expect("a result is plain data with text keys");
    let again: AnalysisResult = serde_json::from_slice(&written).expect("what was written can be read");
    assert_eq!(again, result);
    let page = page::render(&result, None, &|_| None).expect("every result has a page");
    // The template has no script and no image of its own, and all that is filled in is escaped.
    let markup = page.to_ascii_lowercase();
    assert!(
        !markup.contains("<script") && !markup.contains("<img src=\"http"),
        "markup of a result became that of the page"
    );
    page.lines().for_each(said::harmless);
}

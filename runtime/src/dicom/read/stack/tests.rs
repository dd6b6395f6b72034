use std::path::PathBuf;

use crate::dicom::read::input;
use crate::dicom::read::limits::Limits;
use crate::dicom::read::series::{self, Choice, SeriesRules};
use crate::dicom::read::stack;

#[test]
fn zz_try() {
    let Ok(path) = std::env::var("TRY_DICOM") else { return };
    let limits = Limits::default();
    let t = std::time::Instant::now();
    let intake = match input::read(&[PathBuf::from(path)], &limits) {
        Ok(i) => i,
        Err(e) => {
            println!("{:?}", e.problem());
            return;
        }
    };
    println!("read {:?} notes {:?}", t.elapsed(), intake.notes);
    let choice = series::choose(&intake, &SeriesRules::default(), None);
    println!("choose {:?}", t.elapsed());
    println!("{:?}", choice.problem());
    match choice {
        Choice::Chosen { series, t1c, reasons, warnings, rejected } => {
            println!(
                "{} {reasons:#?} {warnings:?} {rejected:#?} t1c {:?}",
                series.uid,
                t1c.map(|t| t.description().to_owned())
            );
            let (v, _, w) = stack::load(&series, &limits).unwrap();
            println!("load {:?} {:?} {w:?}", t.elapsed(), v.geometry);
        }
        other => println!("{other:?}"),
    }
}

//! Sends a folder of DICOM to the daemon, and prints the mask of each section as it comes.
//!
//!     cargo run --package cordline-sdk --example watch_folder -- FOLDER [ENDPOINT]

use std::env;
use std::error::Error;

use cordline_sdk::RESEARCH_USE;
use cordline_sdk::client::{AsyncClient, Endpoint};
use cordline_sdk::job::Priority;
use cordline_sdk::wire::event::EventKind;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn Error>> {
    let folder = env::args().nth(1).ok_or("usage: watch_folder FOLDER [ENDPOINT]")?;
    let mut endpoint = Endpoint::default();
    if let Some(address) = env::args().nth(2) {
        endpoint.address = address;
    }
    println!("{RESEARCH_USE}");
    let client = AsyncClient::connect(endpoint, "watch_folder 1.0").await?;
    let job = client.submit_study(vec![folder.into()], Priority::Routine, None).await?;
    let mut events = client.follow(job.clone(), 0);
    while let Some(event) = events.next().await {
        let (event, raw) = event?;
        match event.kind {
            EventKind::Section(section) if !section.is_final => {
                let voxels: u32 = raw.iter().flatten().map(|byte| byte.count_ones()).sum();
                println!(
                    "section {}: {voxels} voxels of lesion ({} of {})",
                    section.section, section.done, section.total
                );
            }
            EventKind::Warning(warning) => println!("{}", warning.message),
            _ => {}
        }
    }
    let summary = client.status(job).await?;
    println!("{}", summary.finding.map_or_else(|| summary.state.to_string(), |finding| finding.label));
    Ok(())
}

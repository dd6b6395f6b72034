//! Frames to messages, as the daemon and as a client read them. The first byte says how many frames there are and where they part.
#![no_main]

use cordline_fuzz::{guard, said};
use cordline_sdk::wire::codec::{self, FromDaemon};
use cordline_sdk::wire::limits::Limits;
use libfuzzer_sys::fuzz_target;

fuzz_target!(
    init: guard::prepare(),
    |data: &[u8]| guard::run(|| one(data))
);

fn one(data: &[u8]) {
    let Some((first, rest)) = data.split_first() else { return };
    // The raw frame is short: its bytes are copied and not looked at.
    let raw = usize::from(first >> 2).min(rest.len());
    let (header, raw) = rest.split_at(rest.len() - raw);
    let frames: &[&[u8]] = match first & 3 {
        0 | 1 => &[rest],
        2 => &[header, raw],
        _ => &[header, raw, raw],
    };
    let limits = Limits { frame_bytes: 32, items: 100, ..Limits::default() };
    match codec::request(frames, &limits) {
        Ok((request, raw)) => {
            let again = codec::header(&request);
            let frames: Vec<&[u8]> = [Some(&again[..]), raw].into_iter().flatten().collect();
            assert_eq!(codec::request(&frames, &limits), Ok((request, raw)));
        }
        Err(refused) => {
            assert!(refused.id < 1 << 53);
            said::fault(&refused.fault);
        }
    }
    match codec::from_daemon(frames) {
        Ok((message, raw)) => {
            let again = match &message {
                FromDaemon::Reply(reply) => codec::header(reply),
                FromDaemon::Event(event) => codec::header(event),
            };
            let frames: Vec<&[u8]> = [Some(&again[..]), raw].into_iter().flatten().collect();
            assert_eq!(codec::from_daemon(&frames), Ok((message, raw)));
        }
        Err(fault) => said::fault(&fault),
    }
}

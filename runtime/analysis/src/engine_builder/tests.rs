use std::fs;
use std::os::unix::fs::PermissionsExt;

use cordline_device::engine::EngineKey;
use cordline_device::{ExecutionProvider, Precision};

use super::*;

/// A builder whose program is a shell script, and room for engines.
struct Stage {
    room: tempfile::TempDir,
    store: EngineStore,
    builder: EngineBuilder,
}

impl Stage {
    fn new(script: &str) -> Self {
        let room = tempfile::tempdir().unwrap();
        let program = room.path().join("builder.sh");
        fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        fs::set_permissions(&program, fs::Permissions::from_mode(0o755)).unwrap();
        let store = EngineStore::new(&room.path().join("engines"));
        let builder = EngineBuilder { program, environment: Vec::new(), limit: Duration::from_secs(2) };
        Self { room, store, builder }
    }

    fn wanted(&self, networks: &[&str]) -> Vec<WantedEngine> {
        let wanted = |network: &&str| {
            let key = EngineKey::new([("network", (*network).to_owned()), ("by", "tensorrt".to_owned())]);
            let state = self.store.state(&key);
            let (provider, precision) = (ExecutionProvider::TensorRt, Precision::Fp16);
            WantedEngine { network: (*network).into(), provider, precision, key, state }
        };
        networks.iter().map(wanted).collect()
    }

    fn build(&self, networks: &[&str]) -> Vec<BuildEnd> {
        let now = || "2026-12-01T00:00:00Z".to_owned();
        let ends = self.builder.build(&self.store, &self.wanted(networks), &now, &mut |_| true);
        ends.into_iter().map(|(_, end)| end).collect()
    }
}

#[test]
fn a_builder_that_ends_by_a_signal_is_refused_and_not_tried_again() {
    let stage = Stage::new("kill -FPE $$");
    let refused = BuildEnd::Refused("the builder ended by signal 8".into());
    assert_eq!(stage.build(&["segmenter"]), [refused]);
    assert_eq!(stage.build(&["segmenter"]), []);
    assert!(
        matches!(&stage.wanted(&["segmenter"])[0].state, EngineState::Refused(reason) if reason.contains("signal 8"))
    );
}

#[test]
fn a_builder_that_hangs_is_ended() {
    let stage = Stage::new("exec sleep 600");
    let [BuildEnd::Refused(reason)] = &stage.build(&["segmenter"])[..] else { panic!() };
    assert!(reason.contains("not ended after 2 s"), "{reason}");
}

#[test]
fn what_a_builder_says_is_the_reason_and_the_next_network_is_tried() {
    let stage = Stage::new("echo warning >&2; echo \"no kernel for $4's $3\" >&2; exit 1");
    let refused = |network| BuildEnd::Refused(format!("no kernel for tensorrt's {network}"));
    assert_eq!(stage.build(&["segmenter", "ms-nmosd"]), [refused("segmenter"), refused("ms-nmosd")]);
}

#[test]
fn a_full_disk_says_nothing_of_the_network() {
    let stage = Stage::new("echo 'cannot write: No space left on device (os error 28)' >&2; exit 1");
    for _ in 0..2 {
        assert!(
            matches!(&stage.build(&["segmenter"])[..], [BuildEnd::NotTried(reason)] if reason.contains("No space"))
        );
    }
}

#[test]
fn a_builder_that_leaves_nothing_has_built_nothing() {
    let stage = Stage::new("exit 0");
    assert!(matches!(&stage.build(&["segmenter"])[..], [BuildEnd::NotTried(_)]));
}

#[test]
fn an_engine_that_another_process_builds_is_left_to_it() {
    let stage = Stage::new("exit 0");
    let _other = stage.store.begin(&stage.wanted(&["segmenter"])[0].key).unwrap().unwrap();
    assert_eq!(stage.build(&["segmenter"]), [BuildEnd::Elsewhere]);
}

#[test]
fn a_build_is_given_up_when_its_owner_ends_and_tells_how_far_it_is() {
    let stage = Stage::new("exec sleep 600");
    let mut told = Vec::new();
    let now = || String::new();
    let ends = stage.builder.build(&stage.store, &stage.wanted(&["a", "b"]), &now, &mut |progress| {
        told.push(progress.clone());
        told.len() < 3
    });
    assert!(matches!(&ends[..], [(_, BuildEnd::Stopped)]));
    assert_eq!((told[2].n, told[2].of, told[2].network.as_str()), (1, 2, "a"));
    assert!(told[2].seconds > told[0].seconds);
    assert_eq!(stage.wanted(&["a"])[0].state, EngineState::Absent);
    drop(stage.room);
}

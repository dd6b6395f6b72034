use std::os::unix::fs::PermissionsExt;

use super::*;

fn key(network: &str) -> EngineKey {
    EngineKey::new([("network", network.to_owned()), ("device", "RTX 4000, SM 8.9".to_owned())])
}

fn record(refused: Option<&str>) -> EngineRecord {
    EngineRecord {
        network: "segmenter".into(),
        seconds: 1.5,
        built: "2026-12-01T00:00:00Z".into(),
        refused: refused.map(str::to_owned),
        golden: None,
        key: Default::default(),
        files: Default::default(),
    }
}

fn built(store: &EngineStore, key: &EngineKey, refused: Option<&str>) -> EngineRecord {
    let build = store.begin(key).unwrap().unwrap();
    fs::write(build.folder().join("net.engine"), [7; 4000]).unwrap();
    fs::write(build.folder().join("net.profile"), [8; 100]).unwrap();
    build.finish(record(refused)).unwrap()
}

#[test]
fn an_engine_is_trusted_once_it_was_built_and_only_for_its_key() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(&root.path().join("engines"));
    assert_eq!(store.state(&key("a")), EngineState::Absent);
    let record = built(&store, &key("a"), None);
    assert_eq!(record.files.len(), 2);
    assert_eq!(store.state(&key("a")), EngineState::Trusted(record));
    assert_eq!(store.state(&key("b")), EngineState::Absent);
    // Another one's, laid in its place.
    fs::rename(store.folder(&key("a")), store.folder(&key("b"))).unwrap();
    assert_eq!(store.state(&key("b")), EngineState::Damaged);
    let mode = fs::metadata(root.path().join("engines")).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}

#[test]
fn of_a_thousand_changed_bytes_none_is_accepted() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(root.path());
    let key = key("a");
    built(&store, &key, None);
    let files: Vec<PathBuf> = fs::read_dir(store.folder(&key)).unwrap().map(|e| e.unwrap().path()).collect();
    let originals: Vec<Vec<u8>> = files.iter().map(|file| fs::read(file).unwrap()).collect();
    let all: usize = originals.iter().map(Vec::len).sum();
    let mut state = 0x9e37_79b9_7f4a_7c15u64;
    for n in 0..1000 {
        state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        let (mut at, bit) = ((state >> 33) as usize % all, n % 8);
        let which = originals
            .iter()
            .position(|bytes| {
                at < bytes.len() || {
                    at -= bytes.len();
                    false
                }
            })
            .unwrap();
        let mut bytes = originals[which].clone();
        bytes[at] ^= 1 << bit;
        fs::write(&files[which], bytes).unwrap();
        assert_eq!(store.state(&key), EngineState::Damaged, "{} byte {at} bit {bit}", files[which].display());
        fs::write(&files[which], &originals[which]).unwrap();
    }
    assert!(matches!(store.state(&key), EngineState::Trusted(_)));
    fs::write(store.folder(&key).join("more.engine"), "x").unwrap();
    assert_eq!(store.state(&key), EngineState::Damaged);
}

#[test]
fn a_refused_engine_keeps_its_reason_and_no_files() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(root.path());
    built(&store, &key("a"), Some("the builder ended by signal 8"));
    assert_eq!(store.state(&key("a")), EngineState::Refused("the builder ended by signal 8".into()));
    assert_eq!(fs::read_dir(store.folder(&key("a"))).unwrap().count(), 1);
}

#[test]
fn two_builders_of_one_engine_do_not_meet_and_a_killed_one_leaves_nothing() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(root.path());
    let first = store.begin(&key("a")).unwrap().unwrap();
    assert!(store.begin(&key("a")).unwrap().is_none());
    assert!(store.begin(&key("b")).unwrap().is_some());
    fs::write(first.folder().join("half.engine"), "half").unwrap();
    drop(first);
    assert_eq!(store.state(&key("a")), EngineState::Absent);
    let again = store.begin(&key("a")).unwrap().unwrap();
    assert_eq!(fs::read_dir(again.folder()).unwrap().count(), 0);
}

#[test]
fn an_engine_without_a_file_is_none() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(root.path());
    assert!(store.begin(&key("a")).unwrap().unwrap().finish(record(None)).is_err());
    assert_eq!(store.state(&key("a")), EngineState::Absent);
}

#[test]
fn what_no_bundle_wants_is_cleaned_and_the_oldest_beyond_the_bytes() {
    let root = tempfile::tempdir().unwrap();
    let store = EngineStore::new(root.path());
    for (age, name) in ["old", "unwanted", "new"].into_iter().enumerate() {
        built(&store, &key(name), None);
        let at = SystemTime::UNIX_EPOCH + std::time::Duration::from_secs(1000 * (age as u64 + 1));
        File::open(store.folder(&key(name))).unwrap().set_modified(at).unwrap();
    }
    let names = |engines: Vec<StoredEngine>| engines.into_iter().map(|e| e.folder).collect::<Vec<_>>();
    let wanted = [key("old"), key("new")];
    assert_eq!(names(store.clean(&wanted, 1 << 20).unwrap()), [store.folder(&key("unwanted"))]);
    assert_eq!(names(store.clean(&wanted, 6000).unwrap()), [store.folder(&key("old"))]);
    assert!(matches!(store.state(&key("new")), EngineState::Trusted(_)));
}

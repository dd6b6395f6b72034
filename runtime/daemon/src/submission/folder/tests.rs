use std::cell::Cell;
use std::fs;
use std::io::Write;
use std::os::unix::fs::symlink;
use std::path::Path;

use cordline_dicom::read::limits::FileLimits;
use cordline_sdk::problem::Code;
use cordline_sdk::wire::fault::Fault;
use rustix::fs::{CWD, FileType, Mode, makedev, mknodat};

use super::*;

fn listing(path: &Path, root: &Path) -> Result<Listing, Fault> {
    Listing::of(path.to_str().unwrap(), &[root.into()], &FileLimits::default())
}

fn copied(listing: &Listing, to: &Path) -> Result<(), CopyError> {
    listing.copy(to, &CopyGuard { is_wanted: &|| true, has_room: &|_| true })
}

#[test]
fn only_what_lies_under_a_root_is_taken() {
    let folder = tempfile::tempdir().unwrap();
    let (root, outside) = (folder.path().join("in"), folder.path().join("out"));
    for made in [&root.join("study"), &outside] {
        fs::create_dir_all(made).unwrap();
        fs::write(made.join("a.dcm"), b"abc").unwrap();
    }
    symlink(&outside, root.join("link")).unwrap();
    assert_eq!(listing(&root.join("study"), &root).unwrap().bytes(), 3);
    assert_eq!(listing(&root.join("study/a.dcm"), &root).unwrap().bytes(), 3, "one file");
    assert_eq!(listing(&root, &root).unwrap().bytes(), 3, "a link inside is left out");
    let refused: Vec<Fault> = [&outside, &root.join("link"), &root.join("study/../../out"), &root.join("nothing")]
        .map(|wrong| listing(wrong, &root).unwrap_err())
        .into();
    assert!(
        refused.iter().all(|fault| fault.problem.code == Code::FolderNotAllowed && *fault == refused[0]),
        "{refused:?}"
    );
    let limits = FileLimits { study_bytes: 2, ..FileLimits::default() };
    assert!(Listing::of(root.to_str().unwrap(), std::slice::from_ref(&root), &limits).is_err());
    let limits = FileLimits { folder_depth: 0, ..FileLimits::default() };
    assert!(Listing::of(root.to_str().unwrap(), std::slice::from_ref(&root), &limits).is_err());
}

#[test]
fn a_folder_that_changed_is_another_one() {
    let root = tempfile::tempdir().unwrap();
    fs::write(root.path().join("a"), b"abc").unwrap();
    let before = listing(root.path(), root.path()).unwrap().fingerprint();
    assert_eq!(listing(root.path(), root.path()).unwrap().fingerprint(), before);
    fs::write(root.path().join("b"), b"x").unwrap();
    let after = listing(root.path(), root.path()).unwrap();
    assert_ne!(after.fingerprint(), before);
    let copy = tempfile::tempdir().unwrap();
    copied(&after, &copy.path().join("one/input")).unwrap();
    assert_eq!(fs::read(copy.path().join("one/input/000001")).unwrap(), b"x");
}

/// What somebody does to a folder between listing and copy; the second path is a folder outside.
type Change = Box<dyn Fn(&Path, &Path)>;

#[test]
fn what_changes_after_the_listing_is_refused_by_number_and_nothing_is_waited_for() {
    let another = |folder: &Path, outside: &Path, change: &dyn Fn(&Path, &Path)| {
        fs::remove_file(folder.join("b SURNAME")).unwrap();
        change(&folder.join("b SURNAME"), outside);
    };
    let node = |path: &Path, kind, device| mknodat(CWD, path, kind, Mode::RUSR | Mode::WUSR, device);
    let changes: [(&str, Change); 9] = [
        ("fifo", Box::new(move |f, o| another(f, o, &|path, _| node(path, FileType::Fifo, 0).unwrap()))),
        (
            "link",
            Box::new(move |f, o| another(f, o, &|path, outside| symlink(outside.join("b SURNAME"), path).unwrap())),
        ),
        ("folder", Box::new(move |f, o| another(f, o, &|path, _| fs::create_dir(path).unwrap()))),
        (
            "device",
            // Only root makes devices; a socket is no file either.
            Box::new(move |f, o| {
                another(f, o, &|path, _| {
                    if node(path, FileType::CharacterDevice, makedev(1, 5)).is_err() {
                        drop(std::os::unix::net::UnixListener::bind(path).unwrap());
                    }
                });
            }),
        ),
        ("another file", Box::new(move |f, o| another(f, o, &|path, _| later(path, b"abc")))),
        ("gone", Box::new(move |f, o| another(f, o, &|_, _| {}))),
        ("grown", Box::new(|f, _| append(&f.join("b SURNAME"), b"d"))),
        ("shrunk", Box::new(|f, _| fs::write(f.join("b SURNAME"), b"ab").unwrap())),
        ("written", Box::new(|f, _| later(&f.join("b SURNAME"), b"abd"))),
    ];
    for (what, change) in changes {
        let room = tempfile::tempdir().unwrap();
        let (folder, outside) = (room.path().join("in"), room.path().join("out"));
        for made in [&folder, &outside] {
            fs::create_dir(made).unwrap();
            ["a", "b SURNAME", "c"].iter().for_each(|name| fs::write(made.join(name), b"abc").unwrap());
        }
        let listed = listing(&folder, &folder).unwrap();
        change(&folder, &outside);
        let to = room.path().join("job/input");
        let error = copied(&listed, &to).unwrap_err();
        assert!(matches!(error, CopyError::Changed { number: 2, of: 3 }), "{what}: {error:?}");
        assert!(!format!("{error:?}").contains("SURNAME"));
    }
}

#[test]
fn a_folder_that_is_replaced_by_a_link_leads_nowhere() {
    let room = tempfile::tempdir().unwrap();
    let [root, outside] = ["in", "out"].map(|name| room.path().join(name));
    for made in [root.join("study/series"), outside.join("series")] {
        fs::create_dir_all(&made).unwrap();
        fs::write(made.join("a"), b"abc").unwrap();
    }
    let listed = listing(&root.join("study"), &root).unwrap();
    fs::rename(root.join("study/series"), root.join("was")).unwrap();
    symlink(outside.join("series"), root.join("study/series")).unwrap();
    assert!(matches!(copied(&listed, &room.path().join("j1/input")), Err(CopyError::Changed { number: 1, of: 1 })));
    // The named folder itself: what was listed is what is copied, wherever its name leads now.
    fs::remove_file(root.join("study/series")).unwrap();
    fs::rename(root.join("was"), root.join("study/series")).unwrap();
    let listed = listing(&root.join("study"), &root).unwrap();
    fs::rename(root.join("study"), root.join("moved")).unwrap();
    symlink(&outside, root.join("study")).unwrap();
    copied(&listed, &room.path().join("j2/input")).unwrap();
    assert!(listing(&root.join("study"), &root).is_err());
}

#[test]
fn a_file_that_grows_while_it_is_copied_is_refused() {
    let room = tempfile::tempdir().unwrap();
    let file = room.path().join("in/a");
    fs::create_dir(room.path().join("in")).unwrap();
    fs::write(&file, b"abc").unwrap();
    let listed = listing(&room.path().join("in"), room.path()).unwrap();
    let grow = |_| {
        append(&file, &[0; 1000]);
        true
    };
    let to = room.path().join("job/input");
    let error = listed.copy(&to, &CopyGuard { is_wanted: &|| true, has_room: &grow }).unwrap_err();
    assert!(matches!(error, CopyError::Changed { .. }), "{error:?}");
    assert_eq!(fs::metadata(to.join("000000")).unwrap().len(), 3, "no byte beyond what was listed");
}

#[test]
fn a_copy_ends_when_nobody_wants_it_or_the_disk_has_no_room() {
    let room = tempfile::tempdir().unwrap();
    fs::create_dir(room.path().join("in")).unwrap();
    ["a", "b", "c"].iter().for_each(|name| fs::write(room.path().join("in").join(name), b"abc").unwrap());
    let listed = listing(&room.path().join("in"), room.path()).unwrap();
    let asked = Cell::new(0);
    let twice = || {
        asked.set(asked.get() + 1);
        asked.get() <= 2
    };
    let copy = |to: &str, guard: &CopyGuard<'_>| listed.copy(&room.path().join(to).join("input"), guard);
    assert!(matches!(copy("1", &CopyGuard { is_wanted: &twice, has_room: &|_| true }), Err(CopyError::Cancelled)));
    asked.set(0);
    assert!(matches!(copy("2", &CopyGuard { is_wanted: &|| true, has_room: &|_| twice() }), Err(CopyError::NoRoom)));
}

fn append(path: &Path, bytes: &[u8]) {
    fs::File::options().append(true).open(path).unwrap().write_all(bytes).unwrap();
}

/// Writes a file when the clock of the file system has gone on: some tick every 10 ms only, and give an inode to the next file.
fn later(path: &Path, bytes: &[u8]) {
    std::thread::sleep(std::time::Duration::from_millis(40));
    fs::write(path, bytes).unwrap();
}

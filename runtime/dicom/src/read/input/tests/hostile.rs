//! Files that were made to hurt: each is named, in a moment and in little memory.

use cordline_sdk::problem::Code;

use super::*;

#[test]
fn declared_lengths_are_not_believed() {
    for (vr, len) in [(VR::OW, 3_000_000_000), (VR::UC, 2_000_000_000), (VR::OB, u32::MAX - 1), (VR::UN, 0x7FFF_FFFF)] {
        let mut rest = Vec::new();
        head(&mut rest, Tag(0x0009, 0x1010), vr, len, EXPLICIT);
        rest.extend([0; 40]);
        assert_eq!(refused(&begun(&rest)), Code::ValueBeyondEnd, "{vr}");
    }
    let mut pixels = Stack { rows: 4, columns: 4, ..Stack::t2("7") }.section(0);
    pixels.drop(tags::PIXEL_DATA);
    let mut bytes = pixels.file(EXPLICIT);
    head(&mut bytes, tags::PIXEL_DATA, VR::OW, 3_000_000_000, EXPLICIT);
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), &bytes).unwrap();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), Code::ValueBeyondEnd);
    assert!(peak_memory() < 512 << 20);
}

#[test]
fn nested_sequences_cannot_exhaust_the_stack() {
    let depth = 20_000;
    let mut undefined = Vec::new();
    for _ in 0..depth {
        head(&mut undefined, tags::CONTENT_SEQUENCE, VR::SQ, u32::MAX, EXPLICIT);
        head(&mut undefined, Tag(0xFFFE, 0xE000), VR::UN, 0, IMPLICIT);
        let at = undefined.len();
        undefined[at - 4..].fill(0xFF);
    }
    assert_eq!(refused(&begun(&undefined)), Code::NestedTooDeep);
    let mut defined: Vec<u8> = Vec::new();
    for _ in 0..depth {
        let mut outer = Vec::new();
        head(&mut outer, tags::CONTENT_SEQUENCE, VR::SQ, defined.len() as u32 + 8, EXPLICIT);
        head(&mut outer, Tag(0xFFFE, 0xE000), VR::UN, defined.len() as u32, IMPLICIT);
        // From the inside out: what is there comes last.
        outer.append(&mut defined);
        defined = outer;
    }
    assert_eq!(refused(&begun(&defined)), Code::NestedTooDeep);
    let mut unknown = Vec::new();
    for i in 0..depth {
        // What lies inside of such an element is written without value representations.
        head(&mut unknown, Tag(0x0009, 0x1010), VR::UN, u32::MAX, if i == 0 { EXPLICIT } else { IMPLICIT });
        head(&mut unknown, Tag(0xFFFE, 0xE000), VR::UN, u32::MAX, IMPLICIT);
    }
    assert_eq!(refused(&begun(&unknown)), Code::NestedTooDeep);
}

#[test]
fn sequences_up_to_the_limit_are_read() {
    let mut inner = Set::default();
    inner.text(tags::CODE_MEANING, VR::LO, "deep");
    for _ in 0..15 {
        let mut outer = Set::default();
        outer.items(tags::CONTENT_SEQUENCE, vec![inner]);
        inner = outer;
    }
    let mut set = Stack::t2("1").section(0);
    set.0.extend(inner.0);
    for defined in [true, false] {
        let mut bytes = meta(MR, EXPLICIT);
        bytes.extend(set.encode(EXPLICIT, defined));
        let folder = tempdir().unwrap();
        fs::write(folder.path().join("x"), bytes).unwrap();
        assert_eq!(read_one(folder.path()).unwrap().instances.len(), 1);
    }
}

#[test]
fn broken_encodings_are_named() {
    let item = |tag: Tag| {
        let mut rest = Vec::new();
        head(&mut rest, tag, VR::UN, 0, IMPLICIT);
        rest
    };
    assert_eq!(refused(&begun(&item(Tag(0xFFFE, 0xE000)))), Code::MalformedDicom);
    assert_eq!(refused(&begun(b"\x10\x00\x10\x00??\x04\x00abcd")), Code::MalformedDicom);
    let mut sequence = Vec::new();
    head(&mut sequence, tags::CONTENT_SEQUENCE, VR::SQ, 20, EXPLICIT);
    sequence.extend([0; 20]);
    assert_eq!(refused(&begun(&sequence)), Code::MalformedDicom);
    // An element that reaches over the end of its item.
    let mut over = Vec::new();
    head(&mut over, tags::CONTENT_SEQUENCE, VR::SQ, 8 + 12, EXPLICIT);
    head(&mut over, Tag(0xFFFE, 0xE000), VR::UN, 12, IMPLICIT);
    head(&mut over, tags::CODE_MEANING, VR::LO, 400, EXPLICIT);
    over.extend([b' '; 600]);
    assert_eq!(refused(&begun(&over)), Code::ValueBeyondEnd);
    let mut undefined = Vec::new();
    head(&mut undefined, Tag(0x0009, 0x1010), VR::OB, u32::MAX, EXPLICIT);
    undefined.extend([0; 64]);
    assert_eq!(refused(&begun(&undefined)), Code::MalformedDicom);
    assert_eq!(refused(&begun(b"\x10\x00\x10\x00L")), Code::TruncatedFile);
}

#[test]
fn millions_of_elements_are_refused() {
    let mut rest = Vec::new();
    for _ in 0..600_000 {
        head(&mut rest, Tag(0x0009, 0x1010), VR::LO, 0, EXPLICIT);
    }
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), begun(&rest)).unwrap();
    let began = Instant::now();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), Code::TooManyElements);
    assert!(began.elapsed() < Duration::from_secs(1));
}

#[test]
fn a_wide_group_searched_for_every_frame_costs_no_time() {
    // Two thousand empty frames beside a shared group of 400,000 elements.
    let mut bytes = meta(sop_class::ENHANCED_MR, EXPLICIT);
    let mut first = Set::default();
    first.text(tags::SOP_CLASS_UID, VR::UI, sop_class::ENHANCED_MR).text(tags::SOP_INSTANCE_UID, VR::UI, "1.5");
    first.text(tags::STUDY_INSTANCE_UID, VR::UI, "1.6").text(tags::SERIES_INSTANCE_UID, VR::UI, "1.7");
    bytes.extend(first.encode(EXPLICIT, true));
    head(&mut bytes, tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, VR::SQ, 8 + 400_000 * 8, EXPLICIT);
    head(&mut bytes, Tag(0xFFFE, 0xE000), VR::UN, 400_000 * 8, IMPLICIT);
    for _ in 0..400_000 {
        head(&mut bytes, Tag(0x0009, 0x1010), VR::LO, 0, EXPLICIT);
    }
    let mut last = Set::default();
    last.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, vec![Set::default(); 2000]);
    bytes.extend(last.encode(EXPLICIT, true));
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("x"), bytes).unwrap();
    let began = Instant::now();
    assert_eq!(read_one(folder.path()).unwrap_err().code(), Code::MissingAttribute);
    assert!(began.elapsed() < Duration::from_secs(1), "{:?}", began.elapsed());
}

#[test]
fn a_header_without_end_is_refused() {
    let mut rest = Vec::new();
    head(&mut rest, Tag(0x0009, 0x1010), VR::OB, 33 << 20, EXPLICIT);
    rest.resize(34 << 20, 0);
    assert_eq!(refused(&begun(&rest)), Code::HeaderTooLarge);
}

#[test]
fn absurd_dimensions_are_refused_by_arithmetic() {
    let stack = Stack { rows: 65_535, columns: 65_535, ..Stack::t2("7") };
    let small = Stack { rows: 4, columns: 4, ..stack.clone() };
    let mut classic = small.section(0);
    classic.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535).text(tags::NUMBER_OF_FRAMES, VR::IS, 2_000_000);
    let mut enhanced = small.enhanced(&[0]);
    enhanced.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535).text(tags::NUMBER_OF_FRAMES, VR::IS, 2_000_000);
    for set in [classic, enhanced] {
        let folder = tempdir().unwrap();
        write(folder.path(), "hostile", &[set], EXPLICIT);
        let error = read_one(folder.path()).unwrap_err();
        assert_eq!(error.code(), Code::TooManyPixels);
        assert!(error.to_string().contains("65535 x 65535 pixels in 2000000 frames"), "{error}");
    }
    // Under limits that would let them pass, the length of PixelData still decides.
    let mut set = small.section(0);
    set.us(tags::ROWS, 65_535).us(tags::COLUMNS, 65_535);
    let folder = tempdir().unwrap();
    write(folder.path(), "hostile", &[set], EXPLICIT);
    let limits = FileLimits { rows_columns: 70_000, ..FileLimits::default() };
    assert_eq!(read(&[folder.path().to_owned()], &limits).unwrap_err().code(), Code::PixelLength);
}

#[test]
fn pixel_formats_that_mr_does_not_use_are_named() {
    let code = |change: &dyn Fn(&mut Set)| {
        let mut set = Stack::t2("1").section(0);
        change(&mut set);
        let folder = tempdir().unwrap();
        write(folder.path(), "f", &[set], EXPLICIT);
        read_one(folder.path()).unwrap_err().code()
    };
    assert_eq!(code(&|s| _ = s.us(tags::SAMPLES_PER_PIXEL, 3)), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "RGB")), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.us(tags::BITS_STORED, 17)), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.us(tags::BITS_ALLOCATED, 32)), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.us(tags::HIGH_BIT, 16)), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.put(tags::HIGH_BIT, VR::UL, Value::Ul(vec![u32::MAX]))), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.text(tags::NUMBER_OF_FRAMES, VR::IS, 3)), Code::PixelFormat);
    assert_eq!(code(&|s| _ = s.us(tags::ROWS, 0)), Code::NoPixels);
    assert_eq!(code(&|s| _ = s.us(tags::ROWS, 129)), Code::PixelLength);
    assert_eq!(code(&|s| _ = s.drop(tags::BITS_STORED)), Code::MissingAttribute);
    assert_eq!(code(&|s| _ = s.drop(tags::PIXEL_DATA)), Code::MissingAttribute);
    for slope in ["0", "NaN", "x"] {
        assert_eq!(code(&|s| _ = s.text(tags::RESCALE_SLOPE, VR::DS, slope)), Code::InvalidRescale);
    }
    assert_eq!(code(&|s| _ = s.text(tags::SOP_INSTANCE_UID, VR::UI, "../../etc/passwd")), Code::InvalidUid);
    assert_eq!(code(&|s| _ = s.text(tags::SERIES_INSTANCE_UID, VR::UI, "1.".repeat(33))), Code::InvalidUid);
}

#[test]
fn whole_numbers_of_another_representation_are_read() {
    let folder = tempdir().unwrap();
    let mut set = Stack::t2("1").section(0);
    set.put(tags::ROWS, VR::UL, Value::Ul(vec![128])).text(tags::COLUMNS, VR::IS, 130);
    write(folder.path(), "f", &[set], EXPLICIT);
    let p = read_one(folder.path()).unwrap().instances[0].pixels.clone();
    assert_eq!((p.rows, p.columns), (128, 130));
}

#[test]
fn encodings_that_are_not_read_are_refused_by_name_with_what_to_do() {
    // The header of a deflated file cannot be read: the file could be a section of any series.
    let folder = folder_with("z.dcm", &Stack::t2("7").section(0).file(DEFLATED));
    let problem = read_one(folder.path()).unwrap_err().problem();
    assert_eq!(problem.code, Code::UnsupportedTransferSyntax);
    assert!(problem.message.contains("Deflated Explicit VR Little Endian (1.2.840.10008.1.2.1.99)"), "{problem:?}");
    assert!(problem.action.contains("Explicit VR Little Endian"));
    // The header of a file of high-throughput JPEG 2000 can: it is chosen by its merits, and then refused.
    let folder = tempdir().unwrap();
    Stack::t1("2").write(folder.path());
    let mut sets = Stack::t2("1").all();
    sets.iter_mut().for_each(|s| _ = s.put(tags::PIXEL_DATA, VR::OB, Value::Fragments(vec![vec![], vec![0; 8]])));
    write(folder.path(), "ht", &sets, HIGH_THROUGHPUT);
    let scanned = read_one(folder.path()).unwrap();
    let SeriesSelection::Chosen { series, warnings, .. } =
        series::choose(&scanned, &SeriesRules::default(), &FileLimits::default(), None)
    else {
        panic!()
    };
    assert!(warnings[0].contains("High-Throughput JPEG 2000"));
    let problem = stack::load(&series, &FileLimits::default()).unwrap_err().problem();
    assert_eq!(problem.code, Code::UnsupportedTransferSyntax);
    assert!(problem.message.contains("High-Throughput JPEG 2000 (1.2.840.10008.1.2.4.201)"));
    let folder = tempdir().unwrap();
    fs::write(folder.path().join("p"), Stack::t2("7").section(0).file("1.2.3.4\u{1b}")).unwrap();
    let error = read_one(folder.path()).unwrap_err();
    assert!(error.to_string().contains("a private or unknown transfer syntax (1.2.3.4?)"), "{error}");
}

#[test]
fn a_deflate_bomb_in_either_wrapping_is_named_before_it_is_inflated() {
    // 300 MB of zeros deflate to about 300 kB.
    let bomb = || {
        let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
        zip.start_file("IM0001.dcm", SimpleFileOptions::default()).unwrap();
        let chunk = vec![0u8; 1 << 20];
        for _ in 0..300 {
            zip.write_all(&chunk).unwrap();
        }
        zip.finish().unwrap().into_inner()
    };
    let bytes = bomb();
    let folder = folder_with("bomb.zip", &bytes);
    let began = Instant::now();
    let problem = read_one(folder.path()).unwrap_err().problem();
    assert_eq!(problem.code, Code::ArchiveBomb);
    assert!(
        problem.message.contains("bomb.zip is a deflate bomb") && problem.message.contains("314572800"),
        "{problem:?}"
    );
    let mut deflated = meta(MR, DEFLATED);
    deflated.extend(&bytes);
    assert_eq!(refused(&deflated), Code::UnsupportedTransferSyntax);
    assert!(began.elapsed() < Duration::from_secs(1));
    assert!(peak_memory() < 512 << 20);
}

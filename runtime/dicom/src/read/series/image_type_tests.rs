use super::*;

fn of(values: &str, description: &str) -> Pictures {
    let values: Vec<String> = values.split('\\').filter(|v| !v.is_empty()).map(str::to_owned).collect();
    let stated = Stated { values: &values, component: "", enhanced: false, description };
    pictures(&stated, &SeriesRules::default())
}

fn excluded(values: &str, description: &str) -> String {
    match of(values, description).kind {
        PictureKind::Excluded(what) => what,
        other => panic!("{values}, {description}: {other:?}"),
    }
}

#[test]
fn values_count_as_a_whole() {
    for (value, kind) in [
        ("IN_PHASE", PictureKind::InPhase),
        ("IN PHASE", PictureKind::InPhase),
        ("WATER", PictureKind::Water),
        ("W", PictureKind::Water),
    ] {
        assert_eq!(of(&format!("DERIVED\\PRIMARY\\DIXON\\{value}"), "T2 TSE SAG").kind, kind, "{value}");
    }
    for value in ["OUT_OF_PHASE", "OPP_PHASE", "OPPOSED_PHASE", "OUT_PHASE", "OP"] {
        assert_eq!(excluded(&format!("ORIGINAL\\PRIMARY\\M\\{value}"), ""), "opposed-phase image (Dixon)", "{value}");
    }
    assert_eq!(excluded("DERIVED\\PRIMARY\\DIXON\\FAT", ""), "fat image (Dixon)");
    assert_eq!(excluded("DERIVED\\PRIMARY\\M\\FAT_FRACTION", ""), "fat or water fraction (Dixon)");
    assert_eq!(excluded("ORIGINAL\\PRIMARY\\PHASE MAP\\P\\FFE", ""), "phase image");
    assert_eq!(excluded("ORIGINAL\\PRIMARY\\R_IR\\R\\IR", ""), "real part of the signal");
    assert_eq!(excluded("DERIVED\\SECONDARY\\REFORMATTED\\AVERAGE", ""), "reformatted (REFORMATTED)");
    assert_eq!(excluded("DERIVED\\SECONDARY\\CPR", ""), "reformatted (CPR)");
    assert_eq!(excluded("DERIVED\\SECONDARY\\PROJECTION IMAGE\\MIP", ""), "projection (PROJECTION IMAGE)");
    assert_eq!(excluded("DERIVED\\PRIMARY\\T2 MAP\\T2", ""), "map (T2 MAP)");
    assert_eq!(excluded("DERIVED\\PRIMARY\\R2_MAP", ""), "map (R2 MAP)");
    assert_eq!(excluded("ORIGINAL\\PRIMARY\\VELOCITY MAP", ""), "map (VELOCITY MAP)");
    assert_eq!(excluded("DERIVED\\PRIMARY\\MODULUS_SUBTRACT", ""), "subtraction");
    for fine in [
        "ORIGINAL\\PRIMARY\\M\\ND\\NORM",
        "ORIGINAL\\PRIMARY\\M_SE\\M\\SE",
        "ORIGINAL\\PRIMARY\\M_FFE\\M",
        "ORIGINAL\\PRIMARY\\T2\\NONE",
        "",
    ] {
        assert_eq!(of(fine, "T2 TSE SAG"), Pictures::default(), "{fine}");
    }
}

#[test]
fn derived_pictures_are_told_from_composed_ones() {
    let derivation = |values| of(values, "").derivation;
    assert_eq!(derivation("DERIVED\\PRIMARY\\M\\ND\\COMP_SP"), Derivation::Composed);
    assert_eq!(derivation("DERIVED\\SECONDARY\\OTHER\\COMPOSED"), Derivation::Composed);
    assert_eq!(derivation("DERIVED\\PRIMARY\\M\\MEAN"), Derivation::Derived);
    assert_eq!(derivation("DERIVED\\SECONDARY\\OTHER"), Derivation::Secondary);
    assert!(of("DERIVED\\PRIMARY\\M\\MEAN", "").mean);
}

#[test]
fn in_enhanced_files_the_fourth_value_of_a_derived_picture_may_be_a_map() {
    let of = |values: &str, component| {
        let values: Vec<String> = values.split('\\').map(str::to_owned).collect();
        let stated = Stated { values: &values, component, enhanced: true, description: "" };
        pictures(&stated, &SeriesRules::default()).kind
    };
    assert_eq!(of("DERIVED\\PRIMARY\\MULTIECHO\\T2", "MAGNITUDE"), PictureKind::Excluded("map (T2)".into()));
    assert_eq!(of("ORIGINAL\\PRIMARY\\T2\\NONE", "MAGNITUDE"), PictureKind::Magnitude);
    assert_eq!(of("ORIGINAL\\PRIMARY\\T2\\NONE", "PHASE"), PictureKind::Excluded("phase image".into()));
}

#[test]
fn descriptions_are_asked_where_the_values_are_silent() {
    let silent = "ORIGINAL\\PRIMARY\\M\\ND";
    for (description, kind) in [
        ("T2_TSE_DIXON_SAG_W", PictureKind::Water),
        ("WATER: Sag T2 FRFSE Flex", PictureKind::Water),
        ("t2_tse_dixon_sag_in", PictureKind::InPhase),
        ("InPhase: Sag T2 IDEAL", PictureKind::InPhase),
        ("T2 mDIXON TSE SAG in phase", PictureKind::InPhase),
        ("T2 TSE SAG FAT SAT", PictureKind::Magnitude),
        ("T2 TSE DIXON SAG", PictureKind::Magnitude),
        ("T2 FLEX FAT SAT SAG", PictureKind::Magnitude),
        ("HWS T2 W SAG", PictureKind::Magnitude),
        ("T2 SAG MPR", PictureKind::Magnitude),
    ] {
        assert_eq!(of(silent, description).kind, kind, "{description}");
    }
    for description in ["T2_TSE_DIXON_SAG_F", "FAT: Sag T2 FRFSE", "T2 mDIXON SAG F"] {
        assert_eq!(excluded(silent, description), "fat image (Dixon)", "{description}");
    }
    for description in ["t2_tse_sag_opp", "T2 DIXON SAG out of phase", "OutPhase: Sag T2 IDEAL", "T2 DIXON OP"] {
        assert_eq!(excluded(silent, description), "opposed-phase image (Dixon)", "{description}");
    }
    assert_eq!(excluded("DERIVED\\SECONDARY\\OTHER", "T2 SAG MPR"), "computed images (\"mpr\" in the description)");
    // What the values say stands before any word.
    assert_eq!(of("DERIVED\\PRIMARY\\DIXON\\WATER", "T2_DIXON_SAG_F").kind, PictureKind::Water);
}

//! What scanners and technicians write in their own words and languages.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use super::tests::{accepted, against};
use cordline_testkit::Set;

fn described(description: &str) -> impl Fn(usize, &mut Set) {
    move |_, s| {
        s.text(tags::SERIES_DESCRIPTION, VR::LO, description);
    }
}

/// A series of which nothing is known but its description.
fn only(description: &str) -> impl Fn(usize, &mut Set) {
    move |_, s| {
        s.text(tags::SERIES_DESCRIPTION, VR::LO, description).drop(tags::BODY_PART_EXAMINED);
    }
}

#[test]
fn dark_fluid_is_known_without_an_inversion_in_scanning_sequence() {
    let inverted = |ti: f64, code: &'static str| {
        against(move |_, s| {
            s.ds(tags::INVERSION_TIME, &[ti]).text(tags::SCANNING_SEQUENCE, VR::CS, code);
        })
    };
    assert_eq!(inverted(2250.0, "RM"), "FLAIR");
    assert_eq!(inverted(1800.0, "SE"), "FLAIR");
    for words in ["SAG T2 FLAIR", "T2FLAIR SAG", "t2_space_dark-fluid_sag", "t2_tirm_darkfluid_sag"] {
        assert_eq!(against(described(words)), "FLAIR", "{words}");
    }
    for words in ["T2STIR SAG", "STIRT2 SAG", "SAG STIR_LONGTE", "sag TIRM"] {
        assert_eq!(against(described(words)), "STIR", "{words}");
    }
    for words in ["SAG FSE-IR", "SAG IRFSE", "T2 PSIR SAG"] {
        assert_eq!(against(described(words)), "STIR or another inversion recovery", "{words}");
    }
}

#[test]
fn a_protocol_that_names_more_says_nothing_of_a_described_series() {
    for protocol in ["T2 + FLAIR", "C-SPINE T1 T2 STIR", "T2 TIRM", "CSPINE T2 FS", "T2 FAT SAT", "CSPINE T2* T2"] {
        let (_, warnings) = accepted(|_, s| {
            s.text(tags::SERIES_DESCRIPTION, VR::LO, "T2 TSE SAG").text(tags::PROTOCOL_NAME, VR::LO, protocol);
        });
        assert_eq!(warnings, "", "{protocol}");
    }
    let unnamed = against(|_, s| {
        s.drop(tags::SERIES_DESCRIPTION).text(tags::PROTOCOL_NAME, VR::LO, "SAG FLAIR");
    });
    assert_eq!(unnamed, "FLAIR");
}

#[test]
fn little_but_fluid_is_a_doubt() {
    let (_, warnings) = accepted(|_, s| _ = s.ds(tags::ECHO_TIME, &[1100.0]));
    assert!(warnings.contains("myelography"), "{warnings}");
}

#[test]
fn the_spine_is_known_in_the_words_of_many_countries() {
    for words in [
        "WS sag T2",
        "GWS T2 sag",
        "Rueckenmark T2",
        "Ruckenmark",
        "Spinalkanal T2",
        "zervikal T2",
        "colonne lombaire",
        "T2 moelle",
        "COLUNA LOMBAR",
        "médula T2",
        "midollo T2",
        "脊髄 T2",
        "척추 T2",
        "경추 T2",
        "ШОП T2",
        "спинной мозг T2",
        "kręgosłup T2",
        "páteř T2",
        "gerinc T2",
        "kaularanka T2",
        "ryggrad T2",
        "rygsøjle T2",
        "omurga T2",
        "LOMBER T2",
        "σπονδυλική στήλη T2",
        "עמוד שדרה T2",
        "العمود الفقري T2",
        "กระดูกสันหลัง T2",
        "CWK SAG T2",
    ] {
        let (_, warnings) = accepted(only(words));
        assert_eq!(warnings, "", "{words}");
    }
}

#[test]
fn other_parts_of_the_body_are_known_too() {
    for words in [
        "T2 SAG RECTUM",
        "encéphale T2",
        "cérébral T2",
        "tête T2",
        "cabeça T2",
        "mózg T2",
        "hjärna T2",
        "hersenen T2",
        "beyin T2",
        "뇌 T2",
        "épaule T2",
        "rodilla T2",
        "ginocchio T2",
        "Hüfte T2",
        "Huefte T2",
        "膝関節 T2",
        "骨盤 T2",
        "子宮 T2",
        "前列腺 T2",
        "pelvic T2",
        "CRANIO T2",
        "fetus T2",
    ] {
        assert!(against(only(words)).starts_with("another part of the body"), "{words}");
    }
    // The upper end of the neck is named after both.
    let (_, warnings) = accepted(only("T2 CRANIO-CERVICAL"));
    assert_eq!(warnings, "");
}

#[test]
fn a_body_part_that_says_nothing_is_none() {
    for part in ["UNKNOWN", "OTHER", "--", "n/a", "DEFAULT", "WHOLEBODY"] {
        let (reasons, _) = accepted(|_, s| {
            s.text(tags::BODY_PART_EXAMINED, VR::CS, part).text(tags::SERIES_DESCRIPTION, VR::LO, "T2 SAG HWS");
        });
        assert!(reasons.contains("(\"hws\" in the description)"), "{part}: {reasons}");
    }
    for part in ["COLONNE", "SPINALCORD", "BACK"] {
        let (reasons, _) = accepted(|_, s| _ = s.text(tags::BODY_PART_EXAMINED, VR::CS, part));
        assert!(reasons.contains("spine (body part"), "{part}: {reasons}");
    }
}

#[test]
fn pictures_for_planning_and_renderings_are_no_series_to_read() {
    for words in ["PlanScan", "3-plane loc", "Topogramm", "Lokalisierer sag"] {
        assert_eq!(against(described(words)), "localizer", "{words}");
    }
    let of_type = |values: &'static str| against(move |_, s| _ = s.text(tags::IMAGE_TYPE, VR::CS, values));
    assert_eq!(of_type("DERIVED\\SECONDARY\\VRT"), "volume rendering (VRT)");
    assert_eq!(of_type("DERIVED\\PRIMARY\\M\\FAT_FRAC"), "fat or water fraction (Dixon)");
}

#[test]
fn an_mr_image_without_a_modality_is_an_mr_image() {
    let (_, warnings) = accepted(|_, s| _ = s.text(tags::MODALITY, VR::CS, ""));
    assert!(warnings.contains("Modality is empty"), "{warnings}");
    let (_, warnings) = accepted(|_, s| _ = s.drop(tags::MODALITY));
    assert!(warnings.contains("Modality is empty"), "{warnings}");
    assert_eq!(accepted(|_, s| _ = s.text(tags::MODALITY, VR::CS, "MRI")).1, "");
}

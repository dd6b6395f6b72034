use super::*;

fn patient(name: &str, id: &str, birth_date: &str) -> Patient {
    Patient { name: name.into(), id: id.into(), birth_date: birth_date.into(), ..Patient::default() }
}

#[test]
fn one_patient_is_written_in_many_ways() {
    let known = patient("Müller^Hans=山田^太郎", "1", "19800102");
    for other in [
        patient("MÜLLER HANS", "1", "19800102"),
        patient("Müller^Hans^^", "1", ""),
        patient("Müller^Hans^Peter", "1", ""),
        patient("=山田^太郎", "1", ""),
        patient("", "", ""),
        patient("", "1", ""),
        patient("Müller^Hans", "", "19800102"),
        // A name that was changed, under one number and birth date.
        patient("Schmidt^Hans", "1", "19800102"),
    ] {
        assert!(same_patient(&known, &other) && same_patient(&other, &known), "{other:?}");
    }
}

#[test]
fn what_contradicts_is_another_patient() {
    let known = Patient { sex: "M".into(), ..patient("Müller^Hans", "1", "19800102") };
    for other in [
        patient("Müller^Hans", "2", "19800102"),
        patient("Müller^Hans", "1", "19810102"),
        patient("Schmidt^Anna", "", "19800102"),
        patient("Schmidt^Anna", "1", ""),
        Patient { sex: "F".into(), ..patient("Schmidt^Anna", "1", "19800102") },
    ] {
        assert!(!same_patient(&known, &other) && !same_patient(&other, &known), "{other:?}");
    }
    let of = |issuer: &str| Patient { issuer_of_id: issuer.into(), ..known.clone() };
    assert!(!same_patient(&of("North"), &of("South")) && same_patient(&of("North"), &of("")));
}

#[test]
fn results_carry_what_most_files_say() {
    assert_eq!(most_said(["", "b", "a", "a", ""].into_iter()), "a");
    assert_eq!(most_said(["b", "a"].into_iter()), "b");
    assert_eq!(most_said(["", ""].into_iter()), "");
}

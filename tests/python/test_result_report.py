"""The structured report, read by highdicom and dcmqi: every number and every word that it must carry."""

import highdicom as hd
import pydicom
import pytest
from foreign_readers import items, report_by_dcmqi, texts
from test_result_objects import ALL, WITH_LESION, case, cases

__all__ = ["case"]

UNDETERMINED = ["373068000", "SCT", "Undetermined"]
NEGATIVE = ["260385009", "SCT", "Negative"]


def report(case):
    return hd.sr.srread(case.folder / "sr.dcm").content


def code_of(case, answer: str) -> list[str]:
    known = {"undecided": UNDETERMINED, "indeterminate": UNDETERMINED, "no_lesion": NEGATIVE}
    return known.get(answer) or case.expected["class_codes"][answer]


def triple(code) -> list[str]:
    return [code.value, code.scheme_designator, code.meaning]


def references(group: pydicom.Dataset, name: str) -> list[tuple]:
    found = [item.ReferencedSOPSequence[0] for item in items(group, name, "IMAGE")]
    return [(r.ReferencedSOPInstanceUID, r.get("ReferencedFrameNumber")) for r in found]


@cases(*ALL)
def test_lesions_with_volume_extent_segment_and_sections(case):
    groups = report(case).get_volumetric_roi_measurement_groups()
    assert len(groups) == len(case.lesions)
    if not groups:
        return
    segmentation = pydicom.dcmread(case.folder / "seg.dcm")
    frames = [(instance, number) for _, instance, number in case.expected["frames"]]
    for group, lesion, segment in zip(groups, case.lesions, segmentation.SegmentSequence, strict=True):
        volume, extent = group.get_measurements()
        assert (triple(volume.name)[0], volume.unit.value) == ("118565006", "mm3")
        assert (triple(extent.name)[0], extent.unit.value) == ("410668003", "mm")
        assert volume.value == lesion["volume_ml"] * 1000
        assert extent.value == lesion["extent_mm"]
        assert triple(extent.method) == ["110861", "DCM", "Head-Foot Axis"]
        assert triple(group.finding_type) == ["52988006", "SCT", "Lesion"]
        assert triple(group.finding_sites[0].value) == ["2748008", "SCT", "Spinal cord"]
        assert (group.tracking_identifier, group.tracking_uid) == (segment.TrackingID, segment.TrackingUID)
        (referenced,) = references(group[0], "Referenced Segment")
        assert referenced[0] == segmentation.SOPInstanceUID
        item = items(group[0], "Referenced Segment", "IMAGE")[0].ReferencedSOPSequence[0]
        assert item.ReferencedSegmentNumber == lesion["number"]
        assert "ReferencedFrameNumber" not in item
        sections = references(group[0], "Source image for segmentation")
        assert sections == [frames[section - 1] for section in lesion["sections"]]


@cases(*ALL)
def test_questions_with_both_probabilities_decision_and_sections(case):
    *asked, summary = report(case).get_image_measurement_groups()
    frames = [(instance, number) for _, instance, number in case.expected["frames"]]
    assert len(asked) == len(case.expected["classifications"])
    for group, expected in zip(asked, case.expected["classifications"], strict=True):
        assert group.tracking_identifier == expected["question"]
        found = {}
        for measurement in group.get_measurements():
            assert triple(measurement.name) == ["122157", "DCM", "Probability"]
            (of,) = items(measurement[0], "Differential Diagnosis/Impression", "CODE")
            found[of.ConceptCodeSequence[0].CodeValue] = measurement.value
        wanted = {code_of(case, name)[0]: p for name, p in expected["probabilities"].items()}
        assert found == wanted
        (decision,) = group.get_qualitative_evaluations()
        assert triple(decision.value) == code_of(case, expected["decision"])
        sections = [frames[s["section"] - 1] for s in expected["sections"]]
        assert references(group[0], "Source of Measurement") == sections
        (parameters,) = items(group[0], "Algorithm Parameters", "TEXT")
        assert f"threshold={expected['threshold']}" in parameters.TextValue
    (count,) = summary.get_measurements()
    assert (triple(count.name)[0], count.value) == ("246206008", len(case.lesions))
    finding = case.expected["finding"]
    answers = [answer for answer in (finding["name"], finding.get("subtype")) if answer]
    found = [triple(q.value) for q in summary.get_qualitative_evaluations()]
    run = "111242" if case.lesions else "111241"
    assert [code[0] for code in found[:1]] == [run]
    assert found[1:] == [code_of(case, answer) for answer in answers]


@cases(*ALL)
def test_what_was_not_asked_is_said_with_its_reason_and_has_no_probability(case):
    ds = pydicom.dcmread(case.folder / "sr.dcm")
    (words,) = items(ds, "Qualitative Evaluations", "CONTAINER")
    said = texts(words)
    for question in case.expected["not_asked"]:
        assert f"{question['question']} Not asked: {question['reason']}" in said
    identifiers = [group.tracking_identifier for group in report(case).get_image_measurement_groups()]
    assert not {question["question"] for question in case.expected["not_asked"]} & set(identifiers)
    assert len(case.expected["not_asked"]) + len(case.expected["classifications"]) == 3


@cases(*ALL)
def test_the_series_and_why_it_was_chosen(case):
    ds = pydicom.dcmread(case.folder / "sr.dcm")
    (library,) = items(ds, "Image Library", "CONTAINER")
    groups = [group for group in library.ContentSequence if group.ValueType == "CONTAINER"]
    series = [case.expected["frames"], case.expected["t1c_frames"]]
    for group, frames in zip(groups, [s for s in series if s], strict=True):
        listed = [
            i.ReferencedSOPSequence[0].ReferencedSOPInstanceUID for i in group.ContentSequence if i.ValueType == "IMAGE"
        ]
        assert listed == list(dict.fromkeys(instance for _, instance, _ in frames))
    assert texts(groups[0]) == [f"Why this series: {reason}" for reason in case.expected["series_reasons"]]


@cases(*ALL)
def test_evidence_lists_exactly_what_the_tree_refers_to(case):
    ds = pydicom.dcmread(case.folder / "sr.dcm")
    listed = [
        instance.ReferencedSOPInstanceUID
        for study in ds.CurrentRequestedProcedureEvidenceSequence
        for series in study.ReferencedSeriesSequence
        for instance in series.ReferencedSOPSequence
    ]
    assert len(set(listed)) == len(listed)

    def referenced(item):
        found = {r.ReferencedSOPInstanceUID for r in item.get("ReferencedSOPSequence", [])}
        return found.union(*(referenced(child) for child in item.get("ContentSequence", [])))

    assert referenced(ds) == set(listed)


@cases(*ALL)
def test_flags_template_language_and_observer(case):
    ds = pydicom.dcmread(case.folder / "sr.dcm")
    assert (ds.CompletionFlag, ds.VerificationFlag) == ("COMPLETE", "UNVERIFIED")
    template = ds.ContentTemplateSequence[0]
    assert (template.MappingResource, template.TemplateIdentifier) == ("DCMR", "1500")
    (language,) = items(ds, "Language of Content Item and Descendants", "CODE")
    assert language.ConceptCodeSequence[0].CodeValue == "en-US"
    observers = [item.ConceptCodeSequence[0].CodeMeaning for item in items(ds, "Observer Type", "CODE")]
    assert sorted(observers) == (["Device", "Person"] if case.folder.name == "corrected" else ["Device"])


@cases(*WITH_LESION)
def test_dcmqi_reads_the_same_values(case, tmp_path):
    found = report_by_dcmqi(case.folder / "sr.dcm", tmp_path / "q")
    assert (found["CompletionFlag"], found["VerificationFlag"]) == ("COMPLETE", "UNVERIFIED")
    groups = {group["TrackingIdentifier"]: group for group in found["Measurements"]}
    segmentation = pydicom.dcmread(case.folder / "seg.dcm").SOPInstanceUID
    for lesion in case.lesions:
        group = groups[f"Lesion {lesion['number']}"]
        assert group["ReferencedSegment"] == lesion["number"]
        assert group["segmentationSOPInstanceUID"] == segmentation
        values = {item["quantity"]["CodeMeaning"]: float(item["value"]) for item in group["measurementItems"]}
        assert values["Volume"] == pytest.approx(lesion["volume_ml"] * 1000, rel=1e-12)
        assert values["Length"] == pytest.approx(lesion["extent_mm"], rel=1e-12)
    for expected in case.expected["classifications"]:
        wanted = {code_of(case, name)[0]: p for name, p in expected["probabilities"].items()}
        found = {
            item["measurementModifiers"][0]["modifierValue"]["CodeValue"]: float(item["value"])
            for item in groups[expected["question"]]["measurementItems"]
        }
        assert found == pytest.approx(wanted, rel=1e-12, abs=1e-12)
    assert groups["Summary"]["measurementItems"][0]["value"] == str(len(case.lesions))

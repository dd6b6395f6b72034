//! A heat map (Grad-CAM of one question) as a Parametric Map: floats on the grid of the source.
//!
//! The object holds every section of the source, along the normal: readers build a stack from the positions, and one with gaps
//! would be refused or squeezed; OHIF (3.12, 3.13) lays the frames over the source's volume in the order of the file, and can
//! read no map of fewer. A section that was not asked is filled with the padding value.

use std::io::{self, Write};

use cordline_core::findings::HeatMap;
use cordline_core::resize;
use cordline_sdk::Finding;
use dicom_core::VR;
use dicom_dictionary_std::{tags, uids};
use zerocopy::IntoBytes;

use super::codes;
use super::context::ResultContext;
use super::dataset::{Dataset, Put, code_item, item};
use super::error::ResultError;
use super::module::{content, dimension, functional_group, patient_study, reference, series, series_number};
use super::part10;
use super::result_object::{Pixels, ResultObject};
use super::seg::side;

/// Value of the voxels of a section that was not asked: below every activation, so that it is shown as none.
pub const NOT_ASKED_VALUE: f32 = -1.0;

/// Largest value of a map.
const STRONGEST: f64 = 1.0;

/// Writes the heat map of one question. There is none for an undecided question.
///
/// # Errors
/// The context is inconsistent, the map does not fit the volume, or a value cannot be encoded.
pub fn write<'a>(ctx: &ResultContext, map: &'a HeatMap) -> Result<ResultObject<'a>, ResultError> {
    ctx.check()?;
    let stack = stack(ctx, map)?;
    let mut d = Dataset::new_empty();
    patient_study::put(&mut d, ctx.source);
    patient_study::put_frame_of_reference(&mut d, ctx.source);
    let position = ctx.findings.heat_maps.iter().position(|m| m.classifier == map.classifier).unwrap_or(0);
    let kind = series::Kind {
        sop_class_uid: uids::PARAMETRIC_MAP_STORAGE,
        // Not MR: a hook that waits for MR must not take a result for an examination.
        modality: "OT",
        name: &format!("heat map {} {}", map.classifier, map.class),
        series_offset: series_number::HEAT_MAPS + series_number::NEXT_HEAT_MAP * position as i64,
        description: &series_description(ctx, map),
    };
    series::put(&mut d, ctx, &kind);
    content::put_identification(&mut d, ctx, "HEAT_MAP", &format!("Grad-CAM: {} {}", map.question, map.label));
    content::put_lossy(&mut d, ctx);
    content::put_comments(&mut d, ctx);
    put_image(&mut d, ctx, stack.len())?;
    put_groups(&mut d, ctx, map, &stack);
    reference::put_series(&mut d, ctx.source);
    let [_, rows, columns] = ctx.geometry.shape();
    let length = stack.len() * rows * columns * size_of::<f32>();
    let write = Box::new(move |file: &mut dyn Write| write_frames(file, &stack, [rows, columns]));
    part10::write(d, Some(Pixels { tag: tags::FLOAT_PIXEL_DATA, vr: VR::OF, length, write }))
}

/// Series Description; after a correction it says that the map explains the answer for another mask than the machine's.
fn series_description(ctx: &ResultContext, map: &HeatMap) -> String {
    if ctx.semiautomatic {
        return series::description_of(ctx, &format!("heat map {}", map.class));
    }
    series::description(&[
        format!("heat map, {} {}", map.question, map.label),
        format!("heat map {} ({})", map.class, map.classifier),
        format!("heat map {}", map.class),
    ])
}

/// One frame: its section index from 0, and the map on the feature grid where the section was asked.
type MapFrame<'a> = (usize, Option<&'a ndarray::Array2<f32>>);

/// A frame for each section of the source.
fn stack<'a>(ctx: &ResultContext, map: &'a HeatMap) -> Result<Vec<MapFrame<'a>>, ResultError> {
    if map.class == Finding::UNDECIDED {
        return Err(no_map(map, "it is undecided"));
    }
    let [sections, rows, columns] = ctx.geometry.shape();
    for s in &map.sections {
        if s.section >= sections {
            return Err(ResultError::Section { what: map.question.clone(), section: s.section + 1, sections });
        }
    }
    if map.grid != [rows, columns] {
        return Err(ResultError::Shape {
            what: format!("a section of the heat map for \"{}\"", map.question),
            found: map.grid.to_vec(),
            expected: vec![rows, columns],
        });
    }
    if map.sections.is_empty() {
        return Err(no_map(map, "no section was asked"));
    }
    Ok((0..sections).map(|i| (i, map.sections.iter().find(|s| s.section == i).map(|s| &s.activation))).collect())
}

fn no_map(map: &HeatMap, why: &'static str) -> ResultError {
    ResultError::HeatMap { question: map.question.clone(), why }
}

fn put_image(d: &mut Dataset, ctx: &ResultContext, frames: usize) -> Result<(), ResultError> {
    let [_, rows, columns] = ctx.geometry.shape();
    d.texts(tags::IMAGE_TYPE, VR::CS, &frame_type());
    d.us(tags::SAMPLES_PER_PIXEL, &[1]);
    d.text(tags::PHOTOMETRIC_INTERPRETATION, VR::CS, "MONOCHROME2");
    d.us(tags::ROWS, &[side(rows)?]);
    d.us(tags::COLUMNS, &[side(columns)?]);
    d.integers(tags::NUMBER_OF_FRAMES, &[frames as i64]);
    d.us(tags::BITS_ALLOCATED, &[32]);
    d.text(tags::PRESENTATION_LUT_SHAPE, VR::CS, "IDENTITY");
    d.text(tags::CONTENT_QUALIFICATION, VR::CS, "RESEARCH");
    d.text(tags::BURNED_IN_ANNOTATION, VR::CS, "NO");
    d.text(tags::RECOGNIZABLE_VISUAL_FEATURES, VR::CS, "NO");
    d.items(tags::ACQUISITION_CONTEXT_SEQUENCE, vec![]);
    Ok(())
}

fn frame_type() -> [String; 4] {
    ["DERIVED", "PRIMARY", "VOLUME", "QUANTITY"].map(String::from)
}

/// Dimensions, and the shared and per-frame functional groups.
fn put_groups(d: &mut Dataset, ctx: &ResultContext, map: &HeatMap, stack: &[MapFrame]) {
    let padded = stack.iter().any(|(_, values)| values.is_none());
    if padded {
        d.fl(tags::FLOAT_PIXEL_PADDING_VALUE, NOT_ASKED_VALUE);
        d.fl(tags::FLOAT_PIXEL_PADDING_RANGE_LIMIT, NOT_ASKED_VALUE);
    }
    let organization = ctx.uid(&format!("heat map {} dimensions", map.classifier));
    dimension::put(d, &organization, &[dimension::POSITION], true);
    d.items(tags::SHARED_FUNCTIONAL_GROUPS_SEQUENCE, vec![shared(ctx, padded)]);

    let words = description(map);
    let frames = stack.iter().enumerate().map(|(frame, (section, values))| {
        item(|f| {
            functional_group::put_frame_content(f, &[frame as u32 + 1]);
            functional_group::put_position(f, ctx.geometry.section_position(*section));
            let not_asked = "This section was not asked: all of its values are the padding value.";
            let words = if values.is_some() { words.as_str() } else { not_asked };
            let source = &ctx.source.frames[*section];
            functional_group::put_derivation(f, source, &codes::SPATIAL_RESAMPLING, Some(words));
        })
    });
    d.items(tags::PER_FRAME_FUNCTIONAL_GROUPS_SEQUENCE, frames.collect());
}

fn shared(ctx: &ResultContext, padded: bool) -> Dataset {
    item(|s| {
        functional_group::put_grid(s, ctx);
        let frame_type = item(|t| t.texts(tags::FRAME_TYPE, VR::CS, &frame_type()));
        s.items(tags::PARAMETRIC_MAP_FRAME_TYPE_SEQUENCE, vec![frame_type]);
        let anatomy = item(|a| {
            a.text(tags::FRAME_LATERALITY, VR::CS, "U");
            a.codes(tags::ANATOMIC_REGION_SEQUENCE, &[&codes::SPINAL_CORD]);
        });
        s.items(tags::FRAME_ANATOMY_SEQUENCE, vec![anatomy]);
        let window = item(|w| {
            w.decimals(tags::WINDOW_CENTER, &[STRONGEST / 2.0]);
            w.decimals(tags::WINDOW_WIDTH, &[STRONGEST]);
        });
        s.items(tags::FRAME_VOILUT_SEQUENCE, vec![window]);
        let identity = item(|p| {
            p.decimals(tags::RESCALE_INTERCEPT, &[0.0]);
            p.decimals(tags::RESCALE_SLOPE, &[1.0]);
            p.text(tags::RESCALE_TYPE, VR::LO, "US");
        });
        s.items(tags::PIXEL_VALUE_TRANSFORMATION_SEQUENCE, vec![identity]);
        s.items(tags::REAL_WORLD_VALUE_MAPPING_SEQUENCE, vec![real_world_values(padded)]);
    })
}

/// The stored floats are the quantity itself. The padding value belongs to the mapped range: readers refuse values outside of it.
fn real_world_values(padded: bool) -> Dataset {
    let (words, first) = match padded {
        true => ("Grad-CAM, 1 is the strongest of the study, -1 was not asked", f64::from(NOT_ASKED_VALUE)),
        false => ("Grad-CAM, 1 is the strongest of the study", 0.0),
    };
    item(|m| {
        m.text(tags::LUT_EXPLANATION, VR::LO, words);
        m.text(tags::LUT_LABEL, VR::SH, "GRAD_CAM");
        m.fd(tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_FIRST_VALUE_MAPPED, first);
        m.fd(tags::DOUBLE_FLOAT_REAL_WORLD_VALUE_LAST_VALUE_MAPPED, STRONGEST);
        m.fd(tags::REAL_WORLD_VALUE_INTERCEPT, 0.0);
        m.fd(tags::REAL_WORLD_VALUE_SLOPE, 1.0);
        m.codes(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, &[&codes::NO_UNITS]);
        let quantity = item(|q| {
            q.text(tags::VALUE_TYPE, VR::CS, "CODE");
            q.items(tags::CONCEPT_NAME_CODE_SEQUENCE, vec![code_item(&codes::QUANTITY)]);
            q.items(tags::CONCEPT_CODE_SEQUENCE, vec![code_item(&codes::CLASS_ACTIVATION)]);
        });
        m.items(tags::QUANTITY_DEFINITION_SEQUENCE, vec![quantity]);
    })
}

/// How the map came about: it is far coarser than it looks, and that must be said.
fn description(map: &HeatMap) -> String {
    let [rows, columns] = map.feature_map();
    format!(
        "Research use only. Grad-CAM for \"{}\" in \"{}\" ({}): a feature map of {rows} x {columns} values for the whole section, \
         upsampled by linear interpolation to the grid of the source image; 1 is the strongest activation of the study. \
         Finer detail than the feature map does not exist.",
        map.label, map.question, map.classifier
    )
}

/// Writes the frames as little-endian floats, one after the other.
///
/// A frame is made when it is its turn, in the same memory: a study has as many megabytes of them as of images.
fn write_frames(file: &mut dyn Write, stack: &[MapFrame<'_>], grid: [usize; 2]) -> io::Result<()> {
    const { assert!(cfg!(target_endian = "little"), "floats are copied as they lie in memory") };
    let mut values = Vec::with_capacity(grid[0] * grid[1]);
    // Most sections were not asked: their frames are copies of one.
    let not_asked = vec![NOT_ASKED_VALUE; grid[0] * grid[1]];
    for (_, activation) in stack {
        match activation {
            Some(activation) => {
                values.clear();
                resize::append_linear(activation.view(), grid, 0..grid[0], &mut values);
                file.write_all(values.as_bytes())?;
            }
            None => file.write_all(not_asked.as_bytes())?,
        }
    }
    Ok(())
}

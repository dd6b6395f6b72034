//! Language, observers and procedure: the context of all that follows.

use super::content_item::{ContentItem, Relationship::*};
use crate::write::codes;
use crate::write::context::ResultContext;
use crate::write::module::person;
use crate::write::uid;

/// The items in the order of the template.
pub(super) fn items(ctx: &ResultContext) -> Vec<ContentItem> {
    let device = &ctx.device;
    // A device has no UID of its own; this one is derived, so that the same host always gets the same.
    let device_uid = uid::derived(["device", &device.manufacturer, &device.model, &device.serial]);
    let mut items = vec![
        language(),
        ContentItem::code(&codes::OBSERVER_TYPE, &codes::DEVICE).related(HasObservationContext),
        ContentItem::uid(&codes::DEVICE_UID, &device_uid).related(HasObservationContext),
        ContentItem::text(&codes::DEVICE_NAME, &ctx.algorithm.name).related(HasObservationContext),
        ContentItem::text(&codes::DEVICE_MANUFACTURER, &device.manufacturer).related(HasObservationContext),
        ContentItem::text(&codes::DEVICE_MODEL, &device.model).related(HasObservationContext),
        ContentItem::text(&codes::DEVICE_SERIAL, &device.serial).related(HasObservationContext),
    ];
    items.extend(ctx.reader.into_iter().flat_map(person));
    items.push(procedure());
    items
}

/// Language of all words.
pub(super) fn language() -> ContentItem {
    ContentItem::code(&codes::LANGUAGE, &codes::ENGLISH).related(HasConceptModifier)
}

/// The procedure that is reported on.
pub(super) fn procedure() -> ContentItem {
    ContentItem::code(&codes::PROCEDURE_REPORTED, &codes::MR_EXAMINATION).related(HasConceptModifier)
}

/// A reader as observer (TID 1003).
pub(super) fn person(reader: &str) -> [ContentItem; 2] {
    [
        ContentItem::code(&codes::OBSERVER_TYPE, &codes::PERSON).related(HasObservationContext),
        ContentItem::person(&codes::PERSON_NAME, &person::name(reader)).related(HasObservationContext),
    ]
}

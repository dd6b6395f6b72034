//! Content items: the nodes of a report's tree.

use dicom_core::VR;
use dicom_dictionary_std::tags;

use crate::write::codes::CodedConcept;
use crate::write::dataset::{Dataset, Put, decimal, item};

/// How an item relates to the one above it.
#[derive(Debug, Clone, Copy)]
pub(super) enum Relationship {
    /// Is part of it.
    Contains,
    /// Says under what circumstances it was observed.
    HasObservationContext,
    /// Says under what circumstances its data were acquired.
    HasAcquisitionContext,
    /// Narrows its concept.
    HasConceptModifier,
}

/// An item with its children.
pub(super) struct ContentItem {
    dataset: Dataset,
    children: Vec<Dataset>,
}

impl ContentItem {
    fn new(value_type: &str, name: Option<&CodedConcept>) -> Self {
        let dataset = item(|d| {
            d.text(tags::VALUE_TYPE, VR::CS, value_type);
            if let Some(name) = name {
                d.codes(tags::CONCEPT_NAME_CODE_SEQUENCE, &[name]);
            }
        });
        Self { dataset, children: Vec::new() }
    }

    /// A heading.
    pub(super) fn container(name: &CodedConcept) -> Self {
        let mut this = Self::new("CONTAINER", Some(name));
        this.dataset.text(tags::CONTINUITY_OF_CONTENT, VR::CS, "SEPARATE");
        this
    }

    /// Free words.
    pub(super) fn text(name: &CodedConcept, value: &str) -> Self {
        let mut this = Self::new("TEXT", Some(name));
        this.dataset.text(tags::TEXT_VALUE, VR::UT, value);
        this
    }

    /// A coded value.
    pub(super) fn code(name: &CodedConcept, value: &CodedConcept) -> Self {
        let mut this = Self::new("CODE", Some(name));
        this.dataset.codes(tags::CONCEPT_CODE_SEQUENCE, &[value]);
        this
    }

    /// A UID.
    pub(super) fn uid(name: &CodedConcept, value: &str) -> Self {
        let mut this = Self::new("UIDREF", Some(name));
        this.dataset.uid(tags::UID, value);
        this
    }

    /// A person's name (PN).
    pub(super) fn person(name: &CodedConcept, value: &str) -> Self {
        let mut this = Self::new("PNAME", Some(name));
        this.dataset.text(tags::PERSON_NAME, VR::PN, value);
        this
    }

    /// A measured value. Where sixteen characters cannot hold it, the exact double stands beside the text.
    pub(super) fn number(name: &CodedConcept, value: f64, unit: &CodedConcept) -> Self {
        let mut this = Self::new("NUM", Some(name));
        let measured = item(|m| {
            m.decimals(tags::NUMERIC_VALUE, &[value]);
            if decimal(value).parse() != Ok(value) {
                m.fd(tags::FLOATING_POINT_VALUE, value);
            }
            m.codes(tags::MEASUREMENT_UNITS_CODE_SEQUENCE, &[unit]);
        });
        this.dataset.items(tags::MEASURED_VALUE_SEQUENCE, vec![measured]);
        this
    }

    /// A pointer to an image; entries of the image library have no name.
    pub(super) fn image(name: Option<&CodedConcept>, reference: Dataset) -> Self {
        let mut this = Self::new("IMAGE", name);
        this.dataset.items(tags::REFERENCED_SOP_SEQUENCE, vec![reference]);
        this
    }

    /// The template after which the root is built.
    pub(super) fn template(mut self, template: Dataset) -> Self {
        self.dataset.items(tags::CONTENT_TEMPLATE_SEQUENCE, vec![template]);
        self
    }

    /// States how this item relates to the one above it; each item but the root has this.
    pub(super) fn related(mut self, relationship: Relationship) -> Self {
        let words = match relationship {
            Relationship::Contains => "CONTAINS",
            Relationship::HasObservationContext => "HAS OBS CONTEXT",
            Relationship::HasAcquisitionContext => "HAS ACQ CONTEXT",
            Relationship::HasConceptModifier => "HAS CONCEPT MOD",
        };
        self.dataset.text(tags::RELATIONSHIP_TYPE, VR::CS, words);
        self
    }

    /// Adds an item below this one.
    pub(super) fn child(mut self, child: ContentItem) -> Self {
        self.children.push(child.into_dataset());
        self
    }

    fn into_dataset(mut self) -> Dataset {
        if !self.children.is_empty() {
            self.dataset.items(tags::CONTENT_SEQUENCE, self.children);
        }
        self.dataset
    }

    /// Makes this the root of the document `d`.
    pub(super) fn into_root(self, d: &mut Dataset) {
        for element in self.into_dataset() {
            d.put(element);
        }
    }
}

//! Kinds of pictures, and where they come from.

/// What the values of a pixel are.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum PictureKind {
    /// The magnitude of the signal, as most series have it.
    #[default]
    Magnitude,
    /// Dixon: water and fat added, as without fat suppression.
    InPhase,
    /// Dixon: water alone, as with fat suppression.
    Water,
    /// Nothing that can be analysed, and what it is.
    Excluded(String),
}

/// Where the pictures come from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Derivation {
    /// As they were acquired, or not stated.
    #[default]
    Original,
    /// Stations that were composed to one picture.
    Composed,
    /// Computed from the acquired ones.
    Derived,
    /// Computed after the examination.
    Secondary,
}

/// Kind and origin of pictures.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Pictures {
    pub kind: PictureKind,
    pub derivation: Derivation,
    /// The mean of several pictures.
    pub mean: bool,
}

impl Pictures {
    /// In words, to tell it from other pictures of its series.
    pub(super) fn name(&self) -> String {
        match (&self.kind, self.derivation) {
            (PictureKind::Excluded(what), _) => what.clone(),
            (PictureKind::InPhase, _) => "in-phase image".into(),
            (PictureKind::Water, _) => "water image".into(),
            (PictureKind::Magnitude, _) if self.mean => "mean of several images".into(),
            (PictureKind::Magnitude, Derivation::Original) => "original images".into(),
            (PictureKind::Magnitude, Derivation::Composed) => "composed images".into(),
            (PictureKind::Magnitude, Derivation::Derived | Derivation::Secondary) => "derived images".into(),
        }
    }
}

impl PictureKind {
    /// The fat image of a Dixon measurement.
    pub(super) fn fat() -> Self {
        Self::Excluded("fat image (Dixon)".into())
    }

    /// The opposed-phase image of a Dixon measurement.
    pub(super) fn opposed() -> Self {
        Self::Excluded("opposed-phase image (Dixon)".into())
    }

    /// A share of fat or water, from a Dixon measurement.
    pub(super) fn fraction() -> Self {
        Self::Excluded("fat or water fraction (Dixon)".into())
    }
}

//! Figures of a cohort.

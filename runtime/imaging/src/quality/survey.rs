//! What is counted in a volume.

/// Voxels of a section that are sorted to tell its grey levels; so many tell well enough what fills a hundredth of it.
const SAMPLES: usize = 512;
/// Share of the samples that may be outliers at either end: single spikes and dead pixels say nothing of a section.
const OUTLIERS: f64 = 0.01;

/// Parts into which the range of values is cut to find out whether all of it is used.
const LEVELS: usize = 64;
/// Pictures are smoother than this: MR of patients comes to 0.2.
const SMOOTH: f64 = 0.4;
/// A picture in the right order of bytes is smoother than in the wrong one by more than this factor, unless it is noise.
const SMOOTHER: f64 = 1.5;

/// A section of which less than this share differs from its most usual value is empty: a few lost pixels, a burned-in letter.
const MIN_VARIED: f64 = 0.01;

/// What is known of a volume.
pub(super) struct Survey {
    pub(super) sections: Vec<SectionSurvey>,
    /// Lowest and highest value. Voxels that are no numbers do not count.
    pub(super) low: f32,
    pub(super) high: f32,
    /// False where a voxel is NaN or infinite.
    pub(super) finite: bool,
    /// Share of the sampled voxels that have the highest value.
    pub(super) at_highest: f64,
    /// The widest range of values that no sampled voxel has.
    pub(super) gap: Gap,
    /// The picture would be far smoother with the bytes of its samples exchanged.
    pub(super) bytes_exchanged: bool,
    /// The picture would be far smoother with as many rows as it has columns, and the reverse.
    pub(super) sides_exchanged: bool,
    /// Numbers from 1 of the sections that show the same as the one before.
    pub(super) repeated: Vec<usize>,
}

/// A range of values that no voxel has.
pub(super) struct Gap {
    /// Where it begins and ends.
    pub(super) from: f32,
    pub(super) to: f32,
    /// Its share of all that lies between the lowest and the highest value.
    pub(super) width: f64,
    /// Shares of the voxels below and above.
    pub(super) below: f64,
    pub(super) above: f64,
}

/// What is known of one section.
pub(super) struct SectionSurvey {
    low: f32,
    high: f32,
    /// Nearly the lowest and the highest of its sampled values.
    pub(super) dark: f32,
    pub(super) bright: f32,
    /// Share of its sampled values that differ from the one in the middle.
    varied: f64,
    finite: bool,
}

impl SectionSurvey {
    /// All voxels have one value, but for a few at most.
    pub(super) fn is_empty(&self) -> bool {
        self.low == self.high || self.varied < MIN_VARIED
    }

    /// From dark to bright, without outliers.
    pub(super) fn spread(&self) -> f32 {
        self.bright - self.dark
    }
}

impl Survey {
    /// `values`: section after section, row by row.
    pub(super) fn of(values: &[f32], [rows, columns]: [usize; 2]) -> Self {
        let plane = rows * columns;
        let mut samples = Vec::with_capacity(2 * SAMPLES);
        let sections: Vec<SectionSurvey> =
            values.chunks_exact(plane).map(|section| SectionSurvey::of(section, &mut samples)).collect();
        let low = sections.iter().fold(f32::INFINITY, |low, s| low.min(s.low));
        let high = sections.iter().fold(f32::NEG_INFINITY, |high, s| high.max(s.high));
        let (mut at_highest, mut looked_at) = (0usize, 0usize);
        let mut levels = [0usize; LEVELS];
        let scale = LEVELS as f32 / (high - low);
        for section in values.chunks_exact(plane) {
            for value in sampled(section) {
                at_highest += usize::from(value == high);
                looked_at += 1;
                // A float becomes usize saturating, and NaN becomes 0.
                levels[(((value - low) * scale) as usize).min(LEVELS - 1)] += 1;
            }
        }
        Self {
            finite: sections.iter().all(|s| s.finite),
            bytes_exchanged: bytes_exchanged(values, plane),
            sides_exchanged: rows != columns && unlike(values, plane, columns) > SMOOTHER * unlike(values, plane, rows),
            repeated: repeated(values, plane),
            at_highest: at_highest as f64 / looked_at.max(1) as f64,
            gap: Gap::of(&levels, low, high),
            sections,
            low,
            high,
        }
    }

    /// Numbers from 1 of the sections of which this is true.
    pub(super) fn numbers(&self, which: impl Fn(&SectionSurvey) -> bool) -> Vec<usize> {
        self.sections.iter().zip(1..).filter(|(section, _)| which(section)).map(|(_, number)| number).collect()
    }
}

/// How far neighbours in a row differ, as a share of how far voxels differ that lie anywhere in their section: next to 0 in a smooth
/// picture, 1 in noise. `value` makes of a voxel what is looked at; without a value for each, nothing is rough.
fn roughness(values: &[f32], plane: usize, value: impl Fn(f32) -> Option<f32>) -> f64 {
    let (mut near, mut far) = (0.0, 0.0);
    for section in values.chunks_exact(plane) {
        let step = (section.len() / SAMPLES).max(1) | 1;
        for at in (0..section.len().saturating_sub(1)).step_by(step) {
            let elsewhere = (at + section.len() / 2) % section.len();
            let [Some(here), Some(beside), Some(there)] = [at, at + 1, elsewhere].map(|i| value(section[i])) else {
                return f64::INFINITY;
            };
            near += f64::from((here - beside).abs());
            far += f64::from((here - there).abs());
        }
    }
    if far > 0.0 && near.is_finite() { near / far } else { 0.0 }
}

/// True where a smooth picture appears only with the bytes of each sample exchanged.
fn bytes_exchanged(values: &[f32], plane: usize) -> bool {
    let other = roughness(values, plane, exchanged);
    other > 0.0 && other < SMOOTH && roughness(values, plane, Some) > SMOOTHER * other
}

/// A whole number of 16 bits with its two bytes exchanged.
fn exchanged(value: f32) -> Option<f32> {
    let whole = value.fract() == 0.0 && (-32768.0..=65535.0).contains(&value);
    whole.then(|| f32::from((value as i32 as u16).swap_bytes()))
}

/// How far voxels differ that lie `stride` apart in the order of their section, in all.
fn unlike(values: &[f32], plane: usize, stride: usize) -> f64 {
    let step = (plane / SAMPLES).max(1) | 1;
    let of = |section: &[f32]| -> f64 {
        let pairs = section.iter().zip(section.iter().skip(stride)).step_by(step);
        pairs.map(|(a, b)| f64::from((a - b).abs())).sum()
    };
    values.chunks_exact(plane).map(of).sum()
}

/// Sections that hold the same values as the one before, unless these are all alike.
fn repeated(values: &[f32], plane: usize) -> Vec<usize> {
    let sections: Vec<&[f32]> = values.chunks_exact(plane).collect();
    let same = sections.windows(2).zip(2..).filter(|(w, _)| w[0] == w[1] && w[0].iter().any(|v| *v != w[0][0]));
    same.map(|(_, number)| number).collect()
}

impl Gap {
    /// `levels`: how many voxels have a value in each of as many equal parts of what lies between `low` and `high`.
    fn of(levels: &[usize; LEVELS], low: f32, high: f32) -> Self {
        let (mut at, mut widest) = (0, 0..0);
        for run in levels.chunk_by(|a, b| (*a == 0) == (*b == 0)) {
            if run[0] == 0 && run.len() > widest.len() {
                widest = at..at + run.len();
            }
            at += run.len();
        }
        let all = levels.iter().sum::<usize>().max(1) as f64;
        let share = |part: &[usize]| part.iter().sum::<usize>() as f64 / all;
        let value = |level: usize| low + (high - low) * (level as f32 / LEVELS as f32);
        Self {
            from: value(widest.start),
            to: value(widest.end),
            width: widest.len() as f64 / LEVELS as f64,
            below: share(&levels[..widest.start]),
            above: share(&levels[widest.end..]),
        }
    }
}

impl SectionSurvey {
    fn of(values: &[f32], samples: &mut Vec<f32>) -> Self {
        // Side by side, so that no comparison waits for the one before it.
        const LANES: usize = 16;
        let (mut lows, mut highs) = ([f32::INFINITY; LANES], [f32::NEG_INFINITY; LANES]);
        // 0 as long as every value is finite, NaN from then on.
        let mut zeros = [0f32; LANES];
        let mut look = |lane: usize, v: f32| {
            lows[lane] = if v < lows[lane] { v } else { lows[lane] };
            highs[lane] = if v > highs[lane] { v } else { highs[lane] };
            zeros[lane] += v * 0.0;
        };
        let (chunks, rest) = values.as_chunks::<LANES>();
        for chunk in chunks {
            for (lane, &v) in chunk.iter().enumerate() {
                look(lane, v);
            }
        }
        rest.iter().for_each(|&v| look(0, v));
        samples.clear();
        samples.extend(sampled(values));
        samples.sort_unstable_by(f32::total_cmp);
        let last = samples.len() - 1;
        let outliers = (last as f64 * OUTLIERS).floor() as usize;
        let middle = samples[last / 2];
        let same = samples.iter().filter(|v| **v == middle).count();
        Self {
            low: lows.into_iter().fold(f32::INFINITY, f32::min),
            high: highs.into_iter().fold(f32::NEG_INFINITY, f32::max),
            dark: samples[outliers],
            bright: samples[last - outliers],
            varied: (samples.len() - same) as f64 / samples.len() as f64,
            finite: zeros.into_iter().all(|zero| zero == 0.0),
        }
    }
}

/// Voxels of a section at equal steps. The step is odd, so that it does not keep falling on the same columns of common matrix sizes.
fn sampled(section: &[f32]) -> impl Iterator<Item = f32> + '_ {
    let step = (section.len() / SAMPLES).max(1) | 1;
    section.iter().step_by(step).copied()
}

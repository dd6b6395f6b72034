//! Colours of lesions and of heat maps.

use std::sync::LazyLock;

use super::picture::Rgb;

/// Number of lesion colours.
pub const LESION_COLOURS: usize = 8;

/// Lesion colours: apart from each other for readers with any colour vision, and all bright enough on grey MR. Number 9 starts again;
/// the number stands beside each outline too.
const LESIONS: [Rgb; LESION_COLOURS] = [
    [255, 96, 64],
    [86, 180, 233],
    [240, 228, 66],
    [0, 200, 140],
    [230, 140, 200],
    [255, 255, 255],
    [230, 159, 0],
    [150, 140, 255],
];

/// The colour of a lesion by its number from 1.
pub fn lesion(number: u16) -> Rgb {
    LESIONS[usize::from(number.max(1) - 1) % LESIONS.len()]
}

/// A colour as HTML writes it.
pub fn hex([r, g, b]: Rgb) -> String {
    format!("#{r:02x}{g:02x}{b:02x}")
}

/// Heat map colours for values 0 to 1 in 256 steps: from dark violet over red to light yellow. Lightness rises evenly, so that the
/// order of values survives grey print and every kind of colour vision.
pub static HEAT: LazyLock<[Rgb; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let v = i as f64 / 255.0;
        // A path through CIE L*a*b*: hue turns from violet (-50 degrees) to yellow (100), chroma swells in the middle.
        let hue = (-50.0 + 150.0 * v).to_radians();
        let chroma = 45.0 + 40.0 * (std::f64::consts::PI * v).sin();
        from_lab(18.0 + 74.0 * v, chroma * hue.cos(), chroma * hue.sin())
    })
});

/// Opacity of a heat map over the section, by value: nothing is hidden where the network saw nothing.
pub static HEAT_OPACITY: LazyLock<[u8; 256]> = LazyLock::new(|| {
    std::array::from_fn(|i| {
        let v = i as f64 / 255.0;
        let rise = ((v - 0.08) / 0.5).clamp(0.0, 1.0);
        (255.0 * 0.66 * rise * rise * (3.0 - 2.0 * rise)).round() as u8
    })
});

/// CIE L*a*b* (D65) to sRGB; colours that a screen cannot show lose chroma until it can.
fn from_lab(lightness: f64, a: f64, b: f64) -> Rgb {
    let mut chroma = 1.0;
    loop {
        let linear = linear_rgb(lightness, a * chroma, b * chroma);
        if chroma <= 0.0 || linear.iter().all(|v| (-1e-4..=1.0001).contains(v)) {
            return linear.map(|v| (gamma(v.clamp(0.0, 1.0)) * 255.0).round() as u8);
        }
        chroma -= 0.02;
    }
}

/// CIE L*a*b* (D65) to linear light in the sRGB primaries.
fn linear_rgb(lightness: f64, a: f64, b: f64) -> [f64; 3] {
    let fy = (lightness + 16.0) / 116.0;
    let xyz = [(fy + a / 500.0, 0.95047), (fy, 1.0), (fy - b / 200.0, 1.08883)].map(|(f, white)| {
        white * if f > 6.0 / 29.0 { f * f * f } else { 3.0 * (6.0f64 / 29.0).powi(2) * (f - 4.0 / 29.0) }
    });
    let row = |m: [f64; 3]| m.iter().zip(xyz).map(|(m, v)| m * v).sum::<f64>();
    [row([3.2406, -1.5372, -0.4986]), row([-0.9689, 1.8758, 0.0415]), row([0.0557, -0.2040, 1.0570])]
}

fn gamma(v: f64) -> f64 {
    if v <= 0.003_130_8 { 12.92 * v } else { 1.055 * v.powf(1.0 / 2.4) - 0.055 }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Brightness as the eye weighs it.
    fn luminance([r, g, b]: [f64; 3]) -> f64 {
        0.2126 * r + 0.7152 * g + 0.0722 * b
    }

    /// A quick measure of brightness, 0 to 255.
    fn luma(colour: Rgb) -> f64 {
        luminance(colour.map(f64::from))
    }

    #[test]
    fn heat_colours_grow_lighter_with_the_value() {
        let light = |c: Rgb| luminance(c.map(|v| (f64::from(v) / 255.0 + 0.055) / 1.055).map(|v| v.max(0.0).powf(2.4)));
        for pair in HEAT.windows(8).map(|w| (w[0], w[7])) {
            assert!(light(pair.1) > light(pair.0), "{pair:?}");
        }
        assert!(luma(HEAT[0]) < 50.0 && luma(HEAT[255]) > 200.0);
    }

    #[test]
    fn heat_is_invisible_at_zero_and_never_hides_the_section() {
        assert_eq!(HEAT_OPACITY[0], 0);
        assert!(HEAT_OPACITY.is_sorted() && HEAT_OPACITY[255] > 128 && HEAT_OPACITY[255] < 200);
    }

    #[test]
    fn lesion_colours_are_bright_and_start_again_after_the_last() {
        for n in 1..=8 {
            assert!(luma(lesion(n)) > 110.0, "lesion {n}");
        }
        assert_eq!(lesion(9), lesion(1));
        assert_ne!(lesion(1), lesion(2));
        assert_eq!(hex(lesion(6)), "#ffffff");
    }

    #[test]
    fn lab_white_and_mid_grey_are_right() {
        assert_eq!(from_lab(100.0, 0.0, 0.0), [255, 255, 255]);
        let [r, g, b] = from_lab(53.585, 0.0, 0.0);
        assert!([r, g, b].iter().all(|v| v.abs_diff(128) <= 1));
    }
}

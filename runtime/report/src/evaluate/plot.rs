//! The ROC curves as a picture: SVG and PNG of the same layout.

use std::fmt::Write;

use cordline_sdk::RESEARCH_USE;

use super::error::EvaluateError;
use super::figures::{Evaluation, QuestionFigures};
use crate::draw;
use crate::palette::hex;
use crate::picture::{Packing, Rgb, RgbImage};
use crate::text::{self, Text};

/// Colours of the curves: apart for readers with any colour vision, and dark enough on white.
const COLOURS: [Rgb; 6] = [[0, 90, 160], [200, 80, 0], [0, 130, 95], [165, 60, 130], [110, 110, 0], [60, 60, 60]];
const INK: Rgb = [28, 39, 51];
const SOFT: Rgb = [85, 98, 111];
const GRID: Rgb = [222, 227, 232];
/// Left and upper edge, and side of the square, in pixels.
const LEFT: f64 = 80.0;
const TOP: f64 = 56.0;
const SIDE: f64 = 600.0;
const WIDTH: usize = 720;
/// Pixels for a line of the legend.
pub(super) const LEGEND_ROOM: usize = 552;
const TICKS: [f64; 6] = [0.0, 0.2, 0.4, 0.6, 0.8, 1.0];

/// Place of (1 - specificity, sensitivity) in the picture.
fn place([x, y]: [f64; 2]) -> [f64; 2] {
    [LEFT + x * SIDE, TOP + (1.0 - y) * SIDE]
}

/// The point of the curve at the threshold.
fn operating_point(figures: &QuestionFigures) -> Option<[f64; 2]> {
    let [_, (_, sensitivity), (_, specificity), ..] = figures.confusion.rates();
    Some([1.0 - specificity.share()?, sensitivity.share()?])
}

/// What the legend says of a curve.
pub(super) fn caption(figures: &QuestionFigures) -> String {
    let area = match (figures.auc, figures.auc_interval) {
        (Some(area), Some([low, high])) => format!("AUC {area:.2} ({low:.2}, {high:.2})"),
        _ => "AUC -".into(),
    };
    format!("{}  {area}", figures.question.text)
}

impl Evaluation {
    /// The curves that can be drawn, each with its colour.
    fn curves(&self) -> impl Iterator<Item = (&QuestionFigures, Rgb)> {
        self.questions.iter().filter(|q| !q.curve.is_empty()).zip(COLOURS.into_iter().cycle())
    }

    /// The ROC curves as SVG. Circles mark the thresholds.
    pub fn roc_svg(&self) -> String {
        let height = height(self.curves().count());
        let mut svg = format!(
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {height}\" width=\"{WIDTH}\" height=\"{height}\" \
             font-family=\"system-ui, 'DejaVu Sans', Arial, sans-serif\" font-size=\"15\" fill=\"{}\" role=\"img\">\n\
             <title>ROC curves. {RESEARCH_USE}</title>\n<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
            hex(INK)
        );
        // Writing to a String cannot fail.
        let mut put = |text: String| _ = svg.write_str(&text);
        for t in TICKS {
            let ([x, y], grid) = (place([t, t]), hex(GRID));
            let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
            put(format!("<path d=\"M{x} {TOP}V{bottom}M{LEFT} {y}H{right}\" stroke=\"{grid}\"/>\n"));
            put(format!("<text x=\"{x}\" y=\"{}\" text-anchor=\"middle\">{t:.1}</text>\n", bottom + 22.0));
            put(format!("<text x=\"{}\" y=\"{}\" text-anchor=\"end\">{t:.1}</text>\n", LEFT - 10.0, y + 5.0));
        }
        let ([x0, y0], [x1, y1]) = (place([0.0, 0.0]), place([1.0, 1.0]));
        put(format!("<path d=\"M{x0} {y0}L{x1} {y1}\" stroke=\"{}\" stroke-dasharray=\"6 6\"/>\n", hex(SOFT)));
        put(format!(
            "<text x=\"{}\" y=\"{}\" text-anchor=\"middle\">1 − specificity</text>\n",
            LEFT + SIDE / 2.0,
            TOP + SIDE + 48.0
        ));
        put(format!(
            "<text transform=\"translate(26 {}) rotate(-90)\" text-anchor=\"middle\">sensitivity</text>\n",
            TOP + SIDE / 2.0
        ));
        put(format!("<text x=\"{LEFT}\" y=\"34\" font-size=\"18\">ROC curves; circles: thresholds</text>\n"));
        for (i, (figures, colour)) in self.curves().enumerate() {
            let path: Vec<String> =
                figures.curve.iter().map(|p| place(*p)).map(|[x, y]| format!("{x:.1} {y:.1}")).collect();
            let colour = hex(colour);
            put(format!("<path d=\"M{}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\n", path.join("L")));
            if let Some([x, y]) = operating_point(figures).map(place) {
                put(format!(
                    "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"6\" fill=\"#fff\" stroke=\"{colour}\" stroke-width=\"2.5\"/>\n"
                ));
            }
            let y = legend_line(i);
            put(format!("<path d=\"M{} {}h30\" stroke=\"{colour}\" stroke-width=\"3\"/>\n", LEFT, y - 5.0));
            put(format!(
                "<text x=\"{}\" y=\"{y}\" font-size=\"14\">{}</text>\n",
                LEFT + 42.0,
                escaped(&caption(figures))
            ));
        }
        put(format!(
            "<text x=\"{LEFT}\" y=\"{}\" font-size=\"13\" fill=\"{}\">{RESEARCH_USE}</text>\n</svg>\n",
            height - 20,
            hex(SOFT)
        ));
        svg
    }

    /// The ROC curves as a PNG file.
    ///
    /// # Errors
    /// The picture cannot be encoded.
    pub fn roc_png(&self) -> Result<Vec<u8>, EvaluateError> {
        let height = height(self.curves().count());
        let mut picture = RgbImage::filled(WIDTH, height, [255; 3]);
        let line = |picture: &mut RgbImage, points: &[[f64; 2]], closed: bool, half_width: f32, colour: Rgb| {
            let points: Vec<[f32; 2]> = points.iter().map(|p| p.map(|v| v as f32)).collect();
            draw::line(picture, &points, closed, [1.0, 1.0], half_width, colour);
        };
        for t in TICKS {
            let ([x, y], label) = (place([t, t]), Text::new(&format!("{t:.1}"), 17.0));
            line(&mut picture, &[[x, TOP], [x, TOP + SIDE]], false, 0.5, GRID);
            line(&mut picture, &[[LEFT, y], [LEFT + SIDE, y]], false, 0.5, GRID);
            label.stamp(&mut picture, x as usize - label.width / 2, (TOP + SIDE) as usize + 8, INK);
            label.stamp(&mut picture, LEFT as usize - 10 - label.width, y as usize - label.height / 2, INK);
        }
        for k in (0..60).step_by(2) {
            let at = |k: i32| place([f64::from(k) / 60.0, f64::from(k) / 60.0]);
            line(&mut picture, &[at(k), at(k + 1)], false, 0.5, SOFT);
        }
        let label = Text::new("1 − specificity", 17.0);
        label.stamp(&mut picture, (LEFT + SIDE / 2.0) as usize - label.width / 2, (TOP + SIDE) as usize + 34, INK);
        let label = Text::new("sensitivity", 17.0).turned();
        label.stamp(&mut picture, 14, (TOP + SIDE / 2.0) as usize - label.height / 2, INK);
        text::write(&mut picture, LEFT as usize, 16, 21.0, INK, "ROC curves; circles: thresholds");
        for (i, (figures, colour)) in self.curves().enumerate() {
            let points: Vec<[f64; 2]> = figures.curve.iter().map(|p| place(*p)).collect();
            line(&mut picture, &points, false, 1.25, colour);
            if let Some(centre) = operating_point(figures).map(place) {
                let circle = |r: f64| -> Vec<[f64; 2]> {
                    let angle = |k: u32| f64::from(k) * std::f64::consts::TAU / 32.0;
                    (0..32).map(angle).map(|a| [centre[0] + r * a.cos(), centre[1] + r * a.sin()]).collect()
                };
                line(&mut picture, &[centre, centre], false, 6.0, [255; 3]);
                line(&mut picture, &circle(6.0), true, 1.25, colour);
            }
            let y = legend_line(i);
            line(&mut picture, &[[LEFT, y - 5.0], [LEFT + 30.0, y - 5.0]], false, 1.5, colour);
            text::write(
                &mut picture,
                LEFT as usize + 42,
                y as usize - 15,
                16.0,
                INK,
                &text::fit(&caption(figures), 16.0, LEGEND_ROOM),
            );
        }
        text::write(&mut picture, LEFT as usize, height - 36, 15.0, SOFT, RESEARCH_USE);
        Ok(picture.to_png(Packing::Compressed)?)
    }
}

/// Baseline of a line of the legend, which stands under the square.
fn legend_line(place: usize) -> f64 {
    TOP + SIDE + 84.0 + 24.0 * place as f64
}

/// Height of a picture with so many curves.
fn height(curves: usize) -> usize {
    legend_line(curves) as usize + 36
}

/// Text inside SVG.
fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;").replace('"', "&quot;")
}

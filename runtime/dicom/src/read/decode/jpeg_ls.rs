//! JPEG-LS (ISO 14495-1) of one component: lossless, and near-lossless with a bound for the error.
//!
//! Names of variables are those of the standard where it has any: the letters stand in its figures and tables.

use super::jpeg_ls_head::{JpegLsHead, head};

/// How long a run is for each state of the run mode, as a power of 2.
const J: [u32; 32] =
    [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 9, 10, 11, 12, 13, 14, 15];
/// Contexts of the regular mode; two of the run mode lie behind them.
const REGULAR: usize = 365;

/// The stored values of an image, row by row. Its size was held against the header before.
pub(super) fn decode(bytes: &[u8]) -> Result<Vec<u16>, String> {
    let (head, scan) = head(bytes)?;
    let (rows, columns) = (head.rows, head.columns);
    let mut decoder = JpegLsDecoder::new(&head, scan);
    let mut values = Vec::with_capacity(rows * columns);
    // A column before the first and one behind the last, so that each sample has neighbours.
    let (mut above, mut line) = (vec![0i32; columns + 2], vec![0i32; columns + 2]);
    for _ in 0..rows {
        line[0] = above[1];
        above[columns + 1] = above[columns];
        decoder.line(&above, &mut line)?;
        values.extend(line[1..=columns].iter().map(|v| *v as u16));
        std::mem::swap(&mut above, &mut line);
    }
    Ok(values)
}

/// Bits of a scan: behind a byte of eight ones comes one of seven bits.
struct Bits<'a> {
    bytes: &'a [u8],
    at: usize,
    held: u32,
    left: u32,
    after_ff: bool,
}

impl Bits<'_> {
    fn bit(&mut self) -> Result<u32, String> {
        if self.left == 0 {
            let byte = *self.bytes.get(self.at).ok_or("its data end too early")?;
            if self.after_ff && byte >= 0x80 {
                return Err("its data end too early".into());
            }
            (self.held, self.left) = (byte.into(), if self.after_ff { 7 } else { 8 });
            self.after_ff = byte == 0xFF;
            self.at += 1;
        }
        self.left -= 1;
        Ok(self.held >> self.left & 1)
    }

    fn bits(&mut self, count: u32) -> Result<i32, String> {
        (0..count).try_fold(0, |value, _| Ok(value << 1 | self.bit()? as i32))
    }
}

/// What is learnt of the samples in one context.
#[derive(Clone, Copy)]
struct Context {
    /// Sum of the sizes of errors.
    a: i64,
    /// Sum of errors.
    b: i64,
    /// What predictions are corrected by.
    c: i32,
    /// Samples.
    n: i64,
    /// Negative errors (run mode).
    nn: i64,
}

struct JpegLsDecoder<'a> {
    bits: Bits<'a>,
    contexts: Vec<Context>,
    run_index: usize,
    near: i32,
    max: i32,
    t: [i32; 3],
    reset: i64,
    range: i32,
    qbpp: u32,
    limit: u32,
}

impl<'a> JpegLsDecoder<'a> {
    fn new(head: &JpegLsHead, scan: &'a [u8]) -> Self {
        let (max, near) = (head.max, head.near);
        let range = (max + 2 * near) / (2 * near + 1) + 1;
        let bits_for = |count: i32| 32 - (count - 1).leading_zeros();
        let bpp = bits_for(max + 1).max(2);
        let first = Context { a: i64::from((range + 32) / 64).max(2), b: 0, c: 0, n: 1, nn: 0 };
        Self {
            bits: Bits { bytes: scan, at: 0, held: 0, left: 0, after_ff: false },
            contexts: vec![first; REGULAR + 2],
            run_index: 0,
            near,
            max,
            t: head.thresholds,
            reset: head.reset.into(),
            range,
            qbpp: bits_for(range),
            limit: 2 * (bpp + bpp.max(8)),
        }
    }

    /// One line; both lines have a sample before the first and one behind the last.
    fn line(&mut self, above: &[i32], line: &mut [i32]) -> Result<(), String> {
        let columns = line.len() - 2;
        let mut x = 1;
        while x <= columns {
            let (ra, rb, rc, rd) = (line[x - 1], above[x], above[x - 1], above[x + 1]);
            let gradients = [rd - rb, rb - rc, rc - ra];
            if gradients.iter().all(|d| d.abs() <= self.near) {
                x = self.run(above, line, x, columns)?;
            } else {
                line[x] = self.regular([ra, rb, rc], gradients)?;
                x += 1;
            }
        }
        Ok(())
    }

    /// A sample by its neighbours.
    fn regular(&mut self, [ra, rb, rc]: [i32; 3], gradients: [i32; 3]) -> Result<i32, String> {
        let q = gradients.map(|d| self.quantised(d)).into_iter().fold(0, |sum, q| 9 * sum + q);
        let sign = q.signum();
        let at = q.unsigned_abs() as usize;
        let predicted = match rc {
            rc if rc >= ra.max(rb) => ra.min(rb),
            rc if rc <= ra.min(rb) => ra.max(rb),
            rc => ra + rb - rc,
        };
        let mut context = self.contexts[at];
        let predicted = (predicted + sign * context.c).clamp(0, self.max);
        let k = golomb(context.n, context.a);
        let mapped = self.code(k, self.limit)?;
        let half = mapped >> 1;
        let error = match (mapped & 1 == 1, self.near == 0 && k == 0 && 2 * context.b <= -context.n) {
            (false, false) | (true, true) => half,
            (true, false) | (false, true) => -half - 1,
        };
        context.update(error, self.near, self.reset);
        self.contexts[at] = context;
        Ok(self.reconstructed(predicted, sign * error))
    }

    /// Equal samples, and the one that ends them; returns where the line goes on.
    fn run(&mut self, above: &[i32], line: &mut [i32], mut x: usize, columns: usize) -> Result<usize, String> {
        let value = line[x - 1];
        while self.bits.bit()? == 1 {
            let whole = 1usize << J[self.run_index];
            let count = whole.min(columns + 1 - x);
            line[x..x + count].fill(value);
            x += count;
            if count == whole && self.run_index < 31 {
                self.run_index += 1;
            }
            if x > columns {
                return Ok(x);
            }
        }
        let rest = self.bits.bits(J[self.run_index])? as usize;
        if rest > columns - x {
            return Err("a run reaches over the end of its line".into());
        }
        line[x..x + rest].fill(value);
        x += rest;
        line[x] = self.run_end(value, above[x])?;
        self.run_index = self.run_index.saturating_sub(1);
        Ok(x + 1)
    }

    /// The sample that ends a run.
    fn run_end(&mut self, ra: i32, rb: i32) -> Result<i32, String> {
        let alike = (ra - rb).abs() <= self.near;
        let kind = i32::from(alike);
        let mut context = self.contexts[REGULAR + kind as usize];
        let k = golomb(context.n, if alike { context.a + (context.n >> 1) } else { context.a });
        let mapped = self.code(k, self.limit - J[self.run_index] - 1)?;
        let whole = mapped + kind;
        let odd = whole & 1 == 1;
        let size = (whole + i32::from(odd)) / 2;
        let error = if (k != 0 || 2 * context.nn >= context.n) == odd { -size } else { size };
        context.nn += i64::from(error < 0);
        context.a += i64::from((mapped + 1 - kind) >> 1);
        if context.n == self.reset {
            (context.a, context.n, context.nn) = (context.a >> 1, context.n >> 1, context.nn >> 1);
        }
        context.n += 1;
        self.contexts[REGULAR + kind as usize] = context;
        let sign = if !alike && ra > rb { -1 } else { 1 };
        Ok(self.reconstructed(if alike { ra } else { rb }, sign * error))
    }

    /// A number in the limited Golomb code.
    fn code(&mut self, k: u32, limit: u32) -> Result<i32, String> {
        let most = limit - self.qbpp - 1;
        let mut zeros = 0;
        while self.bits.bit()? == 0 {
            zeros += 1;
            if zeros > most {
                return Err("a code in it is too long".into());
            }
        }
        let value = match zeros < most {
            true => (zeros << k) as i32 | self.bits.bits(k)?,
            false => self.bits.bits(self.qbpp)? + 1,
        };
        // No error is larger than the range; what is comes from damaged data.
        if value <= 2 * self.range { Ok(value) } else { Err("an error in it is too large".into()) }
    }

    fn quantised(&self, d: i32) -> i32 {
        let [t1, t2, t3] = self.t;
        let size = match d.abs() {
            d if d <= self.near => 0,
            d if d < t1 => 1,
            d if d < t2 => 2,
            d if d < t3 => 3,
            _ => 4,
        };
        size * d.signum()
    }

    fn reconstructed(&self, predicted: i32, error: i32) -> i32 {
        let step = 2 * self.near + 1;
        let value = predicted + error * step;
        let value = match value {
            v if v < -self.near => v + self.range * step,
            v if v > self.max + self.near => v - self.range * step,
            v => v,
        };
        value.clamp(0, self.max)
    }
}

impl Context {
    fn update(&mut self, error: i32, near: i32, reset: i64) {
        self.b += i64::from(error * (2 * near + 1));
        self.a += i64::from(error.abs());
        if self.n == reset {
            (self.a, self.b, self.n) = (self.a >> 1, self.b >> 1, self.n >> 1);
        }
        self.n += 1;
        if self.b <= -self.n {
            self.b = (self.b + self.n).max(1 - self.n);
            self.c = (self.c - 1).max(-128);
        } else if self.b > 0 {
            self.b = (self.b - self.n).min(0);
            self.c = (self.c + 1).min(127);
        }
    }
}

/// The parameter of the Golomb code: how many low bits are written as they are.
fn golomb(n: i64, a: i64) -> u32 {
    (0..24).find(|k| n << k >= a).unwrap_or(24)
}

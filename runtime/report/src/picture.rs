//! Pictures of 8 bits a channel, and their PNG files.

use png::{BitDepth, ColorType, Compression, Encoder, EncodingError, Filter};

/// A colour: red, green, blue.
pub type Rgb = [u8; 3];

/// What becomes of the pixels in a PNG file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Packing {
    /// Compressed, where speed counts more than the last kilobyte.
    Compressed,
    /// As they are: MR is full of noise, and to compress that takes several times as long as to write it.
    Stored,
}

/// A true-colour picture, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RgbImage {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Red, green, blue of each pixel; `width * height * 3` bytes.
    pub pixels: Vec<u8>,
}

/// A grey picture, row by row from the top left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GreyImage {
    /// Columns.
    pub width: usize,
    /// Rows.
    pub height: usize,
    /// Brightness of each pixel; `width * height` bytes.
    pub pixels: Vec<u8>,
}

/// A grey picture shown through a table of 256 colours, each with its opacity.
#[derive(Debug, Clone, Copy)]
pub struct PaletteImage<'a> {
    /// Its levels are places in the table.
    pub picture: &'a GreyImage,
    /// The colours.
    pub table: &'a [Rgb; 256],
    /// The opacity of each colour, 0 to 255.
    pub opacity: &'a [u8; 256],
}

/// Something that lines and letters can be drawn on.
pub trait Canvas {
    /// Columns and rows.
    fn size(&self) -> [usize; 2];

    /// Mixes a colour into a pixel inside the canvas: `weight` 0 leaves it, 255 replaces it.
    fn mix(&mut self, x: usize, y: usize, colour: Rgb, weight: u8);

    /// Paints a rectangle; what lies outside is cut off.
    fn fill(&mut self, x: usize, y: usize, width: usize, height: usize, colour: Rgb) {
        let [columns, rows] = self.size();
        for row in y..(y + height).min(rows) {
            for column in x..(x + width).min(columns) {
                self.mix(column, row, colour, 255);
            }
        }
    }
}

impl Canvas for RgbImage {
    fn size(&self) -> [usize; 2] {
        [self.width, self.height]
    }

    fn mix(&mut self, x: usize, y: usize, colour: Rgb, weight: u8) {
        let i = (y * self.width + x) * 3;
        mix(&mut self.pixels[i..i + 3], colour, weight);
    }
}

impl RgbImage {
    /// A picture of one colour.
    pub fn filled(width: usize, height: usize, colour: Rgb) -> Self {
        let row = colour.repeat(width);
        let mut pixels = Vec::with_capacity(row.len() * height);
        // Row by row: `repeat` doubles what it has, and so reads it all again from memory.
        (0..height).for_each(|_| pixels.extend_from_slice(&row));
        Self { width, height, pixels }
    }

    /// Colour of a pixel.
    pub fn get(&self, x: usize, y: usize) -> Rgb {
        let i = (y * self.width + x) * 3;
        [self.pixels[i], self.pixels[i + 1], self.pixels[i + 2]]
    }

    /// Copies a picture into this one, with its top left corner at (`x`, `y`); what does not fit is cut off.
    pub fn paste(&mut self, picture: &RgbImage, x: usize, y: usize) {
        let width = picture.width.min(self.width.saturating_sub(x)) * 3;
        for row in 0..picture.height.min(self.height.saturating_sub(y)) {
            let from = row * picture.width * 3;
            let to = ((y + row) * self.width + x) * 3;
            self.pixels[to..to + width].copy_from_slice(&picture.pixels[from..from + width]);
        }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn to_png(&self, packing: Packing) -> Result<Vec<u8>, EncodingError> {
        encode(self.width, self.height, &self.pixels, packing, |e| e.set_color(ColorType::Rgb))
    }
}

impl GreyImage {
    /// The same picture with equal red, green and blue.
    pub fn to_rgb(&self) -> RgbImage {
        let mut pixels = vec![0; self.pixels.len() * 3];
        for (out, v) in pixels.as_chunks_mut::<3>().0.iter_mut().zip(&self.pixels) {
            *out = [*v; 3];
        }
        RgbImage { width: self.width, height: self.height, pixels }
    }

    /// The picture as a PNG file.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn to_png(&self, packing: Packing) -> Result<Vec<u8>, EncodingError> {
        encode(self.width, self.height, &self.pixels, packing, |e| e.set_color(ColorType::Grayscale))
    }
}

impl PaletteImage<'_> {
    /// The picture as a PNG file.
    ///
    /// # Errors
    /// The encoder fails.
    pub fn to_png(&self, packing: Packing) -> Result<Vec<u8>, EncodingError> {
        encode(self.picture.width, self.picture.height, &self.picture.pixels, packing, |e| {
            e.set_color(ColorType::Indexed);
            e.set_palette(self.table.as_flattened().to_vec());
            e.set_trns(self.opacity.to_vec());
        })
    }
}

/// Mixes a colour into the three bytes of a pixel.
fn mix(pixel: &mut [u8], colour: Rgb, weight: u8) {
    let w = u32::from(weight);
    for (p, c) in pixel.iter_mut().zip(colour) {
        // Exact at both ends, and rounded between.
        *p = ((u32::from(*p) * (255 - w) + u32::from(c) * w + 127) / 255) as u8;
    }
}

/// One PNG file.
fn encode(
    width: usize,
    height: usize,
    pixels: &[u8],
    packing: Packing,
    kind: impl FnOnce(&mut Encoder<'_, &mut Vec<u8>>),
) -> Result<Vec<u8>, EncodingError> {
    let mut file = Vec::with_capacity(pixels.len() + 2048);
    let mut encoder = Encoder::new(&mut file, width as u32, height as u32);
    kind(&mut encoder);
    encoder.set_depth(BitDepth::Eight);
    encoder.set_compression(match packing {
        Packing::Compressed => Compression::Fast,
        Packing::Stored => Compression::NoCompression,
    });
    encoder.set_filter(Filter::Up);
    let mut writer = encoder.write_header()?;
    writer.write_image_data(pixels)?;
    writer.finish()?;
    Ok(file)
}

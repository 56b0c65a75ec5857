//! The picture of a link: a QR code as an SVG to put straight into a page.
//!
//! Error correction is M: a code on a screen is seldom damaged, and more would make it denser than
//! a phone reads from a distance. Rows are strokes of one path, a tenth of what a shape for every
//! module would weigh. The quiet zone the standard asks for is part of the picture, so that a page
//! cannot forget it. The mask is always the same: to weigh all eight for what little they differ on
//! links took most of the time of a checkout, and readers take any.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use qrcode::bits::encode_auto;
use qrcode::canvas::{Canvas, MaskPattern};
use qrcode::ec::construct_codewords;
use qrcode::{Color, EcLevel, QrResult};

/// Modules of white around the code.
const QUIET_ZONE_MODULES: usize = 4;
/// Of the largest code there is.
const SIDE_MAX: usize = 177;
/// What the strokes of most links take.
const STROKES_BYTES: usize = 8 << 10;
/// The size a page shows unless it says another.
const PIXELS_PER_MODULE: usize = 4;

/// A data URI of the text's QR code. The text is a link, shorter than the 2,331 bytes a code holds.
pub fn qr_code(text: &str) -> String {
    let colors = modules(text);
    let colors = colors.expect("every part of a link is bounded far below what a QR code holds");
    format!("data:image/svg+xml;base64,{}", STANDARD.encode(svg(&colors)))
}

/// The modules of a code, row by row of a square.
fn modules(text: &str) -> QrResult<Vec<Color>> {
    let bits = encode_auto(text.as_bytes(), EcLevel::M)?;
    let version = bits.version();
    let (data, correction) = construct_codewords(&bits.into_bytes(), version, EcLevel::M)?;
    let mut canvas = Canvas::new(version, EcLevel::M);
    canvas.draw_all_functional_patterns();
    canvas.draw_data(&data, &correction);
    canvas.apply_mask(MaskPattern::Checkerboard);
    Ok(canvas.into_colors())
}

fn svg(colors: &[Color]) -> String {
    let side = colors.len().isqrt();
    let width = side + 2 * QUIET_ZONE_MODULES;
    let pixels = width * PIXELS_PER_MODULE;
    let rows = colors.chunks(side).zip(QUIET_ZONE_MODULES..);
    let mut strokes = String::with_capacity(STROKES_BYTES);
    rows.for_each(|(row, line)| push_row(&mut strokes, row, line));
    format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{pixels}\" height=\"{pixels}\" \
         viewBox=\"0 -.5 {width} {width}\" shape-rendering=\"crispEdges\">\
         <path fill=\"#fff\" d=\"M0-.5h{width}v{width}H0z\"/>\
         <path stroke=\"#000\" d=\"{strokes}\"/></svg>"
    )
}

/// One row's dark runs, each a line of the path's own width: `M4 4h7m2 0h1`.
fn push_row(strokes: &mut String, row: &[Color], line: usize) {
    // Where one color follows the other is as good as random: each place is noted, and counted only
    // if it is one.
    let (mut places, mut count, mut before) = ([0; SIDE_MAX + 1], 0, Color::Light);
    for (place, color) in row.iter().enumerate() {
        places[count] = place;
        count += usize::from(*color != before);
        before = *color;
    }
    // A row that ends dark ends its last run.
    places[count] = row.len();
    let mut pen = 0;
    for (at, run) in places[..count + count % 2].chunks(2).enumerate() {
        match at {
            0 => {
                push(strokes, 'M', run[0] + QUIET_ZONE_MODULES);
                push(strokes, ' ', line);
            }
            _ => {
                push(strokes, 'm', run[0] - pen);
                strokes.push_str(" 0");
            }
        }
        push(strokes, 'h', run[1] - run[0]);
        pen = run[1];
    }
}

/// A word and a number below a thousand. There are a thousand of them in a code, nearly all of one
/// digit: formatting each took longer than everything else about it.
fn push(strokes: &mut String, word: char, number: usize) {
    let digit = |number: usize| char::from(b'0' + (number % 10) as u8);
    strokes.push(word);
    if number >= 10 {
        if number >= 100 {
            strokes.push(digit(number / 100));
        }
        strokes.push(digit(number / 10));
    }
    strokes.push(digit(number));
}

//! What stands between the products of matrices, row by row.
//!
//! Plain code that the compiler makes vectors of, once for each kind of
//! processor. All kinds give the same bits: sums run in [`LANES`] fixed lanes,
//! nothing is fused, and `exp` is our own.

use multiversion::multiversion;

use super::file::LANES;

/// Largest value of a quantized number. Seven bits: on processors without
/// VNNI two products are added in 16 bits, which eight would overflow.
const TOP: f32 = 127.0;

/// Rows of bytes, each with the number that a step stands for and the byte that
/// stands for zero.
#[derive(Debug, Default)]
pub(super) struct Quantized {
    pub bytes: Vec<u8>,
    pub steps: Vec<f32>,
    pub zeros: Vec<u8>,
}

impl Quantized {
    fn clear(&mut self, rows: usize, width: usize) {
        self.bytes.clear();
        self.bytes.resize(rows * width, 0);
        self.steps.clear();
        self.zeros.clear();
    }
}

/// How sums of products of bytes become numbers.
#[derive(Debug)]
pub(super) struct Columns {
    /// What 1 stands for in each column.
    pub steps: Vec<f32>,
    /// The sum of each column's bytes: what a zero that is not 0 adds to it.
    pub totals: Vec<i32>,
    pub bias: Vec<f32>,
}

/// Sums of products of bytes, row by row, and the rows that they were made of.
#[derive(Debug, Clone, Copy)]
pub(super) struct Sums<'a> {
    pub sums: &'a [i32],
    pub of: &'a Quantized,
}

impl<'a> Sums<'a> {
    /// Each row with its step and its zero.
    #[inline(always)]
    fn rows(self, width: usize) -> impl Iterator<Item = (&'a [i32], f32, i32)> {
        let scales = self.of.steps.iter().zip(&self.of.zeros);
        self.sums.chunks_exact(width).zip(scales).map(|(row, (step, zero))| (row, *step, i32::from(*zero)))
    }
}

#[derive(Debug)]
pub(super) struct Norm {
    pub weight: Vec<f32>,
    pub bias: Vec<f32>,
    pub epsilon: f32,
}

/// Rows → bytes.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn quantize(rows: &[f32], width: usize, into: &mut Quantized) {
    into.clear(rows.len() / width, width);
    let Quantized { bytes, steps, zeros } = into;
    for (row, bytes) in rows.chunks_exact(width).zip(bytes.chunks_exact_mut(width)) {
        let (step, zero) = quantize_row(row, bytes);
        steps.push(step);
        zeros.push(zero);
    }
}

/// Sums of products → numbers.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn dequantize(sums: Sums<'_>, columns: &Columns, into: &mut [f32]) {
    let width = columns.steps.len();
    for (sums, row) in sums.rows(width).zip(into.chunks_exact_mut(width)) {
        dequantize_row(sums, columns, row);
    }
}

/// Sums of products → numbers → GELU → bytes. `row` is a buffer.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn activate(sums: Sums<'_>, columns: &Columns, row: &mut Vec<f32>, into: &mut Quantized) {
    let width = columns.steps.len();
    row.resize(width, 0.0);
    into.clear(sums.of.zeros.len(), width);
    let Quantized { bytes, steps, zeros } = into;
    for (sums, bytes) in sums.rows(width).zip(bytes.chunks_exact_mut(width)) {
        dequantize_row(sums, columns, row);
        for number in row.iter_mut() {
            *number = gelu(*number);
        }
        let (step, zero) = quantize_row(row, bytes);
        steps.push(step);
        zeros.push(zero);
    }
}

/// Adds what the sums of products stand for to the rows, and norms them.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn add(sums: Sums<'_>, columns: &Columns, norm: &Norm, buffer: &mut Vec<f32>, rows: &mut [f32]) {
    let width = columns.steps.len();
    buffer.resize(width, 0.0);
    for (sums, row) in sums.rows(width).zip(rows.chunks_exact_mut(width)) {
        dequantize_row(sums, columns, buffer);
        for (number, more) in row.iter_mut().zip(buffer.iter()) {
            *number += more;
        }
        norm_row(row, norm);
    }
}

/// Norms one row.
pub(super) fn normalize(row: &mut [f32], norm: &Norm) {
    norm_row(row, norm);
}

/// Of the first `count`; the others become 0.
#[inline(always)]
pub(super) fn softmax(weights: &mut [f32], count: usize) {
    weights[count..].fill(f32::NEG_INFINITY);
    let highest = fold(weights, f32::NEG_INFINITY, f32::max);
    for weight in weights.iter_mut() {
        *weight = exp(*weight - highest);
    }
    weights[count..].fill(0.0);
    let sum = fold(weights, 0.0, |one, other| one + other);
    for weight in weights.iter_mut() {
        *weight /= sum;
    }
}

#[inline(always)]
#[allow(clippy::cast_precision_loss)] // the steps are coarser
fn dequantize_row((sums, step, zero): (&[i32], f32, i32), columns: &Columns, into: &mut [f32]) {
    let columns = columns.steps.iter().zip(&columns.totals).zip(&columns.bias);
    for ((sum, ((column, total), bias)), into) in sums.iter().zip(columns).zip(into) {
        *into = (sum - zero * total) as f32 * (step * column) + bias;
    }
}

/// The numbers of a row spread over all bytes; 0 is among them exactly.
#[inline(always)]
#[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss)] // 0 to TOP
fn quantize_row(row: &[f32], bytes: &mut [u8]) -> (f32, u8) {
    let low = fold(row, 0.0, f32::min);
    let high = fold(row, 0.0, f32::max);
    let step = ((high - low) / TOP).max(f32::MIN_POSITIVE);
    let inverse = 1.0 / step;
    let zero = (-low * inverse + 0.5).floor();
    let shift = zero + 0.5;
    for (byte, number) in bytes.iter_mut().zip(row) {
        *byte = (number * inverse + shift).clamp(0.0, TOP) as i32 as u8;
    }
    (step, zero.clamp(0.0, TOP) as u8)
}

#[inline(always)]
#[allow(clippy::cast_precision_loss)] // a row has few columns
pub(super) fn norm_row(row: &mut [f32], norm: &Norm) {
    let count = row.len() as f32;
    let mean = fold(row, 0.0, |one, other| one + other) / count;
    for number in row.iter_mut() {
        *number -= mean;
    }
    let mut squares = [0.0; LANES];
    for chunk in row.as_chunks::<LANES>().0 {
        for (sum, number) in squares.iter_mut().zip(chunk) {
            *sum += number * number;
        }
    }
    let spread = 1.0 / (squares.iter().sum::<f32>() / count + norm.epsilon).sqrt();
    for ((number, weight), bias) in row.iter_mut().zip(&norm.weight).zip(&norm.bias) {
        *number = *number * spread * weight + bias;
    }
}

/// In [`LANES`] lanes, then from the first lane to the last.
#[inline(always)]
fn fold(numbers: &[f32], start: f32, join: impl Fn(f32, f32) -> f32) -> f32 {
    let mut lanes = [start; LANES];
    for chunk in numbers.as_chunks::<LANES>().0 {
        for (lane, number) in lanes.iter_mut().zip(chunk) {
            *lane = join(*lane, *number);
        }
    }
    lanes.into_iter().fold(start, join)
}

/// The form with tanh, of which x · sigmoid(2u) is another spelling.
#[inline(always)]
pub(super) fn gelu(x: f32) -> f32 {
    let u = 0.797_884_6 * (x + 0.044_715 * x * x * x);
    x / (1.0 + exp(-2.0 * u))
}

/// e to the power of x, to some millionths: 2 to the power of a whole number,
/// times a polynomial.
#[inline(always)]
#[allow(clippy::cast_possible_truncation)] // between -126 and 127
pub(super) fn exp(x: f32) -> f32 {
    let x = x.clamp(-87.0, 88.0);
    // Adding 1.5 · 2²³ leaves the nearest whole number in the last bits.
    let shifted = x * std::f32::consts::LOG2_E + 12_582_912.0;
    let whole = shifted - 12_582_912.0;
    let rest = x - whole * 0.693_145_75 - whole * 1.428_606_8e-6;
    let power = f32::from_bits((shifted.to_bits() << 23).wrapping_add(0x3f80_0000));
    let polynomial =
        1.0 + rest * (1.0 + rest * (0.5 + rest * (0.166_666_65 + rest * (0.041_665_8 + rest * 0.008_369_9))));
    power * polynomial
}

/// The natural logarithm, to a millionth; of 0 and less the least there is.
pub(super) fn ln(x: f32) -> f32 {
    if x <= f32::MIN_POSITIVE {
        return -87.4;
    }
    // x is 2 to the power of `whole`, times something near 1.
    let bits = x.to_bits().wrapping_sub(0x3f35_04f3);
    let whole = bits.cast_signed() >> 23;
    let near = f32::from_bits((bits & 0x007f_ffff) + 0x3f35_04f3);
    let slope = (near - 1.0) / (near + 1.0);
    let square = slope * slope;
    let series =
        2.0 * slope * (1.0 + square * (0.333_333_33 + square * (0.2 + square * (0.142_857_14 + square * 0.111_111))));
    #[allow(clippy::cast_precision_loss)] // between -126 and 128
    let whole = whole as f32;
    series + whole * std::f32::consts::LN_2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn exp_is_exp() {
        for step in -8600..8700 {
            let x = step as f32 / 100.0 + 0.003;
            let relative = (f64::from(exp(x)) / f64::from(x).exp() - 1.0).abs();
            assert!(relative < 5e-6, "{x}: {relative}");
        }
        assert_eq!(exp(0.0), 1.0);
        assert!(exp(f32::NEG_INFINITY) < 1e-37);
    }

    #[test]
    fn ln_is_ln() {
        for step in 1..20_000 {
            let x = step as f32 * 0.000_37;
            assert!((ln(x) - x.ln()).abs() < 2e-6 * x.ln().abs().max(1.0), "{x}: {} {}", ln(x), x.ln());
        }
        assert_eq!(ln(1.0), 0.0);
        assert!(ln(0.0) < -87.0 && ln(-1.0) < -87.0);
    }

    #[test]
    fn a_row_of_bytes_stands_for_its_numbers() {
        let row: Vec<f32> = (0..64).map(|at| (at as f32 - 20.0) * 0.37).collect();
        let mut bytes = Quantized::default();
        quantize(&row, 32, &mut bytes);
        for (at, number) in row.iter().enumerate() {
            let (step, zero) = (bytes.steps[at / 32], bytes.zeros[at / 32]);
            let read = (f32::from(bytes.bytes[at]) - f32::from(zero)) * step;
            assert!((read - number).abs() <= step * 0.51, "{number} became {read}, step {step}");
        }
    }

    #[test]
    fn a_row_of_zeros_and_one_of_no_numbers_do_no_harm() {
        let mut bytes = Quantized::default();
        quantize(&[0.0; 16], 16, &mut bytes);
        assert_eq!((&bytes.bytes[..], bytes.zeros[0]), (&[0; 16][..], 0));
        quantize(&[f32::NAN; 16], 16, &mut bytes);
        quantize(&[f32::MAX; 16], 16, &mut bytes);
    }
}

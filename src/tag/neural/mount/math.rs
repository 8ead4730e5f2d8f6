//! What stands between products of matrices in f32, row by row. Plain code that
//! the compiler makes vectors of, as in `neural/math.rs`.

use multiversion::multiversion;

use super::config::Activation;
use crate::tag::neural::math::{Norm, exp, gelu, norm_row};

/// Adds rows to rows, and norms the sums.
#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn add(more: &[f32], norm: &Norm, rows: &mut [f32]) {
    let width = norm.weight.len();
    for (row, more) in rows.chunks_exact_mut(width).zip(more.chunks_exact(width)) {
        for (number, more) in row.iter_mut().zip(more) {
            *number += more;
        }
        norm_row(row, norm);
    }
}

#[multiversion(targets("x86_64+avx512f+avx512bw+avx512dq+avx512vl", "x86_64+avx2"))]
pub(super) fn activate(rows: &mut [f32], how: Activation) {
    for x in rows {
        *x = match how {
            Activation::Gelu => 0.5 * *x * (1.0 + erf(*x * std::f32::consts::FRAC_1_SQRT_2)),
            Activation::GeluTanh => gelu(*x),
            Activation::Relu => x.max(0.0),
        };
    }
}

/// The error function, to some millionths: formula 7.1.26 of Abramowitz and Stegun.
#[inline(always)]
fn erf(x: f32) -> f32 {
    let size = x.abs();
    let t = 1.0 / (1.0 + 0.327_591_1 * size);
    let series = t * (0.254_829_6 + t * (-0.284_496_74 + t * (1.421_413_7 + t * (-1.453_152 + t * 1.061_405_4))));
    (1.0 - series * exp(-size * size)).copysign(x)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_error_function_is_the_error_function() {
        for step in -6000..6000 {
            let x = step as f32 * 0.001;
            assert!((f64::from(erf(x)) - libm::erf(f64::from(x))).abs() < 4e-6, "{x}: {}", erf(x));
        }
        assert_eq!((erf(30.0), erf(-30.0)), (1.0, -1.0));
    }

    #[test]
    fn each_activation_is_its_own() {
        let of = |how: Activation| {
            let mut row = [-1.0, 0.0, 2.0];
            activate(&mut row, how);
            row
        };
        let near = |found: [f32; 3], expected: [f32; 3]| {
            assert!(found.iter().zip(expected).all(|(one, other)| (one - other).abs() < 1e-5), "{found:?}");
        };
        near(of(Activation::Gelu), [-0.158_655, 0.0, 1.954_5]);
        near(of(Activation::GeluTanh), [-0.158_808, 0.0, 1.954_598]);
        near(of(Activation::Relu), [0.0, 0.0, 2.0]);
    }
}

//! The exponential of a row at once: the bits of libm's `expf`, which are the
//! same on each machine, without its branches.

use super::lanes::LANES;

/// What is less is left to libm: its results need more than one step.
const LEAST: f32 = -87.0;
const LN2_HIGH: f32 = f32::from_bits(0x3F31_7200);
const LN2_LOW: f32 = f32::from_bits(0x35BF_BE8E);
const INVERSE_LN2: f32 = f32::from_bits(0x3FB8_AA3B);
const P1: f32 = f32::from_bits(0x3E2A_AA8F);
const P2: f32 = f32::from_bits(0xBB35_5215);
/// Numbers above that one are so near to 0 that one more is their exponential.
const NEAR: f32 = -f32::from_bits(0x3900_0000);

/// Added to a small number it leaves no place for a fraction.
const WHOLE: f32 = 12_582_912.0;

/// Of numbers of which few are positive or below [`LEAST`].
#[inline(always)]
pub(super) fn of(row: [f32; LANES]) -> [f32; LANES] {
    let (mut powers, mut unusual) = (row, false);
    for power in &mut powers {
        let held = power.clamp(LEAST, 0.0);
        unusual |= *power != held;
        *power = usual(held);
    }
    if unusual {
        for (power, value) in powers.iter_mut().zip(row) {
            if !(LEAST..=0.0).contains(&value) {
                *power = libm::expf(value);
            }
        }
    }
    powers
}

/// As libm, of a number from [`LEAST`] to 0: e to what is left of it without a
/// multiple of the logarithm of two, by a quotient of polynomials.
#[inline(always)]
fn usual(value: f32) -> f32 {
    let (twos, count) = up(INVERSE_LN2 * value - 0.5);
    let (high, low) = (value - count * LN2_HIGH, count * LN2_LOW);
    let left = high - low;
    let square = left * left;
    let part = left - square * (P1 + square * P2);
    let power = 1.0 + (left * part / (2.0 - part) - low + high);
    let scaled = power * f32::from_bits(twos.wrapping_add(127) << 23);
    if value >= NEAR { 1.0 + value } else { scaled }
}

/// The whole number above, of one from -127 to 0, as the bits of an integer and as
/// it is: what a cast does, in instructions that work on four at once.
#[inline(always)]
fn up(value: f32) -> (u32, f32) {
    let nearest = value + WHOLE;
    let below = nearest - WHOLE < value;
    let (bits, step) = if below { (1, 1.0) } else { (0, 0.0) };
    (nearest.to_bits().wrapping_sub(WHOLE.to_bits()).wrapping_add(bits), nearest - WHOLE + step)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn differ(from: u32, to: u32, step: usize) -> Option<f32> {
        let numbers = (from..=to).step_by(step).map(|bits| -f32::from_bits(bits));
        numbers.into_iter().find(|value| of([*value; LANES])[0].to_bits() != libm::expf(*value).to_bits())
    }

    #[test]
    fn the_bits_are_those_of_libm() {
        let bits = |value: f32| value.to_bits();
        assert_eq!(differ(0, bits(110.0), 1009), None);
        // Where one multiple of the logarithm of two gives way to the next.
        for twos in 0..=126_u8 {
            let border = bits((f32::from(twos) + 0.5) * std::f32::consts::LN_2);
            assert_eq!(differ(border - 40, border + 40, 1), None);
        }
        for border in [-LEAST, -NEAR] {
            assert_eq!(differ(bits(border) - 40, bits(border) + 40, 1), None);
        }
    }

    #[test]
    fn what_is_unusual_is_answered_by_libm() {
        for value in [f32::NEG_INFINITY, -1e9, 1.0, 88.0, f32::INFINITY] {
            assert_eq!(of([value; LANES]).map(f32::to_bits), [libm::expf(value).to_bits(); LANES], "{value}");
        }
        assert!(of([f32::NAN; LANES]).iter().all(|value| value.is_nan()));
    }

    /// All of them, in half a minute of a release build.
    #[test]
    #[ignore = "long"]
    fn all_bits_are_those_of_libm() {
        assert_eq!(differ(0, 110.0_f32.to_bits(), 1), None);
    }
}

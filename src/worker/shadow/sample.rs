use xxhash_rust::xxh3::{xxh3_64, xxh3_64_with_seed};

use crate::record::Origin;

/// Which records are in the sample: a matter of their source position alone, so
/// every process and every run takes the same, and a larger share takes all that
/// a smaller one does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Sample {
    /// Of 2^64 hashes, those below.
    below: u128,
}

impl Sample {
    /// `share` is from 0 to 1.
    #[must_use]
    pub fn new(share: f64) -> Self {
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a cast keeps to the type's range")]
        let below = (share * 2_f64.powi(64)) as u128;
        Self { below }
    }

    #[must_use]
    pub fn takes(self, origin: &Origin) -> bool {
        let mut place = [0; 12];
        let (partition, offset) = place.split_at_mut(4);
        partition.copy_from_slice(&origin.partition.to_le_bytes());
        offset.copy_from_slice(&origin.offset.to_le_bytes());
        u128::from(xxh3_64_with_seed(origin.topic.as_bytes(), xxh3_64(&place))) < self.below
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn origin(topic: &str, partition: i32, offset: i64) -> Origin {
        Origin { topic: topic.into(), partition, offset }
    }

    /// Others compare with what a worker of another version took: the hash must
    /// stay as it is.
    #[test]
    fn the_same_records_for_ever() {
        let sample = Sample::new(0.2);
        let taken: Vec<i64> = (0..60).filter(|&offset| sample.takes(&origin("articles.raw", 3, offset))).collect();
        assert_eq!(taken, [22, 25, 31, 32, 43, 49, 56, 58]);
    }

    #[test]
    fn the_share_is_what_was_asked_for() {
        for share in [0.0, 0.001, 0.05, 0.5, 1.0] {
            let sample = Sample::new(share);
            let places = (0..6).flat_map(|partition| (0..20_000).map(move |offset| (partition, offset)));
            let taken = places.filter(|&(partition, offset)| sample.takes(&origin("raw", partition, offset))).count();
            #[allow(clippy::cast_precision_loss)]
            let got = taken as f64 / 120_000.0;
            // Five standard deviations.
            let slack = 5.0 * (share * (1.0 - share) / 120_000.0_f64).sqrt();
            assert!((got - share).abs() <= slack, "{share}: {got}");
        }
    }

    proptest! {
        #[test]
        fn a_larger_share_takes_all_that_a_smaller_does(
            topic in "[a-z.]{1,12}", partition in 0..100_i32, offset in 0..i64::MAX, a in 0.0..=1.0_f64, b in 0.0..=1.0_f64
        ) {
            let origin = origin(&topic, partition, offset);
            let (small, large) = (Sample::new(a.min(b)), Sample::new(a.max(b)));
            prop_assert!(!small.takes(&origin) || large.takes(&origin));
            prop_assert!(Sample::new(1.0).takes(&origin) && !Sample::new(0.0).takes(&origin));
        }
    }
}

/// Decides which state of the mounted files is taken. No client inside: it is
/// told a fingerprint of what was read, and says what to do.
///
/// A state is taken once it was seen twice in a row. Files are not always
/// swapped at once: an editor writes one in pieces, and of several files one may
/// be read before and one after a swap. Neither state is there twice. What was
/// taken, and be it refused, is not taken again before something else was.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Changes {
    taken: u128,
    waiting: Option<u128>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// Nothing new.
    Rest,
    /// Something new: look again soon whether it stays.
    LookAgain,
    /// This state is the new one.
    Take,
}

impl Changes {
    /// `taken`: what is in force at the start.
    pub(super) const fn new(taken: u128) -> Self {
        Self { taken, waiting: None }
    }

    pub(super) fn see(&mut self, seen: u128) -> Next {
        if seen == self.taken {
            self.waiting = None;
            return Next::Rest;
        }
        if self.waiting == Some(seen) {
            *self = Self::new(seen);
            return Next::Take;
        }
        self.waiting = Some(seen);
        Next::LookAgain
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_change_is_taken_when_it_stays() {
        let mut changes = Changes::new(1);
        assert_eq!([1, 1].map(|seen| changes.see(seen)), [Next::Rest; 2]);
        assert_eq!([2, 2, 2].map(|seen| changes.see(seen)), [Next::LookAgain, Next::Take, Next::Rest]);
        // A file that is being written is another at each look.
        assert_eq!([3, 4, 5].map(|seen| changes.see(seen)), [Next::LookAgain; 3]);
        assert_eq!(changes.see(2), Next::Rest, "back to what is in force");
        assert_eq!(changes.see(5), Next::LookAgain, "what was waiting before is forgotten");
    }

    proptest! {
        #[test]
        fn what_stays_is_taken_once_and_what_flickers_never(states in prop::collection::vec((0_u128..4, 1_usize..4), 1..40)) {
            let mut changes = Changes::new(0);
            let (mut in_force, mut last) = (0, None);
            for (state, looks) in states {
                for _ in 0..looks {
                    let next = changes.see(state);
                    let stays = last == Some(state) && state != in_force;
                    prop_assert_eq!(next == Next::Take, stays);
                    if stays {
                        in_force = state;
                    }
                    last = Some(state);
                }
            }
        }
    }
}

//! Mistakes made on purpose, one at a time: what checks the checkers.
//!
//! Each breaks one promise of delivery. The simulation and the harness on a real
//! cluster must notice each of them; one that passes unnoticed shows that a
//! check is missing. Only builds with debug assertions or with the feature `faults`
//! can make them: elsewhere [`is_on`] is a constant, and what stands behind it is not
//! compiled in.

/// The mistakes, each named by what goes wrong.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Mutation {
    /// A commit holds the offsets of records that were not sent yet.
    OffsetBeforeRecord,
    /// What is in hand of a partition that is taken away is passed over, as if
    /// it had been sent.
    DropOnRevoke,
    /// A commit of unknown outcome is taken for failed: its records are sent
    /// again, and the group is not asked.
    ResendAfterCommit,
    /// Records are sent in the order in which they were finished.
    NoSort,
    /// What is in hand of a partition that was lost is sent all the same, once
    /// the group has taken us back.
    NoEpochCheck,
    /// A member that the group knows by a new name keeps what it had by the old one.
    NoMemberCheck,
    /// A transaction is aborted with records on their way, and its producer goes on.
    AbortUnheard,
    /// What is in hand is committed as the member that the client is by then, not as the
    /// one it was when the last rebalance callback began.
    FreshMember,
}

#[cfg(any(test, debug_assertions, feature = "faults"))]
impl Mutation {
    pub(crate) const ALL: [Self; 8] = [
        Self::OffsetBeforeRecord,
        Self::DropOnRevoke,
        Self::ResendAfterCommit,
        Self::NoSort,
        Self::NoEpochCheck,
        Self::NoMemberCheck,
        Self::AbortUnheard,
        Self::FreshMember,
    ];

    /// As `WARRAQ_FAULT_MUTATION` names it.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::OffsetBeforeRecord => "offset-before-record",
            Self::DropOnRevoke => "drop-on-revoke",
            Self::ResendAfterCommit => "resend-after-commit",
            Self::NoSort => "no-sort",
            Self::NoEpochCheck => "no-epoch-check",
            Self::NoMemberCheck => "no-member-check",
            Self::AbortUnheard => "abort-unheard",
            Self::FreshMember => "fresh-member",
        }
    }
}

/// Whether this mistake is to be made.
#[cfg(not(any(test, debug_assertions, feature = "faults")))]
pub(crate) const fn is_on(_: Mutation) -> bool {
    false
}

/// Whether this mistake is to be made: by this thread, in a test.
#[cfg(test)]
pub(crate) fn is_on(mutation: Mutation) -> bool {
    for_tests::CHOSEN.get() == Some(mutation)
}

/// Whether this mistake is to be made: the process's, by `WARRAQ_FAULT_MUTATION`.
#[cfg(all(not(test), any(debug_assertions, feature = "faults")))]
pub(crate) fn is_on(mutation: Mutation) -> bool {
    use std::sync::LazyLock;
    static CHOSEN: LazyLock<Option<Mutation>> = LazyLock::new(|| {
        let name = std::env::var("WARRAQ_FAULT_MUTATION").ok().filter(|name| !name.is_empty())?;
        let chosen = Mutation::ALL.into_iter().find(|mutation| mutation.name() == name);
        tracing::warn!(
            mutation = name,
            known = chosen.is_some(),
            "a mistake is made on purpose (WARRAQ_FAULT_MUTATION)"
        );
        // A checker that is told of no breach would pass for a good one.
        assert!(chosen.is_some(), "WARRAQ_FAULT_MUTATION={name} names none of {:?}", Mutation::ALL.map(Mutation::name));
        chosen
    });
    *CHOSEN == Some(mutation)
}

#[cfg(test)]
pub(crate) mod for_tests {
    use std::cell::Cell;

    use super::Mutation;

    thread_local! {
        pub static CHOSEN: Cell<Option<Mutation>> = const { Cell::new(None) };
    }

    /// Made by this thread until it is dropped.
    #[derive(Debug)]
    pub(crate) struct Made;

    impl Made {
        pub(crate) fn by_this_thread(mutation: Option<Mutation>) -> Self {
            CHOSEN.set(mutation);
            Self
        }
    }

    impl Drop for Made {
        fn drop(&mut self) {
            CHOSEN.set(None);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::for_tests::Made;
    use super::*;

    #[test]
    fn a_mistake_is_made_by_the_thread_that_chose_it() {
        for mutation in Mutation::ALL {
            let made = Made::by_this_thread(Some(mutation));
            let on: Vec<&str> = Mutation::ALL.into_iter().filter(|&m| is_on(m)).map(Mutation::name).collect();
            assert_eq!(on, [mutation.name()]);
            assert!(!std::thread::spawn(move || is_on(mutation)).join().unwrap());
            drop(made);
            assert!(!is_on(mutation));
        }
    }
}

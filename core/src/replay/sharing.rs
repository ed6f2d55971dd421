//! Which accounts of an organization share their commitments.

use std::collections::BTreeSet;

/// Which accounts share their commitments with each other. An organization may turn sharing off for some of its accounts:
/// these use what they own, and nobody else does.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sharing {
    pub(super) is_on: bool,
    apart: BTreeSet<u32>,
}

impl Sharing {
    /// Every account shares.
    pub const ALL: Sharing = Sharing { is_on: true, apart: BTreeSet::new() };
    /// No account does.
    pub const NONE: Sharing = Sharing { is_on: false, apart: BTreeSet::new() };

    /// Every account shares but these.
    pub fn without(accounts: impl IntoIterator<Item = u32>) -> Sharing {
        Sharing { is_on: true, apart: accounts.into_iter().collect() }
    }

    /// Whether what one account owns may serve another.
    pub fn reaches(&self, owner: u32, account: u32) -> bool {
        owner == account || self.is_on && !self.apart.contains(&owner) && !self.apart.contains(&account)
    }
}

//! Names beside account ids, where the bill has them.

use std::collections::HashMap;

use super::{Cell, ColumnKind, Section};
use crate::ledger::Ledger;
use crate::schema::charges::Text;

/// Names by account id; of an account that was renamed the latest.
pub(super) type Names<'a> = HashMap<&'a str, &'a str>;

pub(super) fn of_accounts(ledger: &Ledger) -> Names<'_> {
    let name = |(&account, &(_, name)): (&u32, &(i32, u32))| {
        let id = ledger.names.get(Text::SubAccountId, account)?;
        Some((id, ledger.names.get(Text::SubAccountName, name)?))
    };
    ledger.account_names.iter().filter_map(name).collect()
}

/// The section with a column of names after that of account ids; unchanged where it has no ids or no name is known.
pub(super) fn named(mut section: Section, names: &Names<'_>) -> Section {
    let ids = section.columns.iter().position(|(name, _)| name == Text::SubAccountId.name());
    let Some(at) = ids.filter(|_| !names.is_empty()) else { return section };
    for row in section.rows.iter_mut() {
        let name = match row.get(at) {
            Some(Cell::Text(id)) => names.get(id.as_str()),
            _ => None,
        };
        row.insert(at + 1, name.map_or(Cell::Missing, |name| Cell::Text((*name).to_owned())));
    }
    if let Some(total) = &mut section.total {
        total.insert(at + 1, Cell::Missing);
    }
    section.columns.insert(at + 1, (Text::SubAccountName.name().to_owned(), ColumnKind::Text));
    section
}

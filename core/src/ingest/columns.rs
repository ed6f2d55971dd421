//! Which of a file's columns are known, whatever the file's form and however it spells them.

use std::collections::BTreeMap;

use super::file::{Layout, Projection};
use crate::error::{Error, Result};
use crate::schema::focus;
use crate::schema::line_items::{COST_CATEGORY_COLUMN_PREFIX, Dialect, Kind, LineItem, TAG_COLUMN_PREFIX, tag_key};

/// A column's name: as its file spells it, and as parquet files of the same report would, in lower case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Header {
    pub(super) spelled: String,
    pub(super) name: String,
}

impl Header {
    /// Reads a name. One with a slash (`lineItem/UnblendedCost`) is of a legacy text file, and is spelled in parquet
    /// by the rule that AWS publishes: an underscore before each capital letter, lower case, an underscore for
    /// whatever is no letter or digit, never two in a row, none at the ends.
    pub(super) fn new(spelled: &str) -> Header {
        let name = if spelled.contains('/') { parquet_name(spelled) } else { spelled.trim().to_ascii_lowercase() };
        Header { spelled: spelled.to_owned(), name }
    }

    pub(super) fn has_slash(&self) -> bool {
        self.spelled.contains('/')
    }
}

fn parquet_name(spelled: &str) -> String {
    let mut name = String::with_capacity(spelled.len() + 8);
    for letter in spelled.chars() {
        let parted = letter.is_uppercase() || !letter.is_alphanumeric();
        if parted && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if letter.is_alphanumeric() {
            name.extend(letter.to_lowercase());
        }
    }
    name.truncate(name.trim_end_matches('_').len());
    name
}

/// Where each known column stands in a file.
#[derive(Debug, Clone, Default)]
pub(super) struct Columns {
    /// By [`LineItem`]: the top-level column.
    pub(super) known: Vec<Option<usize>>,
    /// One column for each tag (legacy).
    pub(super) tags: Vec<(usize, String)>,
    /// One column for each cost category (legacy).
    pub(super) cost_categories: Vec<(usize, String)>,
    /// Columns of text and of numbers, which may be text too.
    pub(super) text: Vec<usize>,
    /// By [`LineItem`]: how the file spells it; of tags and cost categories the first.
    spelled: Vec<Option<String>>,
}

impl Columns {
    /// Finds the known columns of a dialect among a file's.
    pub(super) fn find(file: &str, headers: &[Header], dialect: Dialect) -> Result<Columns> {
        let by_name = by_name(file, headers, dialect)?;
        let find = |item: LineItem| {
            item.names(dialect).find_map(|name| by_name.get(name.to_ascii_lowercase().as_str()).copied())
        };
        let known: Vec<Option<usize>> = LineItem::ALL.iter().map(|&item| find(item)).collect();
        let required = dialect.required().iter().filter(|&&item| known[item as usize].is_none());
        let missing: Vec<&str> = required.filter_map(|item| item.names(dialect).next()).collect();
        if missing.len() == dialect.required().len() {
            return Err(Error::NotABill { file: file.to_owned(), missing: missing.join(", ") });
        }
        if let Some(column) = missing.first() {
            return Err(Error::Column {
                file: file.to_owned(),
                column: (*column).to_owned(),
                detail: "it is missing, and a bill cannot be read without it; export the report with this column"
                    .to_owned(),
            });
        }
        let keyed = |prefix: &str| {
            let key = |header: &Header| header.name.strip_prefix(prefix).map(tag_key);
            let columns = headers.iter().enumerate().filter_map(|(at, header)| Some((at, key(header)?)));
            let mut columns: Vec<(usize, String)> = columns.collect();
            columns.sort_by_key(|(at, _)| (&headers[*at].name, *at));
            columns
        };
        let is_text = |item: &&LineItem| matches!(item.column().kind, Kind::Text | Kind::Number);
        let text = LineItem::ALL.iter().filter(is_text).filter_map(|&item| known[item as usize]).collect();
        let (tags, cost_categories) = match dialect.is_focus() {
            true => (Vec::new(), Vec::new()),
            false => (keyed(TAG_COLUMN_PREFIX), keyed(COST_CATEGORY_COLUMN_PREFIX)),
        };
        let first = |item: LineItem| match item {
            LineItem::ResourceTags => tags.first().map(|tag: &(usize, String)| tag.0),
            LineItem::CostCategory => cost_categories.first().map(|category| category.0),
            _ => None,
        };
        let spelled = LineItem::ALL.iter().map(|&item| known[item as usize].or_else(|| first(item)));
        let spelled = spelled.map(|at| at.map(|at| headers[at].spelled.clone())).collect();
        Ok(Columns { known, tags, cost_categories, text, spelled })
    }

    /// How the file spells a column; of tags and cost categories the first.
    pub(super) fn spelled(&self, item: LineItem) -> Option<&str> {
        self.spelled[item as usize].as_deref()
    }

    /// Whether the file has the column.
    pub(super) fn has(&self, item: LineItem) -> bool {
        match item {
            LineItem::ResourceTags if !self.tags.is_empty() => true,
            LineItem::CostCategory if !self.cost_categories.is_empty() => true,
            _ => self.known[item as usize].is_some(),
        }
    }

    /// Notes on columns: two of one key, of which both are read and the later one counts; and columns that FOCUS does
    /// not have. And how many keys have two columns.
    pub(super) fn notes(&self, file: &str, headers: &[Header], dialect: Dialect) -> (Vec<String>, u32) {
        let (mut notes, count) = self.collisions(file);
        if dialect.is_focus() {
            let strays = headers.iter().map(|header| header.spelled.as_str()).filter(|name| !focus::has_column(name));
            let strays: Vec<&str> = strays.collect();
            if !strays.is_empty() {
                notes.push(format!("{file}: AWS's FOCUS has no column {}; not read", strays.join(", ")));
            }
        }
        (notes, count)
    }

    fn collisions(&self, file: &str) -> (Vec<String>, u32) {
        let mut notes = Vec::new();
        for (what, columns) in [("tag", &self.tags), ("cost category", &self.cost_categories)] {
            let mut keys: Vec<&String> = columns.iter().map(|(_, key)| key).collect();
            keys.sort();
            for pair in keys.windows(2).filter(|pair| pair[0] == pair[1]) {
                notes.push(format!("{file}: two columns hold the {what} `{}`", pair[0]));
            }
        }
        let count = notes.len() as u32;
        (notes, count)
    }

    /// The top-level columns of a projection, in file order.
    pub(super) fn roots(&self, projection: &Projection) -> Vec<usize> {
        let known = projection.line_items.iter().filter_map(|&item| self.known[item as usize]);
        let mut roots: Vec<usize> = known.collect();
        if projection.tags {
            roots.extend(self.tags.iter().map(|tag| tag.0));
            roots.extend(self.known[LineItem::ResourceTags as usize]);
        }
        if projection.cost_categories {
            roots.extend(self.cost_categories.iter().map(|category| category.0));
            roots.extend(self.known[LineItem::CostCategory as usize]);
        }
        roots.sort_unstable();
        roots.dedup();
        roots
    }

    /// Where the columns of a projection stand in its batches.
    pub(super) fn layout(&self, roots: &[usize], projection: &Projection) -> Layout {
        let place = |root: usize| roots.binary_search(&root).ok();
        let keyed = |wanted: bool, columns: &[(usize, String)]| {
            let placed = columns.iter().filter_map(|(root, key)| Some((place(*root)?, key.clone())));
            if wanted { placed.collect() } else { Vec::new() }
        };
        Layout {
            known: self.known.iter().map(|root| root.and_then(place)).collect(),
            tags: keyed(projection.tags, &self.tags),
            cost_categories: keyed(projection.cost_categories, &self.cost_categories),
            lines: None,
        }
    }
}

/// Columns by name. Names that are one for us and not for the file would lose the money of one of them.
fn by_name(file: &str, headers: &[Header], dialect: Dialect) -> Result<BTreeMap<String, usize>> {
    let is_known = |name: &str| LineItem::ALL.iter().any(|item| item.names(dialect).any(|known| known == name));
    let mut by_name: BTreeMap<String, usize> = BTreeMap::new();
    for (at, header) in headers.iter().enumerate().filter(|(_, header)| !header.name.is_empty()) {
        let Some(&other) = by_name.get(&header.name) else {
            by_name.insert(header.name.clone(), at);
            continue;
        };
        let detail = match &headers[other].spelled {
            other if *other == header.spelled => "it is there twice; export the report again".to_owned(),
            other if !header.has_slash() => {
                format!("it differs from {other} only in case, so its money could be lost; rename one of them")
            }
            other if is_known(&header.name) => format!("it and {other} are one column ({}); rename one", header.name),
            _ => continue,
        };
        return Err(Error::Column { file: file.to_owned(), column: header.spelled.clone(), detail });
    }
    Ok(by_name)
}

/// FOCUS has its own names. CUR 2.0 keeps tags, cost categories and product attributes in maps; the legacy report has a
/// column for each. In text files the legacy report has slashes in its names.
pub(super) fn dialect(headers: &[Header], is_text: bool) -> Dialect {
    if let Some(version) = focus::version(headers.iter().map(|header| header.name.as_str())) {
        return version;
    }
    let maps = ["resource_tags", "cost_category", "product", "discount", "line_item_usage_account_name"];
    let keyed = |header: &Header| {
        header.name.starts_with(TAG_COLUMN_PREFIX) || header.name.starts_with(COST_CATEGORY_COLUMN_PREFIX)
    };
    let has_maps = headers.iter().any(|header| maps.contains(&header.name.as_str()));
    let is_plain_text = is_text && !headers.iter().any(|header| header.has_slash() || keyed(header));
    if has_maps || is_plain_text { Dialect::Cur2 } else { Dialect::LegacyCur }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn legacy_text_files_spell_the_columns_of_parquet() {
        for (spelled, name) in [
            ("lineItem/UnblendedCost", "line_item_unblended_cost"),
            ("identity/LineItemId", "identity_line_item_id"),
            ("product/productFamily", "product_product_family"),
            ("pricing/publicOnDemandCost", "pricing_public_on_demand_cost"),
            ("reservation/ReservationARN", "reservation_reservation_a_r_n"),
            ("savingsPlan/SavingsPlanARN", "savings_plan_savings_plan_a_r_n"),
            ("resourceTags/user:team", "resource_tags_user_team"),
            ("resourceTags/user:Cost Center", "resource_tags_user_cost_center"),
            ("resourceTags/aws:createdBy", "resource_tags_aws_created_by"),
            ("costCategory/Charge type", "cost_category_charge_type"),
            ("BilledCost", "billedcost"),
        ] {
            assert_eq!(Header::new(spelled).name, name);
        }
    }

    #[test]
    fn two_columns_of_one_name_are_refused_where_money_hangs_on_them() {
        let find = |names: &[&str]| {
            let required = ["bill/PayerAccountId", "bill/BillingPeriodStartDate", "lineItem/LineItemType"];
            let names = required.iter().chain(&["lineItem/UsageStartDate", "lineItem/UnblendedCost"]).chain(names);
            let headers: Vec<Header> = names.map(|name| Header::new(name)).collect();
            Columns::find("a.csv", &headers, dialect(&headers, true))
        };
        let two = find(&["resourceTags/user:Team", "resourceTags/user:team", "product/group", "product/Group"]);
        assert_eq!(two.unwrap().tags, [(5, "team".to_owned()), (6, "team".to_owned())]);
        for twice in ["lineItem/unblendedCost", "lineItem/UnblendedCost"] {
            let error = find(&[twice]).unwrap_err().to_string();
            assert!(error.contains("a.csv: column lineItem/") && error.contains("; "), "{error}");
        }
    }
}

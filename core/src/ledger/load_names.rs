//! The names of a saved ledger: texts in order, and sets of tags and cost categories.

use super::archive::Reader;
use super::columns::Read;
use super::load::within;
use crate::schema::charges::Text;
use crate::schema::names::{Names, Pool};

fn load_pool(saved: &Reader, name: &str, pool: &mut Pool) -> Read<()> {
    for text in saved.take::<String>(name)? {
        let due = pool.len() as u32;
        if pool.intern(&text) != due {
            return Err(format!("section {name}: `{text}` is there twice, or empty"));
        }
    }
    Ok(())
}

/// Reads the names of some dimensions, and the sets of tags and cost categories.
pub(super) fn load_names(saved: &Reader, names: &mut Names, texts: &[Text]) -> Read<()> {
    for &text in texts {
        load_pool(saved, &format!("names/{}", text.name()), names.pool_mut(text))?;
    }
    for (name, is_cost_category) in [("tags", false), ("cost_categories", true)] {
        let sets = if is_cost_category { &mut names.cost_categories } else { &mut names.tags };
        load_pool(saved, &format!("{name}/keys"), &mut sets.keys)?;
        load_pool(saved, &format!("{name}/values"), &mut sets.values)?;
        let lens: Vec<u32> = saved.take(&format!("{name}/set_len"))?;
        let keys: Vec<u32> = saved.take(&format!("{name}/set_key"))?;
        let values: Vec<u32> = saved.take(&format!("{name}/set_value"))?;
        within("tag key", &keys, sets.keys.len())?;
        within("tag value", &values, sets.values.len())?;
        let mut pairs = keys.into_iter().zip(values);
        for (at, len) in lens.into_iter().enumerate() {
            let mut set: Vec<(u32, u32)> = pairs.by_ref().take(len as usize).collect();
            if set.len() != len as usize || sets.intern(&mut set) as usize != at + 1 {
                return Err(format!("{name}: set {} is not one", at + 1));
            }
        }
    }
    Ok(())
}

//! The order in which tables can be made: each after those that its foreign keys refer to. Where these go in a circle,
//! the circle is cut at the table that waits for the fewest others.

use std::collections::{BTreeSet, HashMap};

use crate::snapshot::{ObjectName, Table};

pub(super) fn tables(tables: &[Table]) -> Vec<&Table> {
    let by_name: HashMap<&ObjectName, &Table> = tables.iter().map(|table| (&table.name, table)).collect();
    let mut dependents: HashMap<&ObjectName, Vec<&ObjectName>> = HashMap::new();
    // How many tables a table still waits for; the set is ordered by that, then by name.
    let mut waits_for: HashMap<&ObjectName, usize> = HashMap::new();
    for table in tables {
        let wanted: BTreeSet<_> = table
            .foreign_keys
            .iter()
            .map(|key| &key.ref_table)
            .filter(|name| **name != table.name && by_name.contains_key(name))
            .collect();
        waits_for.insert(&table.name, wanted.len());
        for name in wanted {
            dependents.entry(name).or_default().push(&table.name);
        }
    }
    let mut queue: BTreeSet<(usize, &ObjectName)> = waits_for.iter().map(|(name, n)| (*n, *name)).collect();
    let mut ordered = Vec::with_capacity(tables.len());
    while let Some((_, name)) = queue.pop_first() {
        ordered.extend(by_name.get(name));
        for dependent in dependents.get(name).into_iter().flatten() {
            if let Some(n) = waits_for.get_mut(dependent)
                && queue.remove(&(*n, *dependent))
            {
                *n = n.saturating_sub(1);
                queue.insert((*n, *dependent));
            }
        }
    }
    ordered
}

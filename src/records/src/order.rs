//! Merges what several analytics return for the same records.

/// Merges lists into the order of the records; each list keeps its own order. For one record, the order of the lists
/// decides. An item of an earlier record that waited stays after the items before it in its list. O(n log n).
///
/// ```
/// let order = authsieve_records::in_order(vec![vec![1, 4, 2], vec![3, 4]], |record| *record);
/// assert_eq!(order, [1, 3, 4, 2, 4]);
/// ```
#[must_use]
pub fn in_order<T>(mut lists: Vec<Vec<T>>, record: impl Fn(&T) -> u64) -> Vec<T> {
    if lists.len() < 2 {
        return lists.pop().unwrap_or_default();
    }
    let mut placed = Vec::new();
    for list in lists {
        let mut last = 0;
        placed.extend(list.into_iter().map(|item| {
            last = record(&item).max(last);
            (last, item)
        }));
    }
    placed.sort_by_key(|(place, _)| *place);
    placed.into_iter().map(|(_, item)| item).collect()
}

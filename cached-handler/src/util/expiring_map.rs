//! A map of bounded size whose entries expire.

use std::{collections::HashMap, hash::Hash};

use crate::util::clock::Millis;

/// Expired entries are removed only when the map is full and a new key needs room. If none has expired, the new key is refused.
#[derive(Debug)]
pub(crate) struct ExpiringMap<K, V, const MOST: usize> {
    entries: HashMap<K, V>,
    /// When expired entries were last removed. That visits each entry, so it is done at most once a second.
    tidied: Option<Millis>,
}

pub(crate) trait Expires {
    /// Whether the entry may be removed.
    fn has_expired(&self, now: Millis) -> bool;
}

const TIDY: Millis = 1000;

impl<K, V, const MOST: usize> Default for ExpiringMap<K, V, MOST> {
    fn default() -> Self {
        Self { entries: HashMap::new(), tidied: None }
    }
}

impl<K: Hash + Eq, V: Expires, const MOST: usize> ExpiringMap<K, V, MOST> {
    pub(crate) fn get(&self, key: &K) -> Option<&V> {
        self.entries.get(key)
    }

    pub(crate) fn get_mut(&mut self, key: &K) -> Option<&mut V> {
        self.entries.get_mut(key)
    }

    /// The entry for a key, which is created if there is room.
    pub(crate) fn get_or_default(&mut self, key: K, now: Millis) -> Option<&mut V>
    where
        V: Default,
    {
        self.has_room(&key, now).then(|| self.entries.entry(key).or_default())
    }

    /// Inserts an entry; false if there is no room.
    pub(crate) fn insert(&mut self, key: K, value: V, now: Millis) -> bool {
        let has_room = self.has_room(&key, now);
        if has_room {
            self.entries.insert(key, value);
        }
        has_room
    }

    pub(crate) fn remove(&mut self, key: &K) {
        self.entries.remove(key);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    #[cfg(test)]
    pub(crate) fn len(&self) -> usize {
        self.entries.len()
    }

    fn has_room(&mut self, key: &K, now: Millis) -> bool {
        if self.entries.len() < MOST || self.entries.contains_key(key) {
            return true;
        }
        if self.tidied.is_none_or(|tidied| now.saturating_sub(tidied) >= TIDY) {
            self.tidied = Some(now);
            self.entries.retain(|_, value| !value.has_expired(now));
        }
        self.entries.len() < MOST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, Default, PartialEq)]
    struct Until(Millis);

    impl Expires for Until {
        fn has_expired(&self, now: Millis) -> bool {
            now >= self.0
        }
    }

    #[test]
    fn a_full_map_takes_a_new_key_once_an_entry_has_expired() {
        let mut map = ExpiringMap::<_, _, 2>::default();
        assert!(map.insert("a", Until(10), 0) && map.insert("b", Until(5000), 0));
        assert!(!map.insert("c", Until(9), 9));
        assert!(map.insert("b", Until(6000), 9), "its place is its own");
        assert!(map.get_or_default("c", 9).is_none());
        assert!(map.insert("c", Until(9), 1009));
        assert_eq!([map.get(&"a"), map.get(&"b"), map.get(&"c")], [None, Some(&Until(6000)), Some(&Until(9))]);
    }

    #[test]
    fn expired_entries_are_removed_at_most_once_a_second() {
        let mut map = ExpiringMap::<_, _, 1>::default();
        assert!(map.insert("a", Until(100), 0) && !map.insert("b", Until(0), 99));
        assert!(!map.insert("b", Until(0), 1098) && map.insert("b", Until(0), 1099));
    }

    #[test]
    fn an_expired_entry_stays_as_long_as_there_is_room() {
        let mut map = ExpiringMap::<_, _, 2>::default();
        assert!(map.insert("a", Until(1), 0) && map.insert("b", Until(1), 10));
        assert_eq!(map.get(&"a"), Some(&Until(1)));
        map.remove(&"a");
        assert_eq!(map.get(&"a"), None);
        assert_eq!(map.get_or_default("a", 20), Some(&mut Until(0)));
    }
}

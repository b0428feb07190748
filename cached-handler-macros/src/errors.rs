//! All mistakes of one attribute, collected, so that one compile shows them all.

use proc_macro2::TokenStream;
use quote::ToTokens;

/// Mistakes so far. Each says *what is wrong; what to type instead*.
#[derive(Default)]
#[must_use = "mistakes that nobody emits leave the author without an answer"]
pub(crate) struct Errors(Vec<syn::Error>);

impl Errors {
    /// Notes a mistake on the author's `tokens`.
    pub(crate) fn at(&mut self, tokens: impl ToTokens, message: impl Into<String>) {
        self.0.push(syn::Error::new_spanned(tokens, message.into()));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        self.0.push(error);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(crate) fn into_compile_errors(self) -> TokenStream {
        self.0.iter().map(syn::Error::to_compile_error).collect()
    }

    #[cfg(test)]
    pub(crate) fn messages(&self) -> Vec<String> {
        self.0.iter().map(ToString::to_string).collect()
    }
}

/// What to add to a message about the unknown `name`: the nearest known one, and all of them.
pub(crate) fn instead_of(name: &str, known: &[&str]) -> String {
    let all = list(known);
    match nearest(name, known) {
        Some(near) => format!("did you mean `{near}`? There are {all}"),
        None if known.len() == 1 => format!("there is {all}"),
        None => format!("there are {all}"),
    }
}

/// Names that people bring along from elsewhere, and ours.
const HABITS: [(&str, &str); 14] = [
    ("tag", "group"),
    ("tags", "group"),
    ("time", "ttl"),
    ("expire", "ttl"),
    ("expires", "ttl"),
    ("max_age", "ttl"),
    ("lifetime", "ttl"),
    ("store", "backend"),
    ("storage", "backend"),
    ("headers", "vary"),
    ("ignore", "skip"),
    ("except", "skip"),
    ("single_flight", "collapse"),
    ("function", "handler"),
];

/// The known name that was most likely meant.
pub(crate) fn nearest<'n>(name: &str, known: &[&'n str]) -> Option<&'n str> {
    let habit = HABITS.iter().find(|(theirs, _)| *theirs == name).map(|(_, ours)| *ours);
    if let Some(ours) = known.iter().find(|known| Some(**known) == habit) {
        return Some(ours);
    }
    let tolerated = 1 + name.chars().count() / 4;
    let near = known.iter().map(|known| (distance(name, known), *known)).min_by_key(|(distance, _)| *distance);
    near.filter(|(distance, _)| *distance <= tolerated).map(|(_, known)| known)
}

/// How many letters have to be changed, added, taken away, or swapped with their neighbour.
fn distance(from: &str, to: &str) -> usize {
    let from: Vec<char> = from.chars().flat_map(char::to_lowercase).collect();
    let to: Vec<char> = to.chars().collect();
    let mut rows: Vec<Vec<usize>> = vec![(0..=to.len()).collect()];
    let at = |rows: &[Vec<usize>], row: usize, column: usize| rows.get(row).and_then(|row| row.get(column)).copied().unwrap_or(usize::MAX / 2);
    for (i, a) in from.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, b) in to.iter().enumerate() {
            let changed = at(&rows, i, j) + usize::from(a != b);
            let added = row.last().map_or(usize::MAX, |left| left + 1);
            let taken = at(&rows, i, j + 1) + 1;
            let swapped = i > 0 && j > 0 && from.get(i - 1) == Some(b) && to.get(j - 1) == Some(a);
            let swapped = if swapped { at(&rows, i - 1, j - 1) + 1 } else { usize::MAX };
            row.push(changed.min(added).min(taken).min(swapped));
        }
        rows.push(row);
    }
    at(&rows, from.len(), to.len())
}

/// `` `a`, `b` and `c` ``
pub(crate) fn list(names: &[&str]) -> String {
    match names {
        [] => "none".to_owned(),
        [only] => format!("`{only}`"),
        [first @ .., last] => {
            let first: Vec<_> = first.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", first.join(", "))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{distance, list, nearest};

    #[test]
    fn the_nearest_name_is_found() {
        let known = ["ttl", "group", "vary", "key", "skip", "stale"];
        assert_eq!(nearest("tll", &known), Some("ttl"));
        assert_eq!(nearest("groups", &known), Some("group"));
        assert_eq!(nearest("Group", &known), Some("group"));
        assert_eq!(nearest("tags", &known), Some("group"));
        assert_eq!(nearest("max_age", &known), Some("ttl"));
        assert_eq!(nearest("something", &known), None);
        assert_eq!(nearest("tags", &["path"]), None);
    }

    #[test]
    fn distances_count_letters() {
        assert_eq!(distance("ttl", "ttl"), 0);
        assert_eq!(distance("", "abc"), 3);
        assert_eq!(distance("abc", ""), 3);
        assert_eq!(distance("sikp", "skip"), 1);
    }

    #[test]
    fn lists_read_as_sentences() {
        assert_eq!(list(&["a"]), "`a`");
        assert_eq!(list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}

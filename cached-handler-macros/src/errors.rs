//! All errors of one attribute, reported in one compilation, each on the tokens that are wrong.

use proc_macro2::{Span, TokenStream};
use quote::ToTokens;

/// Collects errors. A message says what is wrong, then what to type instead.
#[derive(Debug, Default)]
pub(crate) struct Errors(Option<syn::Error>);

impl Errors {
    /// Adds an error on some tokens.
    pub(crate) fn on(&mut self, tokens: impl ToTokens, message: impl std::fmt::Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error at one place.
    pub(crate) fn at(&mut self, span: Span, message: impl std::fmt::Display) {
        self.push(syn::Error::new(span, message));
    }

    pub(crate) fn push(&mut self, error: syn::Error) {
        match &mut self.0 {
            Some(errors) => errors.combine(error),
            none => *none = Some(error),
        }
    }

    /// The value of a result; an error is collected instead.
    pub(crate) fn keep<T>(&mut self, outcome: syn::Result<T>) -> Option<T> {
        outcome.map_err(|error| self.push(error)).ok()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_none()
    }

    /// The message and the source text of each error.
    #[cfg(test)]
    pub(crate) fn each(&self) -> Vec<(String, String)> {
        let errors = self.0.clone().into_iter().flatten();
        errors.map(|error| (error.to_string(), error.span().source_text().unwrap_or_default())).collect()
    }

    /// The compile errors.
    pub(crate) fn into_tokens(self) -> TokenStream {
        self.0.map(syn::Error::into_compile_error).unwrap_or_default()
    }
}

/// Names in one line, each as code.
pub(crate) fn listed<N: AsRef<str>>(names: impl Iterator<Item = N>) -> String {
    let mut list = String::new();
    for name in names {
        list.push_str(if list.is_empty() { "`" } else { ", `" });
        list.push_str(name.as_ref());
        list.push('`');
    }
    list
}

/// ``; did you mean `…`?`` for the name that is nearest to a misspelt one.
pub(crate) fn did_you_mean<N: AsRef<str> + Ord>(written: &str, names: impl IntoIterator<Item = N>) -> String {
    match nearest(written, names) {
        Some((distance, name)) if distance <= written.len().max(name.as_ref().len()) / 2 => {
            format!("; did you mean `{}`?", name.as_ref())
        }
        _ => String::new(),
    }
}

/// The name that is nearest to a misspelt one, and its distance.
pub(crate) fn nearest<N: AsRef<str> + Ord>(written: &str, names: impl IntoIterator<Item = N>) -> Option<(usize, N)> {
    names.into_iter().map(|name| (distance(written, name.as_ref()), name)).min()
}

/// Whether a word is at most three edits away from another.
pub(crate) fn is_nearly(written: &str, meant: &str) -> bool {
    distance(written, meant) <= 3
}

/// The number of letters to change, add or remove (Levenshtein distance).
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.chars().collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (above, letter) in left.chars().enumerate() {
        let mut diagonal = above;
        let mut before = above + 1;
        for (place, other) in row.iter_mut().skip(1).zip(&right) {
            let changed = diagonal + usize::from(letter != *other);
            diagonal = *place;
            *place = changed.min(before + 1).min(*place + 1);
            before = *place;
        }
        if let Some(first) = row.first_mut() {
            *first = above + 1;
        }
    }
    row.last().copied().unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_near_name_is_suggested() {
        assert_eq!(did_you_mean("grop", ["group", "ttl"]), "; did you mean `group`?");
        assert_eq!(did_you_mean("tll", ["group", "ttl"]), "; did you mean `ttl`?");
        assert_eq!(did_you_mean("zzzz", ["group", "ttl"]), "");
    }
}

//! Handlers with `#[invalidates]`, as far as they name groups: whether a cached handler may have these.

use std::{fmt, sync::Once};

use super::{Attributes, all};

/// A handler with `#[invalidates]`; a static that the attribute writes.
#[derive(Debug)]
pub struct Write {
    /// `module_path!()`.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// `group`: the templates, as they were written.
    pub groups: &'static [&'static str],
}

/// One of them, as the linker collects them.
#[derive(Debug)]
pub struct RegisteredWrite(pub &'static Write);

inventory::collect!(RegisteredWrite);

/// Says once in a program which groups are invalidated that no response is likely to have, for want of a cached handler whose
/// template could name them. Nothing is said where responses name groups themselves, which templates do not show.
pub(crate) fn warn_of_unmatched_groups() {
    static TOLD: Once = Once::new();
    TOLD.call_once(|| {
        let cached: Vec<&Attributes> = all().map(|handler| &handler.attributes).collect();
        if cached.iter().any(|attributes| attributes.names_groups) {
            return;
        }
        let templates: Vec<_> = cached.iter().flat_map(|attributes| attributes.groups).map(|text| Pattern::of(text)).collect();
        let writes = inventory::iter::<RegisteredWrite>().map(|registered| registered.0);
        let mut told = Vec::new();
        for (write, group) in writes.flat_map(|write| write.groups.iter().map(move |group| (write, *group))) {
            let (module, name) = (write.module, write.name);
            // An attribute above may have copied the function.
            if told.contains(&(module, name, group)) || templates.iter().any(|template| template.meets(&Pattern::of(group))) {
                continue;
            }
            told.push((module, name, group));
            tracing::warn!(target: "cached_handler", handler = %Path(module, name), group, "this handler invalidates a group that no handler with `#[cached]` names in its `group`: if it is meant for one, spell both alike; letter case counts");
        }
    });
}

struct Path(&'static str, &'static str);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.0, self.1)
    }
}

/// A template: letters, and what stands for any text.
struct Pattern(Vec<Option<char>>);

impl Pattern {
    /// As the attribute's code reads it: `{…}` is a value, `{{` and `}}` are characters.
    fn of(template: &str) -> Self {
        let mut pattern = Vec::new();
        let mut letters = template.chars().peekable();
        while let Some(letter) = letters.next() {
            match letter {
                '{' | '}' if letters.peek() == Some(&letter) => pattern.extend([letters.next()]),
                '{' => {
                    pattern.push(None);
                    letters.by_ref().find(|letter| *letter == '}');
                }
                letter => pattern.push(Some(letter)),
            }
        }
        Self(pattern)
    }

    /// Whether there is a text that both can be.
    fn meets(&self, other: &Self) -> bool {
        // Which beginnings of `other` can be what this is so far.
        let mut reached = vec![false; other.0.len() + 1];
        let begin = |reached: &mut Vec<bool>| {
            // A value may be empty.
            for (at, piece) in other.0.iter().enumerate() {
                if reached.get(at) == Some(&true) && piece.is_none() {
                    set(reached, at + 1);
                }
            }
        };
        set(&mut reached, 0);
        begin(&mut reached);
        for piece in &self.0 {
            let mut next = vec![false; reached.len()];
            for (at, _) in reached.iter().enumerate().filter(|(_, is_reached)| **is_reached) {
                match (piece, other.0.get(at)) {
                    // Whatever follows may be the value.
                    (None, _) => (at..next.len()).for_each(|at| set(&mut next, at)),
                    // The other's value takes this letter.
                    (Some(_), Some(None)) => set(&mut next, at),
                    (Some(one), Some(Some(two))) if one == two => set(&mut next, at + 1),
                    (Some(_), _) => {}
                }
            }
            begin(&mut next);
            reached = next;
        }
        reached.last() == Some(&true)
    }
}

fn set(reached: &mut [bool], at: usize) {
    if let Some(place) = reached.get_mut(at) {
        *place = true;
    }
}

#[cfg(test)]
mod tests {
    use super::Pattern;

    #[test]
    fn two_templates_meet_where_one_text_can_be_both() {
        let meet = |one: &str, other: &str| {
            let (one, other) = (Pattern::of(one), Pattern::of(other));
            assert_eq!(one.meets(&other), other.meets(&one));
            one.meets(&other)
        };
        for (one, other) in [
            ("articles", "articles"),
            ("article:{id}", "article:{path.id}"),
            ("article:{id}", "article:7"),
            ("{kind}:{id}", "article:{id}"),
            ("{kind}s", "article{id}"),
            ("a{b}c", "{x}"),
            ("a{b}", "a"),
            ("{{x}}", "{{x}}"),
            ("{{x}}", "{x}"),
            ("{a}b{c}", "{d}e{f}"),
            ("", "{x}"),
        ] {
            assert!(meet(one, other), "{one} {other}");
        }
        for (one, other) in [
            ("articles", "article"),
            ("article:{id}", "articles"),
            ("article:{id}", "Article:{id}"),
            ("article:{id}", "article-{id}"),
            ("{id}:a", "{id}:b"),
            ("a", ""),
            ("{{x}}", "x"),
        ] {
            assert!(!meet(one, other), "{one} {other}");
        }
    }
}

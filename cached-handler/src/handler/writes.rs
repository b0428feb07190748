//! Warns about a group in `#[invalidates]` that no cached handler, layer or value can have: a misspelt one, most likely.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

use super::{Attributes, all};

/// A handler with `#[invalidates]`; a static that the attribute emits.
#[derive(Debug)]
pub struct Write {
    /// `module_path!()`.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// `group`: the templates, as written.
    pub groups: &'static [&'static str],
}

/// An entry of the table of such handlers that the linker collects.
#[derive(Debug)]
pub struct RegisteredWrite(pub &'static Write);

inventory::collect!(RegisteredWrite);

/// A group in `#[invalidates]` that no cached handler's template matches.
struct Unmatched {
    write: &'static Write,
    group: &'static str,
    pattern: Pattern,
    /// A layer or a set of values has stored something with the group, or the warning was logged.
    is_settled: AtomicBool,
}

static UNMATCHED: OnceLock<Vec<Unmatched>> = OnceLock::new();
/// How many of them are not settled. In most programs none, and then this module does nothing further.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Whether anything has been stored. Before that, the absence of a group means nothing.
static HAS_STORED: AtomicBool = AtomicBool::new(false);

/// Collects, once in a program, the groups in `#[invalidates]` that no cached handler's template matches. Layers and values may still
/// have such a group, which shows only when they store something, so nothing is logged yet. If any handler's responses name groups
/// themselves (`CacheGroups`), which templates do not show, nothing is collected.
pub(crate) fn find_unmatched_groups() {
    UNMATCHED.get_or_init(|| {
        let cached: Vec<&Attributes> = all().map(|handler| &handler.attributes).collect();
        if cached.iter().any(|attributes| attributes.names_groups) {
            return Vec::new();
        }
        let templates: Vec<_> = cached.iter().flat_map(|attributes| attributes.groups).map(|text| Pattern::of(text)).collect();
        let writes = inventory::iter::<RegisteredWrite>().map(|registered| registered.0);
        let mut found: Vec<Unmatched> = Vec::new();
        for (write, group) in writes.flat_map(|write| write.groups.iter().map(move |group| (write, *group))) {
            // An attribute above, such as `#[debug_handler]`, may have copied the function.
            let is_known = found.iter().any(|one| (one.write.module, one.write.name, one.group) == (write.module, write.name, group));
            let pattern = Pattern::of(group);
            if !is_known && !templates.iter().any(|template| template.meets(&pattern)) {
                found.push(Unmatched { write, group, pattern, is_settled: AtomicBool::new(false) });
            }
        }
        OPEN.store(found.len(), Ordering::Relaxed);
        found
    });
}

/// Notes that a response or a value with these groups is stored, or was found in a backend.
pub(crate) fn note_stored(groups: &[Box<str>]) {
    if OPEN.load(Ordering::Relaxed) > 0 {
        HAS_STORED.store(true, Ordering::Relaxed);
        for group in groups {
            settle(group, |_| {});
        }
    }
}

/// Notes that a handler invalidates this group. Logs a warning, once for each template, if nothing that was stored so far has it.
pub(crate) fn note_invalidated(group: &str) {
    if OPEN.load(Ordering::Relaxed) > 0 && HAS_STORED.load(Ordering::Relaxed) {
        settle(group, |Unmatched { write, group, .. }| {
            tracing::warn!(target: "cached_handler", handler = %Path(write.module, write.name), group, "this handler invalidates a group that no handler with `#[cached]` names in its `group`, and that nothing stored so far has: if it is meant for one, spell both alike; letter case counts");
        });
    }
}

/// Settles all open templates that this group matches; `tell` is called for each.
fn settle(group: &str, tell: impl Fn(&Unmatched)) {
    let open = UNMATCHED.get().into_iter().flatten().filter(|one| !one.is_settled.load(Ordering::Relaxed));
    for one in open.filter(|one| one.pattern.meets(&Pattern::of_text(group))) {
        if !one.is_settled.swap(true, Ordering::Relaxed) {
            OPEN.fetch_sub(1, Ordering::Relaxed);
            tell(one);
        }
    }
}

struct Path(&'static str, &'static str);

impl fmt::Display for Path {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.0, self.1)
    }
}

/// A template: letters, and `None` for a value, which may be any text.
struct Pattern(Vec<Option<char>>);

impl Pattern {
    /// Parses a template as the attribute does: `{…}` is a value, `{{` and `}}` are characters.
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

    /// The pattern of a group's name, without values.
    fn of_text(name: &str) -> Self {
        Self(name.chars().map(Some).collect())
    }

    /// Whether there is a text that matches both patterns.
    fn meets(&self, other: &Self) -> bool {
        // `reached[n]`: the first `n` elements of `other` can match the elements of `self` so far.
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
                    // The value may take any further elements of `other`.
                    (None, _) => (at..next.len()).for_each(|at| set(&mut next, at)),
                    // The value in `other` takes this letter.
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

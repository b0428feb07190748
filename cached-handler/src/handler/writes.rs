//! Handlers with `#[invalidates]`, as far as they name groups: whether a cached handler may have these.

use std::{
    fmt,
    sync::{
        OnceLock,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
};

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

/// A group of a handler with `#[invalidates]` that no cached handler's template can name.
struct Unmatched {
    write: &'static Write,
    group: &'static str,
    pattern: Pattern,
    /// Something was stored under it, by a layer or as a value; or its author has been told.
    is_settled: AtomicBool,
}

static UNMATCHED: OnceLock<Vec<Unmatched>> = OnceLock::new();
/// How many of them are not settled: none in most programs, where nothing else is done.
static OPEN: AtomicUsize = AtomicUsize::new(0);
/// Before anything is stored, it says nothing that a group is not among what is.
static HAS_STORED: AtomicBool = AtomicBool::new(false);

/// Finds out, once in a program, which groups are invalidated that no cached handler's template can name. Layers and values may have
/// them, which only their run shows, so nothing is said yet. There are none where responses name groups themselves, which templates
/// do not show.
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
            // An attribute above may have copied the function.
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

/// A response or a value with these groups is stored, or was found in a backend.
pub(crate) fn note_stored(groups: &[Box<str>]) {
    if OPEN.load(Ordering::Relaxed) > 0 {
        HAS_STORED.store(true, Ordering::Relaxed);
        for group in groups {
            settle(group, |_| {});
        }
    }
}

/// A handler invalidates this group. Says so, once for each template, where nothing that was stored so far could have it.
pub(crate) fn note_invalidated(group: &str) {
    if OPEN.load(Ordering::Relaxed) > 0 && HAS_STORED.load(Ordering::Relaxed) {
        settle(group, |Unmatched { write, group, .. }| {
            tracing::warn!(target: "cached_handler", handler = %Path(write.module, write.name), group, "this handler invalidates a group that no handler with `#[cached]` names in its `group`, and that nothing stored so far has: if it is meant for one, spell both alike; letter case counts");
        });
    }
}

/// Settles what this group can be.
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

    /// Of a name as it is.
    fn of_text(name: &str) -> Self {
        Self(name.chars().map(Some).collect())
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

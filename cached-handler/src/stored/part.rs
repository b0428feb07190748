//! What a response at rest is made of, where other cached handlers have answered inside of its handler.

use crate::epoch::Scopes;

/// What a response at rest is made of: the names of its epochs, and the clock that it was stamped with. The incarnation is that
/// of the response itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) handler: Box<str>,
    pub(crate) path: Option<u64>,
    pub(crate) groups: Vec<Box<str>>,
    pub(crate) clock: u64,
}

impl Part {
    pub(crate) fn scopes(&self) -> Scopes<'_> {
        Scopes::new(&self.handler, self.path.as_slice(), &self.groups)
    }

    /// The parts that one response is: one for each path that it belongs to, or one without a path.
    pub(crate) fn of_each(handler: &str, paths: &[u64], groups: &[Box<str>], clock: u64) -> Vec<Self> {
        let part = |path| Self { handler: handler.into(), path, groups: groups.to_vec(), clock };
        if paths.is_empty() { vec![part(None)] } else { paths.iter().map(|path| part(Some(*path))).collect() }
    }

    fn is_of_the_same(&self, other: &Self) -> bool {
        (&self.handler, self.path, &self.groups) == (&other.handler, other.path, &other.groups)
    }

    pub(crate) fn length(&self) -> usize {
        self.handler.len() + self.groups.iter().map(|group| group.len() + size_of::<u32>()).sum::<usize>() + size_of::<Self>()
    }
}

/// Each once, with the earlier of its stamps.
pub(crate) fn joined(parts: impl IntoIterator<Item = Part>) -> Box<[Part]> {
    let mut all = Vec::<Part>::new();
    for part in parts {
        match all.iter_mut().find(|known| known.is_of_the_same(&part)) {
            Some(known) => known.clock = known.clock.min(part.clock),
            None => all.push(part),
        }
    }
    all.into()
}

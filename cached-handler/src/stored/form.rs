//! What stored responses of one form have in common, kept once for all of them.
//!
//! The responses of a handler most often have the same field names, and differ in the values of a few of them. The maps
//! that answers begin with are therefore kept here, and a stored response holds its own values alone.

use std::{
    collections::HashMap,
    fmt, mem,
    sync::{Arc, LazyLock, Mutex},
};

use http::{HeaderMap, HeaderName, HeaderValue, header};

use super::lines::{age_value, leave_room, take_room};
use crate::{
    header::targeted::TargetList,
    rules::{client::ForClients, conditional::is_kept_in_304},
    util::{hasher::Keyed, lock::lock},
};

/// The field lines of responses that differ in some values alone.
#[derive(Debug)]
pub(crate) struct Form {
    /// The lines of an answer: `Age`, those with a value of the response's own, those with the same value in all, and the line of
    /// [`leave_room`]. The values of the first two are set in each copy.
    whole: HeaderMap,
    /// Those of a 304 (RFC 9110 §15.4.5), in the same order.
    not_modified: HeaderMap,
    /// Which of the response's own values a 304 has.
    in_not_modified: Box<[usize]>,
    /// Whether there is room in an answer with content: the answer to a HEAD may say a length of its own.
    has_room: bool,
    for_clients: ForClients,
    /// Whether [`Forms`] holds it. Otherwise it belongs to one response, and counts as a part of that.
    is_shared: bool,
}

/// A line of a form: its name, and its value if that is the same in all responses.
pub(super) type FormLine = (HeaderName, Option<&'static str>);

/// What else makes a form.
pub(crate) struct FormTerms {
    pub(crate) for_clients: ForClients,
    /// Whether the `Cache-Control` is what `for_clients` says.
    pub(crate) tells_clients: bool,
    /// The fields that count above it (RFC 9213), which a 304 has too.
    pub(crate) targeted: TargetList,
    /// It is the answer to a HEAD, without content.
    pub(crate) of_head: bool,
}

impl Form {
    /// `lines`: those with a value of the response's own come first.
    fn new(lines: &[FormLine], terms: FormTerms, is_shared: bool) -> Self {
        let FormTerms { for_clients, targeted, of_head, .. } = terms;
        let map = |lines: &mut dyn Iterator<Item = &FormLine>, length, has_room| {
            let mut map = HeaderMap::with_capacity(length + 2);
            map.insert(header::AGE, age_value(0));
            for (name, value) in lines {
                map.append(name, HeaderValue::from_static(value.unwrap_or_default()));
            }
            if has_room {
                leave_room(&mut map);
            }
            // A copy takes no more than its lines do.
            map.clone()
        };
        let has_tag = lines.iter().any(|(name, _)| *name == header::ETAG);
        let is_kept = |(name, _): &&FormLine| is_kept_in_304(name, targeted, has_tag);
        let own = lines.iter().take_while(|(_, value)| value.is_none());
        Self {
            whole: map(&mut lines.iter(), lines.len(), !of_head),
            not_modified: map(&mut lines.iter().filter(is_kept), lines.len(), true),
            in_not_modified: own.enumerate().filter(|(_, line)| is_kept(line)).map(|(at, _)| at).collect(),
            has_room: !of_head,
            for_clients,
            is_shared,
        }
    }

    /// That of responses without fields, which are typed values.
    pub(super) fn none() -> Arc<Self> {
        static NONE: LazyLock<Arc<Form>> = LazyLock::new(|| {
            Arc::new(Form {
                whole: HeaderMap::new(),
                not_modified: HeaderMap::new(),
                in_not_modified: Box::default(),
                has_room: false,
                for_clients: ForClients::silent(),
                is_shared: true,
            })
        });
        Arc::clone(&NONE)
    }

    /// The lines of an answer of this age, by a response with these values.
    #[expect(clippy::inline_always, reason = "a call on the way of every hit")]
    #[inline(always)]
    pub(super) fn answer(&self, own: &[HeaderValue], age: u64) -> HeaderMap {
        let mut fields = self.whole.clone();
        if self.has_room {
            take_room(&mut fields);
        }
        fill(&mut fields, own.iter().cloned(), age);
        fields
    }

    /// The same of a 304.
    pub(super) fn not_modified(&self, own: &[HeaderValue], age: u64) -> HeaderMap {
        let mut fields = self.not_modified.clone();
        take_room(&mut fields);
        fill(&mut fields, self.in_not_modified.iter().filter_map(|at| own.get(*at).cloned()), age);
        fields
    }

    /// The first line of this name.
    pub(super) fn get<'a>(&'a self, own: &'a [HeaderValue], name: &HeaderName) -> Option<&'a HeaderValue> {
        let (at, (_, value)) = self.whole.iter().enumerate().find(|(_, (known, _))| *known == name)?;
        Some(at.checked_sub(1).and_then(|at| own.get(at)).unwrap_or(value))
    }

    pub(super) fn for_clients(&self) -> &ForClients {
        &self.for_clients
    }

    /// Its maps, if they belong to one response alone.
    pub(super) fn of_one_response(&self) -> Option<[&HeaderMap; 2]> {
        (!self.is_shared).then_some([&self.whole, &self.not_modified])
    }
}

/// Sets the values of the first lines: the age, and those that are not the same in all responses.
#[expect(clippy::inline_always, reason = "a call on the way of every hit")]
#[inline(always)]
fn fill(fields: &mut HeaderMap, own: impl Iterator<Item = HeaderValue>, age: u64) {
    // What a form has in the place of a value is text of the program, and need not be dropped.
    let set = |line: &mut HeaderValue, value| mem::forget(mem::replace(line, value));
    let mut lines = fields.values_mut();
    if let Some(line) = lines.next() {
        set(line, age_value(age));
    }
    for own in own {
        if let Some(line) = lines.next() {
            set(line, own);
        }
    }
}

/// The forms of a cache's responses, by what makes them.
pub(crate) struct Forms(Mutex<HashMap<Box<[u8]>, Arc<Form>, Keyed>>);

/// Most forms that are shared: as many kinds of responses, over all handlers. Those of further kinds have a form each.
const MOST: usize = 128;
/// Most lines of a form that is shared, and the longest that they may be in bytes, so that all together take about a megabyte.
const MOST_LINES: usize = 32;
const LONGEST: usize = 2048;

impl Forms {
    pub(crate) fn new() -> Self {
        Self(Mutex::new(HashMap::with_hasher(Keyed::new())))
    }

    /// The form of a response with these lines.
    pub(super) fn form(&self, lines: &[FormLine], terms: FormTerms) -> Arc<Form> {
        let name = name(lines, &terms);
        if lines.len() > MOST_LINES || name.len() > LONGEST {
            return Arc::new(Form::new(lines, terms, false));
        }
        let mut forms = lock(&self.0);
        if let Some(form) = forms.get(&*name) {
            return Arc::clone(form);
        }
        if forms.len() >= MOST {
            // Those of responses that are gone.
            forms.retain(|_, form| Arc::strong_count(form) > 1);
        }
        let is_shared = forms.len() < MOST;
        let form = Arc::new(Form::new(lines, terms, is_shared));
        if is_shared {
            forms.insert(name.into(), Arc::clone(&form));
        }
        form
    }
}

impl fmt::Debug for Forms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Forms").field(&lock(&self.0).len()).finish()
    }
}

/// All that makes a form: no name and no value of a field has a line feed.
fn name(lines: &[FormLine], terms: &FormTerms) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(128);
    for (name, value) in lines {
        bytes.extend_from_slice(name.as_str().as_bytes());
        if let Some(value) = value {
            bytes.push(b':');
            bytes.extend_from_slice(value.as_bytes());
        }
        bytes.push(b'\n');
    }
    bytes.push(u8::from(terms.of_head));
    for targeted in terms.targeted {
        bytes.extend_from_slice(targeted.as_bytes());
        bytes.push(b'\n');
    }
    bytes.extend_from_slice(terms.for_clients.aging_text().as_bytes());
    bytes
}

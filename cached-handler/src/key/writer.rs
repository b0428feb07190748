//! How arguments write the key: the public trait `CacheKey`, the writer, and the injective encoding.

mod buffer;
#[cfg(test)]
pub(crate) mod decode;
mod parts;
mod route;
mod tag;

use std::fmt::{self, Write};

use http::HeaderMap;
use smallvec::SmallVec;

pub(crate) use self::{
    buffer::Buffer,
    tag::{FIRST_ARGUMENT, Tag},
};
use crate::{
    handler::{Handler, Instance},
    outcome::Bypass,
    request::{facts::RequestFacts, forwarding::Forwarding},
    rules::credentials::Credentials,
};

/// What an argument of a cached handler shows of the request, for an author's own extractors.
///
/// Write into the key **all** that the handler can learn from the value: two requests that write the same are given the
/// same response. `#[derive(CacheKey)]` writes every field.
///
/// - `#[cache_key(vary = "accept-language")]` on the type names the header fields that it was read from, so that `Vary`
///   tells other caches of them.
/// - `#[cache_key(private)]` on the type says that it identifies a person: responses are sent as `private`.
/// - `#[cache_key(skip)]` on a field leaves it out; right only for what is the same for every request, such as a pool.
/// - `#[cache_key(display)]` on a field writes what it prints, for types of other crates that are no [`KeyPart`].
/// - Beside axum's `#[derive(FromRequestParts)]`, `#[from_request(via(Query))]` on the type or on a field is understood: it is keyed
///   as that extractor is. So are fields that are extractors themselves (`State<T>`, `Path<T>`, `Uri`), and a type with
///   axum-extra's `#[derive(TypedPath)]`, which is keyed as `Path`.
///
/// Not for values that differ from request to request by chance (ids, clocks): they would never hit.
///
/// ```
/// use cached_handler::{CacheKey, KeyWriter};
///
/// struct Tenant(String);
///
/// impl CacheKey for Tenant {
///     fn cache_key(&self, key: &mut KeyWriter<'_>) {
///         key.part(&self.0);
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` in an argument of a cached handler does not say what it adds to the key",
    label = "the key has to hold what the handler sees here",
    note = "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it identifies a person",
    note = "if it is another crate's: name what the response depends on, `#[cached(…, key(arg.part))]`; everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session: read those in an extractor of your own that has the derive",
    note = "if it does not affect the response: `#[cached(…, skip_credentials(arg))]` for what shows nothing of a person, such as a pool; else `skip(arg)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
)]
pub trait CacheKey {
    /// Writes everything that the handler can learn from this value.
    fn cache_key(&self, key: &mut KeyWriter<'_>);

    /// Declares, for a request without such a value (`None` of `Option<Self>`), which header fields it would have been read from.
    fn absent(_key: &mut KeyWriter<'_>)
    where
        Self: Sized,
    {
    }

    #[doc(hidden)]
    fn fill(&mut self, _forwarding: &Forwarding<'_>) {}

    /// Writes this value if a middleware has put it into an `Extension`: it may have been taken from another request, or from none.
    #[doc(hidden)]
    fn carried(&self, key: &mut KeyWriter<'_>) {
        self.cache_key(key);
    }
}

/// A value that may stand in `key(…)` or in [`KeyWriter::part`]: whole numbers, text, bytes, `bool`, `char`, addresses
/// (`IpAddr`, `SocketAddr`), `Duration`, `SystemTime`, and options, tuples, slices, arrays, `BTreeMap`s, `BTreeSet`s and references of
/// them. `#[derive(CacheKey)]` makes a type one.
///
/// With the feature of the same name also those of `chrono`, `jiff`, `time`, `url`, `uuid` and `rust_decimal`. Each writes all
/// that it shows: `1.0` and `1.00` print differently, and one moment in two time zones does, so they are two keys.
///
/// Not for floating-point numbers, which are not equal to themselves, nor for a `HashMap`, whose order is up to chance: collect it
/// into a `BTreeMap`. Nor for a type with extractors among its fields, or taken `via` one: the request tells what it shows, and a part
/// is written by its value alone. Name its fields.
///
/// Its encoding tells types and absence apart: `1u8`, `1u16`, `"1"`, `Some(1u8)` and `None` are five keys.
///
/// ```
/// use std::net::{IpAddr, Ipv4Addr};
///
/// use axum::extract::Query;
/// use cached_handler::cached;
///
/// #[derive(serde::Deserialize)]
/// struct Seen {
///     from: IpAddr,
/// }
///
/// /// One response per network rather than per address.
/// #[cached(ttl = 60, key(network(seen.from)))]
/// async fn greeting(Query(seen): Query<Seen>) -> String {
///     format!("hello, {}", network(seen.from))
/// }
///
/// fn network(address: IpAddr) -> IpAddr {
///     match address {
///         IpAddr::V4(v4) => Ipv4Addr::from_bits(v4.to_bits() & 0xffff_ff00).into(),
///         other => other,
///     }
/// }
/// ```
#[diagnostic::on_unimplemented(
    message = "`{Self}` cannot be part of a cache key",
    label = "not a key part",
    note = "use a number, text, bytes or an option, tuple or slice of them, e.g. `key(value.to_string())`, or put `#[derive(cached_handler::CacheKey)]` on its type",
    note = "a type that has extractors as fields, or `#[from_request(via(…))]`, cannot be part of a key even with the derive: name the fields that matter, e.g. `key(filter.tag)`, or leave the argument out of `key(…)`: then all of it is in the key"
)]
pub trait KeyPart {
    /// Writes this value.
    fn key_part(&self, key: &mut KeyWriter<'_>);
}

/// Builds the key of one request.
#[derive(Debug)]
pub struct KeyWriter<'a> {
    pub(crate) handler: &'static Handler,
    pub(crate) instance: Instance,
    pub(crate) bytes: Buffer,
    pub(crate) facts: &'a RequestFacts,
    pub(crate) fields: Option<&'a HeaderMap>,
    pub(crate) traits: Traits,
}

/// What the arguments declare about the response, besides the parts of the key that they write.
#[derive(Debug, Default)]
pub(crate) struct Traits {
    /// Header fields that authors' extractors were read from.
    pub(crate) vary: SmallVec<[&'static str; 4]>,
    /// An argument identifies a person.
    pub(crate) private: bool,
    /// `key(…)` names a part of an argument that may have been read from the credentials: its type does not say what it was read
    /// from.
    pub(crate) unsaid: bool,
    /// Whether an argument that is not in the key can see `Authorization` and `Cookie`.
    pub(crate) credentials: Credentials,
    /// Offsets at which arguments wrote the method, in the key of a HEAD or a POST: there `GET` is put in its place, to make the key
    /// of the GET.
    pub(crate) method_at: SmallVec<[usize; 1]>,
    /// An argument can hand validators to the handler, so that the handler can revalidate a stored response.
    pub(crate) can_ask: bool,
    /// Why the request bypasses the cache, if it does.
    pub(crate) bypass: Option<Bypass>,
}

impl Traits {
    pub(crate) fn shows(&mut self, credentials: Credentials) {
        self.credentials = self.credentials.max(credentials);
    }
}

impl KeyWriter<'_> {
    /// Adds a part.
    pub fn part<P: KeyPart + ?Sized>(&mut self, part: &P) -> &mut Self {
        part.key_part(self);
        self
    }

    /// Adds the `Display` text of a value: for types of other crates that are no [`KeyPart`]. `#[cache_key(display)]` on a field
    /// does this.
    ///
    /// Two values that print the same are one key. So it is not for types that print less than the handler can see of them: an
    /// error without its cause, a time without its zone, a number that is rounded. Formatting takes longer than [`part`](Self::part).
    ///
    /// ```
    /// use cached_handler::{CacheKey, KeyWriter};
    ///
    /// /// `Version` is a type of a crate that does not know this one.
    /// # mod semver { pub struct Version(pub u8, pub u8); impl std::fmt::Display for Version {
    /// #     fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result { write!(f, "{}.{}", self.0, self.1) } } }
    /// struct Release(semver::Version);
    ///
    /// impl CacheKey for Release {
    ///     fn cache_key(&self, key: &mut KeyWriter<'_>) {
    ///         key.display(&self.0);
    ///     }
    /// }
    /// ```
    pub fn display<D: fmt::Display + ?Sized>(&mut self, value: &D) -> &mut Self {
        let mut text = Printed(SmallVec::new());
        match write!(text, "{value}") {
            Ok(()) => self.tagged(Tag::Text, &text.0),
            // The text so far is a prefix, which another value may have too.
            Err(fmt::Error) => self.bypass(Bypass::KeyTooLong),
        }
        self
    }

    /// Says that the value was read from the header field `name` (in lower case): `Vary` will name it.
    pub fn vary(&mut self, name: &'static str) -> &mut Self {
        if !self.traits.vary.contains(&name) {
            self.traits.vary.push(name);
        }
        self
    }

    /// Says that the value identifies a person: responses are sent with `Cache-Control: private`.
    pub fn private(&mut self) -> &mut Self {
        self.traits.private = true;
        self
    }

    /// Discards the parts that `write` writes and keeps what it declares: that the value identifies a person, which fields it was
    /// read from, and whether it shows credentials.
    pub(crate) fn note_alone(&mut self, write: impl FnOnce(&mut Self)) {
        let said = self.said(write);
        self.traits.private |= said.private;
        self.traits.shows(said.credentials);
        for name in said.vary {
            self.vary(name);
        }
    }

    /// What `write` declares; the parts that it writes are discarded.
    pub(crate) fn said(&mut self, write: impl FnOnce(&mut Self)) -> Traits {
        let mark = self.bytes.mark();
        let before = std::mem::take(&mut self.traits);
        write(self);
        self.bytes.reset(mark);
        std::mem::replace(&mut self.traits, before)
    }

    pub(crate) fn bypass(&mut self, reason: Bypass) {
        self.traits.bypass.get_or_insert(reason);
    }

    /// Writes all lines of a header field, in order, each with its length.
    pub(crate) fn field(&mut self, name: &str) {
        let Some(fields) = self.fields else {
            return self.bypass(Bypass::FieldsUnseen);
        };
        self.lines(name, fields);
    }

    /// Writes the fields of `vary` as an argument shows them, if they differ from those that the client sent: an extractor may have
    /// changed them.
    pub(crate) fn changed_fields(&mut self, fields: &HeaderMap) {
        for name in self.handler.fields() {
            let unchanged = self.fields.is_some_and(|sent| sent.get_all(*name).iter().eq(fields.get_all(*name)));
            if !unchanged {
                self.lines(name, fields);
            }
        }
    }

    fn lines(&mut self, name: &str, fields: &HeaderMap) {
        self.tag(Tag::Field);
        self.raw(name.as_bytes());
        for line in fields.get_all(name) {
            self.tag(Tag::Some);
            self.raw(line.as_bytes());
        }
        self.tag(Tag::End);
    }

    /// Writes a value of a type that has no tag of its own: the name of the type, and bytes that no two of its values share.
    pub(crate) fn named(&mut self, name: &str, bytes: &[u8]) {
        self.tagged(Tag::Named, name.as_bytes());
        self.raw(bytes);
    }

    #[inline]
    pub(crate) fn tag(&mut self, tag: Tag) {
        self.byte(tag as u8);
    }

    /// Writes the length of some bytes, and the bytes.
    #[inline]
    pub(crate) fn raw(&mut self, bytes: &[u8]) {
        if !self.bytes.framed(bytes) {
            self.bypass(Bypass::KeyTooLong);
        }
    }

    /// Writes a tag, the length of some bytes, and the bytes.
    #[inline]
    pub(crate) fn tagged(&mut self, tag: Tag, bytes: &[u8]) {
        if !self.bytes.tagged(tag as u8, bytes) {
            self.bypass(Bypass::KeyTooLong);
        }
    }

    /// Writes a number of elements.
    pub(crate) fn length(&mut self, length: usize) {
        if !self.bytes.length_of(length) {
            self.bypass(Bypass::KeyTooLong);
        }
    }

    pub(crate) fn parameter(&mut self, name: &[u8], value: &[u8]) {
        self.tag(Tag::Some);
        self.raw(name);
        self.raw(value);
    }

    /// Writes the position of an argument among the others, before its parts.
    #[inline]
    pub(crate) fn argument(&mut self, at: usize) {
        // One byte suffices for the number of arguments that axum allows; it differs from all tags.
        match u8::try_from(at) {
            Ok(at) if at < 32 => self.byte(FIRST_ARGUMENT | at),
            _ => self.bypass(Bypass::KeyTooLong),
        }
    }

    #[inline]
    fn byte(&mut self, byte: u8) {
        if !self.bytes.push(byte) {
            self.bypass(Bypass::KeyTooLong);
        }
    }
}

/// The text of a value, on the stack while it is short, and never longer than a key may be.
struct Printed(SmallVec<[u8; 64]>);

impl Write for Printed {
    fn write_str(&mut self, text: &str) -> fmt::Result {
        if self.0.len() + text.len() > buffer::MAX_KEY {
            return Err(fmt::Error);
        }
        self.0.extend_from_slice(text.as_bytes());
        Ok(())
    }
}

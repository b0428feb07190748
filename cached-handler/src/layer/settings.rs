//! The settings of a layer, and the `Handler` that describes it to the rest of the cache.

use std::{
    any::TypeId,
    fmt,
    panic::Location,
    sync::{
        Arc, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use http::{HeaderName, request::Parts};

use crate::{
    cache::Cache,
    handler::{
        Attributes, Handler, Site, Ttl, VaryOn, identity,
        others::{self, Kind},
        policy::Policy,
    },
    key::writer::KeyWriter,
    observe,
    util::digest::Digest,
};

type GroupsOf = dyn Fn(&Parts) -> Vec<String> + Send + Sync;
type When = dyn Fn(&Parts) -> bool + Send + Sync;
type KeyOf = dyn Fn(&Parts, &mut KeyWriter<'_>) + Send + Sync;

/// A layer's settings; the same for all its clones.
pub(super) struct Settings {
    name: &'static str,
    place: &'static Location<'static>,
    pub(super) attributes: Attributes,
    pub(super) policy: Policy,
    pub(super) groups: Vec<Box<str>>,
    pub(super) groups_of: Option<Arc<GroupsOf>>,
    pub(super) key_of: Option<Arc<KeyOf>>,
    /// The type of the function that adds parts to the key.
    pub(super) key_of_type: Option<TypeId>,
    /// Conditions, and their types: a request that meets one of the conditions bypasses the cache.
    bypass: Vec<(Arc<When>, TypeId)>,
    pub(super) cache: Option<Cache>,
    pub(super) sees_all: bool,
    /// Credentials that the key does not hold do not matter.
    pub(super) skips_credentials: bool,
    /// Identifies the layer within this process. A clone with any setting changed gets a new number.
    pub(super) number: u64,
    handler: OnceLock<&'static Handler>,
}

impl Settings {
    pub(super) fn new(name: &'static str, ttl: Ttl, place: &'static Location<'static>) -> Self {
        Self {
            name,
            place,
            // `skips`, as the method is not in the key: HEAD is answered from GET's response, and a response to HEAD is not stored.
            attributes: Attributes::new(ttl).skips(),
            policy: Policy::new(),
            groups: Vec::new(),
            groups_of: None,
            key_of: None,
            key_of_type: None,
            bypass: Vec::new(),
            cache: None,
            sees_all: false,
            skips_credentials: false,
            number: next_number(),
            handler: OnceLock::new(),
        }
    }

    /// Sets the function that adds parts to the key.
    pub(super) fn key_by<K: Fn(&Parts, &mut KeyWriter<'_>) + Send + Sync + 'static>(&mut self, of: K) {
        self.key_of = Some(Arc::new(of));
        self.key_of_type = Some(TypeId::of::<K>());
    }

    /// Adds a condition for requests that bypass the cache.
    pub(super) fn bypass_when<W: Fn(&Parts) -> bool + Send + Sync + 'static>(&mut self, when: W) {
        self.bypass.push((Arc::new(when), TypeId::of::<W>()));
    }

    pub(super) fn bypasses(&self, parts: &Parts) -> bool {
        self.bypass.iter().any(|(when, _)| when(parts))
    }

    /// Sets the names of `vary`, in lower case.
    pub(super) fn vary_on(&mut self, fields: &[&'static str]) {
        let is_lower = |name: &str| !name.bytes().any(|byte| byte.is_ascii_uppercase());
        let lower = |name: &'static str| if is_lower(name) { name } else { Box::leak(name.to_ascii_lowercase().into_boxed_str()) };
        let names: Vec<&'static str> = fields.iter().map(|name| lower(name)).collect();
        self.attributes.vary = if names.is_empty() { VaryOn::Nothing } else { VaryOn::Fields(Box::leak(names.into_boxed_slice())) };
    }

    /// The description of the layer, as an attribute would emit it. It is made once for each layer and never freed: a program has few
    /// layers.
    pub(super) fn handler(&self) -> &'static Handler {
        self.handler.get_or_init(|| {
            let site = Site {
                module: "",
                name: self.name,
                file: self.place.file(),
                line: self.place.line(),
                column: self.place.column(),
                tokens: self.fingerprint(),
                package_version: "",
            };
            let name = self.policy.name.unwrap_or(self.name);
            let handler: &Handler = Box::leak(Box::new(Handler::new(site, self.attributes, self.policy.name(name)).of_layer()));
            others::note(handler, if self.cache.is_some() { Kind::LayerOfItsOwn } else { Kind::Layer });
            match &self.cache {
                Some(cache) => cache.complain(handler),
                // Logged, as it is not known here whether a cache will be installed, which would return the mistake as an error.
                None => handler.mistake().iter().for_each(|mistake| observe::set_up_lacks(mistake)),
            }
            handler
        })
    }

    /// A fingerprint of what the service sees, how the key is made, and which requests bypass the cache: layers with one name that
    /// differ in these share nothing.
    fn fingerprint(&self) -> u128 {
        let mut parts = vec![vec![u8::from(self.sees_all), u8::from(matches!(self.attributes.vary, VaryOn::FromResponse))]];
        if let VaryOn::Fields(names) = self.attributes.vary {
            parts.extend(names.iter().map(|name| name.as_bytes().to_vec()));
        }
        parts.push(Vec::new());
        parts.extend(self.key_of_type.map(identity));
        // A layer with neither keeps the fingerprint that it had before these settings existed.
        if self.skips_credentials || !self.bypass.is_empty() {
            parts.push(vec![u8::from(self.skips_credentials)]);
            parts.extend(self.bypass.iter().map(|(_, of)| identity(*of)));
        }
        let parts: Vec<_> = parts.iter().map(Vec::as_slice).collect();
        Digest::of_parts(&parts).as_bytes().first_chunk().map_or(0, |bytes| u128::from_le_bytes(*bytes))
    }

    pub(super) fn names(&self, field: &HeaderName) -> bool {
        matches!(self.attributes.vary, VaryOn::Fields(names) if names.contains(&field.as_str()))
    }
}

fn next_number() -> u64 {
    static NEXT: AtomicU64 = AtomicU64::new(1);
    NEXT.fetch_add(1, Ordering::Relaxed)
}

impl Clone for Settings {
    fn clone(&self) -> Self {
        Self {
            name: self.name,
            place: self.place,
            attributes: self.attributes,
            policy: self.policy,
            groups: self.groups.clone(),
            groups_of: self.groups_of.clone(),
            key_of: self.key_of.clone(),
            key_of_type: self.key_of_type,
            bypass: self.bypass.clone(),
            cache: self.cache.clone(),
            sees_all: self.sees_all,
            skips_credentials: self.skips_credentials,
            number: next_number(),
            handler: OnceLock::new(),
        }
    }
}

impl fmt::Debug for Settings {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CacheLayer").field("name", &self.name).field("attributes", &self.attributes).finish_non_exhaustive()
    }
}

//! A cached handler: its place in the source, its settings, and the registry of all handlers.

mod attributes;
pub(crate) mod defaults;
pub(crate) mod function;
mod identity;
pub(crate) mod info;
mod mistakes;
pub(crate) mod name;
pub(crate) mod others;
pub(crate) mod policy;
pub(crate) mod state;
mod tiers;
pub(crate) mod writes;

use std::{
    any::TypeId,
    collections::HashMap,
    fmt,
    sync::{Mutex, Once, OnceLock},
    time::Duration,
};

pub use self::attributes::{Attributes, Ttl, VaryOn, window};
use self::defaults::Defaults;
pub(crate) use self::identity::identity;
pub(crate) use self::tiers::tiers;
use crate::{
    handler::{policy::Policy, state::State},
    observe::Subject,
    rules::stale::Windows,
    util::{digest::Digest, lock::lock},
};

/// A handler's place in the source.
#[derive(Debug, Clone, Copy)]
pub struct Site {
    /// `module_path!()`.
    pub module: &'static str,
    /// The function's name.
    pub name: &'static str,
    /// `file!()`.
    pub file: &'static str,
    /// `line!()`.
    pub line: u32,
    /// `column!()`.
    pub column: u32,
    /// A hash of the source of the attribute and the function. It is part of the key, as a changed source may mean changed
    /// responses.
    pub tokens: u128,
    /// The version of the author's package.
    pub package_version: &'static str,
}

/// A cached handler; a static that the attribute writes.
pub struct Handler {
    pub(crate) site: Site,
    pub(crate) attributes: Attributes,
    pub(crate) policy: Policy,
    /// The remote backend that stores its responses; absent for memory.
    pub(crate) remote: Option<&'static str>,
    /// Whether the memory holds copies in front of that backend (`memory+NAME`).
    pub(crate) has_near: bool,
    pub(crate) subject: Subject,
    /// It is a layer, and stands for many resources rather than one.
    pub(crate) is_of_layer: bool,
    /// It computes values, so that settings about answers to clients do not apply.
    pub(crate) is_of_values: bool,
    /// The cache's defaults that are applied to this copy of the handler; absent in the original.
    defaults: Option<&'static Defaults>,
    /// The next copy, in a list of the copies of this handler for caches with defaults.
    next_copy: OnceLock<&'static Self>,
    /// The digest that was needed first. It is the only one, unless a handler is generic or has several states or caches.
    digest: OnceLock<Named>,
    /// Further digests, by instance, state and namespace.
    digests: OnceLock<Mutex<Digests>>,
    /// The warning about a type whose shape is not fully known.
    shape_warning: Once,
}

type Digests = HashMap<(TypeId, TypeId), HashMap<Box<str>, Digest>>;

/// The most namespaces for which one instance keeps digests, as a program may build caches endlessly.
const MOST_NAMESPACES: usize = 1024;

/// A digest, and what it was made from besides the handler itself.
struct Named {
    instance: TypeId,
    state: TypeId,
    namespace: Box<str>,
    digest: Digest,
}

/// The description of a type of values.
#[derive(Debug)]
pub(crate) struct Described {
    /// A line for each leaf of the type.
    pub(crate) text: String,
    /// The description is complete: no part of the type accepts arbitrary data, and every leaf was reached.
    pub(crate) is_whole: bool,
}

/// Describes the type of a value.
pub(crate) type Shape = fn() -> Described;

/// An instance of a handler function: its type and name, which tell instances of a generic function apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    /// The number of a layer or a set of values, as many of them share one type; at rest their names tell them apart. Otherwise 0.
    pub(crate) number: u64,
}

impl Instance {
    /// The instance in which a closure was written: its type is unique to the instance.
    pub(crate) fn of<T: 'static>(_: &T) -> Self {
        let mut name = std::any::type_name::<T>();
        while let Some(outer) = name.strip_suffix("::{{closure}}") {
            name = outer;
        }
        Self { id: TypeId::of::<T>(), name, number: 0 }
    }
}

impl Handler {
    /// The static that the attribute emits.
    #[must_use]
    pub const fn new(site: Site, attributes: Attributes, policy: Policy) -> Self {
        let (has_near, remote) = tiers::of(attributes.backend);
        let attributes = Attributes { cache_control: attributes.cache_control.or(policy.cache_control), ..attributes };
        Self {
            site,
            attributes,
            policy,
            remote,
            has_near,
            is_of_layer: false,
            is_of_values: false,
            defaults: None,
            subject: Subject::new(policy.name, (site.module, site.name), (site.file, site.line)),
            next_copy: OnceLock::new(),
            digest: OnceLock::new(),
            digests: OnceLock::new(),
            shape_warning: Once::new(),
        }
    }

    /// The handler of a layer.
    pub(crate) const fn of_layer(mut self) -> Self {
        self.is_of_layer = true;
        self
    }

    /// The handler of a set of values.
    pub(crate) const fn of_values(mut self) -> Self {
        self.is_of_values = true;
        self.subject.is_of_values = true;
        self
    }

    /// The name of its epoch, which its keys at rest begin with.
    pub(crate) fn epoch_name(&self, instance: Instance) -> &'static str {
        self.policy.name.unwrap_or(instance.name)
    }

    /// The digest that tells its keys at rest from those of other handlers, states, namespaces and deploys.
    pub(crate) fn digest(&self, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> Digest {
        let of_these = || self.digest_of(instance, state, namespace, shape);
        let new = || Named { instance: instance.id, state: state.id, namespace: namespace.into(), digest: of_these() };
        let first = self.digest.get_or_init(new);
        let is_first = first.instance == instance.id && first.state == state.id && *first.namespace == *namespace;
        if is_first {
            return first.digest;
        }
        // Kept, as describing a large type takes too long to do it for each look-up.
        let digests = self.digests.get_or_init(Mutex::default);
        if let Some(known) = lock(digests).get(&(instance.id, state.id)).and_then(|of| of.get(namespace)) {
            return *known;
        }
        // Made without the lock, as it calls an author's `Deserialize`.
        let digest = of_these();
        let mut digests = lock(digests);
        let of = digests.entry((instance.id, state.id)).or_default();
        if of.len() >= MOST_NAMESPACES {
            of.clear();
        }
        of.insert(namespace.into(), digest);
        digest
    }

    /// The digest holds the compiler's identity of each type beside its name: types that are declared in two blocks of a function
    /// have the same name, and so have all its closures.
    fn digest_of(&self, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> Digest {
        let Described { text: shape, is_whole } = shape.map_or(Described { text: String::new(), is_whole: true }, |shape| shape());
        if !is_whole && self.policy.version == 0 {
            self.shape_warning.call_once(|| {
                tracing::warn!(target: "cached_handler", values = self.policy.name, type_name = instance.name, "the shape of this type is not fully known (`flatten`, `untagged`, tuples, deep or large types): a value that was stored before the type changed may be read as the new type; type `.version(1)`, and raise it with each change");
            });
        }
        let parts = [
            namespace.as_bytes(),
            self.epoch_name(instance).as_bytes(),
            instance.name.as_bytes(),
            &identity(instance.id),
            state.name.as_bytes(),
            &identity(state.id),
            self.site.package_version.as_bytes(),
            &self.site.tokens.to_le_bytes(),
            &self.policy.version.to_le_bytes(),
            shape.as_bytes(),
        ];
        Digest::of_parts(&parts)
    }

    /// The request fields that the key holds for `vary = "…"`.
    pub(crate) fn fields(&self) -> &'static [&'static str] {
        match self.attributes.vary {
            VaryOn::Fields(names) => names,
            VaryOn::Nothing | VaryOn::FromResponse => &[],
        }
    }

    /// The freshness lifetime of responses that state none; absent for `from_response`.
    pub(crate) fn ttl(&self) -> Option<Duration> {
        match self.attributes.ttl {
            Ttl::For(ttl) => Some(ttl),
            Ttl::FromResponse => None,
        }
    }

    /// The stale windows of responses that name none.
    pub(crate) fn windows(&self) -> Windows {
        Windows { while_revalidate: self.attributes.stale_while_revalidate, if_error: self.attributes.stale_if_error }
    }

    /// Whether its responses state freshness and `Vary` themselves: then it acts as a shared cache in front of another server.
    pub(crate) fn forwards(&self) -> bool {
        self.varies_from_response() && matches!(self.attributes.ttl, Ttl::FromResponse)
    }

    /// Whether an argument may hold the means to upgrade the connection: one that the key leaves out, or the whole request.
    pub(crate) fn may_upgrade(&self) -> bool {
        self.attributes.skips || self.attributes.withholds || self.varies_from_response()
    }

    pub(crate) fn varies_from_response(&self) -> bool {
        matches!(self.attributes.vary, VaryOn::FromResponse)
    }

    /// Its name in events and metrics: the name from its policy, or else its path.
    pub(crate) fn label(&'static self) -> &'static str {
        self.subject.label()
    }
}

impl fmt::Debug for Handler {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Handler")
            .field("site", &self.site)
            .field("attributes", &self.attributes)
            .field("policy", &self.policy)
            .finish_non_exhaustive()
    }
}

/// An entry of the table of handlers that the linker collects.
#[derive(Debug)]
pub struct Registered(pub &'static Handler);

inventory::collect!(Registered);

/// Every handler of the program with `#[cached]`.
pub(crate) fn all() -> impl Iterator<Item = &'static Handler> {
    inventory::iter::<Registered>().map(|registered| registered.0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::argument::tests::HANDLER;

    #[test]
    fn the_shape_of_a_type_is_asked_for_once_in_each_namespace() {
        use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
        static ASKED: AtomicUsize = AtomicUsize::new(0);
        fn shape() -> Described {
            ASKED.fetch_add(1, Relaxed);
            Described { text: String::new(), is_whole: true }
        }
        let handler: &'static Handler = Box::leak(Box::new(Handler::new(HANDLER.site, HANDLER.attributes, HANDLER.policy)));
        let (instance, state) = (Instance::of(&|| ()), State::of::<u8>());
        let tenants: Vec<String> = (0..100).map(|tenant| tenant.to_string()).collect();
        for _ in 0..10 {
            for tenant in &tenants {
                _ = handler.digest(instance, state, tenant, Some(shape));
            }
        }
        assert_eq!(ASKED.load(Relaxed), tenants.len());
        (0..10_000).for_each(|tenant| _ = handler.digest(instance, state, &format!("t{tenant}"), Some(shape)));
        let kept = lock(handler.digests.get().unwrap()).values().map(HashMap::len).sum::<usize>();
        assert!(kept <= MOST_NAMESPACES, "{kept}");
    }

    #[test]
    fn a_digest_tells_instances_states_and_namespaces_apart_whichever_was_first() {
        let [one, other] = [Instance::of(&|| ()), Instance::of(&|| 1)];
        assert_eq!(one.name, other.name, "of one name, and nevertheless two");
        let [state, of_its_name] = [(); 2].map(|()| State::of::<u8>());
        let of_its_name = State { id: TypeId::of::<u16>(), ..of_its_name };
        let of = [(one, state, "n"), (other, state, "n"), (one, of_its_name, "n"), (one, State::of::<u32>(), "n"), (one, state, "m")].map(
            |(instance, state, namespace)| {
                let digest = HANDLER.digest(instance, state, namespace, None);
                assert_eq!(digest, HANDLER.digest_of(instance, state, namespace, None));
                assert_eq!(digest, HANDLER.digest(instance, state, namespace, None), "once known");
                digest
            },
        );
        for (at, digest) in of.iter().enumerate() {
            assert!(of.iter().skip(at + 1).all(|other| other != digest), "{at}");
        }
    }
}

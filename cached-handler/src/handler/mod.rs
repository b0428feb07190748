//! One cached handler: where it stands, what its attribute says, and the registry of all of them.

mod attributes;
pub(crate) mod defaults;
pub(crate) mod function;
pub(crate) mod info;
mod mistakes;
pub(crate) mod name;
pub(crate) mod others;
pub(crate) mod policy;
pub(crate) mod state;
pub(crate) mod writes;

use std::{
    any::TypeId,
    collections::HashMap,
    fmt,
    hash::{Hash, Hasher},
    sync::{Mutex, Once, OnceLock},
    time::Duration,
};

pub use self::attributes::{Attributes, Ttl, VaryOn, window};
use self::defaults::Defaults;
use crate::{
    handler::{policy::Policy, state::State},
    observe::Subject,
    rules::stale::Windows,
    util::{digest::Digest, lock::lock},
};

/// Where a handler stands in the source.
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
    /// A hash of the attribute and the function as their author wrote them: another text may mean another response.
    pub tokens: u128,
    /// The author's own version.
    pub package_version: &'static str,
}

/// The name of the backend that every cache has.
const MEMORY: &[u8] = b"memory";

/// A cached handler; a static that the attribute writes.
pub struct Handler {
    pub(crate) site: Site,
    pub(crate) attributes: Attributes,
    pub(crate) policy: Policy,
    /// The backend that keeps its responses, if that has to be waited for; otherwise the memory does.
    pub(crate) remote: Option<&'static str>,
    pub(crate) subject: Subject,
    /// A layer: it stands for a whole site, and not for one resource.
    pub(crate) is_of_layer: bool,
    /// Computes values: it has no answers that clients or an attribute could say anything of.
    pub(crate) is_of_values: bool,
    /// The cache's defaults that it goes by, where it is another one's `elsewhere`.
    under: Option<&'static Defaults>,
    /// The same handler in caches that have defaults: a list of those that were needed.
    elsewhere: OnceLock<&'static Self>,
    /// The first that was asked for: all requests' but where a handler is generic, or has several states or caches.
    digest: OnceLock<Named>,
    /// Further ones, by instance, state and namespace.
    digests: OnceLock<Mutex<Digests>>,
    /// Whether its author has been told of a type that cannot be seen through.
    told: Once,
}

type Digests = HashMap<(TypeId, TypeId), HashMap<Box<str>, Digest>>;

/// Most namespaces that digests are kept of for one instance: a program may build caches as it goes.
const MOST_NAMESPACES: usize = 1024;

/// A digest, and what it was made of besides the handler itself.
struct Named {
    instance: TypeId,
    state: TypeId,
    namespace: Box<str>,
    digest: Digest,
}

/// What can be seen of the type of a value.
#[derive(Debug)]
pub(crate) struct Described {
    /// One line for each leaf.
    pub(crate) text: String,
    /// Nothing of it takes whatever comes, and the walk went everywhere.
    pub(crate) is_whole: bool,
}

/// What a typed value is made of.
pub(crate) type Shape = fn() -> Described;

/// Which handler function runs: its type and name, which tell instances of a generic one apart.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Instance {
    pub(crate) id: TypeId,
    pub(crate) name: &'static str,
    /// Which layer or set of values, as all of them are of few types; at rest their names tell them apart. Otherwise 0.
    pub(crate) number: u64,
}

impl Instance {
    /// Of a closure written inside the handler.
    pub(crate) fn of<T: 'static>(_: &T) -> Self {
        let mut name = std::any::type_name::<T>();
        while let Some(outer) = name.strip_suffix("::{{closure}}") {
            name = outer;
        }
        Self { id: TypeId::of::<T>(), name, number: 0 }
    }
}

impl Handler {
    /// What the attribute writes.
    #[must_use]
    pub const fn new(site: Site, attributes: Attributes, policy: Policy) -> Self {
        let remote = match attributes.backend {
            Some(name) if !matches!(name.as_bytes(), MEMORY) => Some(name),
            _ => None,
        };
        let attributes = Attributes { cache_control: attributes.cache_control.or(policy.cache_control), ..attributes };
        Self {
            site,
            attributes,
            policy,
            remote,
            is_of_layer: false,
            is_of_values: false,
            under: None,
            subject: Subject::new(policy.name, (site.module, site.name), (site.file, site.line)),
            elsewhere: OnceLock::new(),
            digest: OnceLock::new(),
            digests: OnceLock::new(),
            told: Once::new(),
        }
    }

    /// One of a layer.
    pub(crate) const fn of_layer(mut self) -> Self {
        self.is_of_layer = true;
        self
    }

    /// One that computes values.
    pub(crate) const fn of_values(mut self) -> Self {
        self.is_of_values = true;
        self.subject.is_of_values = true;
        self
    }

    /// The name of its epoch, and of its keys at rest.
    pub(crate) fn epoch_name(&self, instance: Instance) -> &'static str {
        self.policy.name.unwrap_or(instance.name)
    }

    /// Of all that tells its keys at rest from those of other handlers, states, namespaces and deploys.
    pub(crate) fn digest(&self, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> Digest {
        let of_these = || self.digest_of(instance, state, namespace, shape);
        let new = || Named { instance: instance.id, state: state.id, namespace: namespace.into(), digest: of_these() };
        let first = self.digest.get_or_init(new);
        let is_first = first.instance == instance.id && first.state == state.id && *first.namespace == *namespace;
        if is_first {
            return first.digest;
        }
        // Not made anew for each look-up: the shape of a large type takes long.
        let digests = self.digests.get_or_init(Mutex::default);
        if let Some(known) = lock(digests).get(&(instance.id, state.id)).and_then(|of| of.get(namespace)) {
            return *known;
        }
        // Made without the lock: an author's `Deserialize` is asked.
        let digest = of_these();
        let mut digests = lock(digests);
        let of = digests.entry((instance.id, state.id)).or_default();
        if of.len() >= MOST_NAMESPACES {
            of.clear();
        }
        of.insert(namespace.into(), digest);
        digest
    }

    /// A name says little of a type: two that are declared in two blocks have one name, and so have all closures of a
    /// function. What the compiler tells types apart by is therefore part of the digest, beside their names.
    fn digest_of(&self, instance: Instance, state: State, namespace: &str, shape: Option<Shape>) -> Digest {
        let Described { text: shape, is_whole } = shape.map_or(Described { text: String::new(), is_whole: true }, |shape| shape());
        if !is_whole && self.policy.version == 0 {
            self.told.call_once(|| {
                tracing::warn!(target: "cached_handler", values = self.policy.name, type_name = instance.name, "what this type reads cannot be seen in full (`flatten`, `untagged`, tuples, deep or large types): a value from before it changed may be read as one of now; type `.version(1)`, and count it up with each change");
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

    /// The freshness lifetime of responses that state none; absent where they have to.
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

    /// Whether its responses say everything themselves: it is a shared cache before another server then.
    pub(crate) fn forwards(&self) -> bool {
        self.varies_from_response() && matches!(self.attributes.ttl, Ttl::FromResponse)
    }

    /// Whether an argument may hold what a connection is upgraded by: one that the key leaves out, or the whole request.
    pub(crate) fn may_upgrade(&self) -> bool {
        self.attributes.skips || self.attributes.withholds || self.varies_from_response()
    }

    pub(crate) fn varies_from_response(&self) -> bool {
        matches!(self.attributes.vary, VaryOn::FromResponse)
    }

    /// What events and metrics call it: the name that its policy gives it, or else its path.
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

/// What the compiler tells a type apart by, as bytes. The same in every process of one build, and in another build of the
/// same crates by the same compiler, wherever in its file the type has moved to. Another compiler, or other versions of
/// the dependencies, may give another, and so begin with an empty store.
pub(crate) fn identity(of: TypeId) -> Vec<u8> {
    let mut bytes = Collected(Vec::new());
    of.hash(&mut bytes);
    bytes.0
}

/// A hasher that keeps what it is given.
struct Collected(Vec<u8>);

impl Hasher for Collected {
    fn write(&mut self, bytes: &[u8]) {
        self.0.extend_from_slice(bytes);
    }

    fn finish(&self) -> u64 {
        0
    }
}

/// A handler as the linker collects them.
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

//! The names of keys in Redis. All begin with `ch:{namespace}`: the braces put them into one slot of a cluster.

use crate::{
    backend::{Scopes, StoreKey},
    error::Error,
    invalidate::Mark,
};

#[derive(Debug, Clone)]
pub(super) struct Keys {
    namespace: Box<str>,
}

impl Keys {
    /// At most 64 letters, digits and `-_.:/`, so that nothing in a name ends the braces.
    pub(super) fn new(namespace: &str) -> Result<Self, Error> {
        let may_stand = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.:/".contains(&byte);
        if namespace.is_empty() {
            return Err(Error::config(
                "Redis is shared, so that this application's keys need a name of their own; add `.namespace(\"my-app\")` to `Cache::builder()`",
            ));
        }
        if namespace.len() > 64 || !namespace.bytes().all(may_stand) {
            return Err(Error::config("the namespace cannot stand in keys of Redis; type at most 64 letters, digits and `-_.:/`"));
        }
        Ok(Self { namespace: format!("ch:{{{namespace}}}").into_boxed_str() })
    }

    /// Of the clock.
    pub(super) fn namespace(&self) -> &str {
        &self.namespace
    }

    pub(super) fn response(&self, key: &StoreKey) -> String {
        self.part("r", key.as_str())
    }

    fn handler(&self, name: &str) -> String {
        self.part("h", name)
    }

    fn path(&self, bucket: u16) -> String {
        let digits = [12, 8, 4, 0].map(|shift| char::from_digit(u32::from(bucket >> shift & 15), 16).unwrap_or('0'));
        self.part("p", digits.iter().collect::<String>().as_str())
    }

    /// A digest: the names of groups are made of what handlers are asked for.
    fn group(&self, name: &str) -> String {
        let hex = blake3::hash(name.as_bytes()).to_hex();
        self.part("g", hex.get(..32).unwrap_or_default())
    }

    fn part(&self, kind: &str, name: &str) -> String {
        [&*self.namespace, ":", kind, ":", name].concat()
    }

    /// The clock, then the epochs that concern one response.
    pub(super) fn scopes(&self, scopes: &Scopes<'_>) -> Vec<String> {
        let mut keys = Vec::with_capacity(3 + scopes.groups().len());
        keys.push(self.namespace().to_owned());
        keys.push(self.handler(scopes.handler()));
        keys.push(self.path(scopes.path_bucket()));
        keys.extend(scopes.groups().iter().map(|group| self.group(group)));
        keys
    }

    /// The epoch that an invalidation moves on; the namespace's own is beside the clock.
    pub(super) fn mark(&self, mark: Mark<'_>) -> Option<String> {
        match mark {
            Mark::All => None,
            Mark::Handler(name) => Some(self.handler(name)),
            Mark::Group(name) => Some(self.group(name)),
            Mark::PathBucket(bucket) => Some(self.path(bucket)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_namespace_is_required_and_cannot_end_the_braces() {
        assert!(Keys::new("").is_err_and(|error| error.to_string().contains(".namespace(\"")));
        for wrong in ["a}b", "a b", "ä", &"a".repeat(65)] {
            assert!(Keys::new(wrong).is_err_and(|error| error.is_config()), "{wrong}");
        }
        assert_eq!(Keys::new("shop/v1").map(|keys| keys.namespace().to_owned()).ok().as_deref(), Some("ch:{shop/v1}"));
    }

    #[test]
    fn groups_cannot_be_read() -> Result<(), Error> {
        let key = Keys::new("shop")?.mark(Mark::Group("customer:secret"));
        assert!(key.is_some_and(|key| key.starts_with("ch:{shop}:g:") && !key.contains("secret")));
        Ok(())
    }
}

//! The names of keys in Redis. All begin with `ch:{namespace}`: the braces put them into one slot of a cluster.

use smallvec::SmallVec;

use crate::{
    epoch::{Scopes, target::Mark},
    error::Error,
    key::storage_key::StoreKey,
    util::digest::{Digest, hex},
};

#[derive(Debug, Clone)]
pub(super) struct Keys {
    namespace: Box<str>,
}

/// The keys of one command, one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(super) struct Names {
    text: String,
    ends: SmallVec<[usize; 8]>,
}

impl Names {
    fn push(&mut self, parts: &[&str]) {
        for part in parts {
            self.text.push_str(part);
        }
        self.ends.push(self.text.len());
    }

    pub(super) fn iter(&self) -> impl ExactSizeIterator<Item = &str> + Clone {
        (0..self.ends.len()).map(|at| {
            let start = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
            self.ends.get(at).and_then(|end| self.text.get(start..*end)).unwrap_or_default()
        })
    }
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
        [&*self.namespace, RESPONSE, key.as_str()].concat()
    }

    /// The clock, and then those who hold a lease.
    pub(super) fn clock_and_holders(&self) -> Names {
        let mut names = self.clock();
        names.push(&[&self.namespace, HOLDERS]);
        names
    }

    /// Those who hold a lease.
    pub(super) fn holders(&self) -> Names {
        let mut names = Names::default();
        names.push(&[&self.namespace, HOLDERS]);
        names
    }

    /// What a holder has acknowledged.
    pub(super) fn acknowledged(&self, holder: u64) -> String {
        format!("{}{ACKNOWLEDGED}{holder}", self.namespace)
    }

    /// The channel on which invalidations are published: one for each database, as channels know nothing of those.
    pub(super) fn channel(&self, database: i64) -> String {
        format!("{}{CHANNEL}:{database}", self.namespace)
    }

    /// The clock alone.
    pub(super) fn clock(&self) -> Names {
        let mut names = Names::default();
        names.push(&[&self.namespace]);
        names
    }

    /// The clock, then the epochs that concern one response.
    pub(super) fn scopes(&self, scopes: &Scopes<'_>, incarnation: u64) -> Names {
        self.scopes_and(scopes, incarnation, 0)
    }

    /// The same, and then the response.
    pub(super) fn scopes_with(&self, scopes: &Scopes<'_>, incarnation: u64, key: &StoreKey) -> Names {
        let mut names = self.scopes_and(scopes, incarnation, key.as_str().len() + RESPONSE.len() + self.namespace.len());
        names.push(&[&self.namespace, RESPONSE, key.as_str()]);
        names
    }

    /// The clock, the epochs of several responses, and then the response that is the first of them.
    pub(super) fn all_with(&self, scopes: &[Scopes<'_>], incarnation: u64, key: &StoreKey) -> Names {
        let mut names = self.clock();
        for scopes in scopes {
            self.epochs(scopes, incarnation, &mut names);
        }
        names.push(&[&self.namespace, RESPONSE, key.as_str()]);
        names
    }

    /// The clock, and then the response.
    pub(super) fn clock_with(&self, key: &StoreKey) -> Names {
        let mut names = self.clock();
        names.push(&[&self.namespace, RESPONSE, key.as_str()]);
        names
    }

    /// The clock, those who hold a lease, then the epoch that an invalidation moves on; the namespace's own is beside the clock.
    pub(super) fn clock_and_mark(&self, mark: Mark<'_>, incarnation: u64) -> Names {
        let mut names = self.clock_and_holders();
        match mark {
            Mark::All => {}
            Mark::Handler(name) => self.handler(name, &mut names),
            Mark::Group(name) => self.group(name, &mut names),
            Mark::Path(number) => self.path(number, incarnation, &mut names),
        }
        names
    }

    fn scopes_and(&self, scopes: &Scopes<'_>, incarnation: u64, more: usize) -> Names {
        let epochs = 1 + scopes.paths().len() + scopes.groups().len();
        let length = (epochs + 1) * self.namespace.len() + scopes.handler().len() + epochs * ONE_NAME + more;
        let mut names = Names { text: String::with_capacity(length), ends: SmallVec::new() };
        names.push(&[&self.namespace]);
        self.epochs(scopes, incarnation, &mut names);
        names
    }

    fn epochs(&self, scopes: &Scopes<'_>, incarnation: u64, names: &mut Names) {
        self.handler(scopes.handler(), names);
        for number in scopes.paths() {
            self.path(*number, incarnation, names);
        }
        for group in scopes.groups() {
            self.group(group, names);
        }
    }

    fn handler(&self, name: &str, names: &mut Names) {
        names.push(&[&self.namespace, ":h:", name]);
    }

    /// One of 65,536, as clients ask for any number of paths. Which of them share one is decided by the incarnation, which is
    /// random and which no client is told; it stands in the name, so that an epoch of another is none of this path.
    fn path(&self, number: u64, incarnation: u64, names: &mut Names) {
        let [high, low] = place_of_path(number, incarnation).to_be_bytes();
        let mut digits = [[0; 2]; 10];
        let bytes = incarnation.to_be_bytes().into_iter().chain([high, low]);
        digits.iter_mut().zip(bytes).for_each(|(digits, byte)| *digits = hex(byte));
        names.push(&[&self.namespace, ":p:", std::str::from_utf8(digits.as_flattened()).unwrap_or_default()]);
    }

    /// A digest: the names of groups are made of what handlers are asked for.
    fn group(&self, name: &str, names: &mut Names) {
        names.push(&[&self.namespace, ":g:", &digits_of_group(name)]);
    }
}

/// Which of the epochs of paths is that of this one, in this incarnation.
pub(super) fn place_of_path(number: u64, incarnation: u64) -> u16 {
    let [.., high, low] = mix(mix(number) ^ incarnation).to_be_bytes();
    u16::from_be_bytes([high, low])
}

/// What stands for a group's name.
pub(super) fn digits_of_group(name: &str) -> String {
    let mut digits = Digest::of(name.as_bytes()).to_hex().to_string();
    digits.truncate(32);
    digits
}

/// The finisher of splitmix64.
fn mix(word: u64) -> u64 {
    let word = word.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    word ^ (word >> 31)
}

const RESPONSE: &str = ":r:";
const HOLDERS: &str = ":l";
const ACKNOWLEDGED: &str = ":a:";
const CHANNEL: &str = ":c";
/// What an epoch's key is at most longer than the namespace, but for a handler's name.
const ONE_NAME: usize = 3 + 32;

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
        let keys = Keys::new("shop")?.clock_and_mark(Mark::Group("customer:secret"), 9);
        let digest = Digest::of(b"customer:secret").to_hex();
        assert_eq!(keys.iter().collect::<Vec<_>>(), ["ch:{shop}", "ch:{shop}:l", &format!("ch:{{shop}}:g:{}", &digest[..32])]);
        Ok(())
    }

    #[test]
    fn a_look_up_asks_for_the_clock_its_epochs_and_the_response() -> Result<(), Error> {
        let (keys, key) = (Keys::new("shop")?, StoreKey::for_tests("a"));
        let groups = ["x".into(), "y".into()];
        let scopes = Scopes::new("page", &[0x0a1f], &groups);
        let names = keys.scopes_with(&scopes, 9, &key);
        let group = |name: &str| format!("ch:{{shop}}:g:{}", &Digest::of(name.as_bytes()).to_hex()[..32]);
        let response = format!("ch:{{shop}}:r:{}", key.as_str());
        let path = format!("ch:{{shop}}:p:{:016x}{:04x}", 9, mix(mix(0x0a1f) ^ 9) & 0xffff);
        let expected = ["ch:{shop}", "ch:{shop}:h:page", &path, &group("x"), &group("y"), &response];
        assert_eq!(names.iter().collect::<Vec<_>>(), expected);
        assert_eq!(keys.scopes(&scopes, 9).iter().collect::<Vec<_>>(), expected[..5]);
        assert_eq!(keys.response(&key), response);
        Ok(())
    }

    #[test]
    fn paths_share_few_epochs_and_nobody_outside_knows_which_share_one() -> Result<(), Error> {
        let keys = Keys::new("shop")?;
        let of = |number, incarnation| {
            let names = keys.clock_and_mark(Mark::Path(number), incarnation);
            names.iter().last().map(str::to_owned).unwrap_or_default()
        };
        let all: std::collections::HashSet<_> = (0..200_000).map(|number| of(number, 9)).collect();
        assert!((50_000..=1 << 16).contains(&all.len()), "{}", all.len());
        // Those that meet in one incarnation do not in the next.
        let meet: Vec<u64> = (0..200_000).filter(|number| of(*number, 9) == of(0, 9)).collect();
        let again = meet.iter().filter(|number| of(**number, 10)[20..] == of(0, 10)[20..]).count();
        assert!(again <= 2, "{again} of {}", meet.len());
        assert!(all.iter().all(|name| *name != of(0, 10)));
        Ok(())
    }
}

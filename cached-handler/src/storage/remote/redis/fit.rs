//! Whether a server will do, by what it says of itself.

use ::redis::{RedisError, Value, aio::MultiplexedConnection};

use super::{
    link::{Says, says, version},
    memory::Worry,
    refusal::{moved_to, refusal},
};

/// The oldest version that has what is needed: `PEXPIRE … GT`, and scripts that say that they may run when memory is short.
const OLDEST: u32 = 7;

/// A server that will do, and what is to be said of it.
pub(super) type Fit = (MultiplexedConnection, Option<Worry>);

/// Why a server will not do.
pub(super) enum Unfit {
    Elsewhere(String, u16),
    For(&'static str, &'static str),
}

impl Unfit {
    pub(super) fn of(error: &RedisError) -> Self {
        if let Some((host, port)) = moved_to(error) {
            return Self::Elsewhere(host, port);
        }
        let (word, message) = refusal(error).error.into_words();
        Self::For(word, message)
    }
}

/// What `INFO` says about the version, the role and what is done when memory is short.
pub(super) fn examine(info: &str) -> Result<Option<Worry>, Unfit> {
    let value = |name: &str| info.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    must_be(value("redis_version"), value("role") == Some("slave"))?;
    Ok(value("maxmemory").zip(value("maxmemory_policy")).and_then(|(limit, policy)| Worry::of(limit, policy)))
}

/// What `HELLO` says about the first two of them. Of another kind than expected, it says nothing.
pub(super) fn hello(answer: &Value) -> Result<(), Unfit> {
    must_be(version(answer).as_deref(), says(answer) == Says::Replica)
}

fn must_be(version: Option<&str>, is_replica: bool) -> Result<(), Unfit> {
    let major = version.and_then(|version| version.split('.').next()?.parse::<u32>().ok());
    if major.is_some_and(|major| major < OLDEST) {
        return Err(Unfit::For("too-old", "Redis is older than 7.0, which is needed"));
    }
    if is_replica {
        return Err(Unfit::For("readonly", "Redis is a replica; give the primary's address"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fits(info: &str) -> Result<Option<Worry>, &'static str> {
        examine(info).map_err(|unfit| match unfit {
            Unfit::For(word, _) => word,
            Unfit::Elsewhere(..) => "elsewhere",
        })
    }

    #[test]
    fn old_servers_and_replicas_will_not_do() {
        assert_eq!(fits("redis_version:7.0.15\r\nrole:master\r\n"), Ok(None));
        assert_eq!(fits("redis_version:8.2.1\r\nmaxmemory_policy:allkeys-lru\r\nmaxmemory:100\r\n"), Ok(None));
        let short = "redis_version:8.2.1\r\nmaxmemory:100\r\nmaxmemory_human:100B\r\nmaxmemory_policy:noeviction\r\n";
        assert_eq!(fits(short), Ok(Some(Worry::Refuses)));
        assert_eq!(fits("redis_version:6.2.7\r\nrole:master\r\n"), Err("too-old"));
        assert_eq!(fits("redis_version:7.0.15\r\nrole:slave\r\n"), Err("readonly"));
        assert_eq!(fits(""), Ok(None));
    }
}

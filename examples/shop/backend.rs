//! Where responses rest: the handlers do not say, so it is chosen when the program starts.

use std::{env, path::PathBuf, str::FromStr};

use cached_handler::CacheBuilder;

/// One of the built-in backends.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Backend {
    /// This process.
    #[default]
    Memory,
    /// Files, which others on this machine share.
    Fs,
    /// Redis, which other machines share.
    Redis,
    /// Files, with copies in memory in front of them.
    MemoryAndFs,
    /// Redis, with copies in memory in front of it.
    MemoryAndRedis,
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "memory" => Ok(Self::Memory),
            "fs" => Ok(Self::Fs),
            "redis" => Ok(Self::Redis),
            "memory+fs" => Ok(Self::MemoryAndFs),
            "memory+redis" => Ok(Self::MemoryAndRedis),
            _ => Err(format!("there is no backend `{name}`; type `memory`, `fs`, `redis`, `memory+fs` or `memory+redis`")),
        }
    }
}

impl Backend {
    /// Sets it up, for a shop of this name: those who share a name share their responses, hence their goods as well.
    pub fn set_up(self, builder: CacheBuilder, shop: &str) -> CacheBuilder {
        let builder = builder.namespace(shop).default_backend(self.name());
        match self {
            Self::Memory => builder,
            Self::Fs | Self::MemoryAndFs => builder.fs(files(shop)),
            Self::Redis | Self::MemoryAndRedis => {
                builder.redis(env::var("CACHED_HANDLER_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned()))
            }
        }
    }

    fn name(self) -> &'static str {
        match self {
            Self::Memory => "memory",
            Self::Fs => "fs",
            Self::Redis => "redis",
            Self::MemoryAndFs => "memory+fs",
            Self::MemoryAndRedis => "memory+redis",
        }
    }

    /// Takes away what it leaves on this machine.
    pub fn clear_away(self, shop: &str) {
        if matches!(self, Self::Fs | Self::MemoryAndFs) {
            _ = std::fs::remove_dir_all(files(shop));
        }
    }
}

fn files(shop: &str) -> PathBuf {
    env::temp_dir().join(format!("{shop}.responses"))
}

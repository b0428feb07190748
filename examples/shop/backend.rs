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
}

impl FromStr for Backend {
    type Err = String;

    fn from_str(name: &str) -> Result<Self, String> {
        match name {
            "memory" => Ok(Self::Memory),
            "fs" => Ok(Self::Fs),
            "redis" => Ok(Self::Redis),
            _ => Err(format!("there is no backend `{name}`; type `memory`, `fs` or `redis`")),
        }
    }
}

impl Backend {
    /// Sets it up, for a shop of this name: those who share a name share their responses, hence their goods as well.
    pub fn set_up(self, builder: CacheBuilder, shop: &str) -> CacheBuilder {
        let builder = builder.namespace(shop);
        match self {
            Self::Memory => builder,
            Self::Fs => builder.fs(files(shop)).default_backend("fs"),
            Self::Redis => {
                let url = env::var("CACHED_HANDLER_REDIS_URL").unwrap_or_else(|_| "redis://127.0.0.1:6379".to_owned());
                builder.redis(url).default_backend("redis")
            }
        }
    }

    /// Takes away what it leaves on this machine.
    pub fn clear_away(self, shop: &str) {
        if self == Self::Fs {
            _ = std::fs::remove_dir_all(files(shop));
        }
    }
}

fn files(shop: &str) -> PathBuf {
    env::temp_dir().join(format!("{shop}.responses"))
}

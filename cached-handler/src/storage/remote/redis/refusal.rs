//! What an error of Redis says, in words of ours: what the server or the client library write is not passed on, as it
//! may hold keys, users or addresses.

use ::redis::{ErrorKind, RedisError};

use crate::error::{Error, Fault};

/// The error, and whether the connection is of no use any more.
pub(super) struct Refusal {
    pub(super) error: Error,
    pub(super) ends_connection: bool,
}

pub(super) fn refusal(error: &RedisError) -> Refusal {
    let Some(code) = error.code() else {
        // Not an answer of the server: the connection broke off, or what came is no answer.
        let (word, message) = match error.kind() {
            ErrorKind::AuthenticationFailed => ("wrongpass", "Redis does not accept the user and password of its URL"),
            // In the words of rustls, which come by no other way.
            ErrorKind::Io if error.to_string().contains("invalid peer certificate") => {
                ("untrusted", "the certificate of Redis is not one that this system trusts, or is not for this host")
            }
            ErrorKind::Parse | ErrorKind::UnexpectedReturnType => ("senseless", "Redis answered what cannot be understood"),
            _ => ("unreachable", "Redis cannot be reached"),
        };
        return Refusal { error: Error::fault(Fault::Sick(word), message), ends_connection: true };
    };
    let (fault, message, ends_connection) = said(code);
    Refusal { error: Error::fault(fault, message), ends_connection }
}

/// What a code means for all further calls.
fn said(code: &str) -> (Fault, &'static str, bool) {
    use Fault::{Refused, Sick};
    match code {
        // It serves what it can: the next call may be another matter.
        "OOM" => (
            Refused("oom"),
            "Redis is out of memory and stores nothing new; raise `maxmemory`, or set `maxmemory-policy volatile-lfu`",
            false,
        ),
        "MISCONF" => (Refused("misconf"), "Redis stores nothing, as it cannot write to its disk", false),
        "NOPERM" => (
            Refused("noperm"),
            "the user of Redis may not do this; allow it `+@read +@write +@scripting +info +time` and the keys `~ch:*`",
            false,
        ),
        "WRONGTYPE" => (Refused("wrongtype"), "a key of this cache in Redis holds something else", false),
        "NOREPLICAS" => (Refused("noreplicas"), "Redis stores nothing, as too few of its replicas are there", false),
        "NOSCRIPT" => (Refused("noscript"), "Redis forgets scripts as soon as it learns them", false),
        // It serves nobody for now.
        "LOADING" => (Sick("loading"), "Redis is loading its data", false),
        "BUSY" => (Sick("busy-script"), "Redis is busy with somebody's script", false),
        "MASTERDOWN" => (Sick("masterdown"), "Redis is a replica without its primary", true),
        "NOAUTH" => (Sick("noauth"), "Redis asks for a password; put it into its URL: `redis://:PASSWORD@HOST`", true),
        "WRONGPASS" => (Sick("wrongpass"), "Redis does not accept the user and password of its URL", true),
        // It is not the one to ask: another connection may find it.
        "READONLY" => (Sick("readonly"), "Redis is a replica; give the primary's address", true),
        "MOVED" | "ASK" => (Sick("moved"), "the keys are at another node of the cluster", true),
        "CLUSTERDOWN" | "TRYAGAIN" => (Sick("clusterdown"), "the cluster has nobody to serve these keys for now", true),
        "CROSSSLOT" => (Sick("crossslot"), "the cluster takes the keys of one namespace apart", false),
        _ => (Sick("refused"), "Redis refused a command; if it did so from the start, check the number of the database in its URL", false),
    }
}

/// Where the server says that the keys are: `HOST:PORT`.
pub(super) fn moved_to(error: &RedisError) -> Option<(String, u16)> {
    let (address, _) = error.redirect_node()?;
    let (host, port) = address.rsplit_once(':')?;
    Some((host.to_owned(), port.parse().ok()?))
}

pub(super) fn senseless() -> Error {
    Error::fault(Fault::Sick("senseless"), "Redis answered what cannot be understood")
}

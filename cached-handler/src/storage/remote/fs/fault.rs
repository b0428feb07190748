//! What can go wrong with files, and what it is called where a caller gets to see it.

use std::{borrow::Cow, fmt};

use rustix::io::Errno;

use crate::error::{self, Error};

/// Why a call on files came to nothing.
#[derive(Debug)]
pub(super) enum Fault {
    /// The disk would have had to be waited for, on a thread that must not wait.
    NotAtHand,
    /// The directory is not where it was: removed, or replaced by another.
    Gone,
    /// The table of epochs is not as it was written.
    Damaged,
    /// The caller has given up.
    GivenUp,
    /// What is there cannot be used as it is.
    Refused(String),
    /// What may be stored is stored already.
    NoRoom,
    /// No thread could do it.
    NoThread(Cow<'static, str>),
    /// Another process holds the lock of the table.
    Locked,
    /// Others store in the folder of a response, and one of them takes long.
    Contended,
    /// The system said so.
    System { call: &'static str, errno: Errno },
}

impl Fault {
    /// For `map_err`, with the name of the call.
    pub(super) fn of(call: &'static str) -> impl Fn(Errno) -> Self {
        move |errno| match errno {
            // The file's server forgot it (NFS): it was removed there.
            Errno::STALE => Self::Gone,
            errno => Self::System { call, errno },
        }
    }

    /// What it says of the whole backend: a disk that takes nothing more may still be read.
    fn kind(&self) -> error::Fault {
        match self {
            Self::System { errno: Errno::NOSPC | Errno::DQUOT, .. } => error::Fault::Refused("full"),
            Self::System { errno: Errno::ROFS, .. } => error::Fault::Refused("read-only"),
            Self::NoRoom => error::Fault::Refused("capacity"),
            Self::Contended => error::Fault::Refused("contended"),
            Self::Damaged => error::Fault::Sick("damaged"),
            Self::Locked => error::Fault::Sick("locked"),
            _ => error::Fault::Sick("failed"),
        }
    }

    /// Whether this process, or the system, can open no more files.
    pub(super) fn is_lack_of_descriptors(&self) -> bool {
        self.is(Errno::MFILE) || self.is(Errno::NFILE)
    }

    /// Whether the system said just this.
    pub(super) fn is(&self, wanted: Errno) -> bool {
        matches!(self, Self::System { errno, .. } if *errno == wanted)
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAtHand => f.write_str("the disk would have to be waited for"),
            Self::Gone => f.write_str("the directory was removed or replaced"),
            Self::Damaged => f.write_str("the file `table` is damaged"),
            Self::GivenUp => f.write_str("it took too long and was given up"),
            Self::NoRoom => f.write_str("responses take all of the capacity, or this one would; the least used are removed in the background; raise it by `.fs_capacity(bytes)`"),
            Self::Refused(why) => f.write_str(why),
            Self::NoThread(why) => write!(f, "no thread for blocking calls: {why}"),
            Self::Locked => f.write_str("another process holds the file `lock` and does not let go; is it stopped?"),
            Self::Contended => f.write_str("another process has been storing in the folder of this response for longer than 50 ms, so the response is not stored; is that process stopped?"),
            Self::System { call, errno: errno @ (Errno::ACCESS | Errno::PERM) } => {
                write!(f, "`{call}` failed: {errno}; it needs to be this user's: type `chmod -R u=rwX,go=` on it")
            }
            Self::System { call, errno } => write!(f, "`{call}` failed: {errno}"),
        }
    }
}

impl std::error::Error for Fault {}

impl From<Fault> for Error {
    fn from(fault: Fault) -> Self {
        Self::fault(fault.kind(), fault.to_string())
    }
}

//! Values of the standard library that are more than a number or text.

use std::{
    collections::{BTreeMap, BTreeSet},
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr, SocketAddrV4, SocketAddrV6},
    num::NonZero,
    time::{Duration, SystemTime},
};

use crate::key::writer::{KeyPart, KeyWriter, Tag};

macro_rules! non_zero {
    ($($int:ty),*) => { $(
        /// Written as its number.
        impl KeyPart for NonZero<$int> {
            fn key_part(&self, key: &mut KeyWriter<'_>) {
                self.get().key_part(key);
            }
        }
    )* };
}
non_zero!(u8, u16, u32, u64, u128, usize, i8, i16, i32, i64, i128, isize);

impl KeyPart for Ipv4Addr {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("ip", &self.octets());
    }
}

impl KeyPart for Ipv6Addr {
    /// `::ffff:1.2.3.4` is not `1.2.3.4`: they print differently.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("ip", &self.octets());
    }
}

impl KeyPart for IpAddr {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::V4(address) => address.key_part(key),
            Self::V6(address) => address.key_part(key),
        }
    }
}

impl KeyPart for SocketAddrV4 {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.ip().key_part(key);
        self.port().key_part(key);
    }
}

impl KeyPart for SocketAddrV6 {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.ip().key_part(key);
        self.port().key_part(key);
        self.flowinfo().key_part(key);
        self.scope_id().key_part(key);
    }
}

impl KeyPart for SocketAddr {
    /// The tag of the address tells how many numbers follow it.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        match self {
            Self::V4(address) => address.key_part(key),
            Self::V6(address) => address.key_part(key),
        }
    }
}

impl KeyPart for Duration {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.named("duration", &self.as_nanos().to_le_bytes());
    }
}

impl KeyPart for SystemTime {
    /// The distance from 1970, before or after.
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        let (name, distance) = match self.duration_since(Self::UNIX_EPOCH) {
            Ok(since) => ("since 1970", since),
            Err(before) => ("before 1970", before.duration()),
        };
        key.named(name, &distance.as_nanos().to_le_bytes());
    }
}

impl<K: KeyPart, V: KeyPart> KeyPart for BTreeMap<K, V> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Map);
        key.length(self.len());
        for (name, value) in self {
            name.key_part(key);
            value.key_part(key);
        }
    }
}

impl<P: KeyPart> KeyPart for BTreeSet<P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Set);
        key.length(self.len());
        for part in self {
            part.key_part(key);
        }
    }
}

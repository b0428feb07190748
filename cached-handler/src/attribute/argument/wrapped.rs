//! Arguments made of others: options, results, tuples.

use std::sync::Arc;

use crate::{
    key::writer::{CacheKey, KeyWriter, Tag},
    outcome::Bypass,
    request::forwarding::Forwarding,
};

impl<E: CacheKey> CacheKey for Option<E> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        match self {
            None => {
                key.tag(Tag::None);
                E::absent(key);
            }
            Some(argument) => {
                key.tag(Tag::Some);
                argument.cache_key(key);
            }
        }
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        match self {
            None => key.tag(Tag::None),
            Some(argument) => {
                key.tag(Tag::Some);
                argument.carried(key);
            }
        }
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }

    fn fill(&mut self, forwarding: &Forwarding<'_>) {
        if let Some(argument) = self {
            argument.fill(forwarding);
        }
    }
}

impl<T: CacheKey, R> CacheKey for Result<T, R> {
    /// An `Err` can show what the key of `T` leaves out, such as the name of an unknown parameter, so it bypasses the cache.
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        if let Ok(argument) = self {
            key.tag(Tag::Ok);
            argument.cache_key(key);
        } else {
            T::absent(key);
            key.bypass(Bypass::RejectedArgument);
        }
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        if let Ok(argument) = self {
            key.tag(Tag::Ok);
            argument.carried(key);
        } else {
            key.bypass(Bypass::RejectedArgument);
        }
    }

    fn absent(key: &mut KeyWriter<'_>) {
        T::absent(key);
    }

    fn fill(&mut self, forwarding: &Forwarding<'_>) {
        if let Ok(argument) = self {
            argument.fill(forwarding);
        }
    }
}

impl<T: CacheKey> CacheKey for Box<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        (**self).cache_key(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        (**self).carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        T::absent(key);
    }

    fn fill(&mut self, forwarding: &Forwarding<'_>) {
        (**self).fill(forwarding);
    }
}

impl<T: CacheKey> CacheKey for Arc<T> {
    fn cache_key(&self, key: &mut KeyWriter<'_>) {
        (**self).cache_key(key);
    }

    fn carried(&self, key: &mut KeyWriter<'_>) {
        (**self).carried(key);
    }

    fn absent(key: &mut KeyWriter<'_>) {
        T::absent(key);
    }

    fn fill(&mut self, forwarding: &Forwarding<'_>) {
        if let Some(argument) = Self::get_mut(self) {
            argument.fill(forwarding);
        }
    }
}

macro_rules! tuples {
    ($($($argument:ident)*;)*) => { $(
        #[expect(non_snake_case, reason = "one name for a type and its value")]
        impl<$($argument: CacheKey),*> CacheKey for ($($argument,)*) {
            fn cache_key(&self, key: &mut KeyWriter<'_>) {
                let ($($argument,)*) = self;
                $($argument.cache_key(key);)*
            }

            fn carried(&self, key: &mut KeyWriter<'_>) {
                let ($($argument,)*) = self;
                $($argument.carried(key);)*
            }

            fn absent(key: &mut KeyWriter<'_>) {
                $($argument::absent(key);)*
            }

            fn fill(&mut self, forwarding: &Forwarding<'_>) {
                let ($($argument,)*) = self;
                $($argument.fill(forwarding);)*
            }
        }
    )* };
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}

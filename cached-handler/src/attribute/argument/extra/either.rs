//! `Either` to `Either8`: which alternative it is, and what that shows.

use axum_extra::either::{Either, Either3, Either4, Either5, Either6, Either7, Either8};

use crate::key::writer::{CacheKey, KeyWriter};

macro_rules! either {
    ($($either:ident: $($index:literal $alternative:ident)*;)*) => { $(
        impl<$($alternative: CacheKey),*> CacheKey for $either<$($alternative),*> {
            /// The extractor may have tried every alternative, so each declares what it would have been read from.
            fn cache_key(&self, key: &mut KeyWriter<'_>) {
                Self::absent(key);
                match self {
                    $(Self::$alternative(argument) => {
                        key.part(&$index);
                        argument.cache_key(key);
                    })*
                }
            }

            fn carried(&self, key: &mut KeyWriter<'_>) {
                match self {
                    $(Self::$alternative(argument) => {
                        key.part(&$index);
                        argument.carried(key);
                    })*
                }
            }

            fn absent(key: &mut KeyWriter<'_>) {
                $($alternative::absent(key);)*
            }
        }
    )* };
}
either! {
    Either: 1_u8 E1 2_u8 E2;
    Either3: 1_u8 E1 2_u8 E2 3_u8 E3;
    Either4: 1_u8 E1 2_u8 E2 3_u8 E3 4_u8 E4;
    Either5: 1_u8 E1 2_u8 E2 3_u8 E3 4_u8 E4 5_u8 E5;
    Either6: 1_u8 E1 2_u8 E2 3_u8 E3 4_u8 E4 5_u8 E5 6_u8 E6;
    Either7: 1_u8 E1 2_u8 E2 3_u8 E3 4_u8 E4 5_u8 E5 6_u8 E6 7_u8 E7;
    Either8: 1_u8 E1 2_u8 E2 3_u8 E3 4_u8 E4 5_u8 E5 6_u8 E6 7_u8 E7 8_u8 E8;
}

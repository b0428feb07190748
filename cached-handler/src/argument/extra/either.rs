//! `Either` and its wider sisters: which alternative, and what it shows.

use axum_extra::either::{Either, Either3, Either4, Either5, Either6, Either7, Either8};

use super::Keyed;
use crate::{cache_key::KeyWriter, serve::Run};

macro_rules! either {
    ($($either:ident: $($index:literal $alternative:ident)*;)*) => { $(
        impl<M, $($alternative: Keyed<M>),*> Keyed<M> for $either<$($alternative),*> {
            /// Every alternative may have been tried, so each says what its absence was read from.
            fn write(&self, key: &mut KeyWriter<'_>) {
                <Self as Keyed<M>>::absent(key);
                match self {
                    $(Self::$alternative(argument) => {
                        key.part(&$index);
                        argument.write(key);
                    })*
                }
            }

            fn amend(&mut self, run: &Run) {
                match self {
                    $(Self::$alternative(argument) => argument.amend(run),)*
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

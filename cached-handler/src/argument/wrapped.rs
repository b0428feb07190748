//! Arguments made of others: options, results, tuples.

use super::Keyed;
use crate::{
    cache_key::{KeyWriter, Tag},
    outcome::Bypass,
    serve::Run,
};

impl<M, E: Keyed<M>> Keyed<M> for Option<E> {
    fn write(&self, key: &mut KeyWriter<'_>) {
        match self {
            None => {
                key.tag(Tag::None);
                E::absent(key);
            }
            Some(argument) => {
                key.tag(Tag::Some);
                argument.write(key);
            }
        }
    }

    fn amend(&mut self, run: &Run) {
        if let Some(argument) = self {
            argument.amend(run);
        }
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

impl<M, E: Keyed<M>, R> Keyed<M> for Result<E, R> {
    /// An `Err` can show what the key of `E` leaves out, such as the name of an unknown parameter: it is not cached.
    fn write(&self, key: &mut KeyWriter<'_>) {
        match self {
            Ok(argument) => {
                key.tag(Tag::Ok);
                argument.write(key);
            }
            Err(_) => {
                E::absent(key);
                key.bypass(Bypass::RejectedArgument);
            }
        }
    }

    fn amend(&mut self, run: &Run) {
        if let Ok(argument) = self {
            argument.amend(run);
        }
    }

    fn absent(key: &mut KeyWriter<'_>) {
        E::absent(key);
    }
}

macro_rules! tuples {
    ($($($argument:ident)*;)*) => { $(
        #[expect(non_snake_case, reason = "one name for a type and its value")]
        impl<M, $($argument: Keyed<M>),*> Keyed<M> for ($($argument,)*) {
            fn write(&self, key: &mut KeyWriter<'_>) {
                let ($($argument,)*) = self;
                $($argument.write(key);)*
            }

            fn amend(&mut self, run: &Run) {
                let ($($argument,)*) = self;
                $($argument.amend(run);)*
            }

            fn absent(key: &mut KeyWriter<'_>) {
                $($argument::absent(key);)*
            }
        }
    )* };
}
tuples! {
    A; A B; A B C; A B C D; A B C D E; A B C D E F; A B C D E F G; A B C D E F G H;
}

//! The values that may be parts of a key, and how each is written: a tag, then the length of its bytes, and the bytes.

mod foreign;
mod standard;
#[cfg(test)]
mod tests;

use super::{KeyPart, KeyWriter, Tag};

macro_rules! integers {
    ($tag:ident: $($int:ty),*) => { $(
        impl KeyPart for $int {
            #[inline]
            fn key_part(&self, key: &mut KeyWriter<'_>) {
                key.tag(Tag::$tag);
                key.raw(&self.to_le_bytes());
            }
        }
    )* };
}
integers!(Unsigned: u8, u16, u32, u64, u128, usize);
integers!(Signed: i8, i16, i32, i64, i128, isize);

impl KeyPart for bool {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Bool);
        key.raw(&[u8::from(*self)]);
    }
}

impl KeyPart for char {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Char);
        key.raw(&u32::from(*self).to_le_bytes());
    }
}

impl KeyPart for str {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Text);
        key.raw(self.as_bytes());
    }
}

impl KeyPart for String {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.as_str().key_part(key);
    }
}

impl KeyPart for bytes::Bytes {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Bytes);
        key.raw(self);
    }
}

impl KeyPart for http::HeaderValue {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Bytes);
        key.raw(self.as_bytes());
    }
}

impl KeyPart for http::Method {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.as_str().key_part(key);
    }
}

impl KeyPart for () {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Sequence);
        key.length(0);
    }
}

impl<P: KeyPart + ?Sized> KeyPart for &P {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        (**self).key_part(key);
    }
}

impl<P: KeyPart + ?Sized> KeyPart for Box<P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        (**self).key_part(key);
    }
}

impl<P: KeyPart + ?Sized> KeyPart for std::sync::Arc<P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        (**self).key_part(key);
    }
}

impl<P: KeyPart + ToOwned + ?Sized> KeyPart for std::borrow::Cow<'_, P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        (**self).key_part(key);
    }
}

impl<P: KeyPart> KeyPart for Option<P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        match self {
            None => key.tag(Tag::None),
            Some(part) => {
                key.tag(Tag::Some);
                part.key_part(key);
            }
        }
    }
}

impl<P: KeyPart> KeyPart for [P] {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        key.tag(Tag::Sequence);
        key.length(self.len());
        for part in self {
            part.key_part(key);
        }
    }
}

impl<P: KeyPart, const N: usize> KeyPart for [P; N] {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.as_slice().key_part(key);
    }
}

impl<P: KeyPart> KeyPart for Vec<P> {
    fn key_part(&self, key: &mut KeyWriter<'_>) {
        self.as_slice().key_part(key);
    }
}

macro_rules! tuples {
    ($($count:literal: $($part:ident)*;)*) => { $(
        impl<$($part: KeyPart),*> KeyPart for ($($part,)*) {
            #[expect(non_snake_case, reason = "one name for a type and its value")]
            fn key_part(&self, key: &mut KeyWriter<'_>) {
                let ($($part,)*) = self;
                key.tag(Tag::Sequence);
                key.length($count);
                $($part.key_part(key);)*
            }
        }
    )* };
}
tuples! {
    1: A; 2: A B; 3: A B C; 4: A B C D; 5: A B C D E; 6: A B C D E F; 7: A B C D E F G; 8: A B C D E F G H;
}

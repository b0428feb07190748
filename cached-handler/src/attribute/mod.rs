//! What the attributes' code calls: [`private`](crate::__private), and what each kind of argument adds to the key.

pub(crate) mod argument;

//! What the code that the attributes emit calls: [`private`](crate::__private), and how each kind of argument is written into the key.

pub(crate) mod argument;

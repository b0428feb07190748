//! What methods other than GET say of the response that GET stored, in memory, in files, in a Redis and in a store of one's own: HEAD freshens it or
//! ends it (RFC 9111 §4.3.5), the answer to a POST may stand in its place (RFC 9110 §9.3.3). And what conditions come to.

mod by_curl;
mod conditions;
mod head;
mod places;
mod post;

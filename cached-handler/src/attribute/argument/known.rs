//! What is said of arguments that the key does not know, by the name of their type: the attribute picks one of these traits by it.
//!
//! Each is `Keyed` under another name, and `do_not_recommend` makes rustc stop here, with one message and its notes, and without
//! a list of types that nobody asked for.

use super::{Keyed, Undeclared};
use crate::{key::writer::KeyWriter, serve::Run};

macro_rules! known {
    ($($(#[$doc:meta])* $name:ident { $message:literal, $label:literal, $($note:literal),* })*) => { $(
        $(#[$doc])*
        #[diagnostic::on_unimplemented(message = $message, label = $label, $(note = $note),*)]
        pub trait $name<M = Undeclared> {
            /// As [`Keyed::write`].
            fn write(&self, key: &mut KeyWriter<'_>);

            /// As [`Keyed::amend`].
            fn amend(&mut self, run: &Run);
        }

        #[diagnostic::do_not_recommend]
        impl<M, T: Keyed<M>> $name<M> for T {
            fn write(&self, key: &mut KeyWriter<'_>) {
                Keyed::write(self, key);
            }

            fn amend(&mut self, run: &Run) {
                Keyed::amend(self, run);
            }
        }
    )* };
}

known! {
    /// A type of a name that says nothing.
    InKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "the key has to hold what the handler sees here",
        "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it, and `#[cache_key(private)]` if it says who asks",
        "if it is another crate's: name what the response depends on, `#[cached(…, key(arg.part))]`; everything else of this argument is then not in the key, so never name a part of a secret, of messages or of a session: read those in an extractor of your own, with that derive",
        "if it does not affect the response: `#[cached(…, skip_credentials(arg))]` for what shows nothing of a person, such as a pool; else `skip(arg)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
    }
    /// `AuthSession` of axum-login.
    AuthSessionInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "shows who is logged in",
        "a page for those who are not logged in: `#[cached(…, bypass(auth.user.is_some()), skip(auth))]`; for all others the handler runs",
        "a page for each user: an extractor of your own that reads the user, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#sessions",
        "a page that shows no more than the user's id: `#[cached(…, key(auth.user.as_ref().map(axum_login::AuthUser::id)))]`; everything else of this argument is then not in the key"
    }
    /// `Session` of tower-sessions, and of others.
    SessionInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "shows what is kept of one client",
        "a session of tower-sessions is read with `.await`, which `key(…)` cannot do: read what the response depends on in an extractor of your own, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#sessions",
        "if `{Self}` is yours: put that derive on it",
        "if no response shows anything of it: `#[cached(…, skip(session))]`; requests with a `Cookie` then bypass the cache"
    }
    /// Messages that are shown once.
    MessagesInKey {
        "`{Self}` cannot be an argument of a cached handler: its messages are shown once, to one client",
        "shows what only this client is to see",
        "to store the page where there is no message: `#[cached(…, bypass(!messages.is_empty()), skip(messages))]`",
        "never `key(messages.is_empty())`: the page with one client's message would be stored, and sent to others",
        "if `{Self}` is yours, and no messages: put `#[derive(cached_handler::CacheKey)]` on it"
    }
    /// Addresses of clients.
    AddressInKey {
        "`{Self}` cannot be an argument of a cached handler: with an address in the key, each client would have responses of its own",
        "differs from client to client",
        "for logs or limits alone: `#[cached(…, skip_credentials(ip))]`, as an address is no credential",
        "if the response shows a part of it, such as the country: `#[cached(…, key(country(ip)))]`; everything else of this argument is then not in the key",
        "if the response shows the address: remove `#[cached]`"
    }
    /// What axum-htmx reads.
    HtmxInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "the key has to hold what the handler sees here",
        "of axum-htmx: with `HxRequest(hx): HxRequest` type `#[cached(…, key(hx), vary = \"hx-request\")]`, and for its sisters their field, such as `vary = \"hx-target\"`",
        "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it",
        "if it does not affect the response: `#[cached(…, skip_credentials(hx))]`"
    }
    /// Jars of cookies that are signed, encrypted, or of other crates.
    CookiesInKey {
        "`{Self}` cannot be an argument of a cached handler: with all cookies in the key, each client would have responses of its own",
        "shows every cookie",
        "a page for those who are not logged in: `#[cached(…, bypass(jar.get(\"session\").is_some()), skip(jar))]`; for all others the handler runs",
        "a page that depends on one cookie: an extractor of your own that reads it alone, with `#[derive(cached_handler::CacheKey)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#cookies; a login it has to look up, as a session may have ended",
        "if no response shows anything of them: `#[cached(…, skip(jar))]`; requests with a `Cookie` then bypass the cache"
    }
    /// Tokens against forged requests.
    TokenInKey {
        "`{Self}` cannot be an argument of a cached handler: its token is for one client",
        "differs from client to client",
        "a page with the token in it cannot be shared: remove `#[cached]`",
        "if no response shows it: `#[cached(…, skip(token))]`; requests with a `Cookie` then bypass the cache"
    }
    /// Passwords and tokens as they were sent.
    CredentialsInKey {
        "`{Self}` cannot be an argument of a cached handler: nobody has checked these credentials",
        "shows a password or a token",
        "take an extractor of your own that checks them and says who asks, with `#[derive(cached_handler::CacheKey)]` and `#[cache_key(private)]`; it runs on hits too",
        "never `key(password.is_some())`, or another part: a wrong password would be sent what a right one has stored"
    }
    /// Extractors around others, which validate.
    ValidatedInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "the key has to hold what the handler sees here",
        "put `#[derive(cached_handler::CacheKey)]` on the type that is validated, and name its value: with `Valid(Query(page)): Valid<Query<Page>>` type `#[cached(…, key(page))]`",
        "if `{Self}` is yours: put that derive on it"
    }
    /// Connections to databases.
    ConnectionInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "the key has to hold what the handler sees here",
        "to take it only where the handler runs: `db: OnMiss<{Self}>` with `#[cached(…, skip_credentials(db))]`, and `db.extract().await?` in the body",
        "to take it for each request: `#[cached(…, skip_credentials(db))]`, as a connection shows nothing of a person",
        "if `{Self}` is yours, and no connection: put `#[derive(cached_handler::CacheKey)]` on it"
    }
    /// Requests of async-graphql.
    GraphQlInKey {
        "`{Self}` cannot be an argument of a cached handler: it does not say what it adds to the key",
        "the query, the variables and the operation's name decide together",
        "take `RawQuery(query): RawQuery`, all of which is in the key, and in the body type `async_graphql::http::parse_query_string(&query.unwrap_or_default())?`",
        "never `key(request.0.query)`: requests with other variables would be sent the same",
        "for mutations: `#[cached_handler::invalidates(…)]` on a handler of POST"
    }
    /// What differs in each request.
    IdInKey {
        "`{Self}` cannot be an argument of a cached handler: it differs from request to request, so that nothing stored would be found again",
        "another one in each request",
        "for logs alone: `#[cached(…, skip_credentials(id))]`, as it is no credential",
        "if the response shows it: remove `#[cached]`",
        "if `{Self}` is yours, and the same in many requests: put `#[derive(cached_handler::CacheKey)]` on it"
    }
    /// Content, in whatever form.
    ContentInKey {
        "`{Self}` takes the content of the request, which is not in the key of a cached handler",
        "only GET and HEAD are cached, and they have no content",
        "take what selects the response from the target: `Path`, `Query`",
        "for a handler that writes, use `#[cached_handler::invalidates(…)]` instead of `#[cached]`",
        "content that does not affect the response: `#[cached(…, skip(arg))]`"
    }
    /// Text, a number or the like in an `Extension`.
    ValueInExtension {
        "`{Self}` does not say what it adds to the key",
        "the key has to hold what the handler sees here",
        "a middleware has set it: with `Extension(value): {Self}` type `#[cached(…, key(value))]`",
        "if it does not affect the response: `#[cached(…, skip_credentials(value))]` for what shows nothing of a person, such as the id of a request; else `skip(value)`, with which requests that have a `Cookie` or `Authorization` bypass the cache"
    }
    /// A WebSocket.
    UpgradeInKey {
        "a handler that upgrades to a WebSocket cannot be cached",
        "an upgrade cannot be stored",
        "remove `#[cached]`"
    }
}

#[cfg(feature = "axum-extra")]
pub use super::Keyed as OfAxumExtra;

#[cfg(feature = "axum-extra")]
known! {
    /// `TypedHeader<Cookie>`.
    CookieFieldInKey {
        "`{Self}` cannot be an argument of a cached handler: with all cookies in the key, each client would have responses of its own",
        "shows every cookie",
        "a page for those who are not logged in: `#[cached(…, bypass(cookies.get(\"session\").is_some()), skip(cookies))]`; for all others the handler runs",
        "a page that depends on one cookie: an extractor of your own that reads it alone, with `#[derive(cached_handler::CacheKey)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#cookies; a login it has to look up, as a session may have ended",
        "if no response shows anything of them: `#[cached(…, skip(cookies))]`; requests with a `Cookie` then bypass the cache"
    }
    /// `Option<TypedHeader<Cookie>>`.
    OptionalCookieFieldInKey {
        "`{Self}` cannot be an argument of a cached handler: with all cookies in the key, each client would have responses of its own",
        "shows every cookie",
        "a page for those who are not logged in: `#[cached(…, bypass(cookies.as_ref().is_some_and(|cookies| cookies.get(\"session\").is_some())), skip(cookies))]`; for all others the handler runs",
        "a page that depends on one cookie: an extractor of your own that reads it alone, with `#[derive(cached_handler::CacheKey)]`, as in https://docs.rs/cached-handler/latest/cached_handler/guide/keys#cookies; a login it has to look up, as a session may have ended",
        "if no response shows anything of them: `#[cached(…, skip(cookies))]`; requests with a `Cookie` then bypass the cache"
    }
    /// `TypedHeader<UserAgent>`.
    UserAgentInKey {
        "`{Self}` cannot be an argument of a cached handler: it has so many values that nothing stored would be found again",
        "differs from client to client",
        "name what matters: `#[cached(…, key(is_mobile(agent.as_str())))]`; everything else of it is then not in the key",
        "if it does not affect the response: `#[cached(…, skip_credentials(agent))]`"
    }
    /// Conditions and ranges.
    AnsweredByTheCache {
        "`{Self}` cannot be an argument of a cached handler: the cache answers it itself, from the whole response",
        "the handler makes the whole response",
        "remove the argument"
    }
}

#[cfg(not(feature = "axum-extra"))]
pub use self::{
    OfAxumExtra as AnsweredByTheCache, OfAxumExtra as CookieFieldInKey, OfAxumExtra as OptionalCookieFieldInKey,
    OfAxumExtra as UserAgentInKey,
};

#[cfg(not(feature = "axum-extra"))]
known! {
    /// Extractors of axum-extra, without the feature of that name.
    OfAxumExtra {
        "`{Self}` is of axum-extra, whose extractors are known with the feature `axum-extra`",
        "the key has to hold what the handler sees here",
        "type `cached-handler = {{ …, features = [\"axum-extra\"] }}` in Cargo.toml; it goes with axum-extra 0.12",
        "if `{Self}` is yours: put `#[derive(cached_handler::CacheKey)]` on it"
    }
}

//! The kind of a type by its name.

use syn::{Path, Type};

use super::{first_argument, messages::Kind};

/// The kind of a type, and the name in messages for an argument without one.
pub(super) fn kind(path: &Path, has_axum_extra: bool) -> Option<(Kind, &'static str)> {
    let last = path.segments.last()?;
    let name = last.ident.to_string();
    let first = path.segments.first().filter(|_| path.segments.len() > 1).map(|first| first.ident.to_string());
    let is_own = first.as_deref().is_some_and(|first| ["crate", "self", "super"].contains(&first));
    let is_at_axum_extra = first.as_deref() == Some("axum_extra");
    if is_at_axum_extra || first.is_none() && OF_AXUM_EXTRA.contains(&&*name) {
        return match field(path) {
            _ if !has_axum_extra => Some((Kind::OfAxumExtra, "arg")),
            None if name.ends_with("CookieJar") => Some((Kind::Cookies, "jar")),
            None if is_at_axum_extra => Some((Kind::OfOtherAxumExtra, "arg")),
            field => field,
        };
    }
    if is_own {
        return (!SEEN_THROUGH.contains(&&*name)).then(|| (Kind::unknown(path), "arg"));
    }
    if let Some((kind, called, _)) = KNOWN.iter().find(|(.., names)| names.contains(&&*name)) {
        return Some((kind.clone(), called));
    }
    if name.starts_with("Hx") {
        return Some((Kind::Htmx(name), "hx"));
    }
    (!SEEN_THROUGH.contains(&&*name)).then(|| (Kind::unknown(path), "arg"))
}

/// The kind of a `TypedHeader` of a field that no key can contain.
fn field(path: &Path) -> Option<(Kind, &'static str)> {
    if path.segments.last()?.ident != "TypedHeader" {
        return None;
    }
    let Type::Path(inside) = first_argument(path)? else { return None };
    Some(match &*inside.path.segments.last()?.ident.to_string() {
        "Cookie" => (Kind::Cookies, "cookies"),
        "UserAgent" => (Kind::UserAgent, "agent"),
        "IfNoneMatch" | "IfModifiedSince" | "IfMatch" | "IfUnmodifiedSince" | "IfRange" | "Range" => (Kind::AnsweredByTheCache, "arg"),
        "Upgrade" | "SecWebsocketKey" | "SecWebsocketVersion" => (Kind::Upgrade, "arg"),
        _ => return None,
    })
}

/// Whether cached-handler knows the extractors of axum-extra.
pub(super) const HAS_AXUM_EXTRA: bool = cfg!(feature = "axum-extra");

/// Types that may be in an `Extension` and are not the author's own.
pub(super) const VALUES: &[&str] = &[
    "String",
    "Bytes",
    "Uuid",
    "IpAddr",
    "SocketAddr",
    "bool",
    "char",
    "u8",
    "u16",
    "u32",
    "u64",
    "u128",
    "usize",
    "i8",
    "i16",
    "i32",
    "i64",
    "i128",
    "isize",
];

const OF_AXUM_EXTRA: &[&str] =
    &["TypedHeader", "CookieJar", "Host", "Scheme", "Cached", "WithRejection", "OptionalQuery", "OptionalPath", "JsonDeserializer"];

/// Types of axum, axum-extra and this crate. If one of them has no key, the cause is inside, or the type has a message of its own.
pub(super) const SEEN_THROUGH: &[&str] = &[
    "State",
    "Path",
    "Query",
    "Form",
    "Json",
    "Extension",
    "TypedHeader",
    "OptionalPath",
    "OptionalQuery",
    "JsonDeserializer",
    "OnMiss",
    "Either",
    "Either3",
    "Either4",
    "Either5",
    "Either6",
    "Either7",
    "Either8",
    "HeaderMap",
    "Parts",
    "Request",
    "Extensions",
    "String",
    "Bytes",
    "BytesMut",
    "Body",
    "Invalidation",
    "Self",
];

const KNOWN: &[(Kind, &str, &[&str])] = &[
    (Kind::AuthSession, "auth", &["AuthSession"]),
    (Kind::Session, "session", &["Session", "ReadableSession", "WritableSession"]),
    (Kind::Messages, "messages", &["Messages", "IncomingFlashes", "FlashMessages"]),
    (
        Kind::Address,
        "ip",
        &[
            "ConnectInfo",
            "ClientIp",
            "SecureClientIp",
            "InsecureClientIp",
            "RealIp",
            "XRealIp",
            "CfConnectingIp",
            "FlyClientIp",
            "TrueClientIp",
            "CloudFrontViewerAddress",
            "RightmostForwarded",
            "RightmostXForwardedFor",
            "LeftmostXForwardedFor",
        ],
    ),
    (Kind::Cookies, "jar", &["SignedCookieJar", "PrivateCookieJar", "Cookies", "SignedCookies", "PrivateCookies"]),
    (Kind::Token, "token", &["CsrfToken"]),
    (Kind::Credentials, "arg", &["AuthBasic", "AuthBearer", "BearerToken", "BasicAuth", "BearerAuth"]),
    (Kind::Validated, "arg", &["Valid", "Validated", "ValidEx", "Garde", "Validify", "ValidQuery", "ValidatedQuery"]),
    (
        Kind::Connection,
        "db",
        &["Connection", "DatabaseConnection", "DbConnection", "DbConn", "Conn", "PooledConnection", "PoolConnection", "Transaction", "Tx"],
    ),
    (Kind::GraphQl, "request", &["GraphQLRequest", "GraphQLBatchRequest"]),
    (Kind::Id, "id", &["RequestId", "TraceId", "CorrelationId"]),
    (
        Kind::Content,
        "arg",
        &["Multipart", "TypedMultipart", "BaseMultipart", "JsonLines", "Protobuf", "MsgPack", "Cbor", "Xml", "Yaml", "Toml"],
    ),
    (Kind::Upgrade, "arg", &["WebSocketUpgrade"]),
];

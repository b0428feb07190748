//! The trait by whose name an argument's type is looked up: what rustc reports if it is not implemented depends on the trait.

use syn::{GenericArgument, Path, PathArguments, Type};

/// The alias of the run time's `Keyed` for an argument's type. Each alias has its own `on_unimplemented`, with advice for types
/// of that name.
pub(crate) fn key_trait(ty: &Type) -> &'static str {
    match ty {
        Type::Group(group) => key_trait(&group.elem),
        Type::Paren(paren) => key_trait(&paren.elem),
        Type::Path(path) if path.qself.is_none() => key_trait_of_path(&path.path),
        _ => THROUGH,
    }
}

/// The trait itself: of a type with parameters rustc reports the parameter that does not implement it.
const THROUGH: &str = "Keyed";

fn key_trait_of_path(path: &Path) -> &'static str {
    let Some(last) = path.segments.last() else { return THROUGH };
    if is_of_axum_extra(path) {
        return field(path).unwrap_or("OfAxumExtra");
    }
    if last.ident == "Extension" {
        let value = first_argument(path).and_then(|value| value.segments.last().map(|last| last.ident.to_string()));
        return if value.is_some_and(|value| VALUES.contains(&&*value)) { "ValueInExtension" } else { THROUGH };
    }
    let is_own = path.segments.len() > 1
        && path.segments.first().is_some_and(|first| ["crate", "self", "super"].iter().any(|own| first.ident == own));
    let name = last.ident.to_string();
    let known = KNOWN.iter().find(|(_, names)| names.contains(&&*name)).map(|(key_trait, _)| *key_trait);
    match known {
        Some(known) if !is_own => known,
        _ if name.starts_with("Hx") && !is_own => "HtmxInKey",
        // A type with parameters may lack the trait because of one of them.
        _ if matches!(last.arguments, PathArguments::None) && !SPECIAL.contains(&&*name) => "InKey",
        _ => THROUGH,
    }
}

/// The first type between `<` and `>`.
fn first_argument(path: &Path) -> Option<&Path> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| match argument {
        GenericArgument::Type(Type::Path(path)) => Some(&path.path),
        _ => None,
    })
}

/// The alias for a `TypedHeader` of a field that no key can contain, also in an `Option`.
fn field(path: &Path) -> Option<&'static str> {
    let (last, inside) = (path.segments.last()?, first_argument(path)?);
    if last.ident != "TypedHeader" {
        return field(inside)
            .map(|inner| if inner == "CookieFieldInKey" && last.ident == "Option" { "OptionalCookieFieldInKey" } else { inner });
    }
    let name = inside.segments.last()?.ident.to_string();
    Some(match &*name {
        "Cookie" => "CookieFieldInKey",
        "UserAgent" => "UserAgentInKey",
        "IfNoneMatch" | "IfModifiedSince" | "IfMatch" | "IfUnmodifiedSince" | "IfRange" | "Range" => "AnsweredByTheCache",
        "Upgrade" | "SecWebsocketKey" | "SecWebsocketVersion" => "UpgradeInKey",
        _ => return None,
    })
}

/// Types that may be in an `Extension` and are not the author's own.
const VALUES: &[&str] = &[
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

/// Whether a type is one of axum-extra, or has one as a parameter.
fn is_of_axum_extra(path: &Path) -> bool {
    let Some(last) = path.segments.last() else { return false };
    let is_there = path.segments.first().is_some_and(|first| first.ident == "axum_extra");
    if is_there || (path.segments.len() == 1 && OF_AXUM_EXTRA.iter().any(|name| last.ident == name)) {
        return true;
    }
    let PathArguments::AngleBracketed(arguments) = &last.arguments else { return false };
    arguments.args.iter().any(|argument| match argument {
        GenericArgument::Type(Type::Path(path)) => is_of_axum_extra(&path.path),
        _ => false,
    })
}

const OF_AXUM_EXTRA: &[&str] =
    &["TypedHeader", "CookieJar", "Host", "Scheme", "Cached", "WithRejection", "OptionalQuery", "OptionalPath", "JsonDeserializer"];

/// Types with messages of their own, by their implementations rather than by their names.
const SPECIAL: &[&str] = &["HeaderMap", "Parts", "Request", "Extensions", "String", "Bytes", "BytesMut", "Body", "Invalidation", "Self"];

const KNOWN: &[(&str, &[&str])] = &[
    ("AuthSessionInKey", &["AuthSession"]),
    ("SessionInKey", &["Session", "ReadableSession", "WritableSession"]),
    ("MessagesInKey", &["Messages", "IncomingFlashes", "FlashMessages"]),
    (
        "AddressInKey",
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
    ("CookiesInKey", &["SignedCookieJar", "PrivateCookieJar", "Cookies", "SignedCookies", "PrivateCookies"]),
    ("TokenInKey", &["CsrfToken"]),
    ("CredentialsInKey", &["AuthBasic", "AuthBearer", "BearerToken", "BasicAuth", "BearerAuth"]),
    ("ValidatedInKey", &["Valid", "Validated", "ValidEx", "Garde", "Validify", "ValidQuery", "ValidatedQuery"]),
    (
        "ConnectionInKey",
        &["Connection", "DatabaseConnection", "DbConnection", "DbConn", "Conn", "PooledConnection", "PoolConnection", "Transaction", "Tx"],
    ),
    ("GraphQlInKey", &["GraphQLRequest", "GraphQLBatchRequest"]),
    ("IdInKey", &["RequestId", "TraceId", "CorrelationId"]),
    ("ContentInKey", &["Multipart", "TypedMultipart", "BaseMultipart", "JsonLines", "Protobuf", "MsgPack", "Cbor", "Xml", "Yaml", "Toml"]),
    ("UpgradeInKey", &["WebSocketUpgrade"]),
];

#[cfg(test)]
mod tests {
    use super::key_trait;

    #[test]
    fn the_name_of_a_type_decides_the_trait() {
        for (ty, by) in [
            ("User", "InKey"),
            ("crate::auth::Session", "InKey"),
            ("tower_sessions::Session", "SessionInKey"),
            ("AuthSession<Backend>", "AuthSessionInKey"),
            ("ConnectInfo<SocketAddr>", "AddressInKey"),
            ("HxTarget", "HtmxInKey"),
            ("Valid<Query<Page>>", "ValidatedInKey"),
            ("Paged<Page>", "Keyed"),
            ("Option<User>", "Keyed"),
            ("Extension<User>", "Keyed"),
            ("HeaderMap", "Keyed"),
            ("String", "Keyed"),
            ("(Path<u64>, User)", "Keyed"),
            ("&'static str", "Keyed"),
            ("TypedHeader<ContentType>", "OfAxumExtra"),
            ("Option<TypedHeader<ContentType>>", "OfAxumExtra"),
            ("axum_extra::extract::Query<Page>", "OfAxumExtra"),
            ("Query<Page>", "Keyed"),
            ("Option<TypedHeader<headers::Cookie>>", "OptionalCookieFieldInKey"),
            ("Extension<String>", "ValueInExtension"),
        ] {
            assert_eq!(key_trait(&syn::parse_str(ty).unwrap()), by, "{ty}");
        }
    }
}

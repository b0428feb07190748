//! Which trait an argument is asked by: rustc then says what to type for a type of that name.

use syn::{GenericArgument, Path, PathArguments, Type};

/// Under which name of the run time's `Keyed` an argument's type is looked at, as what rustc says where it is not keyed
/// depends on it.
pub(crate) fn asked(ty: &Type) -> &'static str {
    match ty {
        Type::Group(group) => asked(&group.elem),
        Type::Paren(paren) => asked(&paren.elem),
        Type::Path(path) if path.qself.is_none() => asked_by_path(&path.path),
        _ => THROUGH,
    }
}

/// The one that rustc sees through, to what is missing inside.
const THROUGH: &str = "Keyed";

fn asked_by_path(path: &Path) -> &'static str {
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
    let known = KNOWN.iter().find(|(_, names)| names.contains(&&*name)).map(|(asked, _)| *asked);
    match known {
        Some(known) if !is_own => known,
        _ if name.starts_with("Hx") && !is_own => "HtmxInKey",
        // Of a type with parameters one of them may be what is missing; a name alone says it all.
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

/// The one for `TypedHeader` of a field that no key holds, also in an `Option`.
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

/// What may be in an `Extension` that is no type of the author's.
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

/// A type of axum-extra, or around one.
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

/// Types that have messages of their own, by what they are, and not by their names.
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
    use super::asked;

    #[test]
    fn a_name_alone_says_who_is_asked() {
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
            assert_eq!(asked(&syn::parse_str(ty).unwrap()), by, "{ty}");
        }
    }
}

//! The part of an argument's type that rustc names if it has no key, and the trait that is emitted for the message.
//!
//! The trait is emitted beside the handler, because only so the message can contain the author's own names.

mod messages;
mod names;

use proc_macro2::{Ident, TokenStream};
use syn::{Attribute, GenericArgument, Pat, Path, PathArguments, Type};

use self::{
    messages::{Advice, Kind},
    names::{HAS_AXUM_EXTRA, SEEN_THROUGH, VALUES, kind},
};
use crate::syntax::{pattern::only_name, source::written};

/// A part of an argument's type that may have no key. The macro sees only its name; if the type has a key after all, no message appears.
pub(crate) struct Unknown<'a> {
    pub(crate) part: &'a Type,
    /// Whether the part is the whole type.
    pub(crate) is_whole: bool,
    kind: Kind,
    around: Around,
    /// The name in the messages: the argument's, if it has one.
    name: String,
}

/// What the emitted trait depends on.
pub(crate) struct Asked<'a> {
    pub(crate) private: &'a TokenStream,
    pub(crate) marker: &'a TokenStream,
    pub(crate) name: &'a Ident,
    pub(crate) cfgs: &'a [Attribute],
    /// Whether `Keyed::peek` and `Keyed::amend` are called.
    pub(crate) peeks: bool,
    pub(crate) amends: bool,
}

/// The type around the part.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Around {
    Nothing,
    Option,
    Result,
}

/// The part of a type to report; `None` if rustc should report the bound that is missing inside the type.
pub(crate) fn unknown<'a>(ty: &'a Type, pattern: &Pat, is_parameter: &dyn Fn(&Ident) -> bool) -> Option<Unknown<'a>> {
    let mut found = find(ty, Some(pattern), Around::Nothing)?;
    // For a type parameter, rustc suggests the missing bound.
    if matches!(found.part, Type::Path(path) if path.path.get_ident().is_some_and(is_parameter)) {
        return None;
    }
    found.is_whole = std::ptr::eq(found.part, ungrouped(ty));
    Some(found)
}

impl Unknown<'_> {
    /// The trait, with the functions of `Keyed` that are called. If the part is not the whole type, these are generic over the argument's
    /// type, `O`: its bound is checked after that of the part, so that rustc reports the part.
    pub(crate) fn item(&self, to: &Asked<'_>) -> TokenStream {
        let Asked { private, marker, name, cfgs, peeks, amends } = to;
        let Advice { message, label, notes } = self.kind.advice(&self.name, self.around);
        let (generics, argument) =
            if self.is_whole { (None, hygienic!(Self)) } else { (Some(hygienic!(<O: #private::Keyed<#marker>>)), hygienic!(O)) };
        let function = |is_called: bool, signature: TokenStream, body: TokenStream| {
            is_called.then(|| (hygienic!(#signature;), hygienic!(#signature { #body })))
        };
        let (declared, defined): (Vec<_>, Vec<_>) = [
            function(
                *peeks,
                hygienic!(fn peek #generics (argument: &mut #argument)),
                hygienic!(#private::Keyed::<#marker>::peek(argument)),
            ),
            function(
                true,
                hygienic!(fn write #generics (argument: &#argument, key: &mut #private::KeyWriter<'_>)),
                hygienic!(#private::Keyed::<#marker>::write(argument, key)),
            ),
            function(
                *amends,
                hygienic!(fn amend #generics (argument: &mut #argument, forwarding: &#private::Forwarding<'_>)),
                hygienic!(#private::Keyed::<#marker>::amend(argument, forwarding)),
            ),
        ]
        .into_iter()
        .flatten()
        .unzip();
        // With `do_not_recommend` rustc reports this trait, without a list of the types that implement `CacheKey`.
        hygienic! {
            #(#cfgs)*
            #[diagnostic::on_unimplemented(message = #message, label = #label, #(note = #notes),*)]
            trait #name { #(#declared)* }
            #(#cfgs)*
            #[diagnostic::do_not_recommend]
            impl<T: #private::Keyed<#marker>> #name for T { #(#[inline] #defined)* }
        }
    }
}

fn ungrouped(ty: &Type) -> &Type {
    match ty {
        Type::Group(group) => ungrouped(&group.elem),
        Type::Paren(paren) => ungrouped(&paren.elem),
        other => other,
    }
}

fn find<'a>(ty: &'a Type, pattern: Option<&Pat>, around: Around) -> Option<Unknown<'a>> {
    let path = match ungrouped(ty) {
        // An element has a name only if the pattern is a tuple too.
        Type::Tuple(tuple) => {
            let patterns = match pattern {
                Some(Pat::Tuple(patterns)) if patterns.elems.len() == tuple.elems.len() => Some(&patterns.elems),
                _ => None,
            };
            let pattern_at = |at| patterns.and_then(|patterns| patterns.iter().nth(at));
            return tuple.elems.iter().enumerate().find_map(|(at, ty)| find(ty, pattern_at(at), Around::Nothing));
        }
        Type::Path(path) if path.qself.is_none() => &path.path,
        _ => return None,
    };
    let last = path.segments.last()?;
    let inside = first_argument(path);
    match &*last.ident.to_string() {
        name @ ("Option" | "Result") => {
            let around = match around {
                Around::Nothing if name == "Option" => Around::Option,
                Around::Nothing => Around::Result,
                _ => return None,
            };
            return find(inside?, pattern, around);
        }
        "Cached" | "WithRejection" if HAS_AXUM_EXTRA => return find(inside?, inner(pattern), around),
        "Extension" => {
            let value = shared(inside?);
            let Type::Path(path) = value else { return None };
            let is_value = path.path.segments.last().is_some_and(|last| VALUES.iter().any(|value| last.ident == value));
            let kind = if is_value { Kind::Value(written(ty)) } else { Kind::InExtension(written(ty)) };
            return Some(Unknown::new(value, kind, around, pattern, "value"));
        }
        _ => {}
    }
    let (kind, name) = kind(path, HAS_AXUM_EXTRA)?;
    // In `Extension(user): Me`, the pattern shows that `Me` is an alias; rustc resolves it.
    let is_alias = matches!(pattern, Some(Pat::TupleStruct(taken)) if taken.path.segments.last().is_some_and(|taken| {
        SEEN_THROUGH.iter().any(|seen| taken.ident == seen) && taken.ident != last.ident
    }));
    (!is_alias).then(|| Unknown::new(ungrouped(ty), kind, around, pattern, name))
}

impl<'a> Unknown<'a> {
    fn new(part: &'a Type, kind: Kind, around: Around, pattern: Option<&Pat>, name: &str) -> Self {
        let name = pattern.and_then(only_name).map_or_else(|| name.to_owned(), ToString::to_string);
        Self { part, is_whole: false, kind, around, name }
    }
}

/// `user` of `Cached(user)`; a plain name is kept.
fn inner(pattern: Option<&Pat>) -> Option<&Pat> {
    match pattern? {
        Pat::TupleStruct(tuple) => tuple.elems.first(),
        other => Some(other),
    }
}

/// `T` of `Arc<T>` and `Box<T>`, which are keyed as `T` is.
fn shared(ty: &Type) -> &Type {
    match ungrouped(ty) {
        Type::Path(path) if path.path.segments.last().is_some_and(|last| last.ident == "Arc" || last.ident == "Box") => {
            first_argument(&path.path).map_or(ty, shared)
        }
        other => other,
    }
}

/// The first type between `<` and `>`.
fn first_argument(path: &Path) -> Option<&Type> {
    let PathArguments::AngleBracketed(arguments) = &path.segments.last()?.arguments else { return None };
    arguments.args.iter().find_map(|argument| if let GenericArgument::Type(ty) = argument { Some(ty) } else { None })
}

#[cfg(test)]
mod tests {
    use syn::parse::Parser;

    use super::*;

    /// The part that is named, and the first thing to type.
    fn advice_on(text: &str) -> String {
        let (pattern, ty) = text.split_once(": ").unwrap();
        let (pattern, ty) = (Pat::parse_single.parse_str(pattern).unwrap(), syn::parse_str(ty).unwrap());
        let found = unknown(&ty, &pattern, &|name| name == "T");
        let advice = |found: Unknown<'_>| {
            let Advice { notes, .. } = found.kind.advice(&found.name, found.around);
            let code = notes.first().unwrap().split('`').find_map(|code| code.strip_prefix("#[cached(…, "));
            format!("{} {}", written(found.part), code.and_then(|code| code.strip_suffix(")]")).unwrap_or_default())
        };
        found.map_or_else(|| "seen through".to_owned(), advice)
    }

    #[test]
    fn a_types_name_selects_the_message_with_the_authors_own_names() {
        for (argument, expected) in [
            ("user: User", "User "),
            ("me: crate::auth::Session", "crate::auth::Session "),
            ("auth: AuthSession<Backend>", "AuthSession<Backend> bypass(auth.user.is_some()), skip(auth)"),
            ("a: Option<AuthSession<B>>", "AuthSession<B> bypass(a.as_ref().is_some_and(|a| a.user.is_some())), skip(a)"),
            ("a: Result<AuthSession<B>, E>", "AuthSession<B> bypass(a.as_ref().is_ok_and(|a| a.user.is_some())), skip(a)"),
            ("(Path(id), a): (Path<u64>, AuthSession)", "AuthSession bypass(a.user.is_some()), skip(a)"),
            ("both: (Path<u64>, AuthSession)", "AuthSession bypass(auth.user.is_some()), skip(auth)"),
            ("AuthSession { user, .. }: AuthSession<B>", "AuthSession<B> bypass(auth.user.is_some()), skip(auth)"),
            ("ConnectInfo(peer): ConnectInfo<SocketAddr>", "ConnectInfo<SocketAddr> skip_credentials(peer)"),
            ("HxTriggerName(by): HxTriggerName", "HxTriggerName key(by), vary = \"hx-trigger-name\""),
            ("_: HxTarget", "HxTarget key(hx), vary = \"hx-target\""),
            ("me: Option<CookieSession<User>>", "CookieSession<User> bypass(me.is_some()), skip(me)"),
            ("me: Option<Extension<Arc<User>>>", "User bypass(me.is_some()), skip(me)"),
            ("Extension(name): Extension<String>", "String key(name)"),
            ("name: Option<Extension<String>>", "String key(name.as_ref().map(|name| &name.0))"),
            ("mine: Option<TypedHeader<Cookie>>", "TypedHeader<Cookie> "),
            ("user: Result<User, ()>", "User "),
            ("(a, b): (Path<u64>, User)", "User "),
            ("Extension(user): Me", "seen through"),
            ("page: Query<Page>", "seen through"),
            ("page: Option<Query<Page>>", "seen through"),
            ("page: Paged<Page>", "Paged<Page> "),
            ("text: String", "seen through"),
            ("fields: HeaderMap", "seen through"),
            ("text: &'static str", "seen through"),
            ("both: Option<T>", "seen through"),
        ] {
            assert!(advice_on(argument).starts_with(expected), "{argument}: {}", advice_on(argument));
        }
    }

    #[test]
    fn types_of_axum_extra_are_recognised_by_name_and_by_path() {
        let kind = |text: &str, has| kind(&syn::parse_str(text).unwrap(), has).map(|(kind, _)| kind);
        assert!(matches!(kind("TypedHeader<ContentType>", false), Some(Kind::OfAxumExtra)));
        assert!(kind("TypedHeader<ContentType>", true).is_none());
        assert!(matches!(kind("axum_extra::extract::Query<Page>", true), Some(Kind::OfOtherAxumExtra)));
        assert!(matches!(kind("TypedHeader<headers::Cookie>", true), Some(Kind::Cookies)));
        assert!(matches!(kind("CookieJar", true), Some(Kind::Cookies)));
    }
}

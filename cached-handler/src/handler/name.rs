//! Finds the name of a handler's epoch by the name of its type.

use std::{
    borrow::Cow,
    sync::{LazyLock, Mutex},
};

use super::{Site, all};
use crate::util::lock::lock;

/// The epoch that an invalidation of a handler advances.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Named {
    /// The epoch with this name.
    By(Cow<'static, str>),
    /// Several handlers may be meant: the registry cannot tell two functions with one name in one module apart.
    Ambiguous,
}

/// Whether a policy gives a name to any handler, as in few programs.
static RENAMED: LazyLock<bool> = LazyLock::new(|| all().any(|handler| handler.policy.name.is_some()));

/// The epoch of the handler whose type has this name.
pub(crate) fn of_type(type_name: &'static str) -> Named {
    if *RENAMED { among(all().map(|handler| (handler.site, handler.policy.name)), type_name) } else { Named::By(type_name.into()) }
}

/// Finds the epoch among handlers with the names from their policies.
fn among(handlers: impl IntoIterator<Item = (Site, Option<&'static str>)>, type_name: &'static str) -> Named {
    let sites: Vec<_> = handlers.into_iter().filter(|(site, _)| may_be(site, type_name)).collect();
    // The parent modules match as well: the innermost is meant.
    let innermost = sites.iter().map(|(site, _)| site.module.len()).max();
    let mut names = sites.iter().filter(|(site, _)| Some(site.module.len()) == innermost).map(|(_, name)| *name);
    match names.next() {
        Some(first) if names.any(|name| name != first) => Named::Ambiguous,
        first => Named::By(first.flatten().unwrap_or(type_name).into()),
    }
}

/// Whether this handler is reported as ambiguous for the first time.
pub(crate) fn is_news(type_name: &'static str) -> bool {
    static SAID: Mutex<Vec<&'static str>> = Mutex::new(Vec::new());
    let mut said = lock(&SAID);
    let is_news = !said.contains(&type_name);
    if is_news {
        said.push(type_name);
    }
    is_news
}

/// Whether a function of this type may be the one at `site`: declared in that module, or in a function or an `impl` inside it.
fn may_be(site: &Site, type_name: &str) -> bool {
    let path = without_arguments(type_name);
    let is_within = path.trim_start_matches('<').strip_prefix(site.module).is_some_and(|rest| rest.starts_with("::"));
    let name = path.rsplit("::").next().unwrap_or(path);
    is_within && raw(name) == raw(site.name)
}

/// The name of a type without the generic arguments of the function itself.
fn without_arguments(type_name: &str) -> &str {
    if !type_name.ends_with('>') {
        return type_name;
    }
    let mut depth = 0_usize;
    for (at, letter) in type_name.char_indices().rev() {
        match letter {
            // The `>` of an arrow, `->`, closes no list of arguments.
            '>' if !type_name.get(..at).is_some_and(|before| before.ends_with('-')) => depth += 1,
            '<' => depth = depth.saturating_sub(1),
            _ => {}
        }
        if depth == 0 {
            return type_name.get(..at).unwrap_or(type_name).trim_end_matches("::");
        }
    }
    type_name
}

fn raw(name: &str) -> &str {
    name.strip_prefix("r#").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::attribute::argument::tests::HANDLER;

    fn site(module: &'static str, name: &'static str) -> Site {
        Site { module, name, ..HANDLER.site }
    }

    #[test]
    fn a_policys_name_is_found_by_the_type_wherever_the_function_stands() {
        let named = [(site("app::pages", "list"), Some("articles")), (site("app", "r#type"), Some("types"))];
        for (type_name, expected) in [
            ("app::pages::list", "articles"),
            ("app::pages::list<app::Article>", "articles"),
            ("app::pages::list<app::Pair<fn(u8) -> u8, [u8; 3]>>", "articles"),
            ("app::pages::Api::list", "articles"),
            ("app::pages::Api<u8>::list", "articles"),
            ("<app::pages::Api as app::Pages>::list", "articles"),
            ("app::pages::router::list", "articles"),
            ("app::type", "types"),
            ("app::r#type", "types"),
            ("app::pages::lists", "app::pages::lists"),
            ("app::pages2::list", "app::pages2::list"),
            ("app::list", "app::list"),
            ("other::app::pages::list", "other::app::pages::list"),
        ] {
            assert_eq!(among(named, type_name), Named::By(expected.into()), "{type_name}");
        }
    }

    #[test]
    fn a_handler_with_the_same_name_in_an_outer_module_is_another() {
        let sites =
            [(site("app", "list"), Some("outer")), (site("app::pages", "list"), None), (site("app::pages::new", "list"), Some("new"))];
        for (type_name, expected) in [
            ("app::list", "outer"),
            ("app::pages::list", "app::pages::list"),
            ("app::pages::new::list", "new"),
            ("app::other::list", "outer"),
        ] {
            assert_eq!(among(sites, type_name), Named::By(expected.into()), "{type_name}");
        }
    }

    #[test]
    fn two_handlers_with_one_name_in_a_module_are_ambiguous_unless_they_agree() {
        for (names, expected) in [
            ([None, None], Named::By("m::A::list".into())),
            ([Some("one"), Some("one")], Named::By("one".into())),
            ([None, Some("one")], Named::Ambiguous),
            ([Some("one"), None], Named::Ambiguous),
            ([Some("one"), Some("other")], Named::Ambiguous),
        ] {
            assert_eq!(among(names.map(|name| (site("m", "list"), name)), "m::A::list"), expected);
        }
    }
}

//! The arguments of the attributes: one table, from which they are parsed, documented and tested.

mod advice;
mod cache_control;
pub(crate) mod function;
mod misnamed;
mod split;
mod status;
mod texts;
pub(crate) mod value;
mod values;
pub(crate) mod vary;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, LitStr, Path, ext::IdentExt};

pub(crate) use self::status::Status;
use self::{
    cache_control::cache_control,
    split::{Value, Written, shaped, split},
    status::statuses,
    value::{Length, Template, Ttl},
    values::{backend, collapse, expressions, handlers, names, own_path, path, paths, policy, templates, uncached},
    vary::vary,
};
use crate::{errors::Errors, manifest::other_name};

/// One argument: its name, and how it is written.
pub(crate) struct Argument {
    pub(crate) name: &'static str,
    pub(crate) form: &'static str,
}

impl Argument {
    /// Whether its values stand in parentheses.
    pub(crate) fn takes_parentheses(&self) -> bool {
        self.form.strip_prefix(self.name).is_some_and(|rest| rest.starts_with('('))
    }
}

/// Every argument of `#[cached]`.
pub(crate) const CACHED: &[Argument] = &[
    Argument { name: "ttl", form: "ttl = 60" },
    Argument { name: "backend", form: "backend = \"memory\"" },
    Argument { name: "group", form: "group = \"articles\"" },
    Argument { name: "key", form: "key(user.tenant)" },
    Argument { name: "vary", form: "vary = \"accept-language\"" },
    Argument { name: "skip", form: "skip(pool)" },
    Argument { name: "skip_credentials", form: "skip_credentials(session)" },
    Argument { name: "bypass", form: "bypass(user.is_some())" },
    Argument { name: "cache_control", form: "cache_control = \"public, max-age=60\"" },
    Argument { name: "only_ok", form: "only_ok" },
    Argument { name: "status", form: "status(302 = 60)" },
    Argument { name: "stale_while_revalidate", form: "stale_while_revalidate = \"1m\"" },
    Argument { name: "stale_if_error", form: "stale_if_error = \"1d\"" },
    Argument { name: "policy", form: "policy = SEARCH" },
    Argument { name: "collapse", form: "collapse = \"inline\"" },
    Argument { name: "uncached", form: "uncached = list_uncached" },
    Argument { name: "crate", form: "crate = my_reexport::cached_handler" },
];

/// Every argument of `#[invalidates]`.
pub(crate) const INVALIDATES: &[Argument] = &[
    Argument { name: "group", form: "group = \"articles\"" },
    Argument { name: "path", form: "path = \"/articles/{id}\"" },
    Argument { name: "path_prefix", form: "path_prefix = \"/articles\"" },
    Argument { name: "handler", form: "handler = list" },
    Argument { name: "own_path", form: "own_path = \"keep\"" },
    Argument { name: "uncached", form: "uncached = edit_uncached" },
    Argument { name: "crate", form: "crate = my_reexport::cached_handler" },
];

/// What `#[cached(…)]` says.
#[derive(Default)]
pub(crate) struct Cached {
    pub(crate) ttl: Option<Ttl>,
    pub(crate) backend: Option<LitStr>,
    pub(crate) groups: Vec<Template>,
    pub(crate) key: Vec<Expr>,
    pub(crate) vary: Vary,
    pub(crate) skip: Vec<Ident>,
    /// Skipped arguments whose credentials do not make the request pass the cache by.
    pub(crate) skip_credentials: Vec<Ident>,
    /// Conditions: a request that meets one of the conditions bypasses the cache.
    pub(crate) bypass: Vec<Expr>,
    pub(crate) cache_control: Option<CacheControl>,
    /// Whether an `Err` is never stored, where that is said.
    pub(crate) only_ok: Option<Ident>,
    /// Further statuses that are stored.
    pub(crate) statuses: Vec<Status>,
    pub(crate) stale_while_revalidate: Option<Length>,
    pub(crate) stale_if_error: Option<Length>,
    pub(crate) policy: Option<Path>,
    pub(crate) inline: bool,
    pub(crate) uncached: Option<Path>,
    pub(crate) root: Option<Path>,
}

/// What clients are told.
pub(crate) enum CacheControl {
    Is(LitStr),
    /// `none`: no field is added.
    Untouched,
}

/// Which request fields select a response.
#[derive(Default)]
pub(crate) enum Vary {
    #[default]
    Nothing,
    Fields(Vec<LitStr>),
    FromResponse,
}

/// What `#[invalidates(…)]` says.
#[derive(Default)]
pub(crate) struct Invalidates {
    pub(crate) groups: Vec<Template>,
    pub(crate) paths: Vec<Template>,
    pub(crate) path_prefixes: Vec<Template>,
    pub(crate) handlers: Vec<Path>,
    /// The method of the request invalidates nothing.
    pub(crate) keeps_own_path: bool,
    /// The attribute names no target.
    pub(crate) names_nothing: bool,
    pub(crate) uncached: Option<Path>,
    pub(crate) root: Option<Path>,
}

/// What stands in `key(…)` and in `bypass(…)`.
const PART: &str = "a part of `key(…)` is an expression over arguments; type `key(user.tenant)`";
const CONDITION: &str = "a condition of `bypass(…)` is an expression over arguments; type `bypass(user.is_some())`";

impl Cached {
    /// The arguments that are not in the key.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = &Ident> {
        self.skip.iter().chain(&self.skip_credentials)
    }

    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split("cached", tokens, CACHED, errors);
        let has_ttl = written.iter().any(|argument| argument.name == "ttl");
        let nothing_else_is_wrong = errors.is_empty();
        for Written { name, value } in written {
            args.take(&name, value, errors);
        }
        if matches!(args.ttl, Some(Ttl::FromResponse)) {
            for Status { code, .. } in args.statuses.iter().filter(|status| status.fresh.is_none()) {
                let message = "with `ttl = from_response` no duration is known; type";
                errors.on(code, format!("`{code}` has no duration, and {message} `status({code} = 60)`"));
            }
        }
        if !has_ttl && nothing_else_is_wrong {
            errors.at(
                Span::call_site(),
                "`ttl` is missing; type how long a response is fresh, `#[cached(ttl = 60)]`, or `ttl = from_response`",
            );
        }
        args.root = args.root.or_else(other_name);
        args
    }

    fn take(&mut self, name: &Ident, value: Value, errors: &mut Errors) {
        let Some(value) = shaped(CACHED, name, value, errors) else { return };
        match name.unraw().to_string().as_str() {
            "ttl" => self.ttl = errors.keep(value::ttl(value)),
            "backend" => self.backend = errors.keep(backend(value)),
            "group" => self.groups = templates("group", "articles", value, errors),
            "key" => self.key = expressions("key", PART, value, errors),
            "vary" => self.vary = vary(value, errors),
            "skip" => self.skip = names("skip", value, errors),
            "skip_credentials" => self.skip_credentials = names("skip_credentials", value, errors),
            "bypass" => self.bypass = expressions("bypass", CONDITION, value, errors),
            "cache_control" => self.cache_control = cache_control(value, errors),
            "only_ok" => self.only_ok = Some(name.clone()),
            "status" => self.statuses = statuses(value, errors),
            "stale_while_revalidate" => self.stale_while_revalidate = errors.keep(value::length("stale_while_revalidate", value)),
            "stale_if_error" => self.stale_if_error = errors.keep(value::length("stale_if_error", value)),
            "policy" => self.policy = policy(value, errors),
            "collapse" => self.inline = errors.keep(collapse(value)).unwrap_or_default(),
            "uncached" => self.uncached = uncached("list_uncached", value, errors),
            _ => self.root = path("crate", "the path of this crate, `crate = my_reexport::cached_handler`", value, errors),
        }
    }
}

impl Invalidates {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split("invalidates", tokens, INVALIDATES, errors);
        let names_something = written.iter().any(|argument| !["uncached", "crate", "own_path"].iter().any(|other| argument.name == other));
        let nothing_else_is_wrong = errors.is_empty();
        for Written { name, value } in written {
            let Some(value) = shaped(INVALIDATES, &name, value, errors) else { continue };
            match name.unraw().to_string().as_str() {
                "group" => args.groups = templates("group", "articles", value, errors),
                "path" => args.paths = paths("path", "/articles/{id}", value, errors),
                "path_prefix" => args.path_prefixes = paths("path_prefix", "/articles", value, errors),
                "handler" => args.handlers = handlers(value, errors),
                "own_path" => args.keeps_own_path = errors.keep(own_path(value)).unwrap_or_default(),
                "uncached" => args.uncached = uncached("edit_uncached", value, errors),
                _ => args.root = path("crate", "the path of this crate, `crate = my_reexport::cached_handler`", value, errors),
            }
        }
        args.names_nothing = !names_something && nothing_else_is_wrong;
        args.root = args.root.or_else(other_name);
        args
    }
}

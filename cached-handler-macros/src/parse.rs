//! The first step: parses the arguments of an attribute, and the function below it.

/// The parsers of the arguments' values.
macro_rules! parsers {
    ($($name:literal {
        form: $form:literal, takes: $takes:ident, aliases: $aliases:tt, value: $value:literal, meaning: $meaning:literal,
        parse: $parse:expr, emit: $emit:expr,
    })*) => {
        &[$(($name, $parse)),*]
    };
}

mod advice;
mod cache_control;
pub(crate) mod duration;
pub(crate) mod function;
mod misnamed;
mod shared;
mod split;
mod status;
pub(crate) mod template;
pub(crate) mod texts;
mod values;
pub(crate) mod vary;

use proc_macro2::{Ident, Span, TokenStream};
use syn::{Expr, LitStr, Path, ext::IdentExt};

pub(crate) use self::status::Status;
use self::{
    cache_control::cache_control,
    duration::{Length, Ttl, length, ttl},
    shared::shared_paths,
    split::{Written, shaped, split},
    status::statuses,
    template::Template,
    values::{backend, collapse, expressions, handlers, names, own_path, paths, policy, root, templates, uncached},
    vary::vary,
};
use crate::{
    arguments::{CACHED, INVALIDATES, Table},
    errors::Errors,
    manifest::renamed_crate,
};

/// The arguments of `#[cached(…)]`.
#[derive(Default)]
pub(crate) struct Cached {
    pub(crate) ttl: Option<Ttl>,
    pub(crate) backend: Option<LitStr>,
    pub(crate) groups: Vec<Template>,
    pub(crate) key: Vec<Expr>,
    /// Paths that share one response.
    pub(crate) paths: Vec<LitStr>,
    /// The word `path`, on which errors about the paths as a whole are reported.
    pub(crate) paths_at: Option<Ident>,
    pub(crate) vary: Vary,
    pub(crate) skip: Vec<Ident>,
    /// Skipped arguments whose credentials do not make a request bypass the cache.
    pub(crate) skip_credentials: Vec<Ident>,
    /// A request that meets one of these conditions bypasses the cache.
    pub(crate) bypass: Vec<Expr>,
    pub(crate) cache_control: Option<CacheControl>,
    /// The word itself, on which errors about the return type are reported.
    pub(crate) only_ok: Option<Ident>,
    /// Further statuses that are stored.
    pub(crate) statuses: Vec<Status>,
    pub(crate) stale_while_revalidate: Option<Length>,
    pub(crate) stale_if_error: Option<Length>,
    pub(crate) policy: Option<Path>,
    pub(crate) inline: bool,
    pub(crate) uncached: Option<Path>,
    /// The path of cached-handler: `crate`, or another name in Cargo.toml.
    pub(crate) root: Option<Path>,
}

/// The value of `cache_control`.
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

/// The arguments of `#[invalidates(…)]`.
#[derive(Default)]
pub(crate) struct Invalidates {
    pub(crate) groups: Vec<Template>,
    pub(crate) paths: Vec<Template>,
    pub(crate) path_prefixes: Vec<Template>,
    pub(crate) handlers: Vec<Path>,
    /// An unsafe method invalidates nothing by itself.
    pub(crate) keeps_own_path: bool,
    /// The attribute names no target.
    pub(crate) names_nothing: bool,
    pub(crate) uncached: Option<Path>,
    /// The path of cached-handler: `crate`, or another name in Cargo.toml.
    pub(crate) root: Option<Path>,
}

/// The messages about a part of `key(…)` or a condition of `bypass(…)` that is not an expression.
const PART: &str = "a part of `key(…)` is an expression over arguments; type `key(user.tenant)`";
const CONDITION: &str = "a condition of `bypass(…)` is an expression over arguments; type `bypass(user.is_some())`";

impl Cached {
    /// The names in `skip(…)` and `skip_credentials(…)`.
    pub(crate) fn skipped(&self) -> impl Iterator<Item = &Ident> {
        self.skip.iter().chain(&self.skip_credentials)
    }

    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split(&CACHED, tokens, errors);
        let is_missing = errors.is_empty() && written.iter().all(|argument| argument.name != "ttl");
        parse(&mut args, &CACHED, cached_arguments!(parsers), written, errors);
        if is_missing {
            errors.at(
                Span::call_site(),
                "`ttl` is missing; type how long a response is fresh, `#[cached(ttl = 60)]`, or `ttl = from_response`",
            );
        }
        args.root = args.root.or_else(renamed_crate);
        args
    }
}

impl Invalidates {
    pub(crate) fn parse(tokens: TokenStream, errors: &mut Errors) -> Self {
        let mut args = Self::default();
        let written = split(&INVALIDATES, tokens, errors);
        let is_target = |argument: &Written| !["uncached", "crate", "own_path"].iter().any(|other| argument.name == other);
        args.names_nothing = errors.is_empty() && !written.iter().any(is_target);
        parse(&mut args, &INVALIDATES, invalidates_arguments!(parsers), written, errors);
        args.root = args.root.or_else(renamed_crate);
        args
    }
}

/// Takes the value of one argument, whose name is given too.
type Parser<A> = fn(&mut A, &Ident, TokenStream, &mut Errors);

fn parse<A>(args: &mut A, table: &Table, parsers: &[(&str, Parser<A>)], written: Vec<Written>, errors: &mut Errors) {
    for Written { name, value } in written {
        let Some(value) = shaped(table, &name, value, errors) else { continue };
        if let Some((_, parser)) = parsers.iter().find(|(known, _)| name.unraw() == known) {
            parser(args, &name, value, errors);
        }
    }
}

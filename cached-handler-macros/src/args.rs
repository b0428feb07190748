//! The arguments of the attributes: one table each, from which parser, documentation and tests are made.

use proc_macro2::{Group, Ident, Punct, TokenStream, TokenTree};
use syn::{Expr, Path};

use crate::{
    errors::{Errors, instead_of},
    template::{Groups, Paths},
    value::{Backend, Collapse, Constant, Directives, Function, Functions, Lifetime, Names, Parts, Vary},
};

/// One argument, as written, before its value is looked at.
pub(crate) struct Argument {
    pub(crate) name: Ident,
    pub(crate) form: Form,
    /// What a right one looks like.
    pub(crate) example: &'static str,
}

/// How an argument's value is written.
pub(crate) enum Form {
    /// `name`
    Alone,
    /// `name = value`
    Equals(Punct, TokenStream),
    /// `name(value, …)`
    Parens(Group),
}

/// What can stand behind an argument's name.
pub(crate) trait Value: Sized {
    /// Reads the value; every mistake in it goes to `errors`.
    fn read(argument: &Argument, errors: &mut Errors) -> Option<Self>;
}

/// Arguments that are planned, and what is said to who tries them.
const PLANNED: [&str; 2] = ["stale_while_revalidate", "stale_if_error"];

macro_rules! arguments {
    ($(#[$doc:meta])* $table:ident, $documentation:ident: $($name:literal $field:ident: $kind:ty, $example:literal, $meaning:literal;)*) => {
        $(#[$doc])*
        #[derive(Default)]
        pub(crate) struct $table {
            $(pub(crate) $field: Option<(Ident, $kind)>,)*
            /// Arguments that were named, though perhaps wrongly: what is missing besides is not said of these.
            pub(crate) named: Vec<String>,
        }

        impl $table {
            /// Every argument's name.
            pub(crate) const NAMES: &'static [&'static str] = &[$($name),*];

            /// Reads what stands between the attribute's parentheses.
            pub(crate) fn read(arguments: TokenStream, errors: &mut Errors) -> Self {
                let mut read = Self::default();
                for tokens in split(arguments, errors) {
                    let Some((name, form)) = name_and_form(tokens, errors) else { continue };
                    match name.to_string().as_str() {
                        $($name => {
                            let twice = read.named.iter().any(|named| named == $name);
                            let argument = Argument { name, form, example: $example };
                            if twice {
                                errors.at(&argument.name, concat!("`", $name, "` is given twice; remove one of the two"));
                            } else {
                                read.named.push($name.to_owned());
                                read.$field = Value::read(&argument, errors).map(|value| (argument.name, value));
                            }
                        })*
                        unknown => errors.at(&name, unknown_argument(unknown, Self::NAMES)),
                    }
                }
                read
            }
        }

        macro_rules! $documentation {
            () => {
                concat!("| argument | meaning |\n|---|---|\n", $("| `", $example, "` | ", $meaning, " |\n"),*)
            };
        }
    };
}

arguments! {
    /// What `#[cached(…)]` says.
    Cached, documentation_of_cached:
    "ttl" ttl: Lifetime, "ttl = 60",
        "**Required.** How long a response is fresh in this cache where it does not say so itself: `60` (seconds), text with a unit \
        (`\"250ms\"`, `\"30s\"`, `\"5m\"`, `\"1h\"`, `\"1d\"`, `\"1w\"`), the path of a `Duration` constant (`ttl = config::TTL`), or `from_response`: \
        responses state it themselves, and others are not stored. From 1 ms to 10 years";
    "backend" backend: Backend, "backend = \"memory\"",
        "Where responses rest: the name of a backend of the `Cache`. `\"memory\"` unless given";
    "group" group: Groups, "group = \"article:{id}\"",
        "The groups that responses belong to, one text or a list of up to 16; `{…}` holds an argument (`{id}`) or an expression (`{id.0}`, \
        `{user.tenant}`) that implements `Display`; `{{` and `}}` are braces. Invalidated with `invalidate_group`";
    "key" key: Parts, "key(user.tenant)",
        "Parts of the key that stand for the **whole** argument that they mention: of `user`, the handler's answers may depend on `tenant` and nothing else. \
        An expression sees references to what the argument's pattern binds (`*page`, `jar.get(\"theme\").map(|c| c.value().to_owned())`)";
    "vary" vary: Vary, "vary = \"accept-language\"",
        "The request fields that the handler may see, one name or a list, in lower case: they are in the key, `Vary` names them, and a `HeaderMap` arrives narrowed to them. \
        `from_response`: each response names in its `Vary` what it depends on";
    "skip" skip: Names, "skip(trace)",
        "Arguments that change no response. They are not in the key: two requests that differ in them alone share a response";
    "cache_control" cache_control: Directives, "cache_control = \"public, max-age=60\"",
        "What clients are told where the handler sends no `Cache-Control`; `no-cache` unless given";
    "policy" policy: Constant, "policy = SEARCH",
        "The path of a `Policy` constant: whatever else can be set";
    "uncached" uncached: Function, "uncached = article_now",
        "Keeps the function as it was written under a second name, callable without a request and its cache; in an `impl`, `uncached = Self::article_now`";
    "collapse" collapse: Collapse, "collapse = \"inline\"",
        "`\"inline\"` keeps the handler's run in the request's task, for task-locals, futures that are not `Send`, and executors other than tokio. `\"detached\"`, a task of its own, unless given";
    "crate" root: Path, "crate = my::cached_handler",
        "Where this library is, if not at `::cached_handler`";
}

arguments! {
    /// What `#[invalidates(…)]` says.
    Invalidates, documentation_of_invalidates:
    "group" group: Groups, "group = \"article:{id}\"",
        "Groups, one text or a list of up to 16, with templates as in `#[cached]`";
    "path" path: Paths, "path = \"/articles/{id}\"",
        "Paths, one text or a list: every response under this path, whatever its query; what stands in `{…}` is percent-encoded as one segment";
    "handler" handler: Functions, "handler = list",
        "Cached handlers, one or a list: every response of them; for a generic one, one instance (`list::<Article>`)";
    "crate" root: Path, "crate = my::cached_handler",
        "Where this library is, if not at `::cached_handler`";
}

/// The chunks between commas.
fn split(arguments: TokenStream, errors: &mut Errors) -> Vec<Vec<TokenTree>> {
    let mut chunks = vec![Vec::new()];
    for token in arguments {
        match token {
            TokenTree::Punct(comma) if comma.as_char() == ',' => {
                if chunks.last().is_none_or(Vec::is_empty) {
                    errors.at(comma, "there is no argument before this comma; remove the comma");
                } else {
                    chunks.push(Vec::new());
                }
            }
            token => {
                if let Some(chunk) = chunks.last_mut() {
                    chunk.push(token);
                }
            }
        }
    }
    chunks.retain(|chunk| !chunk.is_empty());
    chunks
}

/// Takes `name`, `name = value` and `name(value)` apart.
fn name_and_form(tokens: Vec<TokenTree>, errors: &mut Errors) -> Option<(Ident, Form)> {
    let all: TokenStream = tokens.iter().cloned().collect();
    let mut tokens = tokens.into_iter();
    let Some(TokenTree::Ident(name)) = tokens.next() else {
        errors.at(all, "an argument begins with its name; type `name = value`, such as `ttl = 60`");
        return None;
    };
    let form = match (tokens.next(), tokens.len()) {
        (None, _) => Form::Alone,
        (Some(TokenTree::Group(group)), 0) if group.delimiter() == proc_macro2::Delimiter::Parenthesis => Form::Parens(group),
        (Some(TokenTree::Punct(equals)), _) if equals.as_char() == '=' => Form::Equals(equals, tokens.collect()),
        (Some(wrong), _) => {
            let rest: TokenStream = std::iter::once(wrong).chain(tokens).collect();
            errors.at(rest, format!("this does not belong behind `{name}`; type `{name} = value`, and a comma before the next argument"));
            return None;
        }
    };
    Some((name, form))
}

fn unknown_argument(name: &str, known: &[&str]) -> String {
    if PLANNED.contains(&name) {
        return format!("`{name}` is not supported yet; remove it");
    }
    format!("there is no argument `{name}`; {}", instead_of(name, known))
}

impl Argument {
    /// The tokens behind `=`.
    pub(crate) fn value(&self, errors: &mut Errors) -> Option<&TokenStream> {
        let Self { name, form, example } = self;
        match form {
            Form::Equals(equals, value) if value.is_empty() => errors.at(equals, format!("`{name}` has no value; type `{example}`")),
            Form::Equals(_, value) => return Some(value),
            Form::Alone => errors.at(name, format!("`{name}` has no value; type `{example}`")),
            Form::Parens(group) => errors.at(group, format!("the value of `{name}` stands behind `=`; type `{example}`")),
        }
        None
    }

    /// The expression behind `=`, without the invisible groups that `macro_rules!` puts around it.
    pub(crate) fn expression(&self, errors: &mut Errors) -> Option<Expr> {
        let value = self.value(errors)?;
        let Ok(mut expression) = syn::parse2::<Expr>(value.clone()) else {
            self.refuse(value, errors);
            return None;
        };
        while let Expr::Group(group) = expression {
            expression = *group.expr;
        }
        Some(expression)
    }

    /// The tokens between the parentheses.
    pub(crate) fn parts(&self, errors: &mut Errors) -> Option<TokenStream> {
        let Self { name, form, example } = self;
        match form {
            Form::Parens(group) if group.stream().is_empty() => errors.at(group, format!("`{name}()` names nothing; type `{example}` or remove it")),
            Form::Parens(group) => return Some(group.stream()),
            Form::Alone => errors.at(name, format!("`{name}` names nothing; type `{example}`")),
            Form::Equals(equals, _) => errors.at(equals, format!("what `{name}` names stands in parentheses; type `{example}`")),
        }
        None
    }

    /// Says that a value is not of the right kind.
    pub(crate) fn refuse(&self, value: impl quote::ToTokens, errors: &mut Errors) {
        let Self { name, example, .. } = self;
        errors.at(value, format!("this is no value of `{name}`; type `{example}`"));
    }
}

impl Value for Path {
    fn read(argument: &Argument, errors: &mut Errors) -> Option<Self> {
        let value = argument.value(errors)?;
        // `crate` itself is a path, though no expression.
        let path = syn::parse::Parser::parse2(Self::parse_mod_style, value.clone());
        path.map_err(|_| argument.refuse(value, errors)).ok()
    }
}

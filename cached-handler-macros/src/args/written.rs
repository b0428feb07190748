//! How arguments are written: `name = value` or `name(values)`, at commas.

use proc_macro2::{Delimiter, Ident, Spacing, Span, TokenStream, TokenTree};
use syn::{
    ext::IdentExt,
    parse::{ParseStream, Parser},
};

use super::Argument;
use crate::{
    errors::{Errors, did_you_mean, listed},
    value::ungrouped,
};

/// An argument as it is written.
pub(super) struct Written {
    pub(super) name: Ident,
    pub(super) value: Value,
}

pub(super) enum Value {
    /// `= …`
    Is(TokenStream),
    /// `(…)`
    List(TokenStream, Span),
    Missing,
}

/// Splits at the commas, and keeps those arguments that exist and stand there once.
pub(super) fn split(attribute: &str, tokens: TokenStream, table: &[Argument], errors: &mut Errors) -> Vec<Written> {
    let mut kept: Vec<Written> = Vec::new();
    for part in at_commas(tokens) {
        let parsed = Parser::parse2(|input: ParseStream<'_>| Written::parse(input, table), part);
        let Some(written) = errors.keep(parsed) else { continue };
        let name = written.name.unraw().to_string();
        if let Some(message) = misnamed(attribute, &name, table) {
            errors.on(&written.name, message);
        } else if kept.iter().any(|earlier| earlier.name.unraw() == name) {
            errors.on(&written.name, format!("`{name}` is given twice; remove one"));
        } else {
            kept.push(written);
        }
    }
    kept
}

/// What to type in place of a name that is not in the table.
fn misnamed(attribute: &str, name: &str, table: &[Argument]) -> Option<String> {
    if table.iter().any(|argument| argument.name == name) {
        return None;
    }
    if let Some(form) = elsewhere(name).and_then(|here| table.iter().find(|argument| argument.name == here)) {
        return Some(format!("`{name}` is called `{}` here; type `{}`", form.name, form.form));
    }
    Some(match name {
        "name"
        | "version"
        | "max_body"
        | "status"
        | "etag"
        | "timeout"
        | "jitter"
        | "heuristic"
        | "honor_request_directives"
        | "cookies_by_vary"
        | "targeted_fields"
        | "vary_by_meaning"
            if attribute == "cached" =>
        {
            format!("`{name}` belongs in a policy; type `policy = POLICY` with `const POLICY: Policy = Policy::new().{name}(…);`")
        }
        "namespace" | "key_prefix" | "prefix" if attribute == "cached" => {
            format!("`{name}` belongs to the whole cache; type `Cache::builder().namespace(\"my-app\")` where the program starts")
        }
        "sync_writes" | "coalesce" | "single_flight" if attribute == "cached" => {
            format!("concurrent requests for one key share a run already; remove `{name}`")
        }
        "result" | "option" if attribute == "cached" => {
            format!("statuses decide what is stored, and those of failures are not; remove `{name}`")
        }
        _ => {
            let names = table.iter().map(|argument| argument.name);
            let all = listed(names.clone());
            let hint = Some(did_you_mean(name, names)).filter(|hint| !hint.is_empty());
            format!("`{name}` is not an argument of `#[{attribute}]`{}", hint.unwrap_or_else(|| format!("; there are {all}")))
        }
    })
}

/// What other crates and RFCs call an argument.
fn elsewhere(name: &str) -> Option<&'static str> {
    Some(match name {
        "time" | "expires" | "expire" | "expiry" | "expiration" | "expires_in" | "lifetime" | "lifespan" | "max_age" | "duration"
        | "time_to_live" => "ttl",
        "tag" | "tags" | "cache_tags" | "surrogate_key" => "group",
        "swr" | "stale" | "while_revalidate" | "refresh" => "stale_while_revalidate",
        "sie" | "if_error" | "use_stale_on_failure" | "result_fallback" => "stale_if_error",
        "store" | "storage" | "driver" => "backend",
        "convert" | "cache_key" => "key",
        "header" | "headers" | "varies" => "vary",
        "ignore" | "exclude" | "skip_args" => "skip",
        "url" | "uri" | "route" => "path",
        "function" => "handler",
        _ => return None,
    })
}

/// Each part without the invisible group in which `macro_rules!` hands on an expression or a literal.
pub(super) fn at_commas(tokens: TokenStream) -> Vec<TokenStream> {
    let mut parts = vec![TokenStream::new()];
    for token in tokens {
        match (&token, parts.last_mut()) {
            (TokenTree::Punct(punct), _) if punct.as_char() == ',' => parts.push(TokenStream::new()),
            (_, Some(part)) => part.extend([token]),
            (_, None) => {}
        }
    }
    parts.retain(|part| !part.is_empty());
    parts.into_iter().map(ungrouped).collect()
}

impl Written {
    fn parse(input: ParseStream<'_>, table: &[Argument]) -> syn::Result<Self> {
        let Ok(name) = Ident::parse_any(input) else {
            let rest: TokenStream = input.parse()?;
            let example = table.first().map_or("", |argument| argument.form);
            return Err(syn::Error::new_spanned(rest, format!("an argument begins with its name; type `{example}`")));
        };
        if input.is_empty() {
            return Ok(Self { name, value: Value::Missing });
        }
        if input.peek(syn::Token![=]) {
            input.parse::<syn::Token![=]>()?;
            no_comma(&input.fork().parse()?, table)?;
            return Ok(Self { name, value: Value::Is(ungrouped(input.parse()?)) });
        }
        let rest: TokenStream = input.parse()?;
        no_comma(&rest, table)?;
        let mut trees = rest.clone().into_iter();
        match (trees.next(), trees.next()) {
            (Some(TokenTree::Group(group)), None) if group.delimiter() == Delimiter::Parenthesis => {
                Ok(Self { name, value: Value::List(group.stream(), group.span()) })
            }
            _ => Err(syn::Error::new_spanned(rest, format!("`{name}` is not followed by a value; type `{name} = …` or `{name}(…)`"))),
        }
    }
}

/// Behind a value, without a comma, `name =`, or the name of an argument and parentheses: no value looks like that.
fn no_comma(value: &TokenStream, table: &[Argument]) -> syn::Result<()> {
    let trees: Vec<TokenTree> = value.clone().into_iter().collect();
    for three in trees.windows(3) {
        if let [TokenTree::Ident(_) | TokenTree::Literal(_) | TokenTree::Group(_), TokenTree::Ident(name), behind] = three {
            let is_argument = match behind {
                TokenTree::Punct(punct) => punct.as_char() == '=' && punct.spacing() == Spacing::Alone,
                TokenTree::Group(list) => list.delimiter() == Delimiter::Parenthesis && table.iter().any(|argument| name == argument.name),
                _ => false,
            };
            if is_argument {
                return Err(syn::Error::new_spanned(name, format!("a comma is missing before `{name}`; type `, {name}`")));
            }
        }
    }
    Ok(())
}

/// The tokens of a value that is written in its argument's form.
pub(super) fn shaped(table: &[Argument], name: &Ident, value: Value, errors: &mut Errors) -> Option<TokenStream> {
    let form = table.iter().find(|argument| name.unraw() == argument.name).map_or("", |argument| argument.form);
    let is_list = !form.contains('=');
    match value {
        Value::Is(value) if !is_list && !value.is_empty() => Some(value),
        Value::List(value, _) if is_list && !value.is_empty() => Some(value),
        Value::Is(value) if !value.is_empty() => {
            errors.on(value, format!("`{name}` takes its values in parentheses; type `{form}`"));
            None
        }
        Value::List(value, span) if !value.is_empty() => {
            errors.at(span, format!("`{name}` takes its value after `=`; type `{form}`"));
            None
        }
        _ => {
            errors.on(name, format!("`{name}` has no value; type `{form}`"));
            None
        }
    }
}

//! `status`: further statuses that are stored, and how long each is fresh.

use proc_macro2::{TokenStream, TokenTree};
use syn::{LitInt, ext::IdentExt};

use super::{
    duration::{Length, length},
    split::at_commas,
};
use crate::{
    errors::Errors,
    syntax::source::{ungrouped, written},
};

/// A status, and how long its responses are fresh; without a duration, for the `ttl`.
#[derive(Clone)]
pub(crate) struct Status {
    pub(crate) code: LitInt,
    pub(crate) fresh: Option<Length>,
}

/// The limit of `Policy::status`.
const MAX_STATUSES: usize = 8;

pub(super) fn statuses(value: TokenStream, errors: &mut Errors) -> Vec<Status> {
    let mut statuses: Vec<Status> = Vec::new();
    let mut codes = Vec::new();
    for part in at_commas(value) {
        let (name, sign, duration) = split(part.clone());
        let Some((code, number)) = errors.keep(code(&name, statuses.last())) else { continue };
        if !matches!(&*sign, "" | "=") {
            errors.on(part, format!("`{sign}` is not how a duration is given; type `status({number} = {})`", written(&duration)));
            continue;
        }
        if !sign.is_empty() && duration.is_empty() {
            errors.on(part, format!("`{number}` has no duration; type `status({number} = 60)`, or `status({number})` for that of `ttl`"));
            continue;
        }
        let fresh = (!sign.is_empty()).then(|| errors.keep(length(&number.to_string(), duration)));
        if matches!(fresh, Some(None)) {
            continue;
        }
        if codes.contains(&number) {
            errors.on(code, format!("the status `{number}` is named twice; remove one"));
        } else if codes.len() == MAX_STATUSES {
            errors.on(code, "`status(…)` takes at most eight statuses; remove one");
        } else {
            codes.push(number);
            statuses.push(Status { code, fresh: fresh.flatten() });
        }
    }
    statuses
}

/// The tokens before the first sign, the sign, and the tokens after it.
fn split(part: TokenStream) -> (TokenStream, String, TokenStream) {
    // `::` belongs to the path of a constant, and is not a sign.
    let is_number = matches!(part.clone().into_iter().next(), Some(TokenTree::Literal(_)));
    let is_sign = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if matches!(punct.as_char(), '=' | '>') || is_number && punct.as_char() == ':');
    let mut tokens = part.into_iter().peekable();
    let name: TokenStream = std::iter::from_fn(|| tokens.next_if(|token| !is_sign(token))).collect();
    let mut sign = String::new();
    while let Some(token) = tokens.next_if(|token| sign.len() < 2 && is_sign(token)) {
        sign.push_str(&token.to_string());
    }
    (ungrouped(name), sign, ungrouped(tokens.collect()))
}

fn code(name: &TokenStream, before: Option<&Status>) -> syn::Result<(LitInt, u16)> {
    let wrong = |message: String| Err(syn::Error::new_spanned(name, message));
    let literal = syn::parse2::<LitInt>(name.clone()).ok().filter(|literal| literal.suffix().is_empty());
    let Some((literal, number)) = literal.and_then(|literal| literal.base10_parse::<u64>().ok().map(|number| (literal, number))) else {
        let right = constant(name).unwrap_or(302);
        return wrong(format!("`status(…)` takes numbers; type `status({right})`, or `status({right} = 60)` with a duration of its own"));
    };
    let number = match (u16::try_from(number), before) {
        (Ok(number @ 100..=999), _) => number,
        (_, Some(Status { code, fresh: None })) => {
            return wrong(format!("`{literal}` is not a status; if it is how long `{code}` is fresh, type `status({code} = {literal})`"));
        }
        _ => return wrong(format!("`{literal}` is not a status; type one of three digits, `status(302 = 60)`")),
    };
    match why_never(number) {
        Some(why) => wrong(format!("`{number}` is never stored: {why}; remove it")),
        None => Ok((literal, number)),
    }
}

/// Why a status is refused; `Policy::status` refuses the same ones.
fn why_never(status: u16) -> Option<&'static str> {
    match status {
        ..200 => Some("it is not a final status, `200` and above"),
        206 => Some("it is a part of a response, and the cache itself cuts parts out of a stored `200`"),
        304 => Some("the cache answers `If-None-Match` itself, from `200`"),
        500..=599 => Some("a failure is not stored; with `stale_if_error = \"1d\"` the response stored before is sent instead"),
        400 | 401 | 403 | 405..=408 | 411..=417 | 421 | 422 | 425 | 426 | 428 | 429 | 431 | 451 => {
            Some("it is about one request and its client, and other clients would be sent it; `404` and `410` are about the resource")
        }
        _ => None,
    }
}

/// The number of a status that `StatusCode` or axum's `Redirect` has a name for.
fn constant(name: &TokenStream) -> Option<u16> {
    let last = name.clone().into_iter().filter_map(|token| if let TokenTree::Ident(name) = token { Some(name) } else { None }).last()?;
    Some(match &*last.unraw().to_string() {
        "CREATED" => 201,
        "NO_CONTENT" => 204,
        "MULTIPLE_CHOICES" => 300,
        "MOVED_PERMANENTLY" => 301,
        "FOUND" => 302,
        "SEE_OTHER" | "to" => 303,
        "TEMPORARY_REDIRECT" | "temporary" => 307,
        "PERMANENT_REDIRECT" | "permanent" => 308,
        "NOT_FOUND" => 404,
        "GONE" => 410,
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    #[test]
    fn a_status_has_a_duration_of_its_own_or_that_of_ttl() {
        let mut errors = Errors::default();
        let statuses = statuses(quote!(302, 307 = 60, 404 = "5m", 410 = GONE), &mut errors);
        assert!(errors.is_empty());
        let read: Vec<_> = statuses.iter().map(|status| (status.code.to_string(), status.fresh.clone())).collect();
        assert!(matches!(
            &*read,
            [(_, None), (_, Some(Length::Millis(60_000))), (_, Some(Length::Millis(300_000))), (_, Some(Length::Constant(_)))]
        ));
    }
}

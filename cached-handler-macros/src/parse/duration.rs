//! Durations: how long a response is fresh, and how long a stale one is still used.

use proc_macro2::{Ident, TokenStream};
use syn::{Expr, Lit, Path};

use crate::{errors::is_nearly, syntax::source::written};

/// How long a response is fresh.
#[derive(Clone)]
pub(crate) enum Ttl {
    Length(Length),
    FromResponse,
}

/// A duration, as it is written.
#[derive(Clone)]
pub(crate) enum Length {
    Millis(u64),
    Constant(Path),
}

const TEN_YEARS: u64 = 10 * 365 * 24 * 60 * 60 * 1000;

/// `60`, `"250ms"`, `"5m"`, `PATH` or `from_response`.
pub(crate) fn ttl(value: TokenStream) -> syn::Result<Ttl> {
    match syn::parse2::<Ident>(value.clone()) {
        Ok(word) if word == "from_response" => Ok(Ttl::FromResponse),
        Ok(word) if is_nearly(&word.to_string(), "from_response") => {
            Err(syn::Error::new_spanned(&word, format!("`{word}` is not known here; did you mean `from_response`?")))
        }
        _ => length("ttl", value).map(Ttl::Length),
    }
}

/// The duration in an argument.
pub(crate) fn length(argument: &str, value: TokenStream) -> syn::Result<Length> {
    let span = value.clone();
    let last = if argument == "ttl" { ", or `from_response`" } else { "" };
    // The number of a status names its lifetime.
    let is_status = argument.bytes().all(|byte| byte.is_ascii_digit());
    let what = if is_status { format!("the lifetime of `{argument}`") } else { format!("`{argument}`") };
    let wrong = || {
        syn::Error::new_spanned(
            &span,
            format!(
                "{what} is a duration; type seconds (`60`), text (`\"250ms\"`, `\"5m\"`, `\"1h\"`, `\"1d\"`), the path of a `Duration` constant{last}"
            ),
        )
    };
    let instead = |right: String| syn::Error::new_spanned(&span, format!("{what} is a duration; type `{argument} = {right}`"));
    let expression: Expr = syn::parse2(value).map_err(|_| wrong())?;
    let millis = match &expression {
        Expr::Lit(literal) => match &literal.lit {
            Lit::Int(number) if number.suffix().is_empty() => {
                number.base10_parse::<u64>().ok().and_then(|secs| secs.checked_mul(1000)).unwrap_or(u64::MAX)
            }
            Lit::Int(number) if duration(&number.to_string()).is_some() => return Err(instead(format!("\"{number}\""))),
            Lit::Str(text) => match duration(&text.value()) {
                Some(millis) => millis,
                None => return Err(meant(&text.value()).map_or_else(wrong, instead)),
            },
            _ => return Err(wrong()),
        },
        Expr::Call(call) => {
            let message = format!(
                "{what} is seconds, text, or the path of a constant; type `{argument} = TTL`, and `const TTL: Duration = {};` outside",
                written(call)
            );
            return Err(syn::Error::new_spanned(&span, message));
        }
        Expr::Path(path) if path.qself.is_none() => return Ok(Length::Constant(path.path.clone())),
        _ => return Err(wrong()),
    };
    match millis {
        0 if argument == "ttl" => Err(syn::Error::new_spanned(
            span,
            "`ttl` is at least one millisecond; remove the attribute to cache nothing, or type `ttl = from_response`",
        )),
        0 if is_status => {
            Err(syn::Error::new_spanned(span, format!("{what} is at least one millisecond; remove `{argument}` to store none")))
        }
        0 => Err(syn::Error::new_spanned(span, format!("`{argument}` is at least one millisecond; remove it to serve nothing stale"))),
        1..=TEN_YEARS => Ok(Length::Millis(millis)),
        _ => Err(syn::Error::new_spanned(span, format!("{what} is at most ten years; type `\"3650d\"` or less"))),
    }
}

/// The duration that a text was probably meant to be.
fn meant(text: &str) -> Option<String> {
    let number = text.trim_end_matches(|letter: char| !letter.is_ascii_digit()).trim();
    if number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let unit = match text.split_at_checked(number.len())?.1.trim().to_ascii_lowercase().as_str() {
        "" => return Some(number.to_owned()),
        "s" | "sec" | "secs" | "second" | "seconds" => "s",
        "m" | "min" | "mins" | "minute" | "minutes" => "m",
        "h" | "hr" | "hrs" | "hour" | "hours" => "h",
        "d" | "day" | "days" => "d",
        "w" | "week" | "weeks" => "w",
        "ms" | "msec" | "millis" | "millisecond" | "milliseconds" => "ms",
        _ => return None,
    };
    Some(format!("\"{number}{unit}\""))
}

/// A number and its unit, in milliseconds. Too large a number saturates.
pub(crate) fn duration(text: &str) -> Option<u64> {
    let unit = text.find(|letter: char| !letter.is_ascii_digit())?;
    let (number, unit) = text.split_at_checked(unit)?;
    let factor = match unit {
        "ms" => 1,
        "s" => 1000,
        "m" => 60_000,
        "h" => 3_600_000,
        "d" => 86_400_000,
        "w" => 604_800_000,
        _ => return None,
    };
    if number.is_empty() {
        return None;
    }
    Some(number.parse::<u64>().unwrap_or(u64::MAX).saturating_mul(factor))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::*;

    fn millis(value: TokenStream) -> Result<u64, String> {
        match ttl(value) {
            Ok(Ttl::Length(Length::Millis(millis))) => Ok(millis),
            Ok(_) => Err("no number".to_owned()),
            Err(error) => Err(error.to_string()),
        }
    }

    #[test]
    fn durations_are_seconds_or_a_number_with_its_unit() {
        for (value, expected) in [
            (quote!(60), 60_000),
            (quote!("250ms"), 250),
            (quote!("5m"), 300_000),
            (quote!("1h"), 3_600_000),
            (quote!("2d"), 172_800_000),
            (quote!("1w"), 604_800_000),
            (quote!("3650d"), TEN_YEARS),
        ] {
            assert_eq!(millis(value), Ok(expected));
        }
    }

    #[test]
    fn a_value_that_is_no_duration_is_answered_with_what_to_type() {
        for value in [quote!(-1), quote!("1y"), quote!("-1s"), quote!(1.5), quote!("m"), quote!(""), quote!(true), quote!(60u64)] {
            assert!(millis(value.clone()).is_err_and(|error| error.contains("`ttl` is a duration; type seconds")), "{value}");
        }
        for (value, right) in [(quote!("5 m"), "\"5m\""), (quote!("90 seconds"), "\"90s\""), (quote!("60"), "60"), (quote!(60s), "\"60s\"")]
        {
            assert!(millis(value.clone()).is_err_and(|error| error.ends_with(&format!("type `ttl = {right}`"))), "{value}");
        }
        assert!(millis(quote!(0)).is_err_and(|error| error.contains("at least one millisecond")));
        for value in [quote!(999999999999999999999999999999), quote!("3651d")] {
            assert!(millis(value).is_err_and(|error| error.contains("at most ten years")));
        }
    }
}

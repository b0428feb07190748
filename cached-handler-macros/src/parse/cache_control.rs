//! `cache_control`: directives of responses. They are checked, as a misspelt one would remove the safe default without replacing it.

use proc_macro2::TokenStream;
use syn::Ident;

use super::{CacheControl, texts::text, values::is_token};
use crate::errors::{Errors, is_nearly, nearest};

/// The value of a directive.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Takes {
    Nothing,
    Seconds,
    /// A list of field names, or nothing.
    Fields,
}

/// RFC 9111 §5.2.2, RFC 5861, RFC 8246.
const KNOWN: &[(&str, Takes)] = &[
    ("max-age", Takes::Seconds),
    ("must-revalidate", Takes::Nothing),
    ("must-understand", Takes::Nothing),
    ("no-cache", Takes::Fields),
    ("no-store", Takes::Nothing),
    ("no-transform", Takes::Nothing),
    ("private", Takes::Fields),
    ("proxy-revalidate", Takes::Nothing),
    ("public", Takes::Nothing),
    ("s-maxage", Takes::Seconds),
    ("stale-while-revalidate", Takes::Seconds),
    ("stale-if-error", Takes::Seconds),
    ("immutable", Takes::Nothing),
];

/// Directives as in RFC 9111 §5.2: `name`, `name=token` or `name="…"`; or `none`, which adds no field. Unknown directives are accepted,
/// as anyone may define extensions.
pub(super) fn cache_control(value: TokenStream, errors: &mut Errors) -> Option<CacheControl> {
    match syn::parse2::<Ident>(value.clone()) {
        Ok(name) if name == "none" => return Some(CacheControl::Untouched),
        Ok(name) if is_nearly(&name.to_string().to_ascii_lowercase(), "none") => {
            errors.on(&name, format!("`{name}` is not known here; did you mean `none`?"));
            return None;
        }
        _ => {}
    }
    let literal = errors.keep(text("cache_control", "public, max-age=60", value))?;
    let written = literal.value();
    if written == "none" {
        errors.on(&literal, "to add no `Cache-Control`, type `cache_control = none`, without quotes");
        return None;
    }
    let directives = directives(&written);
    let mut wrong = directives.iter().filter_map(|directive| mistake(directive)).chain(contradiction(&directives)).peekable();
    let is_right = wrong.peek().is_none();
    wrong.for_each(|message| errors.on(&literal, message));
    is_right.then_some(CacheControl::Is(literal))
}

/// Splits at the commas outside of quotes.
fn directives(text: &str) -> Vec<&str> {
    let mut is_quoted = false;
    let at_comma = |letter: char| {
        is_quoted ^= letter == '"';
        letter == ',' && !is_quoted
    };
    text.split(at_comma).map(str::trim).collect()
}

/// What is wrong with a directive, and what to type.
fn mistake(directive: &str) -> Option<String> {
    if directive.is_empty() {
        return Some(
            "`cache_control` is empty, or has an empty directive; type `cache_control = \"public, max-age=60\"`, or remove it".to_owned(),
        );
    }
    let (name, value) = directive.split_once('=').map_or((directive, None), |(name, value)| (name, Some(value)));
    if name.is_empty() || !name.bytes().all(is_token) || !value.is_none_or(is_value) {
        return Some(format!("`{directive}` is not a directive of `Cache-Control`; type `cache_control = \"public, max-age=60\"`"));
    }
    let lower = name.to_ascii_lowercase();
    match (KNOWN.iter().find(|(known, _)| *known == lower), value) {
        (None, _) => {
            // Extensions exist, so a directive counts as misspelt only if it is nearer to a known one than a misspelt argument has to be.
            let (_, known) = nearest(&lower, KNOWN.iter().map(|(known, _)| *known)).filter(|(far, known)| *far <= known.len() / 3)?;
            Some(format!("`{name}` is not a directive that clients know; did you mean `{known}`?"))
        }
        (Some((known, Takes::Seconds)), value) if !value.is_some_and(is_number) => {
            Some(format!("`{directive}` needs a number of seconds; type `{known}=60`"))
        }
        (Some((known, Takes::Nothing)), Some(_)) => Some(format!("`{known}` takes no value; type `{known}`")),
        _ => None,
    }
}

/// Directives that contradict each other, or one directive twice (RFC 9111 §4.2.1: then either the first
/// counts, or the response is stale).
fn contradiction(directives: &[&str]) -> Option<String> {
    let name_of = |directive: &&str| directive.split('=').next().unwrap_or_default().to_ascii_lowercase();
    let names: Vec<String> = directives.iter().map(name_of).collect();
    if let Some(twice) =
        names.iter().enumerate().find_map(|(at, name)| names.iter().take(at).any(|earlier| earlier == name).then_some(name))
    {
        return (!twice.is_empty()).then(|| format!("`{twice}` is given twice; remove one"));
    }
    // With field names, `private` concerns only these fields (RFC 9111 §5.2.2.7).
    let has = |meant: &str| directives.iter().any(|directive| directive.eq_ignore_ascii_case(meant));
    (has("private") && has("public")).then(|| {
        "`public` lets every cache keep the response, and `private` only the client's own; type `cache_control = \"private\"` if it is one person's, else `\"public\"`".to_owned()
    })
}

fn is_value(value: &str) -> bool {
    let quoted = value.strip_prefix('"').and_then(|value| value.strip_suffix('"'));
    quoted.map_or_else(
        || !value.is_empty() && value.bytes().all(is_token),
        |inner| inner.bytes().all(|byte| matches!(byte, b' '..=b'~') && byte != b'"' && byte != b'\\'),
    )
}

/// A number of seconds (RFC 9111 §1.2.2), which is sent without quotes (§5.2.2.1).
fn is_number(value: &str) -> bool {
    !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn mistakes(text: &str) -> Vec<String> {
        directives(text).into_iter().filter_map(mistake).collect()
    }

    #[test]
    fn every_known_directive_is_accepted_in_its_form() {
        for (name, takes) in KNOWN {
            let right: &[&str] = match takes {
                Takes::Nothing => &[""],
                Takes::Seconds => &["=0", "=31536000"],
                Takes::Fields => &["", "=\"set-cookie\"", "=\"set-cookie, x-a\""],
            };
            for value in right {
                assert_eq!(mistakes(&format!("{name}{value}")), [""; 0]);
                assert_eq!(mistakes(&format!("{}{value}, no-transform", name.to_ascii_uppercase())), [""; 0]);
            }
        }
    }

    #[test]
    fn a_missing_or_superfluous_value_of_a_directive_is_an_error() {
        for (name, takes) in KNOWN {
            let (wrong, advice): (&[&str], _) = match takes {
                Takes::Nothing => (&["=1", "=\"\""], format!("takes no value; type `{name}`")),
                Takes::Seconds => (&["", "=abc", "=5m", "=1.5", "=-1", "=\"60\""], format!("type `{name}=60`")),
                Takes::Fields => continue,
            };
            for value in wrong {
                let mistakes = mistakes(&format!("public, {name}{value}"));
                assert!(matches!(&*mistakes, [only] if only.ends_with(&advice)), "{name}{value}: {mistakes:?}");
            }
        }
    }

    #[test]
    fn a_misspelt_directive_is_an_error() {
        for (written, meant) in [
            ("maxage=60", "max-age"),
            ("max_age=60", "max-age"),
            ("max-aged=60", "max-age"),
            ("s-max-age=60", "s-maxage"),
            ("smaxage=60", "s-maxage"),
            ("nostore", "no-store"),
            ("no-chache", "no-cache"),
            ("pubic", "public"),
            ("Privat", "private"),
            ("imutable", "immutable"),
            ("revalidate", "must-revalidate"),
            ("stale-while-revalidation=60", "stale-while-revalidate"),
            ("stale-while-error=60", "stale-if-error"),
        ] {
            let mistakes = mistakes(written);
            assert!(matches!(&*mistakes, [only] if only.ends_with(&format!("did you mean `{meant}`?"))), "{written}: {mistakes:?}");
        }
    }

    #[test]
    fn unknown_directives_are_accepted() {
        for extension in ["community=\"UCI\"", "pre-check=0", "post-check=0", "no-siteapp", "channel=\"/a\"", "x", "max-stale", "group=a"] {
            assert_eq!(mistakes(extension), [""; 0]);
        }
    }
}

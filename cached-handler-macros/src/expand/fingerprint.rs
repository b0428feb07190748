//! The hash of a handler's text in its keys at rest: of the attribute, the signature and the body as their author wrote them,
//! without comments, white space and the commas that a formatter adds.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

use crate::parse::function::Function;

/// FNV-1a of 128 bits.
pub(crate) fn fingerprint(attribute: &TokenStream, function: &Function) -> u128 {
    let Function { signature, body, .. } = function;
    let mut hash = Hash(0x6c62_272e_07bb_0142_62b8_2175_6295_c58d);
    for part in [without_last_comma(attribute.clone(), false), signature.to_token_stream(), body.stream()] {
        hash.stream(part);
        hash.byte(b'\n');
    }
    hash.0
}

struct Hash(u128);

impl Hash {
    fn byte(&mut self, byte: u8) {
        self.0 = (self.0 ^ u128::from(byte)).wrapping_mul(0x0000_0000_0100_0000_0000_0000_0000_013b);
    }

    /// A token, and a zero byte, which no token contains.
    fn text(&mut self, text: &str) {
        text.bytes().for_each(|byte| self.byte(byte));
        self.byte(0);
    }

    fn stream(&mut self, tokens: TokenStream) {
        let mut tokens = tokens.into_iter().peekable();
        let mut operator = String::new();
        let mut before = Before::Other;
        while let Some(token) = tokens.next() {
            match &token {
                TokenTree::Punct(punct) => {
                    operator.push(punct.as_char());
                    let goes_on = punct.spacing() == Spacing::Joint && matches!(tokens.peek(), Some(TokenTree::Punct(_)));
                    if !goes_on {
                        // The `>` of `=>` and `->` closes no generics: a tuple may follow.
                        before = if self.operators(&operator) == ">" { Before::Callee } else { Before::Other };
                        operator.clear();
                    }
                }
                TokenTree::Ident(word) => {
                    let word = word.to_string();
                    before = if KEYWORDS.contains(&&*word) { Before::Other } else { Before::Callee };
                    self.text(&word);
                }
                TokenTree::Literal(literal) => {
                    before = Before::Other;
                    self.text(&literal.to_string());
                }
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Brace => ("{", "}"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::None => ("", ""),
                    };
                    let is_tuple = group.delimiter() == Delimiter::Parenthesis && before == Before::Other;
                    self.text(open);
                    self.stream(without_last_comma(group.stream(), is_tuple));
                    self.text(close);
                    before = Before::Other;
                }
            }
        }
    }

    /// Splits adjacent punctuation into operators as rustc does, so that `a&&!b` is `a && !b`, and `a & &b` is not. `>` is always
    /// an operator of its own, as it may close generics. Returns the last operator.
    fn operators<'a>(&mut self, mut together: &'a str) -> &'a str {
        let mut last = "";
        while !together.is_empty() {
            let known = OPERATORS.iter().find(|operator| together.starts_with(**operator)).map_or(1, |operator| operator.len());
            let (operator, rest) = together.split_at_checked(known).unwrap_or((together, ""));
            self.text(operator);
            (last, together) = (operator, rest);
        }
        last
    }
}

/// Operators of several characters, the longer ones first.
const OPERATORS: &[&str] =
    &["<<=", "...", "..=", "&&", "||", "==", "!=", "<=", "+=", "-=", "*=", "/=", "%=", "^=", "&=", "|=", "<<", "->", "=>", "::", ".."];

/// The token before parentheses. In a call a trailing comma has no meaning: `f(a,)` is `f(a)`, but `(a,)` is not `(a)`.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// A token that may be called, such as a name.
    Callee,
    Other,
}

/// Keywords after which an expression, a pattern or a type begins.
const KEYWORDS: &[&str] =
    &["as", "box", "break", "dyn", "else", "for", "if", "impl", "in", "let", "match", "move", "mut", "ref", "return", "while", "yield"];

/// A formatter adds a comma when it breaks a list into lines. Only in a tuple of one element the comma has a meaning.
fn without_last_comma(inside: TokenStream, is_tuple: bool) -> TokenStream {
    let is_comma = |token: &TokenTree| matches!(token, TokenTree::Punct(punct) if punct.as_char() == ',');
    let mut tokens: Vec<TokenTree> = inside.into_iter().collect();
    let counts = is_tuple && tokens.iter().filter(|token| is_comma(token)).count() == 1;
    if !counts && tokens.last().is_some_and(is_comma) {
        tokens.pop();
    }
    tokens.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::arguments::CACHED;

    fn of(attribute: &str, function: &str) -> u128 {
        fingerprint(&attribute.parse().unwrap(), &syn::parse_str(function).unwrap())
    }

    const FUNCTION: &str = "async fn inbox(user: User, Path(id): Path<u64>) -> Vec<Vec<u8>> { f(user && !id, (1,), -1) }";

    #[test]
    fn a_change_of_any_argument_changes_the_fingerprint() {
        let whole: Vec<&str> = CACHED.arguments.iter().map(|argument| argument.form).collect();
        let with = |forms: &[&str]| of(&forms.join(", "), FUNCTION);
        let before = with(&whole);
        for (at, form) in whole.iter().enumerate() {
            let without: Vec<&str> = whole.iter().enumerate().filter(|(other, _)| *other != at).map(|(_, form)| *form).collect();
            assert_ne!(with(&without), before, "without {form}");
            let mut other = whole.clone();
            let changed = form.replace(['6', '1'], "7").replace("user.tenant", "user.id").replace("articles", "authors");
            let changed = if changed == *form {
                form.replace('e', "a").replace("pool", "poll").replace("SEARCH", "FIND").replace("only_ok", "only_oak")
            } else {
                changed
            };
            assert_ne!(changed, *form);
            other[at] = &changed;
            assert_ne!(with(&other), before, "{changed}");
        }
        assert_ne!(of("ttl = 60, key(user.tenant)", FUNCTION), of("ttl = 60, key(user.id)", FUNCTION));
        assert_ne!(of("ttl = 60", FUNCTION), of("ttl = 60", &FUNCTION.replace("-1", "-2")));
        assert_ne!(of("ttl = 60", FUNCTION), of("ttl = 60", &FUNCTION.replace("id): Path<u64>", "id): Path<u32>")));
    }

    /// Keys at rest contain the fingerprint, so a change of the algorithm would make all stored responses unreachable.
    #[test]
    fn the_fingerprint_of_a_text_stays_what_it_is() {
        for (attribute, fingerprint) in [
            ("ttl = 60", 0xe4f2_ff94_995e_ee08_20ba_a267_4d26_1232),
            (
                "ttl = TTL, group = [\"articles\", \"article:{id}\"], key(user.tenant, *id), skip(pool), status(302, 404 = 5), only_ok",
                0x5625_d935_67b9_08a0_f736_8eef_0ee7_0d59,
            ),
        ] {
            assert_eq!(of(attribute, FUNCTION), fingerprint, "{attribute}");
        }
    }

    #[test]
    fn formatting_and_comments_do_not_change_the_fingerprint() {
        let attribute = "ttl = 60, key(user.tenant)";
        for (same, function) in [
            (attribute, FUNCTION.replace(' ', "\n  ")),
            ("ttl=60,key(user.tenant,),", FUNCTION.replace("&& !", "&&!").replace("{ f", "{f")),
            ("ttl = 60, /* why */ key(user . tenant)", FUNCTION.replace("f(", "// what it does\n f (").replace("-1)", "- 1,)")),
            (attribute, FUNCTION.replace("Path<u64>)", "Path<u64>,)").replace("Vec<Vec<u8>>", "Vec<Vec<u8> >")),
        ] {
            assert_eq!(of(same, &function), of(attribute, FUNCTION), "{same} {function}");
        }
    }

    #[test]
    fn a_change_that_only_looks_like_formatting_changes_the_fingerprint() {
        for (one, other) in [
            ("a && b", "a & &b"),
            ("(a,)", "(a)"),
            ("return (a,)", "return (a)"),
            ("\"a b\"", "\"a  b\""),
            ("a.b", "a..b"),
            ("match a { b => (a,) }", "match a { b => (a) }"),
            ("let f: fn() -> (u8,) = g", "let f: fn() -> (u8) = g"),
            ("|| -> (u8,) { g() }", "|| -> (u8) { g() }"),
        ] {
            let [one, other] = [one, other].map(|body| of("ttl = 60", &format!("async fn h() {{ {body} }}")));
            assert_ne!(one, other);
        }
    }
}

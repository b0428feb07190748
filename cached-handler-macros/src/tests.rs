//! What holds for any input: no panic, the body emitted once, each error on the tokens that are wrong.

use std::str::FromStr;

use proc_macro2::{Delimiter, Group, TokenStream, TokenTree};

use crate::{
    arguments::{CACHED, INVALIDATES},
    derive::cache_key,
    errors::Errors,
    expand::{cached, invalidates},
    parse::{Cached, Invalidates},
};

/// Random numbers, the same in every run (xorshift64).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 % end as u64).unwrap()
    }

    fn of<T: Copy>(&mut self, from: &[T]) -> T {
        *from.get(self.below(from.len())).unwrap()
    }
}

fn tokens(text: &str) -> TokenStream {
    TokenStream::from_str(text).unwrap()
}

/// Separated by spaces.
const WORDS: &str = r#"
    ttl backend group key vary skip cache_control status policy collapse uncached crate path handler from_response id r#type
    Self self _ async fn pub struct enum union impl dyn where for const unsafe extern mut ref let if match cache_key
    private cfg Path u64 = , , : :: -> => # ! & * - < > . .. @ | ; ? 'a 60 0 302 1.5 60s "5m" "id:{id}" "{" "}" "{r#type}"
    "{{" "{id.0}" "{a+}+}" "{é}" "é}" "" "/a" b"x" c"x" 'x' "{'}" "{\"}"
"#;
const DELIMITERS: [Delimiter; 4] = [Delimiter::Parenthesis, Delimiter::Brace, Delimiter::Bracket, Delimiter::None];

fn soup(random: &mut Random, depth: usize) -> TokenStream {
    let words: Vec<&str> = WORDS.split_ascii_whitespace().collect();
    let mut soup = TokenStream::new();
    for _ in 0..random.below(9) {
        if depth > 0 && random.below(4) == 0 {
            let delimiter = random.of(&DELIMITERS);
            soup.extend([TokenTree::from(Group::new(delimiter, self::soup(random, depth - 1)))]);
        } else {
            soup.extend(tokens(random.of(&words)));
        }
    }
    soup
}

const ARGUMENTS: &[&str] = &[
    "ttl = 60, group = [\"a\", \"b:{id}\"], key(user.name, *id), vary = [\"accept\"], skip(db), cache_control = \"public, max-age=5\"",
    "ttl = FIVE, policy = a::B, status(302, 404 = 5, 410 = \"5m\"), collapse = \"inline\", uncached = Self::plain, crate = x::y, backend = \"redis\"",
    "group = \"a:{id}\", path = [\"/a/{id}\", \"/b\"], handler = [list, a::b], uncached = plain",
];
const ITEMS: &[&str] = &[
    "/// Doc.\n #[instrument(skip(db))] pub(crate) async fn h<'a, T: X, const N: usize>(State(App { db, ref b, .. }): State<App>, id: Path<u64>, #[cfg(x)] user: User) \
     -> Result<impl IntoResponse, E> where T: Y { MARKER; id }",
    "#[debug_handler] async fn r#type(_: A, mut b: B, (c, &d, [e, ..]): C, x @ D(y): D) -> impl A + use<> { MARKER }",
    "async fn h() { MARKER }",
    "#[cache_key(vary = [\"accept\"], private, crate = a)] struct A<'a, T>(#[cache_key(skip)] T, &'a u8) where T: B;",
    "enum A { B, C(u8), D { e: u8 } }",
];

/// Removes, repeats or replaces some tokens at random.
fn mutated(random: &mut Random, input: TokenStream) -> TokenStream {
    let mut mutated = TokenStream::new();
    for token in input {
        match random.below(24) {
            0 => {}
            1 => mutated.extend([token.clone(), token]),
            2 => mutated.extend(soup(random, 1)),
            _ => match token {
                TokenTree::Group(group) => {
                    let delimiter = if random.below(20) == 0 { random.of(&DELIMITERS) } else { group.delimiter() };
                    mutated.extend([TokenTree::from(Group::new(delimiter, self::mutated(random, group.stream())))]);
                }
                token => mutated.extend([token]),
            },
        }
    }
    mutated
}

#[test]
fn no_tokens_make_the_macros_panic() {
    let mut random = Random(0x9e37_79b9_7f4a_7c15);
    for _ in 0..8_000 {
        let (arguments, item) = match random.below(3) {
            0 => (soup(&mut random, 3), soup(&mut random, 3)),
            1 => {
                let (arguments, item) = (random.of(ARGUMENTS), random.of(ITEMS));
                (mutated(&mut random, tokens(arguments)), tokens(item))
            }
            _ => {
                let (arguments, item) = (random.of(ARGUMENTS), random.of(ITEMS));
                (tokens(arguments), mutated(&mut random, tokens(item)))
            }
        };
        let _ = cached(&arguments, &item);
        let _ = invalidates(&arguments, &item);
        let _ = cache_key(item);
    }
}

fn count(tokens: &TokenStream, word: &str) -> usize {
    let counts = tokens.clone().into_iter().map(|token| match token {
        TokenTree::Ident(name) => usize::from(name == word),
        TokenTree::Group(group) => count(&group.stream(), word),
        _ => 0,
    });
    counts.sum()
}

#[test]
fn the_body_is_emitted_exactly_once() {
    let attributes =
        ["", "#[debug_handler]", "#[instrument]", "#[debug_handler] #[instrument(err)]", "#[cached(ttl = 5)]", "/// Doc.\n#[inline]"];
    let arguments = [
        "ttl = 60",
        "ttl = 0",
        "ttl = 60, uncached = plain",
        "group = \"a\"",
        "group = \"a\", uncached = plain",
        "ttl = 60, vary = \"a\", group = [\"a:{id}\"], key(id)",
        "",
        "?",
    ];
    let returned = ["", "-> impl IntoResponse", "-> Result<impl A, B>", "-> Response"];
    let kinds = ["async fn", "fn", "const async fn", "pub async unsafe fn"];
    for attribute in attributes {
        for arguments in arguments {
            for returned in returned {
                for kind in kinds {
                    let item = tokens(&format!("{attribute} {kind} h(Path(id): Path<u64>) {returned} {{ MARKER }}"));
                    let arguments = tokens(arguments);
                    assert_eq!(count(&cached(&arguments, &item), "MARKER"), 1, "#[cached({arguments})] {item}");
                    assert_eq!(count(&invalidates(&arguments, &item), "MARKER"), 1, "#[invalidates({arguments})] {item}");
                }
            }
        }
    }
}

#[test]
fn every_form_in_the_table_is_accepted() {
    for (name, form) in CACHED.arguments.iter().map(|argument| (argument.name, argument.form)) {
        let mut errors = Errors::default();
        Cached::parse(tokens(&if name == "ttl" { form.to_owned() } else { format!("ttl = 60, {form}") }), &mut errors);
        assert_eq!(errors.each(), [], "{form}");
    }
    for (name, form) in INVALIDATES.arguments.iter().map(|argument| (argument.name, argument.form)) {
        let mut errors = Errors::default();
        Invalidates::parse(
            tokens(&if ["uncached", "crate"].contains(&name) { format!("group = \"a\", {form}") } else { form.to_owned() }),
            &mut errors,
        );
        assert_eq!(errors.each(), [], "{form}");
    }
}

#[test]
fn an_attribute_that_is_no_macro_is_moved_above_only_once() {
    let item = tokens("#[unknown] #[debug_handler] async fn h(Path(id): Path<u64>) { id }");
    let once = cached(&tokens("ttl = 60"), &item).to_string();
    assert_eq!(once.matches("cached (__again , ttl = 60)").count(), 1, "{once}");
    let twice = cached(&tokens("__again, ttl = 60"), &item).to_string();
    assert!(!twice.contains("__again") && twice.contains("# [unknown]"), "{twice}");
    let once = invalidates(&tokens("group = \"a\""), &item).to_string();
    assert!(once.contains("invalidates (__again , group"), "{once}");
    assert!(!invalidates(&tokens("__again, group = \"a\""), &item).to_string().contains("__again"));
}

#[test]
fn every_mistake_of_an_attribute_is_on_its_tokens() {
    let arguments = tokens(
        "ttl = 1.5, backend = \"Redis\", group = [\"a\", b], vary = \"A\", skip(5, x.y), key(a +, b), cache_control = \"a b\", policy = f(), \
         collapse = \"x\", uncached = 5, crate = \"x\", grup = 5, ttl = 5, 60, key = 1",
    );
    let mut errors = Errors::default();
    Cached::parse(arguments, &mut errors);
    let mut places: Vec<_> = errors.each().into_iter().map(|(_, place)| place).collect();
    places.sort();
    let mut expected =
        ["1.5", "\"Redis\"", "b", "\"A\"", "5", "x.y", "a +", "\"a b\"", "f()", "\"x\"", "5", "\"x\"", "grup", "ttl", "60", "key"];
    expected.sort_unstable();
    assert_eq!(places, expected);
}

#[test]
fn every_message_begins_in_lower_case_and_has_no_stop() {
    let mut random = Random(7);
    let mut count = 0;
    for _ in 0..3_000 {
        let mut errors = Errors::default();
        Cached::parse(soup(&mut random, 2), &mut errors);
        let arguments = tokens(random.of(ARGUMENTS));
        Invalidates::parse(mutated(&mut random, arguments), &mut errors);
        for (message, _) in errors.each() {
            count += 1;
            assert!(!message.starts_with(char::is_uppercase) && !message.ends_with(['.', '!']) && message.contains('`'), "{message}");
        }
    }
    assert!(count > 3_000, "{count}");
}

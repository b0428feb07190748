use super::*;

fn asks(lines: &[&'static str], since: Option<&'static str>) -> bool {
    let lines: Vec<_> = lines.iter().map(|line| HeaderValue::from_static(line)).collect();
    let tag = EntityTag::parse(&HeaderValue::from_static("\"a,b\"")).unwrap();
    let modified = HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT");
    not_modified(&lines, since.map(HeaderValue::from_static).as_ref(), Some(tag.as_ref()), Some(&modified))
}

#[test]
fn a_tag_is_found_on_any_line_in_any_list_weak_or_not() {
    for lines in [&["\"a,b\""][..], &["\"x\", W/\"a,b\""], &["\"x\"", "\"y\",,\"a,b\""], &["*"], &[" * "]] {
        assert!(asks(lines, None), "{lines:?}");
    }
    for lines in [&["\"a\""][..], &["a,b"], &["\"a,b"], &["\"a,b\" \"c\""], &[""], &["\"x\" junk, \"a,b\""]] {
        assert!(!asks(lines, None), "{lines:?}");
    }
}

/// The verdict on fields by name, for a response with the tag `"1"`, modified at 08:49:37 and made a minute later.
fn of(asked: &[(&str, &'static str)], status: u16, length: usize) -> Verdict {
    let mut conditional = Conditional::default();
    for (name, value) in asked {
        conditional.note(&name.parse().unwrap(), &HeaderValue::from_static(value));
    }
    let tag = EntityTag::parse(&HeaderValue::from_static("\"1\"")).unwrap();
    let selected = Selected {
        status: StatusCode::from_u16(status).unwrap(),
        entity_tag: Some(tag.as_ref()),
        last_modified: Some(&HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT")),
        date: Some(&HeaderValue::from_static("Sun, 06 Nov 1994 08:50:37 GMT")),
        length: Some(length),
        goes_by_its_date: true,
        may_change: false,
    };
    verdict(&conditional, &Method::GET, &selected)
}

const BEFORE: &str = "Sun, 06 Nov 1994 08:49:36 GMT";
const MODIFIED: &str = "Sun, 06 Nov 1994 08:49:37 GMT";

#[test]
fn preconditions_are_taken_in_the_order_of_the_rfc() {
    let part = Verdict::Part { first: 0, last: 1 };
    for (asked, expected) in [
        (&[][..], Verdict::Whole),
        // Steps 1 and 2: `If-Match` before `If-Unmodified-Since`, and both before the rest.
        (&[("if-match", "\"1\""), ("if-unmodified-since", BEFORE)], Verdict::Whole),
        (&[("if-match", "\"2\"")], Verdict::Failed),
        (&[("if-match", "\"2\""), ("if-match", "\"1\"")], Verdict::Whole),
        (&[("if-match", "*")], Verdict::Whole),
        (&[("if-match", "junk")], Verdict::Failed),
        (&[("if-unmodified-since", BEFORE)], Verdict::Failed),
        (&[("if-unmodified-since", MODIFIED)], Verdict::Whole),
        (&[("if-unmodified-since", "junk")], Verdict::Whole),
        (&[("if-match", "\"2\""), ("if-none-match", "\"1\"")], Verdict::Failed),
        // If-Match compares strongly, If-None-Match weakly.
        (&[("if-match", "W/\"1\"")], Verdict::Failed),
        (&[("if-none-match", "W/\"1\"")], Verdict::NotModified),
        // Steps 3 and 4.
        (&[("if-none-match", "\"2\""), ("if-modified-since", MODIFIED)], Verdict::Whole),
        (&[("if-modified-since", MODIFIED)], Verdict::NotModified),
        (&[("if-modified-since", MODIFIED), ("if-modified-since", MODIFIED)], Verdict::Whole),
        (&[("if-none-match", "\"1\""), ("range", "bytes=0-1")], Verdict::NotModified),
        // Step 5.
        (&[("range", "bytes=0-1")], part),
        (&[("range", "bytes=0-1"), ("if-range", "\"1\"")], part),
        (&[("range", "bytes=0-1"), ("if-range", "W/\"1\"")], Verdict::Whole),
        (&[("range", "bytes=0-1"), ("if-range", "\"2\"")], Verdict::Whole),
        (&[("range", "bytes=0-1"), ("if-range", MODIFIED)], part),
        (&[("range", "bytes=0-1"), ("if-range", BEFORE)], Verdict::Whole),
        (&[("range", "bytes=0-1"), ("if-range", "\"1\""), ("if-range", "\"1\"")], Verdict::Whole),
        (&[("range", "bytes=5-"), ("if-match", "\"1\"")], Verdict::Outside),
        (&[("range", "bytes=0-1"), ("range", "bytes=0-1")], Verdict::Whole),
    ] {
        assert_eq!(of(asked, 200, 5), expected, "{asked:?}");
    }
}

#[test]
fn a_response_that_is_no_success_ignores_preconditions() {
    for status in [301, 404, 500] {
        assert_eq!(of(&[("if-match", "\"2\""), ("range", "bytes=0-1")], status, 5), Verdict::Whole);
    }
    assert_eq!(of(&[("range", "bytes=0-1")], 203, 5), Verdict::Whole);
}

const NEXT: &str = "Sun, 06 Nov 1994 08:49:38 GMT";
const AFTER: &str = "Sun, 06 Nov 1994 08:49:39 GMT";

/// The verdict for a response without a tag.
fn by_time(asked: &[(&str, &'static str)], last_modified: Option<&'static str>, date: &'static str, goes_by_its_date: bool) -> Verdict {
    let mut conditional = Conditional::default();
    for (name, value) in asked {
        conditional.note(&name.parse().unwrap(), &HeaderValue::from_static(value));
    }
    let (modified, date) = (last_modified.map(HeaderValue::from_static), HeaderValue::from_static(date));
    let selected = Selected {
        status: StatusCode::OK,
        entity_tag: None,
        last_modified: modified.as_ref(),
        date: Some(&date),
        length: Some(5),
        goes_by_its_date,
        may_change: false,
    };
    verdict(&conditional, &Method::GET, &selected)
}

#[test]
fn a_date_stands_in_for_a_modification_only_of_a_servers_and_well_before() {
    let asked = |since, goes_by_its_date| by_time(&[("if-modified-since", since)], None, MODIFIED, goes_by_its_date);
    assert_eq!(asked(AFTER, true), Verdict::NotModified);
    for (since, goes_by_its_date) in [(MODIFIED, true), (NEXT, true), (BEFORE, true), (AFTER, false), (MODIFIED, false)] {
        assert_eq!(asked(since, goes_by_its_date), Verdict::Whole, "{since} {goes_by_its_date}");
    }
}

#[test]
fn a_time_within_the_second_of_the_response_is_no_strong_validator() {
    let since = |since, date| by_time(&[("if-modified-since", since)], Some(MODIFIED), date, true);
    assert_eq!(since(MODIFIED, MODIFIED), Verdict::Whole);
    assert_eq!(since(MODIFIED, BEFORE), Verdict::Whole, "it comes from the future");
    assert_eq!(since(NEXT, MODIFIED), Verdict::NotModified, "whoever asks has seen that second pass");
    assert_eq!(since(MODIFIED, NEXT), Verdict::NotModified);
}

#[test]
fn no_part_is_cut_by_a_time_that_is_no_strong_validator() {
    let part = Verdict::Part { first: 0, last: 1 };
    let range = ("range", "bytes=0-1");
    for name in ["if-range", "if-unmodified-since"] {
        let cut = |modified, date| by_time(&[range, (name, MODIFIED)], modified, date, true);
        assert_eq!(cut(Some(MODIFIED), NEXT), part, "{name}");
        for (modified, date) in [(Some(MODIFIED), MODIFIED), (None, BEFORE), (None, MODIFIED)] {
            assert_eq!(cut(modified, date), Verdict::Whole, "{name} {modified:?} {date}");
        }
    }
}

#[test]
fn a_tag_counts_before_a_date() {
    let same = "Sun, 06 Nov 1994 08:49:37 GMT";
    assert!(asks(&[], Some(same)));
    assert!(asks(&[], Some("Sunday, 06-Nov-94 08:49:38 GMT")));
    assert!(!asks(&[], Some("Sun, 06 Nov 1994 08:49:36 GMT")));
    assert!(!asks(&["\"other\""], Some(same)));
    assert!(!asks(&[], Some("yesterday")));
}

#[test]
fn a_304_has_the_fields_that_the_rfc_asks_for() {
    let mut fields = HeaderMap::new();
    for (name, value) in
        [("etag", "\"1\""), ("date", "x"), ("vary", "a"), ("vary", "b"), ("content-type", "t"), ("set-cookie", "s"), ("last-modified", "m")]
    {
        fields.append(name, HeaderValue::from_static(value));
    }
    let mut kept: Vec<_> =
        not_modified_fields(&fields, &[]).iter().map(|(name, value)| format!("{name}={}", value.to_str().unwrap())).collect();
    kept.sort();
    assert_eq!(kept, ["date=x", "etag=\"1\"", "vary=a", "vary=b"]);
    fields.remove("etag");
    assert!(not_modified_fields(&fields, &[]).contains_key("last-modified"));
}

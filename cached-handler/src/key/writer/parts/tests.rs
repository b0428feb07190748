//! How values of the standard library and of other crates are written: in one way each, and always the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    net::{IpAddr, Ipv6Addr, SocketAddr},
    num::{NonZeroI64, NonZeroU32},
    time::{Duration, SystemTime},
};

use http::Request;
use proptest::{collection, prelude::*};

use super::KeyPart;
use crate::attribute::argument::tests::written;

/// The bytes of a part alone, without the path before it.
fn bytes<P: KeyPart + ?Sized>(part: &P) -> Vec<u8> {
    let key = written(&Request::get("/").body(()).unwrap(), |key| _ = key.part(part));
    assert_eq!(key.traits.bypass, None);
    key.bytes.get(3..).unwrap().to_vec()
}

/// Checks the bytes of a part. `expected` is in hexadecimal, with text in quotation marks.
fn golden<P: KeyPart>(part: P, expected: &str) {
    let hex = |bytes: &[u8]| {
        bytes.iter().fold(String::new(), |mut text, byte| {
            write!(text, "{byte:02x}").unwrap();
            text
        })
    };
    let pieces = expected.split('"').enumerate();
    let expected: String = pieces.map(|(at, piece)| if at % 2 == 1 { hex(piece.as_bytes()) } else { piece.replace(' ', "") }).collect();
    assert_eq!(hex(&bytes(&part)), expected);
}

/// Keys at rest outlive a deploy, so the bytes of a value may change only together with the format of all keys.
#[test]
fn standard_values_are_written_as_they_always_were() {
    golden(NonZeroU32::new(7).unwrap(), "07 04 07000000");
    golden(NonZeroI64::new(-1).unwrap(), "08 08 ffffffffffffffff");
    golden("1.2.3.4".parse::<IpAddr>().unwrap(), r#"15 02 "ip" 04 01020304"#);
    golden("::ffff:1.2.3.4".parse::<IpAddr>().unwrap(), r#"15 02 "ip" 10 00000000000000000000ffff01020304"#);
    golden("1.2.3.4:80".parse::<SocketAddr>().unwrap(), r#"15 02 "ip" 04 01020304 07 02 5000"#);
    golden(
        "[::1]:80".parse::<SocketAddr>().unwrap(),
        r#"15 02 "ip" 10 00000000000000000000000000000001 07 02 5000 07 04 00000000 07 04 00000000"#,
    );
    golden(Duration::from_nanos(258), r#"15 08 "duration" 10 02010000000000000000000000000000"#);
    golden(SystemTime::UNIX_EPOCH, r#"15 0a "since 1970" 10 00000000000000000000000000000000"#);
    golden(SystemTime::UNIX_EPOCH - Duration::from_nanos(1), r#"15 0b "before 1970" 10 01000000000000000000000000000000"#);
    golden(BTreeMap::from([("a", 1_u8), ("b", 2)]), r#"16 02 03 01 "a" 07 01 01 03 01 "b" 07 01 02"#);
    golden(BTreeSet::from([1_u8, 2]), "17 02 07 01 01 07 01 02");
    golden([1_u8, 2], "09 02 07 01 01 07 01 02");
    golden((1_u8, 2_u8), "09 02 07 01 01 07 01 02");
}

#[test]
fn a_printed_value_is_its_text() {
    let printed = |value: &dyn std::fmt::Display| written(&Request::get("/").body(()).unwrap(), |key| _ = key.display(value));
    assert_eq!(printed(&1.5).bytes.get(3..).unwrap(), bytes("1.5"));
    let long = "x".repeat(9 << 10);
    assert!(printed(&long).traits.bypass.is_some());
}

fn injective<P: KeyPart>(one: &P, other: &P, are_same: bool) {
    assert_eq!(bytes(one) == bytes(other), are_same);
}

proptest! {
    #[test]
    fn standard_values_are_one_key_only_where_they_are_one_value(
        (a, b) in (any::<[u8; 16]>(), any::<[u8; 16]>()),
        (port, other) in (0..3_u16, 0..3_u16),
        (scope, other_scope) in (0..2_u32, 0..2_u32),
        (secs, nanos, other_secs) in (0..3_u64, 0..2_u32, 0..3_u64),
        maps in collection::vec(collection::btree_map("[ab]?", 0..2_u8, 0..3), 2),
    ) {
        let (a, b) = (Ipv6Addr::from(a), Ipv6Addr::from(b));
        injective(&IpAddr::V6(a), &IpAddr::V6(b), a == b);
        let socket = |port, scope| std::net::SocketAddrV6::new(a, port, scope, scope);
        injective(&socket(port, scope), &socket(other, other_scope), (port, scope) == (other, other_scope));
        let (one, two) = (Duration::new(secs, nanos), Duration::new(other_secs, 0));
        injective(&one, &two, one == two);
        injective(&(SystemTime::UNIX_EPOCH - one), &(SystemTime::UNIX_EPOCH + two), one == two && one.is_zero());
        injective(&maps[0], &maps[1], maps[0] == maps[1]);
        let sets = [0, 1].map(|at: usize| maps[at].keys().cloned().collect::<BTreeSet<String>>());
        injective(&sets[0], &sets[1], sets[0] == sets[1]);
        // Two texts in a row are told apart by their lengths.
        injective(&(sets[0].clone(), sets[1].clone()), &(sets[1].clone(), sets[0].clone()), sets[0] == sets[1]);
    }
}

#[cfg(feature = "uuid")]
#[test]
fn an_identifier_is_its_value_however_it_was_spelt() {
    let [one, other] =
        ["6BA7B810-9DAD-11D1-80B4-00C04FD430C8", "6ba7b8109dad11d180b400c04fd430c8"].map(|text| uuid::Uuid::parse_str(text).unwrap());
    injective(&one, &other, true);
    golden(one, r#"15 04 "uuid" 10 6ba7b8109dad11d180b400c04fd430c8"#);
}

#[cfg(feature = "url")]
#[test]
fn an_address_is_what_it_prints() {
    let [one, same, other] = ["http://A/x", "http://a:80/x", "http://a/x?"].map(|text| url::Url::parse(text).unwrap());
    injective(&one, &same, true);
    injective(&one, &other, false);
    golden(one, r#"15 03 "url" 0a "http://a/x""#);
}

#[cfg(feature = "rust_decimal")]
#[test]
fn the_key_of_a_decimal_has_its_scale_and_its_sign() {
    use rust_decimal::Decimal;
    let decimals = ["1.0", "1.00", "1", "-1", "0", "0.0", "10"].map(|text| text.parse::<Decimal>().unwrap());
    for (at, one) in decimals.iter().enumerate() {
        decimals.iter().enumerate().for_each(|(other, two)| injective(one, two, at == other));
    }
    golden(Decimal::new(10, 1), r#"15 07 "decimal" 10 00000100 0a000000 00000000 00000000"#);
}

#[cfg(feature = "chrono")]
#[test]
fn the_key_of_a_chrono_time_has_its_zone() {
    use chrono::{DateTime, FixedOffset, NaiveDate, TimeDelta, Utc};
    let at = |text: &str| DateTime::parse_from_rfc3339(text).unwrap();
    injective(&at("2026-07-01T12:00:00+02:00"), &at("2026-07-01T10:00:00+00:00"), false);
    injective(&at("2026-07-01T12:00:00Z"), &at("2026-07-01T12:00:00.000+00:00"), true);
    // A leap second is not the second after it.
    injective(&at("2016-12-31T23:59:60Z"), &at("2017-01-01T00:00:00Z"), false);
    assert_ne!(bytes(&at("2026-07-01T12:00:00Z")), bytes(&at("2026-07-01T12:00:00Z").with_timezone(&Utc)));
    injective(&TimeDelta::milliseconds(-500), &TimeDelta::milliseconds(500), false);
    injective(&TimeDelta::milliseconds(-1500), &TimeDelta::milliseconds(-500), false);
    golden(NaiveDate::from_ymd_opt(1, 1, 2).unwrap(), r#"15 04 "date" 04 02000000"#);
    golden(FixedOffset::east_opt(3600).unwrap(), r#"15 06 "offset" 04 100e0000"#);
    golden(DateTime::<Utc>::UNIX_EPOCH, r#"15 06 "moment" 10 00000000000000000000000000000000 15 03 "utc" 00"#);
}

#[cfg(feature = "time")]
#[test]
fn the_key_of_a_time_crate_time_has_its_offset() {
    use time::{Date, Duration, OffsetDateTime, UtcDateTime, UtcOffset};
    let here = OffsetDateTime::UNIX_EPOCH;
    injective(&here, &here.to_offset(UtcOffset::from_whole_seconds(3600).unwrap()), false);
    injective(&here, &(here + Duration::nanoseconds(1)), false);
    injective(&Duration::milliseconds(-500), &Duration::milliseconds(500), false);
    assert_ne!(bytes(&here), bytes(&UtcDateTime::UNIX_EPOCH));
    golden(Date::from_julian_day(2).unwrap(), r#"15 04 "date" 04 02000000"#);
    golden(time::Time::MIDNIGHT, r#"15 04 "time" 07 00000000000000"#);
}

#[cfg(feature = "jiff")]
#[test]
fn the_key_of_a_jiff_time_has_its_zone_and_of_a_span_its_units() {
    use jiff::{
        SignedDuration, Span, Timestamp,
        civil::date,
        tz::{TimeZone, offset},
    };
    let epoch_in = |zone: &TimeZone| Timestamp::UNIX_EPOCH.to_zoned(zone.clone());
    let zones = [
        TimeZone::UTC,
        TimeZone::fixed(offset(0)),
        TimeZone::fixed(offset(1)),
        TimeZone::get("Europe/Berlin").unwrap(),
        TimeZone::get("Europe/Paris").unwrap(),
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/3").unwrap(),
        TimeZone::posix("CET-1CEST,M3.5.0,M10.5.0/2").unwrap(),
    ];
    // These are equal: `+00:00` and `UTC` are the same zone to jiff. All others print differently.
    for (at, one) in zones.iter().enumerate().skip(1) {
        zones.iter().enumerate().skip(1).for_each(|(other, two)| injective(&epoch_in(one), &epoch_in(two), at == other));
    }
    injective(&Span::new().hours(1), &Span::new().minutes(60), false);
    injective(&Span::new().hours(1), &Span::new().hours(-1), false);
    injective(&SignedDuration::from_millis(-500), &SignedDuration::from_millis(500), false);
    golden(date(258, 3, 4), r#"15 04 "date" 04 02010304"#);
    golden(Timestamp::UNIX_EPOCH, r#"15 06 "moment" 10 00000000000000000000000000000000"#);
}

use proptest::prelude::*;

use super::{
    order::{ORDER_AT, ORDER_END, order_of},
    *,
};
use crate::{epoch::Stamp, stored::part::Part};

fn response() -> AtRest {
    let mut fields = HeaderMap::new();
    fields.append("x-name", HeaderValue::from_bytes(b"caf\xe9").unwrap());
    fields.append("link", HeaderValue::from_static("<a>"));
    fields.append("link", HeaderValue::from_static("<b>"));
    AtRest {
        status: StatusCode::from_u16(203).unwrap(),
        fields,
        content: Bytes::from(vec![7; 2048]),
        born: UNIX_EPOCH + Duration::from_millis(1_764_000_000_123),
        lifetime: Duration::from_secs(60),
        windows: Windows { while_revalidate: Duration::from_secs(5), if_error: Duration::from_secs(90) },
        order: order(),
        groups: vec!["articles".into(), "article:7".into()],
        parts: vec![
            Part { handler: "shop::price".into(), path: Some(77), groups: vec!["prices".into()], clock: 8 },
            Part { handler: "rates".into(), path: None, groups: Vec::new(), clock: 9 },
        ],
        shareable: true,
        arrived_with_age: true,
        own: Own { tag: true, date: false },
        tells_clients: true,
        made_tag: true,
        tells_length: false,
        ends: false,
    }
}

fn order() -> Order {
    Order { stamp: Stamp { incarnation: 3, clock: 9 }, began: 1_764_000_000_456 }
}

fn digest(key: &[u8]) -> Digest {
    Digest::of(key)
}

fn decoded(bytes: &Bytes, key: &Digest) -> Result<SlotAtRest, Damage> {
    decode(bytes, key, usize::MAX)
}

fn encoded() -> Bytes {
    encode(&SlotAtRest::Response(response()), &digest(b"key"))
}

#[test]
fn what_was_stored_is_read_back() {
    assert_eq!(decoded(&encoded(), &digest(b"key")), Ok(SlotAtRest::Response(response())));
    let variants = SlotAtRest::Variants(Variants { fields: vec!["accept".into()], known: vec![(1, 2), (3, -4)], latest: order() });
    assert_eq!(decoded(&encode(&variants, &digest(b"")), &digest(b"")), Ok(variants));
}

/// By what is read of a file, or compared in Redis, before it is written over.
#[test]
fn the_beginning_of_what_was_stored_tells_when_its_run_began() {
    let variants = SlotAtRest::Variants(Variants { latest: order(), ..Variants::default() });
    for bytes in [encoded(), encode(&variants, &digest(b"key"))] {
        let begin = &bytes[..ORDER_END];
        assert_eq!(order_of(begin, &digest(b"key")), Some(order()));
        assert_eq!(order_of(begin, &digest(b"kez")), None);
        assert_eq!(order_of(&begin[..ORDER_END - 1], &digest(b"key")), None);
        let numbers = [order().stamp.incarnation, order().stamp.clock, order().began].map(u64::to_le_bytes);
        assert_eq!(bytes[ORDER_AT..ORDER_END], *numbers.as_flattened());
    }
    for foreign in FOREIGN {
        assert_eq!(order_of(foreign, &digest(b"key")), None);
    }
}

#[test]
fn of_two_runs_the_later_is_the_one_with_the_later_stamp_or_that_began_later() {
    let of = |incarnation, clock, began| Order { stamp: Stamp { incarnation, clock }, began };
    assert!(of(1, 5, 7).is_after(&of(1, 5, 6)) && of(1, 6, 1).is_after(&of(1, 5, 7)));
    assert!(!of(1, 5, 6).is_after(&of(1, 5, 6)) && !of(1, 5, 6).is_after(&of(1, 6, 1)));
    assert!(!of(2, 9, 9).is_after(&of(1, 1, 1)), "of two lives of a clock nobody can say");
}

#[test]
fn another_keys_bytes_are_refused() {
    assert_eq!(decoded(&encoded(), &digest(b"kez")), Err(Damage::OtherKey));
}

#[test]
fn what_is_longer_than_it_can_be_is_refused() {
    let whole = encoded();
    assert_eq!(decode(&whole, &digest(b"key"), whole.len()), Ok(SlotAtRest::Response(response())));
    assert_eq!(decode(&whole, &digest(b"key"), whole.len() - 1), Err(Damage::TooLong));
}

#[test]
fn every_truncation_is_refused() {
    let whole = encoded();
    for length in 0..whole.len() {
        assert!(decoded(&whole.slice(..length), &digest(b"key")).is_err(), "cut to {length}");
    }
}

#[test]
fn every_flipped_bit_is_refused() {
    let whole = encoded();
    let mut bytes = whole.to_vec();
    for bit in 0..bytes.len() * 8 {
        bytes[bit / 8] ^= 1 << (bit % 8);
        assert!(decoded(&Bytes::copy_from_slice(&bytes), &digest(b"key")).is_err(), "bit {bit}");
        bytes[bit / 8] ^= 1 << (bit % 8);
    }
}

#[test]
fn another_version_is_foreign() {
    let mut bytes = encoded().to_vec();
    bytes[4] += 1;
    assert_eq!(decoded(&bytes.into(), &digest(b"key")), Err(Damage::Foreign));
}

/// The checksum set right, so that what lies behind it is reached.
fn sealed(mut bytes: Vec<u8>) -> Bytes {
    if bytes.len() >= HEAD {
        let sum = checksum(&bytes[HEAD..]);
        bytes[6..HEAD].copy_from_slice(&sum.to_le_bytes());
    }
    bytes.into()
}

/// What version 1 wrote, which did not say whose an entity tag is, and version 2, which did not say when a run began.
const FOREIGN: [&[u8]; 4] = [
    include_bytes!("golden/response-1.bin"),
    include_bytes!("golden/variants-1.bin"),
    include_bytes!("golden/response-2.bin"),
    include_bytes!("golden/variants-2.bin"),
];

/// What version 3 wrote; later versions read it, or take it for foreign.
const GOLDEN: [(&str, &[u8]); 2] =
    [("response", include_bytes!("golden/response-3.bin")), ("variants", include_bytes!("golden/variants-3.bin"))];

#[test]
fn what_an_earlier_release_wrote_is_read_or_foreign() {
    for bytes in FOREIGN {
        assert_eq!(decoded(&Bytes::from_static(bytes), &digest(b"key")), Err(Damage::Foreign));
    }
    for (name, bytes) in GOLDEN {
        let expected = match name {
            "response" => SlotAtRest::Response(response()),
            _ => SlotAtRest::Variants(Variants { fields: vec!["accept".into()], known: vec![(1, 2), (3, -4)], latest: order() }),
        };
        assert_eq!(decoded(&Bytes::from_static(bytes), &digest(b"key")), Ok(expected.clone()), "{name}");
        assert_eq!(encode(&expected, &digest(b"key")), bytes, "{name}: the format has changed; raise VERSION");
    }
}

#[test]
fn nothing_of_the_key_is_readable() {
    let key = b"GET /inbox?token=geheim";
    let bytes = encode(&SlotAtRest::Response(response()), &digest(key));
    assert!(decoded(&bytes, &digest(key)).is_ok());
    assert!(!bytes.windows(6).any(|window| window == b"geheim"));
}

proptest! {
    #[test]
    fn no_bytes_make_it_panic_or_give_more_than_they_are(change in proptest::collection::vec((0_usize..2400, any::<u8>()), 1..8)) {
        let mut bytes = encoded().to_vec();
        for (at, byte) in change {
            let length = bytes.len();
            bytes[HEAD.max(at % length)] = byte;
        }
        if let Ok(SlotAtRest::Response(response)) = decoded(&sealed(bytes.clone()), &digest(b"key")) {
            prop_assert!(response.content.len() < bytes.len());
        }
    }

    #[test]
    fn random_bytes_are_no_stored_response(bytes in proptest::collection::vec(any::<u8>(), 0..256)) {
        prop_assert!(decoded(&bytes.into(), &digest(b"key")).is_err());
    }

    #[test]
    fn what_reads_is_what_was_written(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let mut whole = MAGIC.to_vec();
        whole.extend(VERSION.to_le_bytes());
        whole.extend([0; CHECKSUM]);
        whole.extend(digest(b"").as_bytes());
        whole.extend(bytes);
        let whole = sealed(whole);
        if let Ok(slot) = decoded(&whole, &digest(b"")) {
            prop_assert_eq!(decoded(&encode(&slot, &digest(b"")), &digest(b"")), Ok(slot));
        }
    }
}

#[tokio::test]
async fn long_content_is_written_and_read_in_turns_as_it_is_at_once() {
    for length in [0, 100, TURN, TURN + 1, 3 * TURN + 7] {
        let slot = SlotAtRest::Response(AtRest { content: Bytes::from(vec![7; length]), ..response() });
        let (key, at_once) = (digest(b"key"), encode(&slot, &digest(b"key")));
        assert_eq!(encode_in_turns(&slot, &key).await, at_once, "{length}");
        assert_eq!(decode_in_turns(&at_once, &key, usize::MAX).await, Ok(slot));
        assert_eq!(decode_in_turns(&at_once, &key, length).await, Err(Damage::TooLong));
        let mut changed = at_once.to_vec();
        *changed.last_mut().unwrap() ^= 1;
        let changed = decode_in_turns(&changed.into(), &key, usize::MAX).await;
        assert_eq!(changed, Err(Damage::Checksum));
    }
}

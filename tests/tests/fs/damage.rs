//! Whatever bytes lie on the disk, the worst is a miss: nothing damaged is served, and nothing invalidated comes back.

use std::{fs, os::unix::fs::FileExt, path::Path, sync::atomic::Ordering};

use cached_handler::{Target, testing::assert_miss};
use cached_handler_tests::{
    files::{Scratch, page_is_right},
    harness::{Random, ask, count, is_full},
};

use super::{on, started};

#[tokio::test]
async fn no_bit_flipped_and_no_byte_cut_off_a_response_is_served() {
    let scratch = Scratch::new("bits");
    let cache = on(&scratch.cache()).await;
    let (app, source) = started(&cache);
    assert!(page_is_right(&app, 2).await);
    let file = scratch.responses().remove(0);
    let whole = fs::read(&file).unwrap();
    assert!((1800..2400).contains(&whole.len()), "about 2 KiB: {}", whole.len());
    let mut random = Random::new(24);
    let all_bits = (0..whole.len() * 8).map(|bit| {
        let mut bytes = whole.clone();
        bytes[bit / 8] ^= 1 << (bit % 8);
        bytes
    });
    let some = |bytes: Vec<u8>| (is_full() || random.one_in(8)).then_some(bytes);
    let flipped: Vec<_> = all_bits.filter_map(some).collect();
    let cut = (0..whole.len()).step_by(if is_full() { 1 } else { 5 }).map(|length| whole[..length].to_vec());
    let zeroed = (0..whole.len()).step_by(512).map(|from| {
        let mut bytes = whole.clone();
        bytes.iter_mut().skip(from).take(512).for_each(|byte| *byte = 0);
        bytes
    });
    // Changed by chance, and another key's.
    assert!(page_is_right(&app, 9).await);
    let others = fs::read(scratch.responses().iter().find(|other| **other != file).unwrap()).unwrap();
    let mut chance = Random::new(48);
    let changed: Vec<_> = (0..count(20_000))
        .map(|_| {
            let mut bytes = whole.clone();
            for _ in 0..=chance.below(8) {
                let at = chance.below(bytes.len());
                bytes[at] ^= chance.below(255) as u8 + 1;
            }
            bytes
        })
        .filter(|bytes| *bytes != whole)
        .collect();
    let before = source.runs.load(Ordering::SeqCst);
    let mut tried = before;
    for bytes in flipped.into_iter().chain(cut).chain(zeroed).chain(changed).chain([others]) {
        fs::write(&file, bytes).unwrap();
        assert_miss!(ask(&app, "/page/2").await);
        tried += 1;
    }
    assert_eq!(source.runs.load(Ordering::SeqCst), tried);
    println!("- damaged responses served, and another key's: 0 of {}", tried - before);
}

/// Stores a response, invalidates it, harms the table, and asks: a hit would have been brought back.
#[tokio::test]
async fn no_harm_to_the_table_brings_an_invalidated_response_back() {
    let scratch = Scratch::new("table");
    let cache = on(&scratch.cache()).await;
    let (app, _) = started(&cache);
    assert!(page_is_right(&app, 3).await);
    let table = scratch.files("table").remove(0);
    let target = || Target::group("page:3");
    let mut tables = vec![fs::read(&table).unwrap()];
    for _ in 0..2 {
        cache.cache().invalidate(target()).await.unwrap();
        tables.push(fs::read(&table).unwrap());
    }
    let used = &tables[2];
    // The front, and what the invalidations have changed: the floor of the group's set, and its place in that.
    let changed = |before: usize| (4096..used.len()).find(|at| tables[before][*at] != tables[before + 1][*at]).unwrap() / 32 * 32;
    let (floor, place) = (changed(0), changed(1));
    assert!(floor < place);
    let step = if is_full() { 1 } else { 7 };
    let bits = (0..128 * 8).chain(floor * 8..(floor + 32) * 8).chain(place * 8..(place + 32) * 8).step_by(step);
    for bit in bits {
        _ = page_is_right(&app, 3).await;
        cache.cache().invalidate(target()).await.unwrap();
        change(&table, bit / 8, |byte| byte ^ (1 << (bit % 8)));
        assert_miss!(ask(&app, "/page/3").await);
    }
    let page = |place: usize| (place / 4096 * 4096, place / 4096 * 4096 + 4096);
    for (from, to) in [(0, 128), (0, 4096), (floor, floor + 32), page(floor), (place, place + 32), page(place)] {
        _ = page_is_right(&app, 3).await;
        cache.cache().invalidate(target()).await.unwrap();
        (from..to).for_each(|at| change(&table, at, |_| 0));
        assert_miss!(ask(&app, "/page/3").await);
    }
    for length in [0, 1, 63, 127, 128, 4096, place + 1, used.len() - 1] {
        _ = page_is_right(&app, 3).await;
        cache.cache().invalidate(target()).await.unwrap();
        fs::File::options().write(true).open(&table).unwrap().set_len(length as u64).unwrap();
        assert_miss!(ask(&app, "/page/3").await);
        assert!(page_is_right(&app, 3).await, "after a table of {length} bytes");
    }
}

#[tokio::test]
async fn a_table_that_was_brought_back_from_a_copy_brings_nothing_back() {
    let scratch = Scratch::new("copy");
    let cache = on(&scratch.cache()).await;
    let (app, _) = started(&cache);
    assert!(page_is_right(&app, 3).await);
    let table = scratch.files("table").remove(0);
    let copy = scratch.path().join("copy");
    fs::copy(&table, &copy).unwrap();
    cache.cache().invalidate(Target::group("page:3")).await.unwrap();
    fs::rename(&copy, &table).unwrap();
    assert_miss!(ask(&app, "/page/3").await);
    let other = on(&scratch.cache()).await;
    assert!(page_is_right(&started(&other).0, 3).await);
    other.cache().invalidate(Target::group("page:3")).await.unwrap();
    assert_miss!(ask(&app, "/page/3").await);
}

#[tokio::test]
async fn nothing_of_another_boot_is_used_unless_it_is_durable() {
    for durable in [false, true] {
        let scratch = Scratch::new(&format!("boot-{durable}"));
        let with = async || super::with(&scratch.cache(), |builder| if durable { builder.fs_durable() } else { builder }).await;
        assert!(page_is_right(&started(&with().await).0, 3).await);
        let table = scratch.files("table").remove(0);
        let boot = &fs::read(&table).unwrap()[16..32];
        assert_eq!(boot.iter().all(|byte| *byte == 0), durable, "the boot is written in the table");
        let (app, source) = started(&with().await);
        assert!(page_is_right(&app, 3).await);
        assert_eq!(source.runs.load(Ordering::SeqCst), 0);
        // Opened for any boot, a table of one boot begins anew; and the other way round.
        let other = super::with(&scratch.cache(), |builder| if durable { builder } else { builder.fs_durable() }).await;
        assert_miss!(ask(&started(&other).0, "/page/3").await);
    }
}

fn change(table: &Path, at: usize, change: impl FnOnce(u8) -> u8) {
    let file = fs::File::options().read(true).write(true).open(table).unwrap();
    let mut byte = [0];
    file.read_exact_at(&mut byte, at as u64).unwrap();
    file.write_all_at(&[change(byte[0])], at as u64).unwrap();
}

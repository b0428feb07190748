use std::collections::HashMap;

use rustix::fs::{FlockOperation, flock};

use super::{
    sets::{END, PAGES},
    *,
};

fn table(name: &str) -> (Table, std::path::PathBuf) {
    let directory = std::env::temp_dir().join(format!("cached-handler-{}-{name}", std::process::id()));
    _ = std::fs::remove_dir_all(&directory);
    (open(&directory, Boot::This([1, 2])), directory)
}

fn open(directory: &std::path::Path, boot: Boot) -> Table {
    Table::open(Folder::root(directory).unwrap(), &Arc::new(Folder::root(directory).unwrap()), boot, None).unwrap()
}

/// A writer of another process moves the clock on, writes the epoch, and says that it is written: step by step.
#[test]
fn an_epoch_that_was_read_while_it_was_being_moved_on_is_read_again() {
    let (table, directory) = table("half-moved");
    let spots = [Spot::of(Mark::Path(7))];
    let read = || table.read(&spots, Patience::AnyTime).unwrap();
    let before = read();
    let (incarnation, now) = (before.incarnation, before.clock + 1);
    table.put(CLOCK, incarnation, Epoch { expired: now, invalidated: before.clock }).unwrap();
    assert_eq!((read().clock, read().invalidated), (now, 0));
    table.put(position(spots[0], incarnation), incarnation, Epoch::at(now)).unwrap();
    assert_eq!(read().invalidated, now);
    table.put(CLOCK, incarnation, Epoch::at(now)).unwrap();
    assert_eq!((read().clock, read().invalidated), (now, now));
    seal(&table.file, &table.lock).unwrap();
    // One that died halfway.
    table.put(CLOCK, incarnation, Epoch { expired: now + 1, invalidated: now }).unwrap();
    assert_eq!((read().clock, read().invalidated), (now + 1, now));
    // Somebody wrote to it who did not say so, and whoever invalidates next begins anew.
    table.advance(Mark::Path(7), Effect::Invalidate, || Ok(true)).unwrap();
    assert_ne!(read().incarnation, incarnation);
    std::fs::remove_dir_all(directory).unwrap();
}

/// Killed at any step of an invalidation, it leaves a mark: the table goes on, and its clock with it.
#[test]
fn a_writer_that_is_killed_before_it_seals_costs_nothing() {
    for steps in 0..=3 {
        let (table, directory) = table(&format!("killed-{steps}"));
        let spots = [Spot::of(Mark::Path(7))];
        let before = table.read(&spots, Patience::AnyTime).unwrap();
        let (incarnation, now) = (before.incarnation, before.clock + 1);
        let writes = [
            (CLOCK, Epoch { expired: now, invalidated: before.clock }),
            (position(spots[0], incarnation), Epoch::at(now)),
            (CLOCK, Epoch::at(now)),
        ];
        unseal(&table.lock).unwrap();
        for (position, epoch) in writes.into_iter().take(steps) {
            table.put(position, incarnation, epoch).unwrap();
        }
        drop(table);
        let table = open(&directory, Boot::This([1, 2]));
        let moved = table.advance(Mark::Path(7), Effect::Invalidate, || Ok(true)).unwrap();
        assert_eq!(moved.to.incarnation, incarnation, "{steps}");
        assert!(moved.to.clock > before.clock, "{steps}");
        assert_eq!(table.read(&spots, Patience::AnyTime).unwrap().invalidated, moved.to.clock, "{steps}");
        // A mark of long ago says nothing of a table that was changed now.
        let long_ago = 1_000_000;
        write_at(
            &table.lock,
            &[&super::super::check::bytes::<24>(&[seal::MARK, long_ago, super::super::check::sum(&[seal::MARK, long_ago])])],
            0,
        )
        .unwrap();
        table.advance(Mark::Group("a"), Effect::Invalidate, || Ok(true)).unwrap();
        assert_ne!(table.read(&spots, Patience::AnyTime).unwrap().incarnation, incarnation, "{steps}");
        std::fs::remove_dir_all(directory).unwrap();
    }
}

/// Whoever comes from another directory ends what may have missed invalidations there, and nothing that was begun since.
#[test]
fn a_table_that_began_after_a_moment_is_kept_and_one_that_did_not_begins_anew() {
    let (table, directory) = table("after");
    let incarnation = || table.read(&[], Patience::AnyTime).unwrap().incarnation;
    let open_after = |moment| {
        let folder = || Folder::root(&directory).unwrap();
        Table::open(folder(), &Arc::new(folder()), Boot::This([1, 2]), Some(moment)).unwrap();
    };
    let first = incarnation();
    open_after(Moment(0));
    assert_eq!(incarnation(), first);
    let now = Moment::now();
    open_after(now);
    let second = incarnation();
    assert_ne!(second, first);
    // The second who comes from there, too.
    open_after(now);
    assert_eq!(incarnation(), second);
    std::fs::remove_dir_all(directory).unwrap();
}

/// What the power may leave of a durable table: an epoch that is later than the clock.
#[test]
fn a_clock_that_was_lost_is_made_up_for_by_the_epochs() {
    let (table, directory) = table("lost-clock");
    drop(table);
    let table = open(&directory, Boot::Any);
    let before = table.read(&[], Patience::AnyTime).unwrap();
    let late = before.clock + 7;
    table.put(position(Spot::of(Mark::Path(7)), before.incarnation), before.incarnation, Epoch::at(late)).unwrap();
    let after = open(&directory, Boot::Any).read(&[Spot::of(Mark::Path(7))], Patience::AnyTime).unwrap();
    assert_eq!((after.incarnation, after.invalidated), (before.incarnation, late));
    assert!(after.clock > late, "and by the steps that the disk may have missed besides");
    // The same of one in a set.
    let late = after.clock + 7;
    let front = table.front(Patience::AnyTime).unwrap();
    table.advance_in_set(3, 4, late, Effect::Invalidate, &front).unwrap();
    assert!(open(&directory, Boot::Any).read(&[], Patience::AnyTime).unwrap().clock > late);
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_writer_that_is_stopped_is_not_waited_for_without_end() {
    let (table, directory) = table("locked");
    let other = open(&directory, Boot::This([1, 2]));
    flock(&other.lock, FlockOperation::LockExclusive).unwrap();
    assert!(matches!(table.advance(Mark::All, Effect::Invalidate, || Ok(true)), Err(Fault::Locked)));
    assert!(table.read(&[Spot::of(Mark::All)], Patience::AnyTime).is_ok(), "readers take no lock");
    flock(&other.lock, FlockOperation::Unlock).unwrap();
    table.advance(Mark::All, Effect::Invalidate, || Ok(true)).unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

/// By a job that clears away old files, say: the lock is never written to, and so looks old.
#[test]
fn a_writer_whose_lock_file_was_removed_writes_only_under_the_new_one() {
    let (table, directory) = table("unlocked");
    std::fs::remove_file(directory.join("lock")).unwrap();
    // With the lock its seal is gone, so that this one begins anew.
    let other = open(&directory, Boot::This([1, 2]));
    let before = table.read(&[], Patience::AnyTime).unwrap();
    flock(&other.lock, FlockOperation::LockExclusive).unwrap();
    assert!(matches!(table.advance(Mark::All, Effect::Invalidate, || Ok(true)), Err(Fault::Gone)));
    assert_eq!(table.read(&[], Patience::AnyTime).unwrap(), before);
    flock(&other.lock, FlockOperation::Unlock).unwrap();
    // While it writes.
    let removed = other.locked(|| {
        std::fs::remove_file(directory.join("lock")).unwrap();
        Ok(())
    });
    assert!(matches!(removed, Err(Fault::Gone)));
    open(&directory, Boot::This([1, 2])).advance(Mark::All, Effect::Invalidate, || Ok(true)).unwrap();
    assert!(table.read(&[], Patience::AnyTime).unwrap().invalidated > before.invalidated, "readers take no lock");
    std::fs::remove_dir_all(directory).unwrap();
}

/// That of one which does not lie in a set.
fn position(spot: Spot, incarnation: u64) -> u64 {
    match spot.at(incarnation) {
        At::Position(position) => position,
        At::InSet(..) => panic!("{spot:?}"),
    }
}

/// More names than a page has places: those that were invalidated last have one each, and the others that of the floor.
#[test]
fn the_latest_names_of_a_set_have_an_epoch_each_and_none_is_forgotten() {
    for boot in [Boot::This([1, 2]), Boot::Any] {
        let (table, directory) = table("sets");
        drop(table);
        let table = open(&directory, boot);
        let front = table.front(Patience::AnyTime).unwrap();
        let read = |number| table.epoch_in_set(5, number, front.incarnation, Patience::AnyTime).unwrap();
        let advance = |number, now, effect| table.advance_in_set(5, number, now, effect, &front).unwrap();
        for number in 1..=200 {
            assert_eq!(read(number), read(999), "{number} has no place yet");
            assert_eq!(advance(number, 1000 + number, Effect::Invalidate), read(999), "{number}");
            assert_eq!(read(number), Epoch::at(1000 + number));
        }
        for number in 1..=200 {
            assert_eq!(read(number).invalidated, 1000 + number.max(72), "{number}");
        }
        assert_eq!(read(999), Epoch::at(1072), "no earlier than any that was given away");
        assert_eq!(table.epoch_in_set(6, 200, front.incarnation, Patience::AnyTime).unwrap(), Epoch::default());
        // What comes back is as late as the floor, also where it is only expired.
        advance(1, 1300, Effect::Expire);
        assert_eq!(read(1), Epoch { invalidated: 1073, expired: 1300 });
        advance(200, 1301, Effect::Expire);
        assert_eq!(read(200), Epoch { invalidated: 1200, expired: 1301 });
        std::fs::remove_dir_all(directory).unwrap();
    }
}

#[test]
fn no_two_handlers_share_an_epoch() {
    let (table, directory) = table("handlers");
    let names: Vec<String> = (0..500).map(|number| format!("app::handler_{number}")).collect();
    let read = |name: &String| table.read(&[Spot::of(Mark::Handler(name))], Patience::AnyTime).unwrap().invalidated;
    for (nth, name) in names.iter().enumerate() {
        assert_eq!(read(name), 0, "{name}, after {nth} others were invalidated");
        table.advance(Mark::Handler(name), Effect::Invalidate, || Ok(true)).unwrap();
    }
    assert!(names.windows(2).all(|two| read(&two[0]) < read(&two[1])));
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_set_without_a_name_takes_no_space() {
    use std::os::unix::fs::MetadataExt;

    let (table, directory) = table("sparse");
    let file = directory.join("table");
    let before = std::fs::metadata(&file).unwrap();
    assert_eq!(before.len(), END);
    // Some file systems round up to larger blocks, and some have no holes.
    let may_be_sparse = before.blocks() * 512 < END;
    for name in ["a", "b"] {
        table.advance(Mark::Group(name), Effect::Invalidate, || Ok(true)).unwrap();
    }
    let grown = (std::fs::metadata(&file).unwrap().blocks() - before.blocks()) * 512;
    assert!(!may_be_sparse || grown <= 1 << 18, "{grown} bytes for two names");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn places_lie_within_the_file_and_apart() {
    let marks = [Mark::Path(0), Mark::Path(u64::MAX), Mark::All];
    let positions = marks.map(|mark| position(Spot::of(mark), 7));
    assert!(positions.iter().all(|position| position % PLACE as u64 == 0 && *position < PAGES));
    let mut apart = positions.to_vec();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), marks.len());
}

/// Whatever a client finds out about one life of a table, or about its own.
#[test]
fn paths_that_share_a_place_in_one_life_are_apart_in_another() {
    let share = |incarnation: u64| -> Vec<(u64, u64)> {
        let mut first = HashMap::new();
        let at = |path: u64| first.insert(Spot::of(Mark::Path(path)).at(incarnation), path).map(|other| (other, path));
        (0..4000).filter_map(at).collect()
    };
    let (one, other) = (share(1), share(2));
    assert!(one.len() > 50 && other.len() > 50, "{} and {}", one.len(), other.len());
    assert!(one.iter().filter(|pair| other.contains(pair)).count() < 5);
}

/// A copy that is written over the table, with the seal that belonged to it.
#[test]
#[cfg(target_os = "linux")]
fn a_table_that_was_written_over_by_an_older_state_of_it_begins_anew() {
    let (table, directory) = table("over");
    let saved = ["table", "lock"].map(|name| (name, std::fs::read(directory.join(name)).unwrap()));
    table.advance(Mark::Group("a"), Effect::Invalidate, || Ok(true)).unwrap();
    let before = table.read(&[], Patience::AnyTime).unwrap();
    for (name, content) in saved {
        std::fs::write(directory.join(name), content).unwrap();
    }
    let after = open(&directory, Boot::This([1, 2])).read(&[], Patience::AnyTime).unwrap();
    assert_ne!(after.incarnation, before.incarnation);
    assert_eq!(table.read(&[], Patience::AnyTime).unwrap(), after, "for whoever has it open, too");
    // Untouched, it goes on.
    assert_eq!(open(&directory, Boot::This([1, 2])).read(&[], Patience::AnyTime).unwrap(), after);
    std::fs::remove_dir_all(directory).unwrap();
}

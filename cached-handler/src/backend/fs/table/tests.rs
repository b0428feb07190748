use super::*;

fn table(name: &str) -> (Table, std::path::PathBuf) {
    let directory = std::env::temp_dir().join(format!("cached-handler-{}-{name}", std::process::id()));
    _ = std::fs::remove_dir_all(&directory);
    (Table::open(&Folder::root(&directory).unwrap(), Boot::This([1, 2])).unwrap(), directory)
}

/// A writer of another process moves the clock on, writes the epoch, and says that it is written: step by step.
#[test]
fn an_epoch_that_was_read_while_it_was_being_moved_on_is_read_again() {
    let (table, directory) = table("half-moved");
    let positions = [position_of(Mark::Group("a"))];
    let read = || table.read(&positions, Patience::AnyTime).unwrap();
    let before = read();
    let (incarnation, now) = (before.incarnation, before.clock + 1);
    table.put(CLOCK, incarnation, Epoch { expired: now, invalidated: before.clock }).unwrap();
    assert_eq!((read().clock, read().invalidated), (now, 0));
    table.put(positions[0], incarnation, Epoch::at(now)).unwrap();
    assert_eq!(read().invalidated, now);
    table.put(CLOCK, incarnation, Epoch::at(now)).unwrap();
    assert_eq!((read().clock, read().invalidated), (now, now));
    // One that died halfway.
    table.put(CLOCK, incarnation, Epoch { expired: now + 1, invalidated: now }).unwrap();
    assert_eq!((read().clock, read().invalidated), (now + 1, now));
    table.advance(Mark::Group("a"), Effect::Invalidate, || true).unwrap();
    assert_eq!((read().clock, read().invalidated), (now + 2, now + 2));
    std::fs::remove_dir_all(directory).unwrap();
}

/// What the power may leave of a durable table: an epoch that is later than the clock.
#[test]
fn a_clock_that_was_lost_is_made_up_for_by_the_epochs() {
    let (table, directory) = table("lost-clock");
    let home = Folder::root(&directory).unwrap();
    drop(table);
    let table = Table::open(&home, Boot::Any).unwrap();
    let before = table.read(&[], Patience::AnyTime).unwrap();
    let late = before.clock + 7;
    table.put(position_of(Mark::Group("a")), before.incarnation, Epoch::at(late)).unwrap();
    let after = Table::open(&home, Boot::Any).unwrap().read(&[position_of(Mark::Group("a"))], Patience::AnyTime).unwrap();
    assert_eq!((after.incarnation, after.invalidated), (before.incarnation, late));
    assert!(after.clock > late, "and by the steps that the disk may have missed besides");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn a_writer_that_is_stopped_is_not_waited_for_without_end() {
    let (table, directory) = table("locked");
    let other = Table::open(&Folder::root(&directory).unwrap(), Boot::This([1, 2])).unwrap();
    flock(&other.lock, FlockOperation::LockExclusive).unwrap();
    assert!(matches!(table.advance(Mark::All, Effect::Invalidate, || true), Err(Fault::Locked)));
    assert!(table.read(&[position_of(Mark::All)], Patience::AnyTime).is_ok(), "readers take no lock");
    flock(&other.lock, FlockOperation::Unlock).unwrap();
    table.advance(Mark::All, Effect::Invalidate, || true).unwrap();
    std::fs::remove_dir_all(directory).unwrap();
}

/// By a job that clears away old files, say: the lock is never written to, and so looks old.
#[test]
fn a_writer_whose_lock_was_removed_writes_nothing_until_it_has_the_one_that_others_have() {
    let (table, directory) = table("unlocked");
    let home = Folder::root(&directory).unwrap();
    let before = table.read(&[], Patience::AnyTime).unwrap();
    std::fs::remove_file(directory.join("lock")).unwrap();
    let other = Table::open(&home, Boot::This([1, 2])).unwrap();
    flock(&other.lock, FlockOperation::LockExclusive).unwrap();
    assert!(matches!(table.advance(Mark::All, Effect::Invalidate, || true), Err(Fault::Gone)));
    assert_eq!(table.read(&[], Patience::AnyTime).unwrap(), before);
    flock(&other.lock, FlockOperation::Unlock).unwrap();
    // While it writes.
    let removed = other.locked(|| {
        std::fs::remove_file(directory.join("lock")).unwrap();
        Ok(())
    });
    assert!(matches!(removed, Err(Fault::Gone)));
    Table::open(&home, Boot::This([1, 2])).unwrap().advance(Mark::All, Effect::Invalidate, || true).unwrap();
    assert!(table.read(&[], Patience::AnyTime).unwrap().invalidated > before.invalidated, "readers take no lock");
    std::fs::remove_dir_all(directory).unwrap();
}

#[test]
fn places_lie_within_the_file_and_apart() {
    let marks = [Mark::PathBucket(0), Mark::PathBucket(u16::MAX), Mark::Handler("a"), Mark::Group("a"), Mark::Group("b"), Mark::All];
    let positions = marks.map(position_of);
    assert!(positions.iter().all(|position| position % PLACE as u64 == 0 && *position < END));
    let mut apart = positions.to_vec();
    apart.sort_unstable();
    apart.dedup();
    assert_eq!(apart.len(), marks.len());
}

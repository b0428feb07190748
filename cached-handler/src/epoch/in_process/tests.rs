use super::*;

fn usable(epochs: &InProcessEpochs, marks: &Marks, stamp: u64) -> bool {
    epochs.invalidated(marks) <= stamp
}

#[test]
fn a_first_fill_is_usable() {
    let epochs = InProcessEpochs::new();
    let stamp = epochs.now();
    assert!(usable(&epochs, &epochs.marks("h", &[7], &["g"]), stamp));
}

#[test]
fn each_kind_of_target_makes_unusable_what_it_concerns_and_nothing_else() {
    for target in [Mark::All, Mark::Handler("h"), Mark::Group("g"), Mark::Path(7)] {
        let epochs = InProcessEpochs::new();
        let stamp = epochs.now();
        let ours = epochs.marks("h", &[7], &["f", "g"]);
        let others = epochs.marks("other", &[8], &["f"]);
        epochs.advance_now(target, Effect::Invalidate);
        assert!(!usable(&epochs, &ours, stamp), "{target:?}");
        assert_eq!(usable(&epochs, &others, stamp), !matches!(target, Mark::All), "{target:?}");
        assert!(usable(&epochs, &ours, epochs.now()), "a run stamped afterwards is usable: {target:?}");
    }
}

#[test]
fn an_invalidation_of_a_group_that_nothing_holds_is_remembered() {
    let epochs = InProcessEpochs::new();
    let stamp = epochs.now();
    epochs.advance_now(Mark::Group("late"), Effect::Invalidate);
    // The group becomes known only after the run, as with `CacheGroups`.
    let mut marks = epochs.marks("h", &[0], &[] as &[&str]);
    epochs.add_groups(&mut marks, &["late"]);
    assert!(!usable(&epochs, &marks, stamp));
}

#[test]
fn what_is_expired_is_stale_and_still_usable() {
    for target in [Mark::All, Mark::Handler("h"), Mark::Group("g"), Mark::Path(7)] {
        let epochs = InProcessEpochs::new();
        let stamp = epochs.now();
        let marks = epochs.marks("h", &[7], &["g"]);
        epochs.advance_now(target, Effect::Expire);
        assert!(usable(&epochs, &marks, stamp), "{target:?}");
        assert!(epochs.expired(&marks) > stamp, "{target:?}");
        assert!(epochs.expired(&marks) <= epochs.now(), "a run stamped afterwards is fresh: {target:?}");
        epochs.advance_now(target, Effect::Invalidate);
        assert!(!usable(&epochs, &marks, stamp), "{target:?}");
    }
}

#[test]
fn names_leave_with_the_last_holder() {
    let epochs = InProcessEpochs::new();
    let held = epochs.marks("h", &[0], &["a", "b"]);
    let again = epochs.marks("h", &[0], &["b"]);
    assert_eq!(epochs.groups.names(), 2);
    drop(held);
    assert_eq!(epochs.groups.names(), 1);
    drop(again);
    assert_eq!((epochs.groups.names(), epochs.handlers.names()), (0, 0));
}

#[test]
fn names_that_nothing_holds_have_exact_epochs_up_to_a_limit() {
    let registry = Registry::exact_to(100);
    let epoch = |name: u64| registry.counter(&name.to_string()).epoch().invalidated();
    for name in 0..150 {
        registry.advance(&name.to_string(), 1 + name, Effect::Invalidate);
    }
    assert_eq!((0..150).map(epoch).collect::<Vec<_>>(), (1..=150).collect::<Vec<_>>());
    assert_eq!(epoch(1000), 0, "another's");
    registry.advance("1", 200, Effect::Expire);
    assert_eq!((epoch(1), registry.counter("1").epoch().expired()), (2, 200), "what it had goes along");
    for name in 1000..1300 {
        registry.advance(&name.to_string(), name, Effect::Invalidate);
    }
    assert!((0..150).all(|name| epoch(name) > name), "never too early");
    assert!((1250..1300).all(|name| epoch(name) == name));
}

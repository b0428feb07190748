use super::*;

fn not(reason: NotStored) -> Kept {
    Kept::Not(reason)
}

const MISS: Option<Forward> = Some(Forward::UriMiss);
const WITH_COOKIES: Option<Forward> = Some(Forward::Bypass(Bypass::Credentials));

#[test]
fn the_hundredth_answer_in_a_row_is_logged_with_the_main_reason() {
    let unused = Unused::new();
    for at in 0..99 {
        let told =
            if at % 4 == 0 { unused.note(MISS, &not(NotStored::SetCookie)) } else { unused.note(WITH_COOKIES, &not(NotStored::Bypass)) };
        assert_eq!(told, None, "{at}");
    }
    let told = unused.note(MISS, &not(NotStored::Status(303))).unwrap();
    assert_eq!(told, Verdict { reason: Reason::Bypassed(Bypass::Credentials), share: 74 });
    assert!(told.line().contains("74 of them bypassed: ") && told.line().contains("skip_credentials(jar)"), "{}", told.line());
}

#[test]
fn a_reason_is_logged_once() {
    let unused = Unused::new();
    let told = (0..1000).filter_map(|_| unused.note(MISS, &not(NotStored::Private))).count();
    assert_eq!(told, 1);
}

#[test]
fn a_reason_that_a_client_provokes_does_not_use_up_the_warning() {
    let made_up = [Bypass::KeyTooLong, Bypass::Content, Bypass::Upgrade, Bypass::Range, Bypass::RejectedArgument];
    for reason in made_up {
        let made_up = |unused: &Unused| unused.note(Some(Forward::Bypass(reason)), &not(NotStored::Bypass));
        let uses: [fn(&Unused); 2] = [Unused::is_used, |unused| drop(unused.note(MISS, &Kept::Stored))];
        for is_used in uses {
            let unused = Unused::new();
            is_used(&unused);
            assert!((0..1000).all(|_| made_up(&unused).is_none()), "{reason:?} says nothing of a handler that was used");
            let told = (0..1000).filter_map(|_| unused.note(MISS, &not(NotStored::SetCookie))).count();
            assert_eq!(told, 1, "{reason:?}");
        }
        let unused = Unused::new();
        assert_eq!((0..1000).filter_map(|_| made_up(&unused)).count(), 1, "{reason:?} is all that there is");
        let told: Vec<_> = (0..1000).filter_map(|_| unused.note(MISS, &not(NotStored::SetCookie))).collect();
        assert_eq!(told, [Verdict { reason: Reason::NotStored(NotStored::SetCookie), share: 100 }], "{reason:?}");
    }
}

/// A client can also ask for resources that do not exist.
#[test]
fn each_reason_and_each_status_is_logged_separately() {
    let unused = Unused::new();
    for reason in [NotStored::Status(404), NotStored::Status(303), NotStored::NoStore] {
        let told: Vec<_> = (0..1000).filter_map(|_| unused.note(MISS, &not(reason.clone()))).collect();
        assert_eq!(told, [Verdict { reason: Reason::NotStored(reason), share: 100 }]);
    }
    let varies = |at: u32| not(NotStored::VaryUnkeyed(format!("x-{at}")));
    assert_eq!((0..1000).filter_map(|at| unused.note(MISS, &varies(at))).count(), 1);
}

/// The test holds the lock, so that a hit which took it would wait for ever.
#[test]
fn a_hit_takes_no_lock() {
    let unused = Unused::new();
    assert_eq!(unused.note(MISS, &not(NotStored::Private)), None);
    let _held = lock(&unused.reasons);
    unused.is_used();
    assert_eq!(unused.in_a_row.load(Ordering::Relaxed), 0);
}

#[test]
fn an_answer_that_is_stored_or_cached_resets_the_count() {
    let used: [fn(&Unused); 2] = [Unused::is_used, |unused| drop(unused.note(MISS, &Kept::Stored))];
    for is_used in used {
        let unused = Unused::new();
        for _ in 0..50 {
            assert!((0..99).all(|_| unused.note(MISS, &not(NotStored::DoNotStore)).is_none()));
            is_used(&unused);
        }
        let told: Vec<_> = (0..100).filter_map(|_| unused.note(MISS, &not(NotStored::Err))).collect();
        assert_eq!(told, [Verdict { reason: Reason::NotStored(NotStored::Err), share: 100 }], "those of before are forgotten");
    }
}

#[test]
fn reasons_that_do_not_concern_the_handler_do_not_count() {
    let unused = Unused::new();
    let answers = [
        (Some(Forward::Bypass(Bypass::Off)), not(NotStored::Bypass)),
        (Some(Forward::Bypass(Bypass::Backend)), not(NotStored::Backend)),
        (Some(Forward::Method), not(NotStored::Method)),
        (MISS, not(NotStored::Status(503))),
        (MISS, not(NotStored::Invalidated)),
        (MISS, not(NotStored::Request)),
        (MISS, not(NotStored::OnlyIfCached)),
        (MISS, Kept::Streaming),
    ];
    for (why, kept) in answers.iter().cycle().take(2000) {
        assert_eq!(unused.note(*why, kept), None, "{why:?} {kept:?}");
    }
}

#[test]
fn every_reason_that_is_logged_says_what_to_type() {
    use NotStored as N;
    let bypassed = [
        Bypass::Condition,
        Bypass::KeyTooLong,
        Bypass::Credentials,
        Bypass::RejectedArgument,
        Bypass::Content,
        Bypass::Range,
        Bypass::Upgrade,
    ];
    let not_stored = [
        N::Status(303),
        N::CachedInside,
        N::Err,
        N::DoNotStore,
        N::SetCookie,
        N::NoStore,
        N::Private,
        N::NoCache,
        N::MalformedCacheControl,
        N::MustUnderstand,
        N::Credentials,
        N::VaryAny,
        N::VaryUnkeyed("x-y".to_owned()),
        N::MalformedVary,
        N::TooManyVariants,
        N::Partial,
        N::NoFreshness,
        N::AlreadyStale,
        N::TooLarge,
        N::Endless,
        N::LengthMismatch,
        N::Trailers,
        N::FieldsTooLarge,
        N::Groups,
        N::RunTooLong,
    ];
    let all = bypassed.into_iter().map(Reason::Bypassed).chain(not_stored.into_iter().map(Reason::NotStored));
    for reason in all {
        let word = reason.word();
        let (_, said) = (Verdict { reason, share: 1 })
            .line()
            .split_once("; 1 of them ")
            .map(|(before, said)| (before.to_owned(), said.to_owned()))
            .unwrap();
        assert!(said.contains('`'), "{word}: {said}");
    }
}

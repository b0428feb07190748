//! What the compiler proposes for an argument, typed: nobody gets another's page, whichever of it an author takes.

use harness::assert_no_wrong_page;

#[path = "../../apps/club/tests/steps/mod.rs"]
mod club_steps;
#[path = "typed/club.rs"]
mod club_typed;
#[path = "../../apps/forum/tests/steps/mod.rs"]
mod forum_steps;
#[path = "typed/forum.rs"]
mod forum_typed;
#[path = "../../apps/intranet/tests/steps/mod.rs"]
mod intranet_steps;
#[path = "typed/intranet.rs"]
mod intranet_typed;
#[path = "../../apps/pastebin/tests/steps/mod.rs"]
mod pastebin_steps;
#[path = "typed/pastebin.rs"]
mod pastebin_typed;
#[path = "../../apps/starwars/tests/steps/mod.rs"]
mod starwars_steps;
#[path = "typed/starwars.rs"]
mod starwars_typed;
#[path = "../../apps/tickets/tests/steps/mod.rs"]
mod tickets_steps;
#[path = "typed/tickets.rs"]
mod tickets_typed;

/// A test for each handler of a module: the application with this one in its place, driven with its cache and without.
macro_rules! typed {
    ($app:ident, $typed:ident, $path:literal, $steps:expr; $($test:ident: $handler:ident, $hits:literal;)+) => {$(
        #[test]
        fn $test() {
            let app = || $app::app_with(axum::Router::new().route($path, $typed::with($typed::$handler)));
            assert_no_wrong_page(app, $hits, $steps);
        }
    )+};
}

typed! { club, club_typed, "/", club_steps::members;
    auth_session_by_bypass: bypassed, 4;
    auth_session_by_an_extractor: extracted, 4;
    auth_session_by_the_users_id: by_id, 4;
}

typed! { tickets, tickets_typed, "/login", tickets_steps::shoppers;
    messages_by_bypass: messages, 4;
    session_by_an_extractor: extracted, 4;
    session_by_skip: skipped, 2;
}

typed! { starwars, starwars_typed, "/graphql", starwars_steps::queries;
    graphql_by_the_raw_query: raw, 6;
}

typed! { forum, forum_typed, "/", forum_steps::two_users;
    cookies_by_an_extractor_that_looks_the_login_up: extracted, 4;
    cookies_by_bypass: bypassed, 4;
    cookies_by_skip: skipped, 2;
    member_by_bypass: member_bypassed, 4;
    jar_by_bypass: jar_bypassed, 4;
    jar_by_skip: jar_skipped, 2;
}

typed! { pastebin, pastebin_typed, "/{id}", pastebin_steps::readers;
    signed_jar_by_an_extractor_of_one_cookie: extracted, 1;
    signed_jar_by_bypass: bypassed, 1;
    signed_jar_by_skip: skipped, 1;
    secret_by_derive: derived, 1;
    secret_by_key: by_key, 1;
}

typed! { intranet, intranet_typed, "/", intranet_steps::users;
    extension_by_derive: derived, 10;
    extension_by_key: key, 10;
    extension_by_skip: skipped, 4;
    extension_by_skip_credentials: skipped_credentials, 10;
}

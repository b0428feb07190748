//! Examples of cached-handler: one file beside this one for each way of caching. README.md lists them.

#[cfg(feature = "observe")]
#[expect(dead_code, reason = "its `main` is the program's")]
pub mod observe;
#[path = "proxy/app.rs"]
pub mod proxy;
#[path = "site/app.rs"]
pub mod site;

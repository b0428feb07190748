//! Examples of cached-handler: one file beside this one for each way of caching. README.md lists them.

#[path = "fs.rs"]
#[expect(dead_code, reason = "its `main` is the program's")]
pub mod fs;
#[cfg(feature = "observe")]
#[expect(dead_code, reason = "its `main` is the program's")]
pub mod observe;
#[path = "proxy/app.rs"]
pub mod proxy;
#[path = "redis.rs"]
#[expect(dead_code, reason = "its `main` is the program's")]
pub mod redis;
#[path = "site/app.rs"]
pub mod site;

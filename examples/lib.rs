//! Examples of cached-handler. Each is a program beside this file; its handlers and its `app` are a module here, so that
//! a test drives them too.

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

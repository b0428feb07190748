//! What somebody else may have put at the cache's path: refused with a reason, and nothing outside is touched.

use std::{
    fs,
    os::unix::fs::{MetadataExt, PermissionsExt, symlink},
    path::Path,
    process::Command,
};

use cached_handler::{Cache, Error};
use cached_handler_tests::files::{Scratch, page_is_right, processes::start};

use super::{on, started};

/// Puts something there.
type Plant<'a> = &'a dyn Fn();

async fn build(scratch: &Scratch) -> Result<Cache, Error> {
    Cache::builder().namespace("tests").fs(scratch.cache()).shares_namespace().build().await
}

fn mode(path: &Path, mode: u32) {
    fs::set_permissions(path, fs::Permissions::from_mode(mode)).unwrap();
}

fn pipe(path: &Path) {
    assert!(Command::new("mkfifo").arg(path).status().unwrap().success());
}

/// The directory of the namespace, below the cache's.
fn home(scratch: &Scratch) -> std::path::PathBuf {
    fs::read_dir(scratch.cache()).unwrap().next().unwrap().unwrap().path()
}

/// Everything below a directory: names, kinds and lengths.
fn inventory(path: &Path) -> Vec<String> {
    let mut found = Vec::new();
    for entry in fs::read_dir(path).unwrap().flatten() {
        let metadata = entry.metadata().unwrap();
        found.push(format!("{} {} {}", entry.path().display(), metadata.len(), metadata.mtime_nsec()));
        if metadata.is_dir() {
            found.extend(inventory(&entry.path()));
        }
    }
    found.sort();
    found
}

/// Plants something, and expects `build` to refuse it with these words.
async fn is_refused(name: &str, words: &str, plant: impl FnOnce(&Scratch, &Path)) {
    let scratch = Scratch::new(&format!("layout-{name}"));
    let outside = scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    mode(&outside, 0o700);
    fs::write(outside.join("table"), "not a table").unwrap();
    plant(&scratch, &outside);
    let before = inventory(&outside);
    let error = build(&scratch).await.expect_err(name);
    assert!(error.is_config() && error.to_string().contains(words), "{name}: {error}");
    assert_eq!(inventory(&outside), before, "{name}");
}

fn used(scratch: &Scratch) {
    fs::create_dir(scratch.cache()).unwrap();
    mode(&scratch.cache(), 0o700);
    // As a first process leaves it.
    let program = Path::new(env!("CARGO_BIN_EXE_fs_process"));
    assert!(start(program, &[], scratch.path(), &["fill", "0", "0"]).result().is_some());
}

#[tokio::test]
async fn a_path_that_is_no_directory_of_this_user_alone_is_refused() {
    let symbolic = "a symbolic link";
    is_refused("link", symbolic, |scratch, outside| symlink(outside, scratch.cache()).unwrap()).await;
    is_refused("dangling-link", symbolic, |scratch, outside| symlink(outside.join("none"), scratch.cache()).unwrap()).await;
    is_refused("file", "is not a directory", |scratch, _| fs::write(scratch.cache(), "").unwrap()).await;
    is_refused("pipe", "is not a directory", |scratch, _| pipe(&scratch.cache())).await;
    for (name, open) in [("group", 0o770), ("world", 0o707), ("sticky", 0o1777)] {
        is_refused(name, "chmod", |scratch, _| {
            fs::create_dir(scratch.cache()).unwrap();
            mode(&scratch.cache(), open);
        })
        .await;
    }
}

#[tokio::test]
async fn what_lies_in_the_directory_and_is_not_as_it_was_made_is_refused() {
    is_refused("home-link", "is not a directory; remove it", |scratch, outside| {
        used(scratch);
        let home = home(scratch);
        fs::remove_dir_all(&home).unwrap();
        symlink(outside, home).unwrap();
    })
    .await;
    is_refused("home-open", "chmod", |scratch, _| {
        used(scratch);
        mode(&home(scratch), 0o777);
    })
    .await;
    is_refused("responses-link", "is not a directory; remove it", |scratch, outside| {
        used(scratch);
        fs::remove_dir(home(scratch).join("r")).unwrap();
        symlink(outside, home(scratch).join("r")).unwrap();
    })
    .await;
    for name in ["table", "lock"] {
        is_refused(&format!("{name}-link"), "is not a file; remove it", |scratch, outside| {
            used(scratch);
            fs::remove_file(home(scratch).join(name)).unwrap();
            symlink(outside.join("table"), home(scratch).join(name)).unwrap();
        })
        .await;
        is_refused(&format!("{name}-pipe"), "is not a file; remove it", |scratch, _| {
            used(scratch);
            fs::remove_file(home(scratch).join(name)).unwrap();
            pipe(&home(scratch).join(name));
        })
        .await;
        is_refused(&format!("{name}-open"), "chmod", |scratch, _| {
            used(scratch);
            mode(&home(scratch).join(name), 0o666);
        })
        .await;
    }
}

#[tokio::test]
async fn another_users_directory_is_refused() {
    let scratch = Scratch::new("layout-owner");
    used(&scratch);
    if std::os::unix::fs::chown(scratch.cache(), Some(12345), None).is_err() {
        println!("left out: only root can give a directory away");
        return;
    }
    let error = build(&scratch).await.unwrap_err();
    assert!(error.to_string().contains("belongs to user 12345"), "{error}");
    std::os::unix::fs::chown(scratch.cache(), Some(0), None).unwrap();
    std::os::unix::fs::chown(home(&scratch).join("table"), Some(12345), None).unwrap();
    let error = build(&scratch).await.unwrap_err();
    assert!(error.to_string().contains("`table` belongs to user 12345"), "{error}");
}

#[tokio::test]
async fn what_stands_in_the_place_of_a_response_fails_no_request_and_leads_nowhere() {
    let scratch = Scratch::new("layout-response");
    let outside = scratch.path().join("outside");
    fs::create_dir(&outside).unwrap();
    let cache = on(&scratch.cache()).await;
    let (app, _) = started(&cache);
    assert!(page_is_right(&app, 3).await);
    let file = scratch.responses().remove(0);
    let folder = file.parent().unwrap().to_owned();
    // Another page's response, whole, lies outside under the same name.
    assert!(page_is_right(&app, 4).await);
    let other = scratch.responses().into_iter().find(|found| *found != file).unwrap();
    fs::copy(&other, outside.join(file.file_name().unwrap())).unwrap();
    let before = inventory(&outside);
    let plants: [(&str, Plant<'_>); 6] = [
        ("another page's response", &|| assert!(fs::copy(&other, &file).is_ok())),
        ("a link", &|| symlink(outside.join(file.file_name().unwrap()), &file).unwrap()),
        ("a folder", &|| fs::create_dir(&file).unwrap()),
        ("a pipe", &|| pipe(&file)),
        ("a link in the place of its folder", &|| {
            fs::remove_dir(&folder).unwrap();
            symlink(&outside, &folder).unwrap();
        }),
        ("a file in the place of its folder", &|| {
            fs::remove_dir(&folder).unwrap();
            fs::write(&folder, "").unwrap();
        }),
    ];
    for (what, plant) in plants {
        _ = fs::remove_file(&file);
        plant();
        for _ in 0..3 {
            assert!(page_is_right(&app, 3).await, "{what}");
        }
        assert_eq!(inventory(&outside), before, "{what}");
        let planted = if folder.is_dir() && !folder.is_symlink() { &file } else { &folder };
        _ = fs::remove_dir(planted).or_else(|_| fs::remove_file(planted));
        _ = fs::create_dir(&folder);
    }
}

#[test]
fn nobody_else_can_read_anything_whatever_the_umask() {
    let scratch = Scratch::new("umask");
    let program = Path::new(env!("CARGO_BIN_EXE_fs_process"));
    let running = start(program, &["sh", "-c", "umask 000; exec \"$@\"", "sh"], scratch.path(), &["fill", "0", "10"]);
    assert_eq!(running.result().as_deref(), Some("wrong 0"));
    assert_eq!(fs::metadata(scratch.cache()).unwrap().mode() & 0o7777, 0o700);
    let (mut folders, mut files) = (vec![scratch.cache()], 0);
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().flatten() {
            let (metadata, path) = (entry.metadata().unwrap(), entry.path());
            if metadata.is_dir() {
                assert_eq!(metadata.mode() & 0o7777, 0o700, "{}", path.display());
                folders.push(path);
            } else {
                assert_eq!(metadata.mode() & 0o7777, 0o600, "{}", path.display());
                files += 1;
            }
        }
    }
    assert!(files > 10, "{files}");
}

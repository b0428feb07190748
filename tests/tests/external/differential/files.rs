//! A directory of files, served with the layer around it and without.

use std::{
    fs::{self, File},
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    extract::{Path as Part, State},
    http::StatusCode,
    routing::post,
};
use cached_handler::{CacheLayer, Policy, secs};
use cached_handler_tests::harness::Random;
use tower_http::services::ServeDir;

use super::{
    asks::{Ask, Condition, Step, some_fields},
    model::Model,
    sides::Sides,
};

/// A directory of its own, gone after the comparison.
pub struct Directory(PathBuf);

impl Directory {
    fn new() -> Self {
        static NUMBER: AtomicUsize = AtomicUsize::new(0);
        let name = format!("cached-handler-differential-{}-{}", std::process::id(), NUMBER.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().join(name);
        fs::create_dir_all(path.join("sub")).expect("a directory");
        for at in 0..FILES.len() {
            write(&path, at, 0);
        }
        Self(path)
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _left = fs::remove_dir_all(&self.0);
    }
}

/// With how often each holds its line.
const FILES: [(&str, usize); 5] = [("a.txt", 1), ("b.html", 40), ("large.bin", 8_000), ("sub/index.html", 2), ("empty.css", 0)];

/// What it holds after so many writes, and a date that is later by as many seconds. One of them has a compressed twin.
fn write(directory: &Path, at: usize, times: u32) {
    let (name, lines) = FILES[at];
    let put = |name: &str, content: &[u8]| {
        let path = directory.join(name);
        fs::write(&path, content).expect("a file");
        let modified = SystemTime::UNIX_EPOCH + Duration::from_secs(784_111_777 + u64::from(times));
        File::options().write(true).open(&path).and_then(|file| file.set_modified(modified)).expect("a file");
    };
    let content = format!("{name} was written {times} times\n").repeat(lines);
    put(name, content.as_bytes());
    if at == 1 {
        put("b.html.gz", format!("as if it were gzip: {content}").as_bytes());
    }
}

#[derive(Clone)]
struct Place {
    directory: PathBuf,
    model: Model,
}

async fn writes(State(place): State<Place>, Part(at): Part<u32>) -> StatusCode {
    let at = at as usize % FILES.len();
    place.model.write(at as u32);
    write(&place.directory, at, place.model.value(at as u32));
    StatusCode::NO_CONTENT
}

const SMALL: Policy = Policy::new().max_body(64 << 10);

/// Both sides, each with a directory of its own.
pub fn sides() -> (Sides, [Directory; 2]) {
    let directories = [Directory::new(), Directory::new()];
    let models = [(); 2].map(|()| Model::default());
    let [live, bare] = [0, 1].map(|side| {
        let files = ServeDir::new(&directories[side].0).precompressed_gzip();
        let place = Place { directory: directories[side].0.clone(), model: models[side].clone() };
        let router = Router::new().route("/write/{at}", post(writes)).with_state(place);
        if side == 0 {
            let layer = CacheLayer::new("files", secs(60)).vary(["accept-encoding"]).policy(SMALL);
            router.fallback_service(layer.around(files))
        } else {
            router.fallback_service(files)
        }
    });
    let restore = directories.each_ref().map(|directory| directory.0.clone());
    let begin = move || restore.iter().for_each(|path| (0..FILES.len()).for_each(|at| write(path, at, 0)));
    let sides = Sides { live, bare, models, backend: "memory", is_layer: true, is_untouched: false, begin: Box::new(begin) };
    (sides, directories)
}

pub fn episode(random: &mut Random, length: usize) -> Vec<Step> {
    let step = |_| match random.below(16) {
        0 => Step::Later([1, 15, 61][random.below(3)]),
        1 => {
            let target = format!("/write/{}", random.below(FILES.len()));
            Step::Ask(Ask { method: "POST", target, fields: Vec::new(), condition: Condition::None })
        }
        _ => {
            const OTHERS: [&str; 4] = ["sub", "sub/", "none.txt", "a.txt?query"];
            let at = random.below(FILES.len() + OTHERS.len());
            let name = FILES.get(at).map_or_else(|| OTHERS[at - FILES.len()], |(name, _)| *name);
            let method = if random.one_in(8) { "HEAD" } else { "GET" };
            let fields = some_fields(random);
            let condition = if random.one_in(2) { Condition::at_random(random, true) } else { Condition::None };
            Step::Ask(Ask { method, target: format!("/{name}"), fields, condition })
        }
    };
    (0..length).map(step).collect()
}

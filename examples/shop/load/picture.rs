//! Both histograms as one picture: how long an answer took, on a logarithmic scale, against how many took so long.

use std::fmt::Write as _;

use crate::{Report, latencies};

const WIDTH: f64 = 860.0;
const HEIGHT: f64 = 360.0;
const LEFT: f64 = 20.0;
const BASE: f64 = 310.0;
const TOP: f64 = 70.0;
/// From 10 µs to 1 s.
const DECADES: [&str; 6] = ["10 µs", "100 µs", "1 ms", "10 ms", "100 ms", "1 s"];
const BINS: i32 = 100;
const COLOURS: [&str; 2] = ["#c2571a", "#1a6fc2"];

/// As SVG.
pub(crate) fn draw(reports: &[Report]) -> String {
    let histograms: Vec<Vec<f64>> = reports.iter().map(histogram).collect();
    let highest = histograms.iter().flatten().copied().fold(f64::MIN_POSITIVE, f64::max);
    let mut picture = format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 {WIDTH} {HEIGHT}\" font-family=\"sans-serif\" font-size=\"14\">\n\
         <title>How long the shop's customers wait for an answer, with and without the cache</title>\n\
         <rect width=\"{WIDTH}\" height=\"{HEIGHT}\" fill=\"#fff\"/>\n"
    );
    for (decade, name) in (0..).zip(DECADES) {
        let x = at(decade * BINS / 5);
        _ = writeln!(picture, "<path d=\"M{x:.1} {TOP}V{BASE}\" stroke=\"#ddd\"/>");
        _ = writeln!(picture, "<text x=\"{x:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">{name}</text>", BASE + 20.0);
    }
    for ((report, histogram), (colour, line)) in reports.iter().zip(&histograms).zip(COLOURS.into_iter().zip([24.0, 46.0])) {
        let mut path = format!("M{:.1} {BASE}", at(0));
        for (bin, share) in (0..).zip(histogram) {
            _ = write!(path, "V{:.1}H{:.1}", BASE - share / highest * (BASE - TOP), at(bin + 1));
        }
        _ = writeln!(picture, "<path d=\"{path}V{BASE}Z\" fill=\"{colour}\" fill-opacity=\"0.35\" stroke=\"{colour}\"/>");
        _ = writeln!(picture, "<text x=\"{LEFT}\" y=\"{line}\" fill=\"{colour}\">{}</text>", caption(report));
    }
    _ = writeln!(picture, "<path d=\"M{:.1} {BASE}H{:.1}\" stroke=\"#444\"/>", at(0), at(BINS));
    _ = writeln!(
        picture,
        "<text x=\"{:.1}\" y=\"{:.1}\" text-anchor=\"middle\" fill=\"#444\">time to an answer</text>",
        WIDTH / 2.0,
        BASE + 42.0
    );
    picture + "</svg>\n"
}

/// The share of requests in each bin; values out of range count in the outermost bins.
fn histogram(report: &Report) -> Vec<f64> {
    let edge = |bin: i32| 10_f64.powf(1.0 + f64::from(bin) * 5.0 / f64::from(BINS));
    (0..BINS)
        .map(|bin| {
            let from = if bin == 0 { 0.0 } else { edge(bin) };
            let to = if bin + 1 == BINS { f64::INFINITY } else { edge(bin + 1) };
            report.latencies.share(from, to)
        })
        .collect()
}

fn at(bin: i32) -> f64 {
    LEFT + 20.0 + f64::from(bin) / f64::from(BINS) * (WIDTH - 2.0 * LEFT - 40.0)
}

fn caption(report: &Report) -> String {
    let within = |share| latencies::shown(report.latencies.within(share));
    format!("{} the cache: {:.0} requests a second, half within {}, 99 % within {}", report.name, report.rate(), within(0.5), within(0.99))
}

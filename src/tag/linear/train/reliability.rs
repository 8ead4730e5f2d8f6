//! The table of docs/tagging.md that says how often the model is right when it is
//! so sure, and the picture of it.
//!
//! `UPDATE_DOCS=1 cargo test --lib reliability` draws the picture anew.

use std::fmt::Write as _;

use super::super::Linear;

const PAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/tagging.md");
const PICTURE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/reliability.svg");
const HEAD: &str = "| certainty | right | names |";

/// Side of the square, and where it begins.
const SIDE: f32 = 360.0;
const LEFT: f32 = 70.0;
const TOP: f32 = 40.0;

/// Names of a level of certainty.
#[derive(Debug)]
struct Level {
    from: f32,
    to: f32,
    right: f32,
    names: f32,
}

impl Level {
    fn read(row: &str) -> Self {
        let cells: Vec<&str> = row.trim_matches('|').split('|').map(str::trim).collect();
        let (from, to) = cells[0].split_once(" to ").unwrap();
        let number = |text: &str| text.parse().unwrap();
        Self { from: number(from), to: number(to), right: number(cells[1]), names: number(cells[2]) }
    }

    fn middle(&self) -> f32 {
        f32::midpoint(self.from, self.to)
    }
}

fn table() -> Vec<Level> {
    let page = std::fs::read_to_string(PAGE).unwrap();
    let rows = page.lines().skip_while(|line| *line != HEAD).skip(2).take_while(|line| line.starts_with('|'));
    rows.map(Level::read).collect()
}

fn x(certainty: f32) -> f32 {
    LEFT + SIDE * certainty
}

fn y(right: f32) -> f32 {
    TOP + SIDE * (1.0 - right)
}

fn axes(out: &mut String) {
    for tick in 0_u8..=5 {
        let value = f32::from(tick) / 5.0;
        let (x, y) = (x(value), y(value));
        let (right, bottom) = (LEFT + SIDE, TOP + SIDE);
        writeln!(out, "<line class=\"grid\" x1=\"{LEFT}\" x2=\"{right}\" y1=\"{y:.1}\" y2=\"{y:.1}\"/>").unwrap();
        writeln!(out, "<line class=\"grid\" x1=\"{x:.1}\" x2=\"{x:.1}\" y1=\"{TOP}\" y2=\"{bottom}\"/>").unwrap();
        let (left, below) = (LEFT - 8.0, bottom + 18.0);
        writeln!(out, "<text x=\"{left}\" y=\"{:.1}\" text-anchor=\"end\">{value:.1}</text>", y + 4.0).unwrap();
        writeln!(out, "<text x=\"{x:.1}\" y=\"{below}\" text-anchor=\"middle\">{value:.1}</text>").unwrap();
    }
    let (middle, below) = (LEFT + SIDE / 2.0, TOP + SIDE + 40.0);
    writeln!(out, "<text x=\"{middle}\" y=\"{below}\" text-anchor=\"middle\">certainty of the model</text>").unwrap();
    let at = TOP + SIDE / 2.0;
    writeln!(
        out,
        "<text x=\"22\" y=\"{at}\" transform=\"rotate(-90 22 {at})\" text-anchor=\"middle\">share that was right</text>"
    )
    .unwrap();
}

/// A dot for each level, as large as the logarithm of its names.
fn picture(levels: &[Level]) -> String {
    let mut out = String::from(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 560 460\" font-family=\"sans-serif\" font-size=\"12\">\n\
         <style>\n\
         .paper { fill: #fff } text { fill: #222 } .grid { stroke: #ddd } .even { stroke: #888 }\n\
         .seen { stroke: #06c; fill: none } circle { fill: #06c }\n\
         @media (prefers-color-scheme: dark) {\n\
         .paper { fill: #181b1f } text { fill: #ddd } .grid { stroke: #3a3f45 } .even { stroke: #aaa }\n\
         .seen { stroke: #6cf } circle { fill: #6cf }\n\
         }\n\
         </style>\n\
         <rect class=\"paper\" width=\"100%\" height=\"100%\"/>\n",
    );
    writeln!(out, "<text x=\"{LEFT}\" y=\"24\" font-weight=\"bold\">How sure, and how often right</text>").unwrap();
    axes(&mut out);
    let (start, end) = ((x(0.0), y(0.0)), (x(1.0), y(1.0)));
    writeln!(
        out,
        "<line class=\"even\" stroke-dasharray=\"6 4\" x1=\"{}\" y1=\"{}\" x2=\"{}\" y2=\"{}\"/>",
        start.0, start.1, end.0, end.1
    )
    .unwrap();
    let points: Vec<String> =
        levels.iter().map(|level| format!("{:.1},{:.1}", x(level.middle()), y(level.right))).collect();
    writeln!(out, "<polyline class=\"seen\" stroke-width=\"1.5\" points=\"{}\"/>", points.join(" ")).unwrap();
    // From the top, each number below the one before: the levels near 1 are narrow.
    let mut below = f32::NEG_INFINITY;
    for level in levels.iter().rev() {
        let (x, y, size) = (x(level.middle()), y(level.right), 1.5 + 1.2 * level.names.log10());
        writeln!(out, "<circle cx=\"{x:.1}\" cy=\"{y:.1}\" r=\"{size:.1}\"/>").unwrap();
        below = (y + 14.0).max(below + 13.0);
        writeln!(out, "<text x=\"{:.1}\" y=\"{below:.1}\">{}</text>", x + 9.0, level.names).unwrap();
    }
    out + "</svg>\n"
}

#[test]
fn the_reliability_in_the_docs_is_that_of_the_shipped_model() {
    let model = std::fs::read(concat!(env!("CARGO_MANIFEST_DIR"), "/models/fast.bin")).unwrap();
    let model = Linear::new(model).unwrap();
    let levels = table();
    assert!(!levels.is_empty());
    for level in levels {
        let told = format!("{:.3}", model.reliable(level.middle()));
        assert_eq!(told, format!("{:.3}", level.right), "docs/tagging.md, {} to {}", level.from, level.to);
    }
}

#[test]
fn the_reliability_in_the_picture_is_that_of_the_table() {
    let drawn = picture(&table());
    if std::env::var_os("UPDATE_DOCS").is_some() {
        std::fs::write(PICTURE, &drawn).unwrap();
    }
    let written = std::fs::read_to_string(PICTURE).unwrap_or_default();
    assert!(written == drawn, "docs/reliability.svg is old: UPDATE_DOCS=1 cargo test --lib reliability");
}

//! Figures as a table.

use std::fmt::Write as _;

use crate::figures::{Aim, COMMENTS, Figure, Figures, LIBRARIES};

/// Modules that are named, those with the fewest comments.
const MODULES: usize = 15;

/// Lines below which a module is too small to be named.
const MIN_LINES: usize = 150;

/// Returns the table.
pub(crate) fn of(figures: &Figures) -> String {
    let mut text = String::from("\n");
    let [one, two, three] = LIBRARIES;
    let _ = writeln!(text, "{:<32} {one:>10} {two:>15} {three:>11} {:>7}  aim", "", "total");
    for figure in &figures.all {
        let Figure { measure, values, total } = figure;
        let shown = |value: usize| {
            if measure.name == COMMENTS { format!("{}.{}", value / 10, value % 10) } else { value.to_string() }
        };
        let [one, two, three] = values.map(shown);
        let total = shown(*total);
        let aim = match measure.aim {
            Aim::AtMost(aim) => format!("at most {}", shown(aim)),
            Aim::AtLeast(aim) => format!("at least {}", shown(aim)),
            Aim::None => String::new(),
        };
        let met = if figure.met() && !aim.is_empty() { ", met" } else { "" };
        let line = format!("{:<32} {one:>10} {two:>15} {three:>11} {total:>7}  {aim}{met}", measure.title);
        let _ = writeln!(text, "{}", line.trim_end());
    }
    let _ = writeln!(text, "\nmodules with the fewest comments: %, lines");
    for (name, lines, comments) in figures.modules.iter().filter(|(_, lines, _)| *lines >= MIN_LINES).take(MODULES) {
        let share = comments * 1000 / lines;
        let _ = writeln!(text, "  {name:<32} {:>3}.{} {lines:>7}", share / 10, share % 10);
    }
    let elsewhere: Vec<String> = figures.elsewhere.iter().map(|(word, count)| format!("{word} {count}")).collect();
    let _ = writeln!(text, "\nrefused words outside the libraries: {}", elsewhere.join(", "));
    text
}

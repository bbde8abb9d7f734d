//! A bar for long work, where somebody watches.

use std::io::{IsTerminal, stderr};

use indicatif::{ProgressBar, ProgressStyle};

/// A bar on standard error; nothing is drawn where that is no terminal, or where there is little
/// to do.
pub(super) fn bar(steps: u64, unit: &'static str) -> ProgressBar {
    if steps < 3 || !stderr().is_terminal() {
        return ProgressBar::hidden();
    }
    let template = format!("{{wide_bar}} {{human_pos}}/{{human_len}} {unit} {{eta}}");
    let style = ProgressStyle::with_template(&template);
    let bar = ProgressBar::new(steps);
    bar.set_style(style.unwrap_or_else(|_| ProgressStyle::default_bar()));
    bar
}

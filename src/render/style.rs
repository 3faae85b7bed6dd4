//! What the colours mean; everything reads the same without them.

use anstyle::{AnsiColor, Style};

/// Something is as it should be.
pub const GOOD: Style = AnsiColor::Green.on_default();
/// Something does not work.
pub const BAD: Style = AnsiColor::Red.on_default().bold();
/// Something will make trouble.
pub const WARN: Style = AnsiColor::Yellow.on_default();
/// What to do about it.
pub const HELP: Style = AnsiColor::Cyan.on_default();
/// What is less important.
pub const DIM: Style = Style::new().dimmed();
/// What a section is about.
pub const TITLE: Style = Style::new().bold();

/// `text` in `style`.
#[must_use]
pub fn paint(style: Style, text: &str) -> String {
    format!("{style}{text}{style:#}")
}

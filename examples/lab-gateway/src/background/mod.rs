//! Parts of the service that run beside the API: how they are told to stop, and how they say how they are.

mod parts;
mod report;
mod stop;

pub use parts::{PartEnded, Parts};
pub use report::{Part, Report, Reports};
pub use stop::{Stop, Stopper};

use std::fmt;
use std::io::Write as _;

/// Writes a line to the log of the service: standard error, which systemd keeps with the time. A log that cannot be written
/// stops nothing.
pub fn note(message: fmt::Arguments<'_>) {
    // One call for the whole line, so that lines of several threads do not mix.
    let _ = std::io::stderr().lock().write_all(line(message).as_bytes());
}

/// Makes one line of a message. Its text may come from a client, who must not write lines of the log.
fn line(message: fmt::Arguments<'_>) -> String {
    let mut line = message.to_string().replace(char::is_control, " ");
    line.push('\n');
    line
}

#[test]
fn a_message_is_one_line_whatever_is_in_it() {
    assert_eq!(line(format_args!("a\nb\u{1b}[1mc")), "a b [1mc\n");
}

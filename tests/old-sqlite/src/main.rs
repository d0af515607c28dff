//! Another program on the same store, as there are many: opens it with an old SQLite, reads, writes if it is told to,
//! and closes it. `old-sqlite STORE [STATEMENT]`, or `old-sqlite --version`.

use std::process::ExitCode;
use std::time::Duration;

fn main() -> ExitCode {
    let mut arguments = std::env::args().skip(1);
    let Some(store) = arguments.next() else {
        eprintln!("usage: old-sqlite STORE [STATEMENT]");
        return ExitCode::FAILURE;
    };
    if store == "--version" {
        println!("{}", rusqlite::version());
        return ExitCode::SUCCESS;
    }
    match visit(&store, arguments.next()) {
        Ok(events) => {
            println!("{events}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            eprintln!("{store}: {error}");
            ExitCode::FAILURE
        }
    }
}

fn visit(store: &str, statement: Option<String>) -> rusqlite::Result<i64> {
    let connection = rusqlite::Connection::open(store)?;
    connection.busy_timeout(Duration::from_secs(10))?;
    if let Some(statement) = statement {
        connection.execute_batch(&statement)?;
    }
    let events = connection.query_row("SELECT count(*) FROM event", [], |row| row.get(0))?;
    connection.close().map_err(|(_, error)| error)?;
    Ok(events)
}

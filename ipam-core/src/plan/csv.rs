//! Plan as a table: a header, then a row for each block, range and allocation.
//!
//! Cells are separated by commas, semicolons or tabs, as in the header. A list is in one cell, separated by semicolons;
//! a backslash escapes a semicolon, a backslash, or a space at an end of a value.
//!
//! A spreadsheet takes a cell that begins with `=`, `+`, `-`, `@`, a tab or a carriage return for a formula. Such a cell
//! is written with a `'` in front, which spreadsheets show as text; reading takes it away. A cell with spaces at its ends,
//! which reading would cut, is written so, too.

use std::borrow::Cow;
use std::collections::BTreeMap;

use super::csv_text::{guarded, join_list, split_list, unguarded};
use super::fields::{FIELDS, Record, is_list};
use super::problem::{PlanError, Problem, Problems};
use super::read_row::to_plan;
use super::rows::{AddressPlan, RowKind};
use super::write_row::from_plan;

impl AddressPlan {
    /// Reads a plan from a table in CSV. A byte order mark in front, as spreadsheets write it, is skipped.
    ///
    /// ```
    /// use ipam_core::plan::AddressPlan;
    ///
    /// let plan = AddressPlan::from_csv("kind;id;net;reserved\nrange;lan;192.0.2.0/24;192.0.2.0/29\n")?;
    /// assert_eq!(plan.ranges[0].at, "line 2");
    /// assert_eq!(plan.ranges[0].item.reserved.len(), 1);
    /// # Ok::<(), ipam_core::plan::PlanError>(())
    /// ```
    ///
    /// # Errors
    /// [`PlanError`] with one problem for each row that cannot be read, with its line; or with one problem if the
    /// column `kind` is missing or the text is above the [limits](super#limits).
    pub fn from_csv(text: &str) -> Result<Self, PlanError> {
        Self::check_size("the file", text)?;
        let text = text.trim_start_matches('\u{feff}');
        // Spreadsheets separate by semicolons where a comma is the decimal sign.
        let Some((separator, header)) =
            SEPARATORS.into_iter().find_map(|separator| Some((separator, header(text, separator)?)))
        else {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            let message = format!(
                "the header has no column \"kind\" between commas, semicolons or tabs; the other columns are {}",
                known.join(", ")
            );
            return Err(Problem::new("line 1", message).into());
        };
        let mut problems = check_header(&header);
        // With a wrong header every row would have the same problem.
        if !problems.is_empty() {
            return problems.into_result(Self::default());
        }
        let mut records = Vec::new();
        for row in reader(text, separator).records() {
            let row = match row {
                Ok(row) => row,
                Err(error) => {
                    let line = error.position().map_or(0, csv::Position::line);
                    problems.push(Problem::new(format!("line {line}"), "not readable as CSV in UTF-8"));
                    continue;
                }
            };
            let at = format!("line {}", row.position().map_or(0, |position| line_of(text, position)));
            if records.len() == Self::MAX_ROWS {
                let message = format!("there are more than {} rows; divide the plan into several", Self::MAX_ROWS);
                problems.push(Problem::new(at, message));
                break;
            }
            // Spreadsheets leave empty columns on the right. Fewer cells than columns mean a separator inside a value.
            let beyond = row.iter().skip(header.len()).any(|cell| !cell.trim().is_empty());
            if row.len() < header.len() || beyond {
                let (cells, columns, name) = (row.len(), header.len(), separator.1);
                let message = format!("{cells} cells under a header of {columns}; quote what has a {name} in it");
                problems.push(Problem::new(at, message));
                continue;
            }
            if row.iter().all(|cell| cell.trim().is_empty()) {
                continue;
            }
            records.extend(record(at, &header, &row, &mut problems));
        }
        to_plan(records, problems)
    }

    /// Writes the plan as a table in CSV, with the columns that are used.
    ///
    /// ```
    /// use ipam_core::plan::AddressPlan;
    ///
    /// let plan = AddressPlan::from_json(r#"{"ranges": [{"id": "lan", "net": "192.0.2.0/24"}]}"#)?;
    /// assert_eq!(plan.to_csv(), "kind,id,space,net\nrange,lan,default,192.0.2.0/24\n");
    /// # Ok::<(), ipam_core::plan::PlanError>(())
    /// ```
    #[must_use]
    pub fn to_csv(&self) -> String {
        let records = from_plan(self);
        let used = |name: &str| records.iter().any(|record| record.fields.contains_key(name));
        let columns: Vec<&str> = FIELDS.into_iter().map(|(name, _)| name).filter(|name| used(name)).collect();
        let mut text = String::from("kind");
        for name in &columns {
            text.push(',');
            text.push_str(name);
        }
        text.push('\n');
        for record in &records {
            text.push_str(record.kind.as_str());
            for name in &columns {
                text.push(',');
                match record.fields.get(*name) {
                    None => {}
                    Some(values) if is_list(name) => text.push_str(&cell(&guarded(&join_list(values)))),
                    Some(values) => text.push_str(&cell(&guarded(&values.concat()))),
                }
            }
            text.push('\n');
        }
        text
    }
}

/// Quotes a cell if it needs quotes (RFC 4180).
fn cell(value: &str) -> Cow<'_, str> {
    // A `#` needs no quotes: the first cell of a line is the kind, so that no written line starts as a comment.
    if value.contains([',', '"', '\n', '\r']) {
        Cow::Owned(format!("\"{}\"", value.replace('"', "\"\"")))
    } else {
        value.into()
    }
}

/// Separator of cells, and its name in messages.
type Separator = (u8, &'static str);

const SEPARATORS: [Separator; 3] = [(b',', "comma"), (b';', "semicolon"), (b'\t', "tab")];

fn reader(text: &str, (delimiter, _): Separator) -> csv::Reader<&[u8]> {
    // Flexible, so that a row of another length is a problem with a line of its own, and does not end the file.
    // Comments, which RFC 4180 does not have, because plans are kept in version control and explain their rows.
    csv::ReaderBuilder::new().delimiter(delimiter).flexible(true).comment(Some(b'#')).from_reader(text.as_bytes())
}

/// Returns the names of the columns if the header has this separator, which it has if one of them is `kind`. Empty
/// columns on the right are left out.
fn header(text: &str, separator: Separator) -> Option<Vec<String>> {
    let mut reader = reader(text, separator);
    let header = reader.headers().ok()?;
    // Without case, because spreadsheets turn the first letter of a cell into a capital.
    let mut names: Vec<String> = header.iter().map(|name| name.trim().to_ascii_lowercase()).collect();
    while names.last().is_some_and(String::is_empty) {
        names.pop();
    }
    names.iter().any(|name| name == "kind").then_some(names)
}

/// Returns the line that a row starts on.
// The position of the reader is that of the comments and empty lines before the row, if there are any.
fn line_of(text: &str, position: &csv::Position) -> u64 {
    let start = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..)).unwrap_or_default();
    let skipped = start.lines().take_while(|line| line.is_empty() || line.starts_with('#')).count();
    position.line() + skipped as u64
}

fn check_header(header: &[String]) -> Problems {
    let mut problems = Problems::new();
    for (index, name) in header.iter().enumerate() {
        if name != "kind" && !FIELDS.iter().any(|(known, _)| known == name) {
            let known: Vec<&str> = FIELDS.iter().map(|(name, _)| *name).collect();
            problems.push(Problem::field("line 1", "column", name, format_args!("there are: {}", known.join(", "))));
        }
        if header.iter().take(index).any(|earlier| earlier == name) {
            problems.push(Problem::field("line 1", "column", name, "write each column once"));
        }
    }
    problems
}

fn record(at: String, header: &[String], row: &csv::StringRecord, problems: &mut Problems) -> Option<Record> {
    let mut kind = None;
    let mut fields = BTreeMap::new();
    for (name, cell) in header.iter().zip(row) {
        if name == "kind" {
            let cell = cell.trim();
            kind = RowKind::ALL.into_iter().find(|kind| kind.as_str() == cell);
            if kind.is_none() {
                problems.push(Problem::field(&at, "kind", cell, "write block, range or allocation"));
            }
            continue;
        }
        let cell = unguarded(cell);
        if !cell.is_empty() {
            fields.insert(name.clone(), if is_list(name) { split_list(cell) } else { vec![cell.to_owned()] });
        }
    }
    kind.map(|kind| Record { at, kind, fields })
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, reason = "a test fails by panicking")]
    use super::*;

    #[test]
    fn rows_know_their_line_and_lists_their_values() {
        let text = "\u{feff}kind,id,net,dns_servers,properties,range,address,mac\n\
            # what follows is real\n\n\
            range,lan,10.0.0.0/24,10.0.0.2; 10.0.0.3,note=a\\;b;x=y=z,,,\n\
            ,,,,,,,\n\
            allocation,,,,,lan,10.0.0.9,0050.56ab.cdef\n";
        let plan = AddressPlan::from_csv(text).unwrap();
        let range = &plan.ranges.first().unwrap();
        assert_eq!(range.at, "line 4");
        assert_eq!(range.item.network.dns_servers.len(), 2);
        assert_eq!(range.item.properties.get("note").map(String::as_str), Some("a;b"));
        assert_eq!(range.item.properties.get("x").map(String::as_str), Some("y=z"));
        let address = plan.allocations.first().unwrap();
        assert_eq!(address.at, "line 6");
        assert_eq!(address.item.key.as_str(), "plan/lan/10.0.0.9");
        assert_eq!(AddressPlan::from_csv(&plan.to_csv()).unwrap().ranges.first().unwrap().item, range.item);
    }

    #[test]
    fn every_invalid_row_is_named_with_field_value_and_remedy() {
        let text = "kind,id,net,addresses,gateway,address,vlan,tags\n\
            range,a,10.0.0.0/33,,,,,\n\
            range,,10.0.0.0/24,,,,,\n\
            subnet,b,10.0.0.0/24,,,,,\n\
            range,c,10.0.0.0/24,10.0.0.9-10.0.0.5,10.0.0.300,,70000,\n\
            range,d,10.0.0.0/24,,,10.0.0.7,,\n\
            range,e,10.0.0.0/24\n";
        let problems = AddressPlan::from_csv(text).unwrap_err();
        let said: Vec<String> = problems.problems().iter().map(ToString::to_string).collect();
        for wanted in [
            "line 2: net is \"10.0.0.0/33\"; write a prefix such as 10.0.0.0/24",
            "line 3: id is \"\"; it is needed here",
            "line 4: kind is \"subnet\"; write block, range or allocation",
            "line 5: addresses is \"10.0.0.9-10.0.0.5\"; write FIRST-LAST, the lower address first",
            "line 5: gateway is \"10.0.0.300\"; write an IP address",
            "line 5: vlan is \"70000\"; write a number from 1 to 4094",
            "line 6: address: a row of kind range has no such field; leave it empty",
            "line 7: 3 cells under a header of 8; quote what has a comma in it",
        ] {
            assert!(said.iter().any(|line| line == wanted), "{wanted} is not among {said:#?}");
        }
        assert_eq!(said.len(), 8, "{said:#?}");
    }

    #[test]
    fn the_separator_is_that_of_the_header() {
        let semicolons = "kind;id;net;range;address;owner;hostname\r\nrange;lan;10.0.0.0/24;;;;\r\n\
            allocation;;;lan;10.0.0.5;Doe, Jane;h1\r\n";
        let plan = AddressPlan::from_csv(semicolons).unwrap();
        assert_eq!(plan.allocations.first().unwrap().item.owner.as_str(), "Doe, Jane");
        let lists = "kind;id;net;dns_servers\nrange;lan;10.0.0.0/24;\"10.0.0.2;10.0.0.3\"\n";
        assert_eq!(AddressPlan::from_csv(lists).unwrap().ranges.first().unwrap().item.network.dns_servers.len(), 2);
        let problems = AddressPlan::from_csv("kind;id;net\nrange;a;10.0.0.0/24;b\n").unwrap_err();
        assert_eq!(
            problems.problems().first().unwrap().message,
            "4 cells under a header of 3; quote what has a semicolon in it"
        );
        assert_eq!(AddressPlan::from_csv("kind\tid\tnet\nrange\tlan\t10.0.0.0/24\n").unwrap().ranges.len(), 1);
    }

    #[test]
    fn empty_columns_on_the_right_are_left_out() {
        for text in [
            "kind,id,net,,\nrange,lan,10.0.0.0/24,,\n",
            "kind,id,net,,\nrange,lan,10.0.0.0/24\n",
            "kind,id,net\nrange,lan,10.0.0.0/24,,\n",
            "kind;id;net;;\nrange;lan;10.0.0.0/24;;\n",
        ] {
            assert_eq!(AddressPlan::from_csv(text).unwrap().ranges.len(), 1, "{text}");
        }
        let problems = AddressPlan::from_csv("kind,id,net,,\nrange,lan,10.0.0.0/24,,x\n").unwrap_err();
        assert_eq!(
            problems.problems().first().unwrap().to_string(),
            "line 2: 5 cells under a header of 3; quote what has a comma in it"
        );
        assert!(
            AddressPlan::from_csv("kind,id,,net\nrange,lan,,10.0.0.0/24\n").is_err(),
            "a column between others has a name"
        );
    }

    #[test]
    fn a_netmask_is_a_prefix_length() {
        for (net, wanted) in [("10.0.0.0/255.255.255.0", "10.0.0.0/24"), ("2001:db8::/ffff:ffff::", "2001:db8::/32")] {
            let plan = AddressPlan::from_csv(&format!("kind,id,net\nrange,lan,{net}\nblock,b,{net}\n")).unwrap();
            assert_eq!(plan.ranges.first().unwrap().item.net.to_string(), wanted);
            assert_eq!(plan.blocks.first().unwrap().item.net.to_string(), wanted);
        }
        for net in ["10.0.0.0/255.0.255.0", "10.0.0.0/ffff::", "10.0.0.0/", "10.0.0.0"] {
            assert!(AddressPlan::from_csv(&format!("kind,id,net\nrange,lan,{net}\n")).is_err(), "{net}");
        }
    }

    #[test]
    fn a_table_without_known_columns_is_refused_at_its_header() {
        for text in ["", "a,b\n1,2\n", "kind,id,gatway\n", "kind,id,id\n"] {
            let problems = AddressPlan::from_csv(text).unwrap_err();
            assert_eq!(problems.problems().first().unwrap().at, "line 1", "{text:?}");
        }
    }
}

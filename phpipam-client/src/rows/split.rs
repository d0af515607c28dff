//! Splitter that finds the rows in `{"code":200,"success":true,"data":[…],"time":0.1}` as it arrives.
//!
//! It looks at brackets and strings only. Decoding a row is left to its caller.

/// Classification of the start of the response.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Head {
    /// Not known yet.
    More,
    /// Object whose `data` is a list; the rows are next.
    List,
    /// Anything else.
    Other,
}

/// Next part of the list.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next<'a> {
    /// Not known yet.
    More,
    /// Row.
    Row(&'a [u8]),
    /// End of the list.
    End,
    /// Something that is not a list of rows.
    Broken,
}

#[derive(Debug)]
pub(super) struct Splitter {
    buffer: Vec<u8>,
    /// Position up to which the buffer is understood.
    at: usize,
    /// Start of the current row, or of the last string of the head.
    start: usize,
    depth: u32,
    in_text: bool,
    escaped: bool,
    /// Place of the last string at the top level of the head, which may be the name of a member.
    name: Option<(usize, usize)>,
    after_colon: bool,
    in_row: bool,
    head: Head,
    head_end: usize,
}

impl Splitter {
    pub(super) fn new() -> Self {
        Self {
            buffer: Vec::new(),
            at: 0,
            start: 0,
            depth: 0,
            in_text: false,
            escaped: false,
            name: None,
            after_colon: false,
            in_row: false,
            head: Head::More,
            head_end: 0,
        }
    }

    pub(super) fn push(&mut self, chunk: &[u8]) {
        // Returned rows are dropped when new bytes arrive, not one by one: that would move the rest of the buffer per
        // row.
        if self.head == Head::List {
            let done = if self.in_row { self.start } else { self.at };
            self.buffer.drain(..done);
            self.at -= done;
            self.start = 0;
        }
        self.buffer.extend_from_slice(chunk);
    }

    pub(super) fn into_bytes(self) -> Vec<u8> {
        self.buffer
    }

    /// Returns the number of bytes that wait for the end of a row.
    pub(super) fn waiting(&self) -> usize {
        self.buffer.len()
    }

    /// Returns the envelope's members before `data`, as an envelope without content.
    pub(super) fn envelope_so_far(&self) -> String {
        let before = self.buffer.get(..self.head_end).unwrap_or_default();
        // The server sends `success` and `code` before `data` in all versions, so the list can be classified before its
        // rows are here.
        format!("{}\"data\":null}}", String::from_utf8_lossy(before))
    }

    /// Looks for the list.
    pub(super) fn head(&mut self) -> Head {
        while self.head == Head::More {
            let Some(&byte) = self.buffer.get(self.at) else { break };
            self.at += 1;
            if self.in_text {
                self.text(byte);
                if !self.in_text && self.depth == 1 {
                    self.name = Some((self.start, self.at));
                }
                continue;
            }
            match byte {
                b' ' | b'\t' | b'\r' | b'\n' => continue,
                // Anything but an object, such as PHP's warnings before the JSON, is left to the classification of the
                // whole response.
                b'{' if self.depth == 0 => self.depth = 1,
                _ if self.depth == 0 => self.head = Head::Other,
                b'"' => {
                    self.in_text = true;
                    self.start = self.at - 1;
                    self.after_colon = false;
                }
                b':' if self.depth == 1 => {
                    self.after_colon = true;
                    continue;
                }
                // The colon tells a name from a value: `"message":"data"` must not be taken for the member.
                b'[' if self.depth == 1 && self.after_colon && self.is_data() => {
                    self.head = Head::List;
                    self.head_end = self.name.map_or(0, |(start, _)| start);
                }
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.head = Head::Other;
                    }
                }
                _ => {}
            }
            self.after_colon = false;
        }
        self.head
    }

    fn is_data(&self) -> bool {
        self.name.and_then(|(start, end)| self.buffer.get(start..end)) == Some(b"\"data\"")
    }

    fn text(&mut self, byte: u8) {
        if self.escaped {
            self.escaped = false;
        } else if byte == b'\\' {
            self.escaped = true;
        } else if byte == b'"' {
            self.in_text = false;
        }
    }

    /// Returns the next row, after [`head`](Self::head) returned `List`.
    pub(super) fn next_row(&mut self) -> Next<'_> {
        if self.head != Head::List {
            return if self.head == Head::Other { Next::End } else { Next::More };
        }
        while let Some(&byte) = self.buffer.get(self.at) {
            if !self.in_row {
                match byte {
                    b' ' | b'\t' | b'\r' | b'\n' | b',' => self.at += 1,
                    b']' => {
                        self.head = Head::Other;
                        return Next::End;
                    }
                    // A `}` between rows closes an object that was never opened: PHP was cut off, or something was
                    // printed into the list.
                    b'}' => return Next::Broken,
                    _ => {
                        self.in_row = true;
                        self.start = self.at;
                        self.depth = 0;
                    }
                }
                continue;
            }
            if self.in_text {
                self.at += 1;
                self.text(byte);
                if !self.in_text && self.depth == 0 {
                    return self.row();
                }
                continue;
            }
            match byte {
                b'"' => self.in_text = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth == 0 => return self.row(),
                b'}' | b']' => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        self.at += 1;
                        return self.row();
                    }
                }
                b',' if self.depth == 0 => return self.row(),
                _ => {}
            }
            self.at += 1;
        }
        Next::More
    }

    fn row(&mut self) -> Next<'_> {
        self.in_row = false;
        Next::Row(self.buffer.get(self.start..self.at).unwrap_or_default().trim_ascii_end())
    }
}

#[cfg(test)]
mod tests {
    #![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "a test fails by panicking")]

    use super::*;
    use proptest::prelude::*;
    use serde_json::{Value, json};

    /// Feeds `text` in pieces of `size` bytes; the rows, and whether the list ended.
    fn split(text: &str, size: usize) -> (Head, Vec<String>, bool) {
        let mut splitter = Splitter::new();
        let mut rows = Vec::new();
        let mut ended = false;
        let mut head = Head::More;
        for chunk in text.as_bytes().chunks(size) {
            splitter.push(chunk);
            if head == Head::More {
                head = splitter.head();
            }
            while head == Head::List && !ended {
                match splitter.next_row() {
                    Next::Row(row) => rows.push(String::from_utf8(row.to_vec()).unwrap()),
                    Next::More => break,
                    Next::End | Next::Broken => ended = true,
                }
            }
        }
        (head, rows, ended)
    }

    fn any_json() -> impl Strategy<Value = Value> {
        let leaf = prop_oneof![
            Just(Value::Null),
            any::<bool>().prop_map(Value::from),
            any::<i64>().prop_map(Value::from),
            "[\"\\\\\\[\\]{},:a é]{0,12}".prop_map(Value::from),
        ];
        leaf.prop_recursive(3, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
                prop::collection::btree_map("[a-z\"\\\\\\]}]{0,4}", inner, 0..4)
                    .prop_map(|map| Value::Object(map.into_iter().collect())),
            ]
        })
    }

    proptest! {
        #[test]
        fn rows_are_those_of_the_list_however_it_is_cut(
            rows in prop::collection::vec(any_json(), 0..6), message: String, size in 1_usize..40, pretty: bool,
        ) {
            let envelope = json!({"code": 200, "message": message, "x": {"data": [1]}, "success": true, "data": rows, "time": 0.1});
            let text = if pretty { serde_json::to_string_pretty(&envelope) } else { serde_json::to_string(&envelope) }.unwrap();
            let (head, found, ended) = split(&text, size);
            prop_assert_eq!(head, Head::List);
            prop_assert!(ended);
            let found: Vec<Value> = found.iter().map(|row| serde_json::from_str(row).unwrap()).collect();
            prop_assert_eq!(found, rows);
        }

        #[test]
        fn nothing_panics(text: String, size in 1_usize..8) {
            let _ = split(&text, size);
            let _ = split(&format!("{{\"data\":[{text}"), size);
        }
    }

    #[test]
    fn what_is_no_list_is_told_apart() {
        for other in [
            r#"{"code":200,"success":true,"data":{"id":1}}"#,
            r#"{"code":200,"success":true,"data":"10.0.0.1"}"#,
            r#"{"code":404,"success":false,"message":"data: [1]"}"#,
            r#"{"data2":[1]}"#,
            "<html>",
            "[1]",
        ] {
            assert_eq!(split(other, 3).0, Head::Other, "{other}");
        }
    }

    #[test]
    fn a_list_that_is_cut_off_does_not_end() {
        let (head, rows, ended) = split(r#"{"success":true,"data":[{"id":1},{"id":2"#, 5);
        assert_eq!((head, rows.len(), ended), (Head::List, 1, false));
    }

    #[test]
    fn rows_that_were_handed_out_are_forgotten() {
        let mut splitter = Splitter::new();
        splitter.push(br#"{"success":true,"data":["#);
        assert_eq!(splitter.head(), Head::List);
        for _ in 0..1000 {
            splitter.push(br#"{"id":1,"text":"some text"},"#);
            assert!(matches!(splitter.next_row(), Next::Row(_)));
            assert_eq!(splitter.next_row(), Next::More);
        }
        assert!(splitter.waiting() < 100, "{}", splitter.waiting());
    }
}

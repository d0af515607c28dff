//! XML form of a response, which a request with the content type `application/xml` gets (Q22).

use serde_json::{Map, Value};

/// Returns the document. Items of lists are `item0`, `item1` …; true is `1`, false and null are empty elements.
pub(super) fn document(root: &str, body: &Map<String, Value>) -> String {
    let mut out = String::from("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n");
    element(&mut out, root, &Value::Object(body.clone()));
    out.push('\n');
    out
}

fn element(out: &mut String, name: &str, value: &Value) {
    let mut inner = String::new();
    match value {
        // PHP's conversion to text: true is "1", false and null are nothing.
        Value::Null | Value::Bool(false) => {}
        Value::Bool(true) => inner.push('1'),
        Value::Number(number) => inner.push_str(&number.to_string()),
        Value::String(text) => inner.push_str(&text.replace('&', "&amp;").replace('<', "&lt;").replace('>', "&gt;")),
        Value::Array(items) => {
            for (i, item) in items.iter().enumerate() {
                element(&mut inner, &format!("item{i}"), item);
            }
        }
        Value::Object(map) => {
            for (key, value) in map {
                element(&mut inner, key, value);
            }
        }
    }
    if inner.is_empty() {
        out.push_str(&format!("<{name}/>"));
    } else {
        out.push_str(&format!("<{name}>{inner}</{name}>"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn falsehood_is_an_empty_element() {
        let body = json!({"code": 404, "success": false, "data": [{"a": "x & y"}]});
        let Value::Object(body) = body else { return };
        let text = document("sections", &body);
        assert!(text.ends_with(
            "<sections><code>404</code><success/><data><item0><a>x &amp; y</a></item0></data></sections>\n"
        ));
    }
}

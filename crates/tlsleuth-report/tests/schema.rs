//! Every output is what the schema says: every field there, none that it does not know.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

mod common;

use serde_json::Value;
use tlsleuth_report::{Report, json, schema};

/// Checks the part of JSON Schema that the generator uses.
fn check(schema: &Value, root: &Value, value: &Value, at: &str) {
    if let Some(reference) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(reference.trim_start_matches('#')).expect(reference);
        return check(target, root, value, at);
    }
    if let Some(choices) = schema.get("anyOf").and_then(Value::as_array) {
        let choice = choices
            .iter()
            .find(|choice| (choice.get("type") == Some(&"null".into())) == value.is_null())
            .expect(at);
        return check(choice, root, value, at);
    }
    let types = match schema.get("type") {
        Some(Value::Array(types)) => types.clone(),
        Some(one) => vec![one.clone()],
        None => return,
    };
    let kind = match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(number) if number.is_f64() => "number",
        Value::Number(_) => "integer",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    };
    assert!(types.iter().any(|name| name == kind), "{at} is {kind}, not {types:?}");
    match value {
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                check(&schema["items"], root, item, &format!("{at}[{index}]"));
            }
        }
        Value::Object(fields) => {
            let known = schema.get("properties").and_then(Value::as_object);
            for name in schema.get("required").and_then(Value::as_array).into_iter().flatten() {
                assert!(fields.contains_key(name.as_str().unwrap()), "{at} lacks {name}");
            }
            for (name, field) in fields {
                match (known.and_then(|known| known.get(name)), schema.get("additionalProperties"))
                {
                    (Some(schema), _) => check(schema, root, field, &format!("{at}.{name}")),
                    (None, Some(schema)) => check(schema, root, field, &format!("{at}.{name}")),
                    (None, None) => panic!("{at}.{name} is not in the schema"),
                }
            }
        }
        _ => {}
    }
}

/// No object leaves a field out: in the schema every property is required.
fn all_required(schema: &Value) {
    if let Some(properties) = schema.get("properties").and_then(Value::as_object) {
        let required = schema["required"].as_array().unwrap();
        for name in properties.keys() {
            assert!(required.iter().any(|other| other == name), "{name} may be left out");
        }
    }
    match schema {
        Value::Object(fields) => fields.values().for_each(all_required),
        Value::Array(items) => items.iter().for_each(all_required),
        _ => {}
    }
}

/// Checks both forms of a report, and that they say the same.
fn check_report(schema: &Value, report: &Report, at: &str) {
    let mut out = Vec::new();
    json::write(report, &mut out).unwrap();
    let value: Value = serde_json::from_slice(&out).unwrap();
    check(schema, schema, &value, at);
    let mut lines = Vec::new();
    json::write_lines(report, &mut lines).unwrap();
    let lines = String::from_utf8(lines).unwrap();
    assert_eq!(lines.lines().count(), report.connections.len());
    for (line, connection) in lines.lines().zip(value["connections"].as_array().unwrap()) {
        assert_eq!(&serde_json::from_str::<Value>(line).unwrap(), connection);
    }
}

#[test]
fn every_story_keeps_to_the_schema() {
    let schema: Value = serde_json::from_str(schema::JSON_SCHEMA).unwrap();
    all_required(&schema);
    let mut checked = 0;
    for entry in std::fs::read_dir(common::testdata().join("captures")).unwrap().flatten() {
        for capture in common::captures(&entry.path()) {
            let report = common::analyze(&capture, "capture.pcap");
            check_report(&schema, &report, &capture.to_string_lossy());
            checked += 1;
        }
    }
    assert!(checked >= 200, "{checked}");
}

#[test]
fn hostile_text_keeps_to_the_schema() {
    let schema: Value = serde_json::from_str(schema::JSON_SCHEMA).unwrap();
    check_report(&schema, &common::hostile::hostile(), "hostile");
}

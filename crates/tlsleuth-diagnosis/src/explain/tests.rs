#![allow(clippy::string_slice, reason = "the sources that it reads are the project's own")]

use super::*;

fn found(text: &str) -> Line {
    line(text).unwrap_or_else(|| panic!("nothing known of {text}"))
}

#[test]
fn every_pattern_wins_on_its_own_example() {
    let mut wrong = String::new();
    for pattern in PATTERN_TABLE.iter() {
        let normal = words::normalized(pattern.example);
        if !words::holds(&normal, &pattern.words) {
            wrong.push_str(&format!("no match: {:?} in {}\n", pattern.words, pattern.example));
            continue;
        }
        let won = line(pattern.example).map(|line| (line.topic.name, line.source));
        let same = PATTERN_TABLE
            .iter()
            .filter(|other| words::holds(&normal, &other.words))
            .max_by_key(|other| (!topic(other.topic).unwrap().vague, other.weight));
        if same != Some(pattern) || won.map(|won| won.0) != Some(pattern.topic) {
            wrong.push_str(&format!(
                "{:?} loses to {:?} ({won:?})\n",
                pattern.words,
                same.unwrap().words
            ));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

#[test]
fn every_alert_is_explained_by_number_and_name() {
    for alert in AlertDescription::ALL {
        let name = alert.name().unwrap();
        let topic = alert_topic(*alert).unwrap_or_else(|| panic!("no page of {name}"));
        for text in [
            alert.0.to_string(),
            format!("alert {}", alert.0),
            format!("SSL alert number {}", alert.0),
            name.to_owned(),
            name.replace('_', " "),
            name.to_uppercase(),
        ] {
            match explain(&text) {
                Explanation::Alert(same, page) => {
                    assert_eq!((same, page), (*alert, topic), "{text}")
                }
                other => panic!("{text}: {other:?}"),
            }
        }
        let event = format!(
            "A fatal alert was received from the remote endpoint. The TLS protocol defined fatal alert code is {}.",
            alert.0
        );
        let line = found(&event);
        assert_eq!((line.alert, line.voice, line.stack), (Some(*alert), Voice::Peer, "SChannel"));
    }
}

#[test]
fn every_code_and_area_is_explained() {
    for rule in RULES {
        assert!(matches!(explain(rule.code), Explanation::Code(same) if same.code == rule.code));
        assert!(!matches!(explain(rule.area()), Explanation::Unknown(_)), "{}", rule.area());
    }
}

#[test]
fn typing_errors_get_a_suggestion() {
    for (typed, meant) in [
        ("chain.expird", "chain.expired"),
        ("chain.mising-intermediate", "chain.missing-intermediate"),
        ("unkown_ca", "unknown_ca"),
        ("bad certifcate", "bad_certificate"),
        ("cipher.no-overlp", "cipher.no-overlap"),
        ("missing-intermediat", "chain.missing-intermediate"),
        ("handshake_failrue", "handshake_failure"),
    ] {
        match explain(typed) {
            Explanation::Unknown(list) => assert_eq!(list.first(), Some(&meant), "{typed}"),
            other => panic!("{typed}: {other:?}"),
        }
    }
    assert!(matches!(explain("qwertzuiop"), Explanation::Unknown(list) if list.is_empty()));
}

#[test]
fn who_said_it_to_whom_is_told() {
    let go = found(
        "2026/11/21 04:23:36 http: TLS handshake error from 10.0.0.7:58273: remote error: tls: bad certificate",
    );
    assert_eq!((go.stack, go.writer, go.voice), ("Go", Writer::Server, Voice::Peer));
    assert!(go.who().starts_with("The client said it"));
    let nginx = found(
        "2026/11/21 04:45:56 [crit] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A000418:SSL routines::tlsv1 alert \
         unknown ca:SSL alert number 48) while SSL handshaking, client: 10.0.0.7, server: 0.0.0.0:443",
    );
    assert_eq!((nginx.stack, nginx.writer, nginx.voice), ("nginx", Writer::Server, Voice::Peer));
    assert_eq!(nginx.topic.name, "alert.unknown_ca");
    let upstream = found(
        "2026/11/21 04:45:56 [error] 7#7: *1 SSL_do_handshake() failed (SSL: error:0A000410:SSL routines::sslv3 alert \
         handshake failure:SSL alert number 40) while SSL handshaking to upstream, client: 10.0.0.7",
    );
    assert_eq!((upstream.writer, upstream.voice), (Writer::Client, Voice::Peer));
    let curl = found("curl: (60) SSL certificate problem: unable to get local issuer certificate");
    assert_eq!((curl.writer, curl.voice), (Writer::Client, Voice::Own));
    let event = found(
        "A fatal alert was generated and sent to the remote endpoint. The TLS protocol defined fatal error code is 40.",
    );
    assert_eq!((event.voice, event.topic.name), (Voice::Own, "alert.handshake_failure"));
    let python = found("[SSL: TLSV1_ALERT_UNKNOWN_CA] tlsv1 alert unknown ca (_ssl.c:2580)");
    assert_eq!((python.stack, python.topic.name), ("Python", "alert.unknown_ca"));
}

/// The words that a rule says it is seen as lead back to that rule, where they are specific.
#[test]
fn what_rules_are_seen_as_is_explained() {
    let mut wrong = String::new();
    for (code, words) in seen_as_of_the_rules() {
        // Each part of a list of words.
        let explained =
            std::iter::once(words.as_str()).chain(words.split([',', '/'])).any(|part| {
                line(part).is_some_and(|line| {
                    line.topic.vague || line.topic.codes.contains(&code.as_str())
                })
            });
        if !explained {
            let topic = line(&words).map(|line| line.topic.name);
            wrong.push_str(&format!("{code}: {words} is {topic:?}\n"));
        }
    }
    assert!(wrong.is_empty(), "{wrong}");
}

/// The texts in the calls of `seen_as`, from the sources of the rules: a rule tells them only with a
/// finding, and no connection shows them all.
fn seen_as_of_the_rules() -> Vec<(String, String)> {
    let root = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("src/rules");
    let mut all = Vec::new();
    for rule in RULES {
        let (area, problem) = rule.code.split_once('.').unwrap();
        let file =
            root.join(area.replace('-', "_")).join(format!("{}.rs", problem.replace('-', "_")));
        let text = std::fs::read_to_string(&file).unwrap();
        for call in text.split("seen_as(&[").skip(1) {
            let list = call.split("])").next().unwrap();
            let mut rest = list;
            while let Some(start) = rest.find('"') {
                let body = &rest[start + 1..];
                let mut end = 0;
                let bytes = body.as_bytes();
                while bytes[end] != b'"' {
                    end += if bytes[end] == b'\\' { 2 } else { 1 };
                }
                let words = body[..end].replace("\\\"", "\"").replace("\\\\", "\\");
                all.push((rule.code.to_owned(), words));
                rest = &body[end + 1..];
            }
        }
    }
    assert!(all.len() > 60, "{}", all.len());
    all
}

#[test]
fn hostile_text_is_only_text() {
    let long = "\u{1b}[31m\u{202e}alert ".repeat(20_000);
    for text in [
        "",
        " ",
        "\0",
        "\u{1b}[2J",
        "…",
        " … ",
        "_",
        "alert 999",
        "alert 99999999999999",
        &long,
        "é".repeat(9_000).as_str(),
    ] {
        let _ = explain(text);
        let _ = line(text);
    }
    assert!(line("alert 999").is_none());
}

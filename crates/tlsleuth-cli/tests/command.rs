//! The command as users and scripts meet it: exit status, streams, files.

#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "a test may panic, in its helpers too"
)]

use std::fs;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use assert_cmd::Command;
use serde_json::Value;

fn testdata(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../testdata").join(path)
}

fn story(name: &str) -> PathBuf {
    let folder = testdata("captures").join(name);
    let plain = folder.join("capture.pcap");
    if plain.exists() { plain } else { folder.join("capture.pcap.gz") }
}

fn tlsleuth() -> Command {
    let mut command = Command::cargo_bin("tlsleuth").unwrap();
    command.env_remove("COLUMNS").env_remove("CLICOLOR_FORCE").env_remove("NO_COLOR");
    command
}

/// A folder of its own for one test, empty.
fn folder(name: &str) -> PathBuf {
    let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(name);
    let _ = fs::remove_dir_all(&folder);
    fs::create_dir_all(&folder).unwrap();
    folder
}

fn run(command: &mut Command) -> (i32, String, String) {
    let output = command.output().unwrap();
    (
        output.status.code().unwrap(),
        String::from_utf8(output.stdout).unwrap(),
        String::from_utf8(output.stderr).unwrap(),
    )
}

fn json(command: &mut Command) -> Value {
    let (status, out, err) = run(command.args(["-f", "json"]));
    assert_eq!(status, 0, "{err}");
    serde_json::from_str(&out).unwrap()
}

fn ids(report: &Value) -> Vec<u64> {
    let connections = report["connections"].as_array().unwrap();
    connections.iter().map(|connection| connection["id"].as_u64().unwrap()).collect()
}

#[test]
fn a_failure_is_analyzed_with_status_0() {
    let (status, out, err) = run(tlsleuth().arg(story("chain-expired")));
    assert_eq!((status, err.as_str()), (0, ""));
    assert!(out.contains("FAILED") && out.contains("chain.expired"), "{out}");
    assert!(!out.contains('\x1b'), "no color where nobody looks");
}

#[test]
fn what_is_no_capture_gets_one_line_and_status_2() {
    let folder = folder("no-capture");
    let page = folder.join("page.html");
    fs::write(&page, "<!DOCTYPE html>\x1b[31m").unwrap();
    let (status, out, err) = run(tlsleuth().arg(&page));
    assert_eq!((status, out.as_str()), (2, ""));
    assert_eq!(
        err,
        format!("tlsleuth: {}: not a capture: starts with `<!DOCTYPE ht`\n", page.display())
    );
    let (status, _, err) = run(tlsleuth().arg(folder.join("missing.pcap")));
    assert_eq!(status, 2);
    assert!(err.contains("missing.pcap: cannot be opened: No such file"), "{err}");
    assert_eq!(run(tlsleuth().arg("--no-such-option")).0, 2);
    assert_eq!(run(&mut tlsleuth()).0, 2);
}

#[test]
fn what_can_be_read_is_told_even_if_another_cannot() {
    let folder = folder("one-of-two");
    fs::write(folder.join("x"), "x").unwrap();
    let (status, out, err) = run(tlsleuth().arg(folder.join("x")).arg(story("chain-expired")));
    assert_eq!(status, 2);
    assert!(out.contains("chain.expired") && err.contains("not a capture"), "{out}{err}");
}

#[test]
fn a_cut_capture_is_a_warning_and_status_0() {
    let (status, out, err) = run(tlsleuth().arg(story("capture-cut-short")));
    assert_eq!(status, 0);
    assert!(err.contains("capture.cut-short"), "{err}");
    assert!(out.contains("capture.cut-short"), "{out}");
    let (_, _, err) = run(tlsleuth().arg("-q").arg(story("capture-cut-short")));
    assert_eq!(err, "");
}

#[test]
fn every_cut_of_a_capture_is_read_as_far_as_it_goes() {
    let folder = folder("cuts");
    let whole = fs::read(story("chain-expired")).unwrap();
    let cut = folder.join("cut.pcap");
    for len in [24, 25, 40, 100, whole.len() / 2, whole.len() - 1] {
        fs::write(&cut, &whole[..len]).unwrap();
        let (status, _, err) = run(tlsleuth().args(["-f", "markdown"]).arg(&cut));
        assert_eq!(status, 0, "{len}: {err}");
    }
}

#[test]
fn a_closed_pipe_is_quiet() {
    for format in ["table", "json", "jsonl", "markdown", "html"] {
        let mut child = std::process::Command::new(assert_cmd::cargo::cargo_bin("tlsleuth"))
            .args(["--all", "-f", format])
            .arg(testdata("captures/ring"))
            .arg("-q")
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        let mut err = String::new();
        child.stderr.take().unwrap().read_to_string(&mut err).unwrap();
        assert_eq!((child.wait().unwrap().code(), err.as_str()), (Some(0), ""), "{format}");
    }
}

#[test]
fn an_output_is_there_whole_or_not_at_all() {
    let folder = folder("output");
    let report = folder.join("report.json");
    fs::write(&report, "before").unwrap();
    let (status, out, _) =
        run(tlsleuth().arg(story("tls13")).args(["-f", "json", "-o"]).arg(&report));
    assert_eq!((status, out.as_str()), (0, ""));
    let value: Value = serde_json::from_slice(&fs::read(&report).unwrap()).unwrap();
    assert_eq!(value["schema"], "tlsleuth.report/1");
    // Nothing else is left in the folder.
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);

    // A place that cannot be written to.
    let (status, _, err) =
        run(tlsleuth().arg(story("tls13")).arg("-o").arg(folder.join("no/such/report")));
    assert_eq!(status, 2);
    assert!(err.contains("cannot be written"), "{err}");
    assert_eq!(fs::read_dir(&folder).unwrap().count(), 1);

    // Nothing readable: the old report stays.
    let (status, _, _) = run(tlsleuth().arg(folder.join("none.pcap")).arg("-o").arg(&report));
    assert_eq!(status, 2);
    assert!(fs::read_to_string(&report).unwrap().starts_with('{'));

    // A capture is no place for a report.
    let capture = folder.join("capture.pcap");
    fs::copy(story("chain-expired"), &capture).unwrap();
    let (status, _, err) = run(tlsleuth().arg(&capture).arg("-o").arg(&capture));
    assert_eq!(status, 2);
    assert!(err.contains("would replace the capture"), "{err}");
    assert_eq!(fs::read(&capture).unwrap(), fs::read(story("chain-expired")).unwrap());
}

#[test]
fn a_disk_that_is_full_leaves_nothing() {
    // Linux has a device that is always full.
    if !Path::new("/dev/full").exists() {
        return;
    }
    let (status, _, err) = run(tlsleuth().arg(story("tls13")).args(["-o", "/dev/full"]));
    assert_eq!(status, 2);
    assert!(err.contains("/dev/full: cannot be written"), "{err}");
}

#[test]
fn standard_input_and_files_give_the_same() {
    let capture = story("chain-expired");
    let from_file = json(tlsleuth().arg(&capture));
    let from_pipe = json(tlsleuth().arg("-").write_stdin(fs::read(&capture).unwrap()));
    assert_eq!(from_file["connections"], from_pipe["connections"]);
    assert_eq!(from_pipe["captures"][0]["path"], "-");
    assert_eq!(run(tlsleuth().args(["-", "-"])).0, 2);
}

#[test]
fn several_captures_are_one_incident_in_any_order() {
    let files: Vec<PathBuf> = ["front2", "front0", "front1"]
        .iter()
        .map(|name| testdata(&format!("captures/ring/{name}.pcap.gz")))
        .collect();
    let one = json(tlsleuth().args(&files));
    let other = json(tlsleuth().args(files.iter().rev()));
    assert_eq!(one, other);
    assert!(one["captures"][0]["path"].as_str().unwrap().ends_with("front0.pcap.gz"));
    for capture in one["captures"].as_array().unwrap() {
        let counts = capture["frame_counts"].as_object().unwrap();
        let sum: u64 = counts.values().map(|count| count.as_u64().unwrap()).sum();
        assert_eq!(sum, capture["frames"].as_u64().unwrap(), "{capture}");
    }
    let (status, _, err) = run(tlsleuth().arg(testdata("captures/ring")));
    assert_eq!(status, 0);
    assert!(err.contains("no captures passed over"), "{err}");
}

#[test]
fn filters_narrow_and_say_so() {
    let capture = story("fleet-outage-window");
    let all = json(tlsleuth().arg(&capture));
    let some = |arguments: &[&str]| json(tlsleuth().arg(&capture).args(arguments));
    let failed = some(&["--failed"]);
    assert!(ids(&failed).len() < ids(&all).len() && !ids(&failed).is_empty());
    assert_eq!(failed["counts"]["connections_left_out"], ids(&all).len() - ids(&failed).len());
    assert_eq!(failed["fleet"], all["fleet"], "the fleet is told of all");
    assert_eq!(ids(&some(&["--client", "10.0.0.0/24", "--server", ":443"])), ids(&all));
    assert!(ids(&some(&["--client", "10.0.0.7"])).len() < ids(&all).len());
    assert_eq!(ids(&some(&["--server", "192.0.2.0/24"])), Vec::<u64>::new());
    assert_eq!(ids(&some(&["--connection", "3,1"])), [1, 3]);
    assert_eq!(ids(&some(&["--sni", "API.*", "--connection", "2"])), [2]);
    let third = all["connections"][2]["start"].as_str().unwrap();
    let later = some(&["--since", third]);
    assert_eq!(ids(&later)[0], 3);
    assert_eq!(ids(&some(&["--until", third])), [1, 2, 3]);
    assert_eq!(run(tlsleuth().arg(&capture).args(["--since", "yesterday"])).0, 2);
    assert_eq!(run(tlsleuth().arg(&capture).args(["--server", "x y"])).0, 2);
    let (_, out, _) = run(tlsleuth().arg(&capture).arg("--failed"));
    assert!(out.contains("left out by the filters"), "{out}");
}

#[test]
fn fail_on_is_for_scripts() {
    let fails = |name: &str, least: &str| {
        run(tlsleuth()
            .arg(story(name))
            .args(["--ca-file"])
            .arg(testdata("pki/root.pem"))
            .args(["--fail-on", least]))
        .0
    };
    assert_eq!(fails("chain-expired", "error"), 1);
    assert_eq!(fails("tls13", "error"), 0);
    assert_eq!(fails("tls10-completed", "error"), 0);
    assert_eq!(fails("tls10-completed", "warning"), 1);
}

#[test]
fn color_when_it_is_wanted() {
    let colored = |command: &mut Command| run(command.arg(story("tls13"))).1.contains('\x1b');
    assert!(!colored(&mut tlsleuth()));
    assert!(colored(tlsleuth().args(["--color", "always"])));
    assert!(colored(tlsleuth().env("CLICOLOR_FORCE", "1")));
    assert!(!colored(tlsleuth().args(["--color", "never"]).env("CLICOLOR_FORCE", "1")));
    assert!(!colored(tlsleuth().env("NO_COLOR", "1")));
}

#[test]
fn the_width_is_what_the_terminal_has() {
    let longest = |columns: &str| {
        let (_, out, _) = run(tlsleuth().arg(story("chain-expired")).env("COLUMNS", columns));
        let lines = out.lines().filter(|line| !line.starts_with("   filter"));
        lines.map(|line| line.chars().count()).max().unwrap()
    };
    assert!(longest("80") <= 80);
    assert!(longest("160") > 100 && longest("160") <= 160);
}

#[test]
fn the_other_commands() {
    let (status, out, _) = run(tlsleuth().args(["explain", "chain.expired"]));
    assert_eq!(status, 0);
    assert!(out.starts_with("chain.expired   error"), "{out}");
    for words in
        [&["explain", "unknown_ca"][..], &["explain", "48"], &["explain", "tlsv1 alert unknown ca"]]
    {
        let (status, out, _) = run(tlsleuth().args(words));
        assert!(status == 0 && out.contains("unknown_ca"), "{words:?}: {out}");
    }
    assert!(run(tlsleuth().args(["explain", "chain"])).1.contains("chain.missing-intermediate"));
    assert!(run(tlsleuth().args(["explain"])).1.contains("version.no-overlap"));
    let (status, out, _) = run(tlsleuth().args(["explain", "zz\u{1b}[2Jzz"]));
    assert!(status == 2 && !out.contains('\x1b'), "{out}");
    let (status, out, _) = run(tlsleuth().arg("schema"));
    assert_eq!(status, 0);
    let schema: Value = serde_json::from_str(&out).unwrap();
    assert_eq!(schema["title"], "Report");
    assert!(run(tlsleuth().args(["completions", "bash"])).1.contains("_tlsleuth"));
    assert!(run(tlsleuth().arg("man")).1.contains(".TH tlsleuth"));
}

#[test]
fn the_help_fits_a_screen() {
    let page = |arguments: &[&str]| run(tlsleuth().args(arguments).env("COLUMNS", "80")).1;
    let (whole, brief) = (page(&["--help"]), page(&["-h"]));
    assert!(whole.lines().count() <= 50, "{whole}");
    assert!(brief.lines().count() < whole.lines().count());
    for page in [&whole, &brief] {
        assert!(page.contains("Examples:") && page.contains("tlsleuth incident.pcap"), "{page}");
        assert!(page.lines().all(|line| line.chars().count() <= 80), "{page}");
    }
    assert!(whole.contains("--verify-time") && !brief.contains("--verify-time"));
    assert!(page(&["explain", "--help"]).contains("CODE|ALERT|TEXT"));
    let manual = page(&["man"]);
    assert!(manual.contains("verify\\-time"), "{manual}");
    assert!(manual.contains("completions"), "{manual}");
    assert!(page(&["--version"]).starts_with("tlsleuth "));
}

#[test]
fn what_changed_between_two_captures() {
    let root = testdata("pki/root.pem");
    let (before, after) = (story("fleet-healthy"), story("fleet-mostly-failing"));
    let diff = || {
        let mut command = tlsleuth();
        command.arg("diff").arg("--ca-file").arg(&root);
        command
    };
    let (status, out, _) = run(diff().args([&before, &after]));
    assert!(status == 0 && out.contains("chain.expired (20 of 24, 83.3 %), frame 10"), "{out}");
    // A directory is one incident; what is in it and is no capture is passed over.
    let folder = folder("diff");
    fs::copy(&after, folder.join("a.pcap.gz")).unwrap();
    let value = json(diff().arg(&before).arg(&folder).arg("-q"));
    assert_eq!(value["schema"], "tlsleuth.diff/1");
    assert_eq!(value["changed"][0]["changes"][0]["aspect"], "outcome");
    let (status, _, error) = run(diff().arg(&before).arg("nowhere.pcap"));
    assert!(status == 2 && error.contains("nowhere.pcap"), "{error}");
    assert_eq!(run(diff().arg(&before)).0, 2);
    let schema: Value = serde_json::from_str(&run(tlsleuth().args(["schema", "diff"])).1).unwrap();
    assert_eq!(schema["title"], "Diff");
    assert!(run(tlsleuth().args(["diff", "--help"])).1.contains("Examples:"));
}

#[test]
fn a_file_may_be_called_as_a_command() {
    let folder = folder("names");
    fs::copy(story("chain-expired"), folder.join("schema")).unwrap();
    let (status, out, _) = run(tlsleuth().current_dir(&folder).arg("./schema"));
    assert!(status == 0 && out.contains("chain.expired"), "{out}");
    let (status, out, _) = run(tlsleuth().current_dir(&folder).args(["-q", "schema"]));
    assert!(status == 0 && out.contains("chain.expired"), "{out}");
}

#[test]
fn more_memory_lets_more_connections_be_open() {
    let capture = folder("memory").join("open.pcap");
    let hello = "client ClientHello sni=shop.example";
    let frames = tlsleuth_testkit::all_at_once(&[hello], 2_000);
    fs::write(&capture, tlsleuth_testkit::pcap::write(&frames)).unwrap();
    let with = |memory| run(tlsleuth().arg(&capture).args(["--memory", memory])).1;
    let said = "given up while they were open";
    assert!(with("1M").contains(said));
    assert!(!with("8M").contains(said));
    assert!(!with("8192k").contains(said));
    for wrong in ["0", "1000", "G", "-1M", "1.5G", "1GB", "é"] {
        let arg = format!("--memory={wrong}");
        assert_eq!(run(tlsleuth().arg(&capture).arg(arg)).0, 2, "{wrong}");
    }
}

#[test]
fn nothing_is_said_twice_the_same_way_with_other_threads() {
    let one = run(tlsleuth().arg(story("fleet-mostly-failing")).args(["--threads", "1"]));
    let four = run(tlsleuth().arg(story("fleet-mostly-failing")).args(["--threads", "4"]));
    assert_eq!(one, four);
    assert_eq!(run(tlsleuth().arg(story("tls13")).args(["--threads", "0"])).0, 2);
}

/// More connections than are held: they are counted, and the page lists them all the same.
#[test]
fn a_page_of_many_connections_lists_them() {
    let capture = folder("page").join("many.pcap");
    let fails = "client ClientHello sni=shop.example\nserver Alert fatal handshake_failure";
    let frames = tlsleuth_testkit::all_at_once(&[fails], 10_500);
    fs::write(&capture, tlsleuth_testkit::pcap::write(&frames)).unwrap();
    let page = run(tlsleuth().arg(&capture).args(["-f", "html"])).1;
    assert!(page.contains("10,500 of 10,500 connections"), "{}", &page[..2_000]);
    let (_, data) = page.split_once("type=\"application/json\">").unwrap();
    let data: Value = serde_json::from_str(data.split_once("</script>").unwrap().0).unwrap();
    assert_eq!(data["connections"]["id"].as_array().unwrap().len(), 10_500);
    assert_eq!(data["details"].as_array().unwrap().len(), 10_000);
    assert!(page.contains("10,000 connections can be opened, failures first; 500 more"));
}

/// The second thread reads ahead where a capture takes more than a few reads.
#[test]
fn what_is_read_ahead_is_the_same() {
    let capture = folder("ahead").join("long.pcap");
    let hello = "client ClientHello sni=shop.example";
    let frames = tlsleuth_testkit::all_at_once(&[hello], 12_000);
    fs::write(&capture, tlsleuth_testkit::pcap::write(&frames)).unwrap();
    assert!(fs::metadata(&capture).unwrap().len() > 4 << 20);
    let with = |threads| run(tlsleuth().arg(&capture).args(["--threads", threads, "-f", "jsonl"]));
    let one = with("1");
    assert_eq!(one.1.lines().filter(|line| line.contains("shop.example")).count(), 12_000);
    assert_eq!(one, with("2"));
}

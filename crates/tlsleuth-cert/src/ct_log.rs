//! Logs of Certificate Transparency, by the number that timestamps name them with.

mod table;

use table::LOGS;

use crate::Fingerprint;

/// A log of Certificate Transparency.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct CtLog {
    /// SHA-256 of its key (RFC 6962 §3.2).
    pub id: Fingerprint,
    /// What it is called in the lists, without quotation marks and the word log: `Google Argon2026h2`.
    pub name: &'static str,
    /// Who runs it.
    pub operator: &'static str,
}

/// The log with this number, if it is a known one.
///
/// The table, of November 2026, holds the 218 logs of `ct_log/logs.tsv`: key, operator, name. They
/// come, the first that names a key counting, from
///
/// 1. `components/certificate_transparency/data/log_list.json` of Chromium 156.0.8078.79 (November
///    2026) and 150.0.7871.100 (July 2026), as they are compiled into Debian's packages: 81 logs;
/// 2. Google's `all_logs_list.json`, version 53.34 of 2025-05-05, as kept in github.com/x-stp/rxtls
///    at 83052c5f: 49 logs that were retired since, and Geomys' Tuscolo2025h2 by the key in the
///    examples of github.com/FiloSottile/sunlight;
/// 3. Google's `all_logs_list.json` of May 2020, as kept in ctutlz 0.9.8: 87 older logs, those for
///    tests among them.
///
/// The numbers are computed of the keys, so none can be mistyped. To add logs, append what
/// `jq -r '.operators[]|.name as $o|(.logs+.tiled_logs)[]|[.key,$o,.description]|@tsv'` prints for a
/// newer list, and run `UPDATE_EXPECT=1 cargo test -p tlsleuth-cert ct_log`.
///
/// ```
/// use tlsleuth_cert::{Fingerprint, ct_log};
/// assert!(ct_log(&Fingerprint([0; 32])).is_none());
/// ```
#[must_use]
pub fn ct_log(id: &Fingerprint) -> Option<&'static CtLog> {
    let place = LOGS.binary_search_by(|log| log.id.cmp(id)).ok()?;
    LOGS.get(place)
}

#[cfg(test)]
#[allow(
    clippy::disallowed_methods,
    reason = "whether the table is to be written is in the environment"
)]
mod tests {
    use std::collections::BTreeMap;
    use std::fmt::Write as _;

    use ring::digest::{SHA256, digest};
    use rustls_pki_types::{SubjectPublicKeyInfoDer, pem::PemObject as _};

    use super::{LOGS, ct_log};
    use crate::Fingerprint;

    const LIST: &str = include_str!("ct_log/logs.tsv");

    fn id_of(key: &str) -> [u8; 32] {
        let pem = format!("-----BEGIN PUBLIC KEY-----\n{key}\n-----END PUBLIC KEY-----\n");
        let key = SubjectPublicKeyInfoDer::from_pem_slice(pem.as_bytes()).unwrap();
        digest(&SHA256, &key).as_ref().try_into().unwrap()
    }

    /// `Google Argon2026h2` of `Google 'Argon2026h2' log`.
    fn short(name: &str) -> String {
        let name = name.strip_suffix(" log").or(name.strip_suffix(" Log")).unwrap_or(name);
        let name = name.strip_suffix(" CT").unwrap_or(name);
        name.replace(" '", " ").replace("' ", " ").trim_end_matches('\'').to_owned()
    }

    /// Every number is the hash of the key that the list gives for the log.
    #[test]
    fn the_table_is_made_of_the_list() {
        let mut logs = BTreeMap::new();
        for line in LIST.lines() {
            let [key, operator, name] = line.split('\t').collect::<Vec<_>>()[..] else {
                panic!("{line}");
            };
            let first = logs.insert(id_of(key), (short(name), operator));
            assert_eq!(first, None, "twice: {name}");
        }
        let mut text = "//! Made of `logs.tsv` by the tests of `ct_log.rs`; do not edit it.\n\n\
                        use super::{CtLog, Fingerprint};\n\n\
                        /// Sorted by number.\n#[rustfmt::skip]\npub(super) static LOGS: &[CtLog] = &[\n"
            .to_owned();
        for (id, (name, operator)) in &logs {
            let hex = id.iter().fold(String::new(), |mut hex, byte| {
                write!(hex, "0x{byte:02x}, ").unwrap();
                hex
            });
            let id = hex.trim_end_matches(", ");
            writeln!(
                text,
                "    CtLog {{ id: Fingerprint([{id}]), name: {name:?}, operator: {operator:?} }},"
            )
            .unwrap();
        }
        text.push_str("];\n");
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/src/ct_log/table.rs");
        if std::env::var_os("UPDATE_EXPECT").is_some() {
            std::fs::write(path, &text).unwrap();
        }
        let table = std::fs::read_to_string(path).unwrap();
        assert!(text == table, "run it again with UPDATE_EXPECT=1");
    }

    #[test]
    fn logs_are_found_by_their_number() {
        assert!(LOGS.is_sorted_by(|one, next| one.id < next.id));
        for log in LOGS {
            assert_eq!(ct_log(&log.id), Some(log));
        }
        // The number as the list of 2025 prints it: DleUvPOuqT4zGyyZB7P3kN+bwj1xMiXdIaklrGHFTiE=
        let mut id = Fingerprint([
            0x0e, 0x57, 0x94, 0xbc, 0xf3, 0xae, 0xa9, 0x3e, 0x33, 0x1b, 0x2c, 0x99, 0x07, 0xb3,
            0xf7, 0x90, 0xdf, 0x9b, 0xc2, 0x3d, 0x71, 0x32, 0x25, 0xdd, 0x21, 0xa9, 0x25, 0xac,
            0x61, 0xc5, 0x4e, 0x21,
        ]);
        let log = ct_log(&id).unwrap();
        assert_eq!((log.name, log.operator), ("Google Argon2026h1", "Google"));
        id.0[31] ^= 1;
        assert_eq!(ct_log(&id), None);
    }
}

//! Judgements of stapled responses, remembered: a server staples the same one for days.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Arc, Mutex},
};

use crate::{Certificate, Fingerprint, OcspJudgement, OcspResponse, store::lock};

/// Responses kept of one leaf: as many as servers that share a certificate may fetch by themselves.
const MAX_OF_ONE_LEAF: usize = 16;

/// Bytes of responses kept; one has half a kilobyte to three.
const MAX_BYTES: usize = 4 << 20;

/// The leaf, and the issuer if there is one.
type Key = (Fingerprint, Option<Fingerprint>);

/// What was judged of late, by leaf and issuer.
#[derive(Debug, Default)]
pub(crate) struct KeptStaples(Mutex<Inner>);

#[derive(Debug, Default)]
struct Inner {
    kept: HashMap<Key, VecDeque<Kept>>,
    bytes: usize,
    made: u64,
}

#[derive(Debug)]
struct Kept {
    response: Box<[u8]>,
    /// The first second for which the judgement holds, and the last one.
    span: (i64, i64),
    judgement: Arc<OcspJudgement>,
}

impl KeptStaples {
    /// As [`OcspResponse::judge`], once for each response, leaf and issuer as long as time changes
    /// nothing.
    pub(crate) fn judge(
        &self,
        response: &[u8],
        leaf: &Certificate,
        issuer: Option<&Certificate>,
        at: i64,
    ) -> Arc<OcspJudgement> {
        let key = (leaf.sha256, issuer.map(|issuer| issuer.sha256));
        let fits =
            |kept: &&Kept| (kept.span.0..=kept.span.1).contains(&at) && *kept.response == *response;
        if let Some(kept) = lock(&self.0).kept.get(&key).and_then(|list| list.iter().find(fits)) {
            return Arc::clone(&kept.judgement);
        }
        let parsed = OcspResponse::parse(response);
        let judgement = Arc::new(parsed.judge(leaf, issuer, at));
        let mut inner = lock(&self.0);
        inner.made += 1;
        if inner.bytes.saturating_add(response.len()) > MAX_BYTES {
            inner.kept.clear();
            inner.bytes = 0;
        }
        inner.bytes = inner.bytes.saturating_add(response.len());
        let list = inner.kept.entry(key).or_default();
        let judged = Arc::clone(&judgement);
        list.push_front(Kept {
            response: response.into(),
            span: parsed.span(at),
            judgement: judged,
        });
        let gone = if list.len() > MAX_OF_ONE_LEAF { list.pop_back() } else { None };
        if let Some(gone) = gone {
            inner.bytes = inner.bytes.saturating_sub(gone.response.len());
        }
        judgement
    }

    /// How many judgements were made rather than remembered.
    pub(crate) fn made(&self) -> u64 {
        lock(&self.0).made
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, sync::Arc};

    use rustls_pki_types::{CertificateDer, pem::PemObject as _};

    use super::{KeptStaples, MAX_BYTES, MAX_OF_ONE_LEAF};
    use crate::{Certificate, OcspProblem, OcspResponse, store::lock};

    fn file(name: &str) -> Vec<u8> {
        let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../testdata/ocsp/");
        fs::read(format!("{root}{name}")).unwrap()
    }

    fn certificate(name: &str) -> Certificate {
        Certificate::parse(&CertificateDer::from_pem_slice(&file(name)).unwrap())
    }

    #[test]
    fn what_was_judged_is_remembered_until_time_changes_it() {
        let (leaf, issuer) = (certificate("leaf.pem"), certificate("issuer.pem"));
        let kept = KeptStaples::default();
        for name in ["good.der", "delegated.der", "revoked.der"] {
            let bytes = file(name);
            let response = OcspResponse::parse(&bytes);
            let single = &response.responses[0];
            let ends = [
                single.this_update - 301,
                single.this_update - 300,
                single.this_update,
                single.next_update.unwrap() + 300,
                single.next_update.unwrap() + 301,
                single.next_update.unwrap() + 100_000_000_000,
                0,
            ];
            // In any order what is remembered is what is judged anew.
            for at in ends.into_iter().chain(ends.into_iter().rev()) {
                let (from, until) = response.span(at);
                assert!(from <= at && at <= until, "{name} {at}");
                for at in [at, from.max(0), until.min(i64::MAX / 2)] {
                    let now = response.judge(&leaf, Some(&issuer), at);
                    let held = kept.judge(&bytes, &leaf, Some(&issuer), at);
                    assert_eq!(held.problems, now.problems, "{name} {at}");
                    assert_eq!((&held.response, &held.signer), (&now.response, &now.signer));
                }
            }
        }
        // Before, in and after their time; the delegated responder has a validity of its own.
        assert!((9..=11).contains(&kept.made()), "{}", kept.made());
        let again = kept.judge(&file("good.der"), &leaf, Some(&issuer), 0);
        assert!(Arc::ptr_eq(&again, &kept.judge(&file("good.der"), &leaf, Some(&issuer), 1)));
        // Another issuer is another question.
        let without = kept.judge(&file("good.der"), &leaf, None, 0);
        assert!(without.problems.contains(&OcspProblem::Unchecked));
    }

    #[test]
    fn what_is_kept_is_bounded() {
        let leaf = certificate("leaf.pem");
        let kept = KeptStaples::default();
        for number in 0..1_000_u32 {
            let mut response = vec![0; 20_000];
            response[..4].copy_from_slice(&number.to_be_bytes());
            let _ = kept.judge(&response, &leaf, None, 0);
            let inner = lock(&kept.0);
            assert!(inner.bytes <= MAX_BYTES);
            assert!(inner.kept.values().all(|list| list.len() <= MAX_OF_ONE_LEAF));
            let bytes: usize = inner.kept.values().flatten().map(|one| one.response.len()).sum();
            assert_eq!(inner.bytes, bytes);
        }
    }
}

//! Loads what is about to be worked on, of several connections one after the other.
//!
//! Between its end and its judgement a connection lies in memory while a thousand others come and go,
//! and leaves the processor's caches. Whoever then works on it waits for each of its parts in turn. Loads
//! that do not depend on each other wait together: so a few connections are touched before the first of
//! them is worked on.

use std::hint::black_box;

use tlsleuth_capture::TransportFacts;

use crate::connection::Connection;

impl Connection {
    /// Reads a little of each part.
    pub fn touch(&self) {
        let mut sum = self.frames ^ self.first.frame ^ u64::from(self.client.port);
        sum ^= self.application_data.client.records ^ self.application_data.server.records;
        sum ^= u64::from(self.tickets) ^ u64::from(self.parts_seen());
        for event in &self.events {
            sum ^= event.at.frame;
        }
        for record in &self.protected {
            sum ^= record.at.frame;
        }
        for alert in &self.alerts {
            sum ^= alert.at.frame;
        }
        for hello in &self.client_hellos {
            sum ^= hello.at.frame;
        }
        if let Some(chain) = self.server_chain.present() {
            sum ^= chain.at.frame;
            for certificate in chain.value.chain.certificates() {
                sum ^= u64::from(certificate.is_ca());
            }
        }
        black_box(sum);
        touch_transport(&self.transport);
    }

    /// How many of these there are: fields that lie apart from the others.
    fn parts_seen(&self) -> u32 {
        [
            self.server_hello.is_present(),
            self.server_chain.is_present(),
            self.client_chain.is_present(),
            self.encrypted_extensions.is_present(),
            self.finished.client.is_present(),
            self.change_cipher_spec.server.is_some(),
            self.first_tls.client.is_some(),
            self.server_hello_done.is_some(),
        ]
        .into_iter()
        .map(u32::from)
        .sum()
    }
}

/// The same of what TCP did.
pub(crate) fn touch_transport(facts: &TransportFacts) {
    let (forward, reverse) = (&facts.forward, &facts.reverse);
    let mut sum = forward.segments ^ reverse.segments ^ u64::from(facts.established.is_some());
    sum ^= u64::from(facts.syn.is_some()) ^ u64::from(facts.syn_ack.is_some());
    sum ^= u64::from(forward.fin.is_some()) ^ u64::from(reverse.fin.is_some());
    sum ^= u64::from(forward.keep_alives) ^ u64::from(reverse.keep_alives);
    black_box(sum);
}

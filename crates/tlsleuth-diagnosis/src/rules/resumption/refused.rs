//! `resumption.refused`: a session was offered and not taken up.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// A ticket, a session ID or a pre-shared key was offered and not taken.
    ///
    /// ## What happened
    /// The client wanted to take up an earlier session; the server made a full handshake instead.
    /// That is no fault, and costs time and a signature.
    /// ## Likely causes
    /// The ticket expired; the server was restarted, or its ticket keys were changed; several nodes
    /// behind one address do not share their keys; resumption is switched off.
    /// ## When it cannot be told
    /// A session ID of a client that offers TLS 1.3 is there for middleboxes and offers nothing.
    pub static RESUMPTION_REFUSED {
        code: "resumption.refused",
        severity: Info,
        since: "0.1.0",
        leads_to: [],
        references: ["RFC 9846 §2.2", "RFC 5246 §7.3", "RFC 5077 §3.4"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let offer = &hello.value;
    let psks = offer.extensions.pre_shared_keys().map_or(0, |psks| psks.identities.len());
    let ticket = offer.extensions.session_ticket().map_or(0, |ticket| ticket.len_bytes);
    let session_id = !offer.session_id.is_empty()
        && !offer.newest_version().is_some_and(|version| version.is_tls13());
    if psks == 0 && ticket == 0 && !session_id {
        return Err(Skip::NotApplicable);
    }
    let server = case.server_hello()?;
    if case.connection.resumed().unwrap_or(false) {
        return Ok(None);
    }
    let tls13 = case.connection.is_tls13();
    let offered = match (tls13, psks, ticket) {
        (true, 0, _) => return Err(Skip::NotApplicable),
        (true, 1, _) => "a pre-shared key".to_owned(),
        (true, count, _) => format!("{count} pre-shared keys"),
        (false, _, 1..) => format!("a session ticket of {ticket} bytes"),
        (false, _, 0) if session_id => "a session ID".to_owned(),
        (false, _, 0) => return Err(Skip::NotApplicable),
    };
    if !tls13 && !full_handshake(case) {
        // Whether the server took it shows only in what follows its hello.
        return Err(Skip::Undetermined);
    }
    Ok(Some(
        Finding::new(Party::Server, format!("the server did not resume: {offered} was offered and not taken"))
            .evidence(hello.at, format!("the client offers {offered}"))
            .evidence(server.at, if tls13 {
                "the server's hello selects none"
            } else {
                "the server makes a full handshake"
            })
            .explain("It costs a full handshake. If it happens always, the nodes behind this address may not share their ticket keys.")
            .remedy("Several nodes behind one address: share the ticket keys (nginx ssl_session_ticket_key, HAProxy tls-ticket-keys, Apache SSLSessionTicketKeyFile, Go Config.SetSessionTicketKeys)."),
    ))
}

/// Whether the server went on with a full handshake.
fn full_handshake(case: &Case<'_>) -> bool {
    let connection = case.connection;
    connection.server_chain.is_present()
        || connection.server_key_exchange.is_present()
        || connection.server_hello_done.is_some()
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_when_the_ticket_is_not_taken() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello sni=shop.example versions=1.2 ticket=160
             server ServerHello + Certificate leaf=shop.example + ServerKeyExchange + ServerHelloDone",
            expect![[r#"
                info resumption.refused (certain, server): the server did not resume: a session ticket of 160 bytes was offered and not taken
                  frame 4: the client offers a session ticket of 160 bytes
                  frame 5: the server makes a full handshake
            "#]],
        );
    }

    #[test]
    fn fires_when_the_key_is_not_taken() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello sni=shop.example psk
             server ServerHello negotiated=1.3 + Encrypted 1200",
            expect![[r#"
                info resumption.refused (certain, server): the server did not resume: a pre-shared key was offered and not taken
                  frame 4: the client offers a pre-shared key
                  frame 5: the server's hello selects none
            "#]],
        );
    }

    #[test]
    fn clear_when_the_session_goes_on() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello versions=1.2 session-id=32
             server ServerHello session-id=echo + ChangeCipherSpec + Finished
             client ChangeCipherSpec + Finished",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn clear_when_the_key_is_taken() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello psk
             server ServerHello negotiated=1.3 psk + Encrypted 120",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_for_a_session_id_that_is_there_for_middleboxes() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_answer_is_not_there_whole() {
        check(
            &super::RESUMPTION_REFUSED,
            "client ClientHello versions=1.2 ticket=160
             server ServerHello",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}

//! `sni.ip-literal`: an IP address was sent as server name.

use crate::rule::{Verdict, declare_rule};
use crate::{Case, Finding, Party, Skip};

declare_rule! {
    /// An IP address was sent as server name, which the standard forbids.
    ///
    /// ## What happened
    /// The server_name extension holds an address. Some servers refuse it, others answer with their
    /// default certificate.
    /// ## Likely causes
    /// A client that puts whatever it dials into SNI.
    /// ## When it cannot be told
    /// Without the ClientHello.
    pub static SNI_IP_LITERAL {
        code: "sni.ip-literal",
        severity: Warning,
        since: "0.1.0",
        needs: [ADDRESS_AS_NAME],
        leads_to: [],
        references: ["RFC 6066 §3"],
    }
}

fn check(case: &Case<'_>) -> Verdict {
    let hello = case.client_hello()?;
    let name = hello.value.extensions.server_name().ok_or(Skip::NotApplicable)?;
    if !name.is_ip_literal {
        return Ok(None);
    }
    Ok(Some(
        Finding::new(
            Party::Client,
            format!("the client sends the address `{}` as server name", name.host_name),
        )
        .evidence(hello.at, format!("server_name is `{}`", name.host_name))
        .explain("Literal addresses are not permitted there; strict servers end the handshake.")
        .remedy("Let the client dial a name, or send no server name with an address."),
    ))
}

#[cfg(test)]
mod tests {
    use expect_test::expect;

    use crate::rules::testing::check;

    #[test]
    fn fires_for_ipv4() {
        check(
            &super::SNI_IP_LITERAL,
            "client ClientHello sni=10.0.0.2
             server ServerHello negotiated=1.3",
            expect![[r#"
                warning sni.ip-literal (certain, client): the client sends the address `10.0.0.2` as server name
                  frame 4: server_name is `10.0.0.2`
            "#]],
        );
    }

    #[test]
    fn fires_for_ipv6() {
        check(
            &super::SNI_IP_LITERAL,
            "ipv6
             client ClientHello sni=2001:db8::2
             server ServerHello negotiated=1.3",
            expect![[r#"
                warning sni.ip-literal (certain, client): the client sends the address `2001:db8::2` as server name
                  frame 4: server_name is `2001:db8::2`
            "#]],
        );
    }

    #[test]
    fn clear_for_a_name() {
        check(
            &super::SNI_IP_LITERAL,
            "client ClientHello sni=shop.example
             server ServerHello negotiated=1.3 + Encrypted 1200
             client ChangeCipherSpec + Finished
             client ApplicationData 100
             server ApplicationData 200",
            expect![[r#"
                clear
            "#]],
        );
    }

    #[test]
    fn not_applicable_without_a_name() {
        check(
            &super::SNI_IP_LITERAL,
            "client ClientHello
             server FIN",
            expect![[r#"
                not applicable
            "#]],
        );
    }

    #[test]
    fn undetermined_when_the_hello_was_missed() {
        check(
            &super::SNI_IP_LITERAL,
            "no-syn
             client ClientHello lose
             server ServerHello + Certificate leaf=shop.example",
            expect![[r#"
                undetermined
            "#]],
        );
    }
}

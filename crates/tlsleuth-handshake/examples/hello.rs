//! Reads ClientHello bodies as lines of hex and prints JA3 and JA4 of each; with `--time N` reads
//! each N times and prints nanoseconds a hello. For measuring and for comparing with other tools.

use std::{error::Error, hint::black_box, io::stdin, time::Instant};

use tlsleuth_handshake::{
    fingerprint::{Transport, ja3, ja4},
    message::ClientHello,
};

#[expect(clippy::print_stdout, reason = "a developer runs this by hand")]
#[expect(clippy::disallowed_methods, reason = "it measures")]
fn main() -> Result<(), Box<dyn Error>> {
    let mut arguments = std::env::args().skip(1);
    let times: Option<u32> = match arguments.next().as_deref() {
        Some("--time") => Some(arguments.next().ok_or("how many times?")?.parse()?),
        _ => None,
    };
    let mut hellos = Vec::new();
    for line in stdin().lines() {
        let line = line?;
        let digits = line.trim().as_bytes().chunks_exact(2);
        let bytes: Result<Vec<u8>, Box<dyn Error>> =
            digits.map(|pair| Ok(u8::from_str_radix(std::str::from_utf8(pair)?, 16)?)).collect();
        hellos.push(bytes?);
    }
    let Some(times) = times else {
        for body in &hellos {
            let (hello, anomalies) = ClientHello::decode(body);
            println!("{} {} {}", ja3(&hello), ja4(&hello, Transport::Tcp), anomalies.len());
        }
        return Ok(());
    };
    let start = Instant::now();
    for _ in 0..times {
        for body in &hellos {
            black_box(ClientHello::decode(black_box(body)));
        }
    }
    let each = start.elapsed().as_nanos() / u128::from(times) / hellos.len().max(1) as u128;
    println!("{each} ns a hello over {} hellos", hellos.len());
    Ok(())
}

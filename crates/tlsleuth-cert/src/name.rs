//! The names of subjects and issuers.

use std::{borrow::Cow, fmt, fmt::Write as _, sync::Arc};

use crate::{
    Oid, WireText,
    der::{Element, Fault, Reader, tag},
};

/// A subject or issuer: an X.501 distinguished name (RFC 5280 §4.1.2.4).
///
/// ```text
/// Name ::= CHOICE { rdnSequence  RDNSequence }
/// RDNSequence ::= SEQUENCE OF RelativeDistinguishedName
/// RelativeDistinguishedName ::= SET SIZE (1..MAX) OF AttributeTypeAndValue
/// ```
///
/// Printed as in RFC 4514, most specific attribute first (`CN=api.example.test,O=Example`), but a
/// value with a comma or the like in it is put in double quotes. An empty name prints as nothing.
///
/// Equality is equality of the encoding, as OpenSSL-free clients compare names; see
/// [`same_but_for_encoding`](Self::same_but_for_encoding).
#[derive(Clone)]
pub struct Name {
    der: Arc<[u8]>,
    text: WireText,
    normalized: Arc<str>,
    common_name: Option<WireText>,
    organization: Option<WireText>,
    organizational_unit: Option<WireText>,
}

/// Attributes of one name that are kept; a name has some five.
const MAX_ATTRIBUTES: usize = 128;

const COMMON_NAME: &[u8] = &[0x55, 4, 3];
const ORGANIZATION: &[u8] = &[0x55, 4, 10];
const ORGANIZATIONAL_UNIT: &[u8] = &[0x55, 4, 11];
const EMAIL: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 9, 1];
const DOMAIN_COMPONENT: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 25];
const USER_ID: &[u8] = &[0x09, 0x92, 0x26, 0x89, 0x93, 0xf2, 0x2c, 0x64, 1, 1];

impl Name {
    /// A name without attributes.
    pub(crate) fn empty() -> Self {
        Self {
            der: Arc::from([tag::SEQUENCE, 0].as_slice()),
            text: WireText::default(),
            normalized: Arc::from(""),
            common_name: None,
            organization: None,
            organizational_unit: None,
        }
    }

    /// Reads the attributes of a Name. What cannot be read is left out and told as a fault.
    pub(crate) fn read(element: &Element<'_>) -> (Self, Option<Fault>) {
        let mut name = Self { der: Arc::from(element.whole), ..Self::empty() };
        let mut attributes = Vec::new();
        let fault = read_attributes(element.open(), &mut attributes).err();
        let mut normalized = String::new();
        for (relative, kind, value) in &attributes {
            let text = decode_value(value);
            // The relative name is part of it: `CN=a+OU=b` is not `CN=a,OU=b`.
            let _ = write!(normalized, "{relative}:{}=", Oid::new(kind));
            for word in text.split_whitespace() {
                normalized.extend(word.chars().flat_map(char::to_lowercase));
                normalized.push(' ');
            }
            normalized.push(',');
            let wire = || Some(WireText::from(text.as_ref()));
            match *kind {
                // The last one is the most specific.
                COMMON_NAME => name.common_name = wire(),
                ORGANIZATION => name.organization = wire(),
                ORGANIZATIONAL_UNIT => name.organizational_unit = wire(),
                _ => {}
            }
        }
        let mut text = String::new();
        let mut previous = None;
        for (relative, kind, value) in attributes.iter().rev() {
            match previous {
                None => {}
                Some(same) if same == *relative => text.push('+'),
                Some(_) => text.push(','),
            }
            previous = Some(*relative);
            match short_name(kind) {
                Some(short) => text.push_str(short),
                None => {
                    let _ = write!(text, "{}", Oid::new(kind));
                }
            }
            text.push('=');
            push_quoted(&mut text, &decode_value(value));
        }
        name.text = WireText::from(text);
        name.normalized = Arc::from(normalized);
        (name, fault)
    }

    /// Reads one name by itself, such as an authority that a CertificateRequest names (RFC 5246
    /// §7.4.4, RFC 9846 §4.3.4). None if it is no SEQUENCE, or something follows it; attributes that
    /// cannot be read are left out.
    ///
    /// ```
    /// # use tlsleuth_cert::Name;
    /// let name = Name::parse(b"\x30\x0f\x31\x0d\x30\x0b\x06\x03\x55\x04\x03\x0c\x04Root").unwrap();
    /// assert_eq!(name.to_string(), "CN=Root");
    /// ```
    #[must_use]
    pub fn parse(der: &[u8]) -> Option<Self> {
        let mut reader = Reader::new(der);
        let element = reader.expect(tag::SEQUENCE, "a name").ok()?;
        reader.is_empty().then(|| Self::read(&element).0)
    }

    /// The encoding: the whole SEQUENCE.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.der
    }

    /// The printed form.
    #[must_use]
    pub fn text(&self) -> &WireText {
        &self.text
    }

    /// The most specific common name (`CN`).
    #[must_use]
    pub fn common_name(&self) -> Option<&WireText> {
        self.common_name.as_ref()
    }

    /// The organization (`O`).
    #[must_use]
    pub fn organization(&self) -> Option<&WireText> {
        self.organization.as_ref()
    }

    /// The organizational unit (`OU`), the most specific one.
    #[must_use]
    pub fn organizational_unit(&self) -> Option<&WireText> {
        self.organizational_unit.as_ref()
    }

    /// Whether there is no attribute at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.text.is_empty()
    }

    /// Whether both say the same, though perhaps with other string types, case or spaces.
    ///
    /// OpenSSL takes such names as equal (RFC 5280 §7.1); Go, rustls and browsers compare bytes.
    #[must_use]
    pub fn same_but_for_encoding(&self, other: &Self) -> bool {
        !self.is_empty() && self.normalized == other.normalized
    }
}

impl PartialEq for Name {
    fn eq(&self, other: &Self) -> bool {
        self.der == other.der
    }
}

impl Eq for Name {}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&self.text, f)
    }
}

/// Number of the relative name, type, value.
type Attribute<'a> = (usize, &'a [u8], Element<'a>);

fn read_attributes<'a>(
    mut names: Reader<'a>,
    attributes: &mut Vec<Attribute<'a>>,
) -> Result<(), Fault> {
    let mut relative = 0;
    while !names.is_empty() {
        let mut set = names.expect(tag::SET, "a relative distinguished name (SET)")?.open();
        while !set.is_empty() {
            if attributes.len() == MAX_ATTRIBUTES {
                return Err(set.fault("no more than 128 attributes in a name"));
            }
            let mut pair = set.expect(tag::SEQUENCE, "an attribute type and value")?.open();
            let kind = pair.expect(tag::OID, "an attribute type")?;
            let value = pair.next("an attribute value")?;
            attributes.push((relative, kind.content, value));
        }
        relative += 1;
    }
    Ok(())
}

/// The value as UTF-8 where its string type is known, else in hex behind a `#` (RFC 4514 §2.4).
fn decode_value<'a>(value: &Element<'a>) -> Cow<'a, str> {
    let content = value.content;
    match value.tag {
        tag::UTF8_STRING | tag::PRINTABLE_STRING | tag::IA5_STRING | tag::VISIBLE_STRING | 0x12 => {
            String::from_utf8_lossy(content)
        }
        // T.61 in name; in practice everybody writes and reads Latin-1.
        tag::TELETEX_STRING => content.iter().map(|byte| char::from(*byte)).collect(),
        tag::BMP_STRING => {
            let units = content.chunks(2).map(|pair| match pair {
                [high, low] => u16::from_be_bytes([*high, *low]),
                _ => 0xfffd,
            });
            char::decode_utf16(units).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)).collect()
        }
        tag::UNIVERSAL_STRING => content
            .chunks(4)
            .map(|four| {
                let four = <[u8; 4]>::try_from(four).ok();
                four.and_then(|four| char::from_u32(u32::from_be_bytes(four)))
                    .unwrap_or(char::REPLACEMENT_CHARACTER)
            })
            .collect(),
        _ => {
            let mut hex = String::from("#");
            for byte in value.whole.iter().take(64) {
                let _ = write!(hex, "{byte:02x}");
            }
            hex.into()
        }
    }
}

fn push_quoted(text: &mut String, value: &str) {
    let plain = !value.contains([',', '+', '"', '<', '>', ';', '='])
        && !value.starts_with([' ', '#'])
        && !value.ends_with(' ')
        || value.starts_with('#') && value.len() > 1;
    if plain {
        text.push_str(value);
        return;
    }
    text.push('"');
    for c in value.chars() {
        if c == '"' {
            text.push('"');
        }
        text.push(c);
    }
    text.push('"');
}

/// The short names of RFC 4514 §3, and those that OpenSSL prints for what is usual beyond it.
fn short_name(kind: &[u8]) -> Option<&'static str> {
    Some(match kind {
        [0x55, 4, last] => match last {
            3 => "CN",
            4 => "SN",
            5 => "serialNumber",
            6 => "C",
            7 => "L",
            8 => "ST",
            9 => "street",
            10 => "O",
            11 => "OU",
            12 => "title",
            15 => "businessCategory",
            17 => "postalCode",
            42 => "GN",
            43 => "initials",
            46 => "dnQualifier",
            65 => "pseudonym",
            97 => "organizationIdentifier",
            _ => return None,
        },
        EMAIL => "emailAddress",
        DOMAIN_COMPONENT => "DC",
        USER_ID => "UID",
        _ => return None,
    })
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Name;
    use crate::der::Reader;

    /// A name of UTF8Strings, one attribute a relative name.
    pub(crate) fn name(attributes: &[(&[u8], u8, &[u8])]) -> Name {
        let wrap = |tag: u8, content: &[u8]| {
            let mut out = vec![tag];
            if content.len() > 127 {
                out.push(0x82);
                out.extend(u16::try_from(content.len()).unwrap().to_be_bytes());
            } else {
                out.push(u8::try_from(content.len()).unwrap());
            }
            out.extend_from_slice(content);
            out
        };
        let body: Vec<u8> = attributes
            .iter()
            .flat_map(|(kind, tag, value)| {
                let pair = [wrap(6, kind), wrap(*tag, value)].concat();
                wrap(0x31, &wrap(0x30, &pair))
            })
            .collect();
        let der = wrap(0x30, &body);
        Name::read(&Reader::new(&der).next("a name").unwrap()).0
    }

    #[test]
    fn most_specific_first_and_quoted_where_needed() {
        let name = name(&[
            (&[0x55, 4, 6], 0x13, b"DE"),
            (&[0x55, 4, 10], 12, b"Example, Inc."),
            (&[0x55, 4, 3], 12, b"api.example.test"),
        ]);
        assert_eq!(name.to_string(), r#"CN=api.example.test,O="Example, Inc.",C=DE"#);
        assert_eq!(name.common_name().unwrap().to_string(), "api.example.test");
    }

    #[test]
    fn string_types() {
        let latin = name(&[(&[0x55, 4, 10], 0x14, b"M\xfcller")]);
        let utf8 = name(&[(&[0x55, 4, 10], 12, "Müller".as_bytes())]);
        let bmp = name(&[(&[0x55, 4, 10], 0x1e, b"\0M\0\xfc\0l\0l\0e\0r")]);
        assert_eq!(latin.to_string(), "O=Müller");
        assert_eq!(bmp.to_string(), "O=Müller");
        assert_ne!(latin, utf8);
        assert!(latin.same_but_for_encoding(&utf8) && bmp.same_but_for_encoding(&utf8));
        assert_eq!(name(&[(&[0x55, 4, 10], 2, b"\x05")]).to_string(), "O=#020105");
        assert_eq!(name(&[(&[0x2a, 3, 4], 12, b"x")]).to_string(), "1.2.3.4=x");
    }

    #[test]
    fn hostile_values_are_escaped() {
        let name = name(&[(&[0x55, 4, 3], 12, b"a\x1b[31m\n\"b\"")]);
        assert_eq!(name.to_string(), r#"CN="a\x1b[31m\x0a""b""""#);
    }

    #[test]
    fn what_cannot_be_read_is_a_fault() {
        let der = [0x30, 4, 0x31, 2, 0x30, 9];
        let (name, fault) = Name::read(&Reader::new(&der).next("a name").unwrap());
        assert!(name.is_empty());
        assert_eq!(fault.unwrap().offset, 5);
    }
}

//! Certificates that software makes by itself, and authorities of TLS interceptors.
//!
//! Two tables of patterns over subject and issuer. They tell where a certificate comes from, never
//! whether it is good: names can be forged.

use std::fmt;

use crate::{Certificate, Chain, Name, WireText};

/// A certificate that nobody chose for the service that shows it.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Placeholder {
    /// What it comes from.
    pub product: &'static str,
    /// What sort of stand-in it is.
    pub kind: PlaceholderKind,
    /// Where that can be read up.
    pub source: &'static str,
    patterns: &'static [Pattern],
}

/// Why a certificate stands in for another.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum PlaceholderKind {
    /// The product made it at its installation or start.
    Default,
    /// The answer to a client that sent no server name, or one that nobody configured.
    NoServerName,
    /// An authority for tests issued it.
    Staging,
    /// An authority on a developer's machine issued it.
    Development,
    /// It is meant for the way from a content network to the origin, and only that network trusts it.
    Origin,
}

/// Software that answers in a server's place to read what is sent.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub struct Interceptor {
    /// Its name.
    pub product: &'static str,
    /// What sort of software it is.
    pub kind: InterceptorKind,
    /// Where that can be read up.
    pub source: &'static str,
    patterns: &'static [Pattern],
}

/// What sort of software an interceptor is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
#[non_exhaustive]
pub enum InterceptorKind {
    /// A gateway, firewall or cloud proxy of an organization.
    Gateway,
    /// An antivirus or filter on the client's machine.
    Antivirus,
    /// A debugging proxy that somebody started.
    Debugger,
    /// Software that nobody wants.
    Adware,
}

impl fmt::Display for InterceptorKind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Gateway => "a gateway that inspects TLS",
            Self::Antivirus => "security software on the client",
            Self::Debugger => "a debugging proxy",
            Self::Adware => "adware",
        })
    }
}

/// One condition on a name.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
struct Pattern {
    field: Field,
    how: How,
    text: &'static str,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum Field {
    /// Of the subject: common name, organization, unit.
    Name,
    Organization,
    Unit,
    /// Of the issuer, likewise.
    IssuerName,
    IssuerOrganization,
}

#[derive(Clone, Copy, PartialEq, Eq, Debug)]
enum How {
    Is,
    Starts,
    Holds,
}

use Field::{IssuerName, IssuerOrganization, Name as CommonName, Organization, Unit};
use How::{Holds, Is, Starts};

const fn when(field: Field, how: How, text: &'static str) -> Pattern {
    Pattern { field, how, text }
}

const fn made_by(
    product: &'static str,
    patterns: &'static [Pattern],
    source: &'static str,
) -> Placeholder {
    Placeholder { product, kind: PlaceholderKind::Default, source, patterns }
}

const fn stand_in(
    kind: PlaceholderKind,
    product: &'static str,
    patterns: &'static [Pattern],
    source: &'static str,
) -> Placeholder {
    Placeholder { product, kind, source, patterns }
}

/// All patterns of an entry must fit; the first entry that fits is taken. Comparison ignores case.
static PLACEHOLDERS: &[Placeholder] = &[
    // Ingress controllers and proxies.
    made_by(
        "the Kubernetes ingress-nginx controller",
        &[when(CommonName, Is, "Kubernetes Ingress Controller Fake Certificate")],
        "ingress-nginx user guide, TLS/HTTPS, Default SSL Certificate",
    ),
    made_by(
        "Traefik",
        &[when(CommonName, Is, "TRAEFIK DEFAULT CERT")],
        "Traefik documentation, TLS, Default Certificate",
    ),
    made_by(
        "cert-manager (temporary certificate)",
        &[when(CommonName, Is, "cert-manager.local")],
        "cert-manager documentation, annotation issue-temporary-certificate",
    ),
    stand_in(
        PlaceholderKind::Development,
        "Caddy's local authority",
        &[when(IssuerName, Starts, "Caddy Local Authority")],
        "Caddy documentation, Automatic HTTPS, Local HTTPS",
    ),
    stand_in(
        PlaceholderKind::NoServerName,
        "Google front ends",
        &[when(CommonName, Is, "invalid2.invalid")],
        "unit of the certificate itself: No SNI provided; please fix your client.",
    ),
    stand_in(
        PlaceholderKind::NoServerName,
        "the Akamai edge",
        &[when(CommonName, Is, "a248.e.akamai.net")],
        "Akamai documentation, default certificate of the edge",
    ),
    stand_in(
        PlaceholderKind::NoServerName,
        "Fastly",
        &[when(CommonName, Is, "default.ssl.fastly.net")],
        "Fastly documentation, TLS, fallback certificate",
    ),
    stand_in(
        PlaceholderKind::Origin,
        "Cloudflare Origin CA",
        &[
            when(IssuerOrganization, Holds, "CloudFlare"),
            when(CommonName, Is, "CloudFlare Origin Certificate"),
        ],
        "Cloudflare documentation, SSL/TLS, Origin CA certificates",
    ),
    stand_in(
        PlaceholderKind::Staging,
        "the staging environment of Let's Encrypt",
        &[when(IssuerOrganization, Starts, "(STAGING)")],
        "Let's Encrypt documentation, Staging Environment",
    ),
    stand_in(
        PlaceholderKind::Staging,
        "the staging environment of Let's Encrypt",
        &[when(IssuerName, Starts, "(STAGING)")],
        "Let's Encrypt documentation, Staging Environment",
    ),
    stand_in(
        PlaceholderKind::Staging,
        "the staging environment of Let's Encrypt",
        &[when(IssuerName, Starts, "Fake LE ")],
        "Let's Encrypt documentation, Staging Environment (until 2020)",
    ),
    stand_in(
        PlaceholderKind::Staging,
        "Pebble, an ACME server for tests",
        &[when(IssuerName, Starts, "Pebble Intermediate CA")],
        "letsencrypt/pebble, README",
    ),
    stand_in(
        PlaceholderKind::Development,
        "mkcert",
        &[when(IssuerOrganization, Is, "mkcert development CA")],
        "FiloSottile/mkcert, README",
    ),
    stand_in(
        PlaceholderKind::Development,
        "minikube",
        &[when(IssuerName, Is, "minikubeCA")],
        "minikube handbook, Certificates",
    ),
    // Hosting panels.
    made_by("Plesk", &[when(CommonName, Is, "Plesk")], "Plesk documentation, default certificate"),
    made_by(
        "Parallels Plesk Panel",
        &[when(CommonName, Starts, "Parallels Panel")],
        "Plesk documentation, default certificate (before 12)",
    ),
    made_by(
        "Webmin",
        &[when(Organization, Starts, "Webmin Webserver on")],
        "webmin/webmin, setup.sh",
    ),
    // Distributions and defaults of tools.
    made_by(
        "the openssl command (the answers to its questions were left as they are)",
        &[when(Organization, Is, "Internet Widgits Pty Ltd")],
        "openssl.cnf, 0.organizationName_default",
    ),
    made_by(
        "the openssl command of Red Hat's distributions",
        &[when(Organization, Is, "Default Company Ltd")],
        "openssl.cnf of Red Hat, 0.organizationName_default",
    ),
    made_by(
        "a package of Red Hat's distributions (make-dummy-cert)",
        &[when(Organization, Is, "SomeOrganization"), when(Unit, Is, "SomeOrganizationalUnit")],
        "make-dummy-cert; mod_ssl.spec",
    ),
    made_by(
        "sscg, as mod_ssl of Red Hat's distributions uses it",
        &[when(Organization, Is, "Unspecified"), when(IssuerName, Starts, "ca-")],
        "sscg manual page",
    ),
    made_by(
        "the package ssl-cert of Debian (snakeoil)",
        &[when(CommonName, Is, "debian"), when(IssuerName, Is, "debian")],
        "make-ssl-cert(8)",
    ),
    made_by(
        "the package ssl-cert of Ubuntu (snakeoil)",
        &[when(CommonName, Is, "ubuntu"), when(IssuerName, Is, "ubuntu")],
        "make-ssl-cert(8)",
    ),
    made_by(
        "Apache's example configuration (snakeoil)",
        &[when(Organization, Starts, "Snake Oil")],
        "mod_ssl, Snake Oil CA",
    ),
    made_by(
        "Dovecot's example configuration",
        &[when(Unit, Is, "IMAP server"), when(CommonName, Is, "imap.example.com")],
        "dovecot-openssl.cnf",
    ),
    // Windows.
    made_by(
        "the Web Management Service of IIS",
        &[when(CommonName, Starts, "WMSvc")],
        "IIS documentation, Management Service",
    ),
    made_by(
        "Microsoft Exchange (Federation or Server Auth)",
        &[when(CommonName, Starts, "Microsoft Exchange")],
        "Exchange documentation, self-signed certificates",
    ),
    // Firewalls, switches, load balancers.
    made_by(
        "pfSense",
        &[
            when(Organization, Starts, "pfSense"),
            when(Organization, Holds, "Self-Signed Certificate"),
        ],
        "pfSense documentation, certificate of the webConfigurator",
    ),
    made_by(
        "OPNsense",
        &[when(Organization, Starts, "OPNsense")],
        "OPNsense documentation, certificate of the web interface",
    ),
    made_by(
        "a Fortinet appliance",
        &[when(Organization, Is, "Fortinet")],
        "FortiOS administration guide, Fortinet_Factory certificate",
    ),
    made_by(
        "Cisco IOS",
        &[when(CommonName, Starts, "IOS-Self-Signed-Certificate")],
        "Cisco IOS security guide, persistent self-signed certificates",
    ),
    made_by(
        "Cisco ASA",
        &[when(CommonName, Starts, "ASA Temporary Self Signed Certificate")],
        "Cisco ASDM guide",
    ),
    made_by(
        "Cisco Firepower",
        &[when(Unit, Is, "Intrusion Management System")],
        "rapid7/recog, xml/x509_subjects.xml",
    ),
    made_by(
        "F5 BIG-IP",
        &[when(Organization, Is, "MyCompany"), when(Unit, Is, "MyOrg")],
        "F5 knowledge base, default device certificate",
    ),
    made_by(
        "Palo Alto Networks PAN-OS",
        &[when(Organization, Is, "Palo Alto Networks"), when(Unit, Is, "Support")],
        "PAN-OS documentation, default certificate of the web interface",
    ),
    made_by(
        "a WatchGuard appliance",
        &[when(Organization, Starts, "WatchGuard"), when(CommonName, Starts, "Fireware web")],
        "WatchGuard help, default web server certificate",
    ),
    made_by(
        "a SonicWall appliance",
        &[when(Organization, Holds, "SonicWALL, Inc.")],
        "SonicWall documentation, self-signed management certificate",
    ),
    // Virtualization and storage.
    made_by(
        "VMware ESXi",
        &[when(Unit, Is, "VMware ESX Server Default Certificate")],
        "vSphere documentation, default certificates of hosts",
    ),
    made_by(
        "Proxmox Virtual Environment",
        &[when(IssuerOrganization, Is, "PVE Cluster Manager CA")],
        "Proxmox VE administration guide, Certificate Management",
    ),
    made_by(
        "Synology DSM",
        &[when(Organization, Is, "Synology Inc.")],
        "Synology knowledge center, Certificate",
    ),
    made_by("QNAP", &[when(Organization, Starts, "QNAP Systems")], "QNAP documentation, SSL"),
    made_by(
        "TrueNAS",
        &[when(Organization, Is, "iXsystems"), when(CommonName, Is, "localhost")],
        "TrueNAS documentation, Certificates",
    ),
    made_by(
        "Ubiquiti UniFi",
        &[when(CommonName, Is, "UniFi")],
        "Ubiquiti help center, UniFi certificates",
    ),
    made_by(
        "a Ubiquiti device",
        &[when(Organization, Starts, "Ubiquiti")],
        "Ubiquiti help center, UniFi certificates",
    ),
    // Management processors.
    made_by(
        "HPE iLO",
        &[when(IssuerName, Holds, "Default Issuer (Do not trust)")],
        "HPE iLO user guide, SSL certificate",
    ),
    made_by(
        "HP iLO",
        &[when(Organization, Is, "Hewlett-Packard Company"), when(Unit, Is, "ISS")],
        "rapid7/recog, xml/x509_subjects.xml",
    ),
    made_by(
        "Oracle ILOM",
        &[when(CommonName, Is, "Oracle Integrated Lights Out Manager")],
        "rapid7/recog, xml/x509_subjects.xml",
    ),
    made_by(
        "AMI MegaRAC",
        &[when(Organization, Starts, "American Megatrends"), when(Unit, Is, "Service Processors")],
        "rapid7/recog, xml/x509_subjects.xml",
    ),
    made_by(
        "Dell iDRAC",
        &[when(Organization, Starts, "Dell"), when(Unit, Is, "Remote Access Group")],
        "iDRAC user's guide, SSL server certificates",
    ),
    made_by(
        "Supermicro IPMI",
        &[when(Organization, Starts, "Super Micro Computer")],
        "Supermicro IPMI user's guide",
    ),
    // Last, since others use the name too: what a development tool or a package made.
    made_by(
        "a tool or package (it names the machine itself)",
        &[when(CommonName, Is, "localhost"), when(IssuerName, Is, "localhost")],
        "the subject itself",
    ),
    made_by(
        "a tool or package (it names the machine itself)",
        &[
            when(CommonName, Is, "localhost.localdomain"),
            when(IssuerName, Is, "localhost.localdomain"),
        ],
        "the subject itself",
    ),
];

const fn reads_by(
    kind: InterceptorKind,
    product: &'static str,
    patterns: &'static [Pattern],
    source: &'static str,
) -> Interceptor {
    Interceptor { product, kind, source, patterns }
}

use InterceptorKind::{Adware, Antivirus, Debugger, Gateway};

/// As above, over the name of an authority.
static INTERCEPTORS: &[Interceptor] = &[
    reads_by(
        Gateway,
        "Zscaler",
        &[when(IssuerOrganization, Starts, "Zscaler")],
        "Zscaler help, SSL inspection",
    ),
    reads_by(
        Gateway,
        "Zscaler",
        &[when(IssuerName, Starts, "Zscaler")],
        "Zscaler help, SSL inspection",
    ),
    reads_by(
        Gateway,
        "Netskope",
        &[when(IssuerName, Holds, ".goskope.com")],
        "Netskope documentation, certificates",
    ),
    reads_by(
        Gateway,
        "Netskope",
        &[when(IssuerOrganization, Starts, "Netskope")],
        "Netskope documentation, certificates",
    ),
    reads_by(
        Gateway,
        "Cisco Umbrella",
        &[when(IssuerName, Starts, "Cisco Umbrella")],
        "Cisco Umbrella documentation, root certificate",
    ),
    reads_by(
        Gateway,
        "Cloudflare Gateway",
        &[when(IssuerName, Starts, "Gateway CA - Cloudflare")],
        "Cloudflare Zero Trust documentation, user-side certificates",
    ),
    reads_by(
        Gateway,
        "Cloudflare Gateway",
        &[when(IssuerName, Starts, "Cloudflare for Teams")],
        "Cloudflare Zero Trust documentation, user-side certificates",
    ),
    reads_by(
        Gateway,
        "Fortinet FortiGate",
        &[when(IssuerOrganization, Starts, "Fortinet")],
        "FortiOS administration guide, deep inspection",
    ),
    reads_by(
        Gateway,
        "Fortinet FortiGate",
        &[when(IssuerName, Starts, "FortiGate CA")],
        "FortiOS administration guide, deep inspection",
    ),
    reads_by(
        Gateway,
        "Palo Alto Networks",
        &[when(IssuerOrganization, Starts, "Palo Alto Networks")],
        "PAN-OS documentation, SSL forward proxy",
    ),
    reads_by(
        Gateway,
        "Blue Coat / Symantec ProxySG",
        &[when(IssuerOrganization, Starts, "Blue Coat")],
        "ProxySG documentation, SSL proxy",
    ),
    reads_by(
        Gateway,
        "Blue Coat / Symantec ProxySG",
        &[when(IssuerName, Holds, "ProxySG")],
        "ProxySG documentation, SSL proxy",
    ),
    reads_by(
        Gateway,
        "Forcepoint / Websense",
        &[when(IssuerOrganization, Starts, "Forcepoint")],
        "Forcepoint documentation, SSL decryption",
    ),
    reads_by(
        Gateway,
        "Forcepoint / Websense",
        &[when(IssuerName, Starts, "Forcepoint Cloud CA")],
        "Forcepoint documentation, SSL decryption",
    ),
    reads_by(
        Gateway,
        "Forcepoint / Websense",
        &[when(IssuerOrganization, Starts, "Websense")],
        "Forcepoint documentation, SSL decryption",
    ),
    reads_by(
        Gateway,
        "Skyhigh / McAfee Web Gateway",
        &[when(IssuerName, Holds, "McAfee Web Gateway")],
        "Skyhigh documentation, HTTPS scanning",
    ),
    reads_by(
        Gateway,
        "Sophos Firewall",
        &[when(IssuerName, Starts, "Sophos SSL CA")],
        "Sophos documentation, HTTPS scanning CA",
    ),
    reads_by(
        Gateway,
        "Sophos",
        &[when(IssuerOrganization, Starts, "Sophos")],
        "Sophos documentation, HTTPS scanning CA",
    ),
    reads_by(
        Gateway,
        "WatchGuard Firebox",
        &[when(IssuerName, Starts, "Fireware HTTPS Proxy")],
        "WatchGuard help, HTTPS proxy authority",
    ),
    reads_by(
        Gateway,
        "SonicWall DPI-SSL",
        &[when(IssuerName, Holds, "DPI-SSL")],
        "SonicWall documentation, DPI-SSL",
    ),
    reads_by(
        Gateway,
        "Barracuda",
        &[when(IssuerOrganization, Starts, "Barracuda")],
        "Barracuda campus, SSL inspection",
    ),
    reads_by(
        Gateway,
        "iboss",
        &[when(IssuerOrganization, Starts, "iboss")],
        "iboss documentation, SSL decryption",
    ),
    reads_by(
        Gateway,
        "Lightspeed",
        &[when(IssuerOrganization, Starts, "Lightspeed Systems")],
        "Lightspeed help, trusted CA",
    ),
    reads_by(
        Gateway,
        "Untangle / Arista Edge",
        &[when(IssuerOrganization, Is, "Untangle")],
        "Untangle documentation, SSL inspector",
    ),
    reads_by(
        Gateway,
        "Check Point",
        &[when(IssuerOrganization, Starts, "Check Point")],
        "Check Point documentation, HTTPS inspection",
    ),
    reads_by(
        Antivirus,
        "Kaspersky",
        &[when(IssuerName, Holds, "Kaspersky"), when(IssuerName, Holds, "Personal Root")],
        "Kaspersky support, encrypted connections scan",
    ),
    reads_by(
        Antivirus,
        "Kaspersky",
        &[when(IssuerOrganization, Holds, "Kaspersky Lab")],
        "Kaspersky support, encrypted connections scan",
    ),
    reads_by(
        Antivirus,
        "Avast",
        &[when(IssuerName, Starts, "Avast Web/Mail Shield")],
        "Avast support, HTTPS scanning",
    ),
    reads_by(
        Antivirus,
        "AVG",
        &[when(IssuerName, Starts, "AVG Web/Mail Shield")],
        "AVG support, HTTPS scanning",
    ),
    reads_by(
        Antivirus,
        "Avast",
        &[when(IssuerName, Starts, "avast! Web/Mail Shield")],
        "Avast support, HTTPS scanning",
    ),
    reads_by(
        Antivirus,
        "Norton",
        &[when(IssuerName, Starts, "Norton Web/Mail Shield")],
        "Norton support, HTTPS scanning",
    ),
    reads_by(
        Antivirus,
        "ESET",
        &[when(IssuerName, Is, "ESET SSL Filter CA")],
        "ESET online help, SSL/TLS",
    ),
    reads_by(
        Antivirus,
        "Bitdefender",
        &[when(IssuerName, Starts, "Bitdefender Personal CA")],
        "Bitdefender support, encrypted web scan",
    ),
    reads_by(
        Antivirus,
        "Bitdefender",
        &[when(IssuerName, Starts, "Bitdefender CA SSL")],
        "Bitdefender support, scan SSL",
    ),
    reads_by(
        Antivirus,
        "AdGuard",
        &[when(IssuerName, Starts, "Adguard Personal CA")],
        "AdGuard knowledge base, HTTPS filtering",
    ),
    reads_by(
        Antivirus,
        "Dr.Web",
        &[when(IssuerName, Starts, "Dr.Web")],
        "Dr.Web documentation, SpIDer Gate",
    ),
    reads_by(
        Antivirus,
        "G DATA",
        &[when(IssuerName, Starts, "G DATA Mail")],
        "G DATA documentation",
    ),
    reads_by(Antivirus, "Qustodio", &[when(IssuerName, Starts, "Qustodio CA")], "Qustodio help"),
    reads_by(
        Debugger,
        "mitmproxy",
        &[when(IssuerName, Is, "mitmproxy")],
        "mitmproxy documentation, About Certificates",
    ),
    reads_by(
        Debugger,
        "Burp Suite",
        &[when(IssuerName, Is, "PortSwigger CA")],
        "PortSwigger documentation, CA certificate",
    ),
    reads_by(
        Debugger,
        "Fiddler",
        &[when(IssuerName, Starts, "DO_NOT_TRUST_Fiddler")],
        "Fiddler documentation, Decrypt HTTPS",
    ),
    reads_by(
        Debugger,
        "Charles",
        &[when(IssuerName, Starts, "Charles Proxy")],
        "Charles documentation, SSL certificates",
    ),
    reads_by(
        Debugger,
        "Proxyman",
        &[when(IssuerName, Starts, "Proxyman")],
        "Proxyman documentation, SSL proxying",
    ),
    reads_by(
        Debugger,
        "HTTP Toolkit",
        &[when(IssuerName, Is, "HTTP Toolkit CA")],
        "HTTP Toolkit documentation",
    ),
    reads_by(
        Debugger,
        "ZAP",
        &[when(IssuerName, Starts, "OWASP Zed Attack Proxy")],
        "ZAP documentation, server certificates",
    ),
    reads_by(
        Debugger,
        "ZAP",
        &[when(IssuerName, Starts, "ZAP Root CA")],
        "ZAP documentation, server certificates",
    ),
    reads_by(
        Adware,
        "Superfish",
        &[when(IssuerOrganization, Starts, "Superfish")],
        "CERT/CC VU#529496",
    ),
    reads_by(
        Adware,
        "software with the NetFilter SDK",
        &[when(IssuerName, Holds, "NetFilterSDK")],
        "NetFilter SDK documentation, ProtocolFilters",
    ),
];

/// The placeholder that this leaf is, if it is a known one.
///
/// ```
/// # use tlsleuth_cert::{Certificate, placeholder};
/// assert!(placeholder(&Certificate::parse(b"")).is_none());
/// ```
#[must_use]
pub fn placeholder(leaf: &Certificate) -> Option<&'static Placeholder> {
    let fits = |pattern: &Pattern| pattern.fits(&leaf.subject, &leaf.issuer);
    PLACEHOLDERS.iter().find(|placeholder| placeholder.patterns.iter().all(fits))
}

/// The interceptor whose authority issued this chain, if it is a known one.
///
/// Any certificate of the chain may tell it: a product's name often stands in its root only. A
/// vendor's own site or appliance, which speaks for itself, is none.
#[must_use]
pub fn interceptor(chain: &Chain) -> Option<&'static Interceptor> {
    let owner = chain.leaf()?.subject.organization().and_then(first_word);
    let of = |name: &Name| {
        let is_own = owner.is_some() && name.organization().and_then(first_word) == owner;
        let fits = |pattern: &Pattern| pattern.fits(name, name);
        let found = INTERCEPTORS.iter().find(|known| known.patterns.iter().all(fits));
        found.filter(|_| !is_own)
    };
    chain.certificates().iter().find_map(|certificate| {
        of(&certificate.issuer)
            .or_else(|| certificate.is_ca().then(|| of(&certificate.subject)).flatten())
    })
}

/// `zscaler` of `Zscaler Inc.`
fn first_word(organization: &WireText) -> Option<String> {
    let first = organization.as_str()?.split_whitespace().next()?;
    Some(first.to_ascii_lowercase())
}

impl Pattern {
    fn fits(&self, subject: &Name, issuer: &Name) -> bool {
        let value = match self.field {
            CommonName => subject.common_name(),
            Organization => subject.organization(),
            Unit => subject.organizational_unit(),
            IssuerName => issuer.common_name(),
            IssuerOrganization => issuer.organization(),
        };
        let Some(value) = value.map(WireText::raw) else { return false };
        let text = self.text.as_bytes();
        let is_here = |part: &[u8]| part.eq_ignore_ascii_case(text);
        match self.how {
            Is => is_here(value),
            Starts => value.get(..text.len()).is_some_and(is_here),
            // Long values are not searched to their end: a product's name stands in front.
            Holds => value.windows(text.len()).take(256).any(is_here),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{INTERCEPTORS, InterceptorKind, PLACEHOLDERS, interceptor, placeholder};
    use crate::{BasicConstraints, Certificate, Chain, Name, name::tests::name};

    const CN: &[u8] = &[0x55, 4, 3];
    const O: &[u8] = &[0x55, 4, 10];

    fn issued(subject: Name, issuer: Name) -> Certificate {
        let mut certificate = Certificate::parse(b"");
        certificate.subject = subject;
        certificate.issuer = issuer;
        certificate
    }

    #[test]
    fn known_placeholders() {
        let fake = name(&[
            (O, 12, b"Acme Co"),
            (CN, 12, b"Kubernetes Ingress Controller Fake Certificate"),
        ]);
        let found = placeholder(&issued(fake.clone(), fake)).unwrap();
        assert_eq!(found.product, "the Kubernetes ingress-nginx controller");
        let localhost = name(&[(CN, 12, b"localhost")]);
        assert!(placeholder(&issued(localhost.clone(), localhost.clone())).is_some());
        // A certificate for localhost that a private authority issued on purpose is none.
        assert!(placeholder(&issued(localhost, name(&[(CN, 12, b"Private CA")]))).is_none());
        let ordinary = name(&[(CN, 12, b"www.example.test")]);
        assert!(placeholder(&issued(ordinary.clone(), ordinary)).is_none());
    }

    #[test]
    fn known_interceptors() {
        let site = name(&[(CN, 12, b"www.example.test")]);
        let zscaler = name(&[(O, 12, b"Zscaler Inc."), (CN, 12, b"Zscaler Intermediate Root CA")]);
        let asked = |certificates: &[&Certificate]| {
            let certificates = certificates.iter().map(|c| Arc::new((*c).clone()));
            interceptor(&Chain::new(certificates)).map(|found| (found.product, found.kind))
        };
        let site_by_it = issued(site.clone(), zscaler.clone());
        assert_eq!(asked(&[&site_by_it]), Some(("Zscaler", InterceptorKind::Gateway)));
        // The vendor's own site, issued by its own authority.
        let own = name(&[(O, 12, b"Zscaler Ltd"), (CN, 12, b"www.vendor.test")]);
        assert_eq!(asked(&[&issued(own, zscaler.clone())]), None);
        // An authority named like one, below a private root.
        let mut authority = issued(zscaler, name(&[(CN, 12, b"Private Root")]));
        authority.basic_constraints = Some(BasicConstraints { is_ca: true, path_len: None });
        let below = issued(site.clone(), name(&[(CN, 12, b"Sub")]));
        assert!(asked(&[&below, &authority]).is_some());
        assert_eq!(asked(&[&issued(site.clone(), site)]), None);
        assert_eq!(asked(&[]), None);
    }

    #[test]
    fn each_entry_has_patterns_and_a_source() {
        let patterns = PLACEHOLDERS.iter().map(|p| (p.patterns, p.source));
        for (patterns, source) in
            patterns.chain(INTERCEPTORS.iter().map(|i| (i.patterns, i.source)))
        {
            assert!(!patterns.is_empty() && !source.is_empty());
            assert!(patterns.iter().all(|pattern| pattern.text.len() >= 3));
        }
    }
}

//! A frame as captured, before anything in it is understood.

use std::fmt;

use crate::Place;

/// The kind of a frame's outermost header: a `LINKTYPE_` value of the tcpdump group's registry.
///
/// Prints the name from that registry, without its prefix, or the number when it has none.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
pub struct LinkType(pub u16);

impl LinkType {
    /// `LINKTYPE_NULL`.
    pub const NULL: Self = Self(0);
    /// `LINKTYPE_ETHERNET`.
    pub const ETHERNET: Self = Self(1);
    /// `LINKTYPE_IEEE802_5`.
    pub const IEEE802_5: Self = Self(6);
    /// `LINKTYPE_ARCNET_BSD`.
    pub const ARCNET_BSD: Self = Self(7);
    /// `LINKTYPE_SLIP`.
    pub const SLIP: Self = Self(8);
    /// `LINKTYPE_PPP`.
    pub const PPP: Self = Self(9);
    /// `LINKTYPE_FDDI`.
    pub const FDDI: Self = Self(10);
    /// `LINKTYPE_PPP_HDLC`.
    pub const PPP_HDLC: Self = Self(50);
    /// `LINKTYPE_PPP_ETHER`.
    pub const PPP_ETHER: Self = Self(51);
    /// `LINKTYPE_ATM_RFC1483`.
    pub const ATM_RFC1483: Self = Self(100);
    /// `LINKTYPE_RAW`.
    pub const RAW: Self = Self(101);
    /// `LINKTYPE_C_HDLC`.
    pub const C_HDLC: Self = Self(104);
    /// `LINKTYPE_IEEE802_11`.
    pub const IEEE802_11: Self = Self(105);
    /// `LINKTYPE_FRELAY`.
    pub const FRELAY: Self = Self(107);
    /// `LINKTYPE_LOOP`.
    pub const LOOP: Self = Self(108);
    /// `LINKTYPE_ENC`.
    pub const ENC: Self = Self(109);
    /// `LINKTYPE_LINUX_SLL`.
    pub const LINUX_SLL: Self = Self(113);
    /// `LINKTYPE_PFLOG`.
    pub const PFLOG: Self = Self(117);
    /// `LINKTYPE_IEEE802_11_PRISM`.
    pub const IEEE802_11_PRISM: Self = Self(119);
    /// `LINKTYPE_IP_OVER_FC`.
    pub const IP_OVER_FC: Self = Self(122);
    /// `LINKTYPE_SUNATM`.
    pub const SUNATM: Self = Self(123);
    /// `LINKTYPE_IEEE802_11_RADIOTAP`.
    pub const IEEE802_11_RADIOTAP: Self = Self(127);
    /// `LINKTYPE_ARCNET_LINUX`.
    pub const ARCNET_LINUX: Self = Self(129);
    /// `LINKTYPE_IEEE802_11_AVS`.
    pub const IEEE802_11_AVS: Self = Self(163);
    /// `LINKTYPE_PPP_PPPD`.
    pub const PPP_PPPD: Self = Self(166);
    /// `LINKTYPE_PPI`.
    pub const PPI: Self = Self(192);
    /// `LINKTYPE_PPP_WITH_DIR`.
    pub const PPP_WITH_DIR: Self = Self(204);
    /// `LINKTYPE_C_HDLC_WITH_DIR`.
    pub const C_HDLC_WITH_DIR: Self = Self(205);
    /// `LINKTYPE_FRELAY_WITH_DIR`.
    pub const FRELAY_WITH_DIR: Self = Self(206);
    /// `LINKTYPE_IPNET`.
    pub const IPNET: Self = Self(226);
    /// `LINKTYPE_IPV4`.
    pub const IPV4: Self = Self(228);
    /// `LINKTYPE_IPV6`.
    pub const IPV6: Self = Self(229);
    /// `LINKTYPE_NFLOG`.
    pub const NFLOG: Self = Self(239);
    /// `LINKTYPE_NETANALYZER`.
    pub const NETANALYZER: Self = Self(240);
    /// `LINKTYPE_NETANALYZER_TRANSPARENT`.
    pub const NETANALYZER_TRANSPARENT: Self = Self(241);
    /// `LINKTYPE_IPOIB`.
    pub const IPOIB: Self = Self(242);
    /// `LINKTYPE_PKTAP`.
    pub const PKTAP: Self = Self(258);
    /// `LINKTYPE_EPON`.
    pub const EPON: Self = Self(259);
    /// `LINKTYPE_ETHERNET_MPACKET`.
    pub const ETHERNET_MPACKET: Self = Self(274);
    /// `LINKTYPE_LINUX_SLL2`.
    pub const LINUX_SLL2: Self = Self(276);
    /// `LINKTYPE_DSA_TAG_BRCM`.
    pub const DSA_TAG_BRCM: Self = Self(281);
    /// `LINKTYPE_DSA_TAG_BRCM_PREPEND`.
    pub const DSA_TAG_BRCM_PREPEND: Self = Self(282);
    /// `LINKTYPE_DSA_TAG_DSA`.
    pub const DSA_TAG_DSA: Self = Self(284);
    /// `LINKTYPE_DSA_TAG_EDSA`.
    pub const DSA_TAG_EDSA: Self = Self(285);
    /// Stands for a link type of another registry that has no counterpart here.
    pub const UNKNOWN: Self = Self(u16::MAX);

    /// The registry's name without `LINKTYPE_`, such as `ETHERNET`; `None` for an unknown number.
    #[must_use]
    pub fn name(self) -> Option<&'static str> {
        Some(match self.0 {
            // As BSDs write raw IP; the registry has one number for all of them.
            12 | 14 => "RAW",
            0 => "NULL",
            1 => "ETHERNET",
            2 => "EXP_ETHERNET",
            3 => "AX25",
            6 => "IEEE802_5",
            7 => "ARCNET_BSD",
            8 => "SLIP",
            9 => "PPP",
            10 => "FDDI",
            50 => "PPP_HDLC",
            51 => "PPP_ETHER",
            99 => "SYMANTEC_FIREWALL",
            100 => "ATM_RFC1483",
            101 => "RAW",
            104 => "C_HDLC",
            105 => "IEEE802_11",
            106 => "ATM_CLIP",
            107 => "FRELAY",
            108 => "LOOP",
            109 => "ENC",
            113 => "LINUX_SLL",
            114 => "LTALK",
            117 => "PFLOG",
            118 => "CISCO_IOS",
            119 => "IEEE802_11_PRISM",
            122 => "IP_OVER_FC",
            123 => "SUNATM",
            127 => "IEEE802_11_RADIOTAP",
            129 => "ARCNET_LINUX",
            138 => "APPLE_IP_OVER_IEEE1394",
            139 => "MTP2_WITH_PHDR",
            140 => "MTP2",
            141 => "MTP3",
            142 => "SCCP",
            143 => "DOCSIS",
            144 => "LINUX_IRDA",
            147 => "USER0",
            148 => "USER1",
            149 => "USER2",
            150 => "USER3",
            151 => "USER4",
            152 => "USER5",
            153 => "USER6",
            154 => "USER7",
            155 => "USER8",
            156 => "USER9",
            157 => "USER10",
            158 => "USER11",
            159 => "USER12",
            160 => "USER13",
            161 => "USER14",
            162 => "USER15",
            163 => "IEEE802_11_AVS",
            165 => "BACNET_MS_TP",
            166 => "PPP_PPPD",
            169 => "GPRS_LLC",
            177 => "LINUX_LAPD",
            182 => "MFR",
            187 => "BLUETOOTH_HCI_H4",
            189 => "USB_LINUX",
            192 => "PPI",
            195 => "IEEE802_15_4_WITHFCS",
            196 => "SITA",
            197 => "ERF",
            201 => "BLUETOOTH_HCI_H4_WITH_PHDR",
            203 => "LAPD",
            204 => "PPP_WITH_DIR",
            205 => "C_HDLC_WITH_DIR",
            206 => "FRELAY_WITH_DIR",
            209 => "IPMB_LINUX",
            215 => "IEEE802_15_4_NONASK_PHY",
            220 => "USB_LINUX_MMAPPED",
            224 => "FC_2",
            225 => "FC_2_WITH_FRAME_DELIMS",
            226 => "IPNET",
            227 => "CAN_SOCKETCAN",
            228 => "IPV4",
            229 => "IPV6",
            230 => "IEEE802_15_4_NOFCS",
            231 => "DBUS",
            235 => "DVB_CI",
            236 => "MUX27010",
            237 => "STANAG_5066_D_PDU",
            239 => "NFLOG",
            240 => "NETANALYZER",
            241 => "NETANALYZER_TRANSPARENT",
            242 => "IPOIB",
            243 => "MPEG_2_TS",
            244 => "NG40",
            245 => "NFC_LLCP",
            247 => "INFINIBAND",
            248 => "SCTP",
            249 => "USBPCAP",
            250 => "RTAC_SERIAL",
            251 => "BLUETOOTH_LE_LL",
            252 => "WIRESHARK_UPPER_PDU",
            253 => "NETLINK",
            254 => "BLUETOOTH_LINUX_MONITOR",
            255 => "BLUETOOTH_BREDR_BB",
            256 => "BLUETOOTH_LE_LL_WITH_PHDR",
            257 => "PROFIBUS_DL",
            258 => "PKTAP",
            259 => "EPON",
            260 => "IPMI_HPM_2",
            261 => "ZWAVE_R1_R2",
            262 => "ZWAVE_R3",
            263 => "WATTSTOPPER_DLM",
            264 => "ISO_14443",
            265 => "RDS",
            266 => "USB_DARWIN",
            267 => "OPENFLOW",
            268 => "SDLC",
            270 => "LORATAP",
            271 => "VSOCK",
            272 => "NORDIC_BLE",
            273 => "DOCSIS31_XRA31",
            274 => "ETHERNET_MPACKET",
            275 => "DISPLAYPORT_AUX",
            276 => "LINUX_SLL2",
            277 => "SERCOS_MONITOR",
            278 => "OPENVIZSLA",
            279 => "EBHSCR",
            280 => "VPP_DISPATCH",
            281 => "DSA_TAG_BRCM",
            282 => "DSA_TAG_BRCM_PREPEND",
            283 => "IEEE802_15_4_TAP",
            284 => "DSA_TAG_DSA",
            285 => "DSA_TAG_EDSA",
            286 => "ELEE",
            287 => "Z_WAVE_SERIAL",
            288 => "USB_2_0",
            289 => "ATSC_ALP",
            290 => "ETW",
            292 => "ZBOSS_NCP",
            293 => "USB_2_0_LOW_SPEED",
            294 => "USB_2_0_FULL_SPEED",
            295 => "USB_2_0_HIGH_SPEED",
            296 => "AUERSWALD_LOG",
            297 => "ZWAVE_TAP",
            298 => "SILABS_DEBUG_CHANNEL",
            299 => "FIRA_UCI",
            _ => return None,
        })
    }
}

impl fmt::Display for LinkType {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.name() {
            Some(name) => f.write_str(name),
            None => write!(f, "{}", self.0),
        }
    }
}

/// One captured frame. Borrows its bytes from the reader, so that nothing is copied.
#[derive(Clone, Copy, Debug)]
pub struct Frame<'a> {
    /// Which capture, the frame's number in it, and its time.
    pub place: Place,
    /// What the bytes begin with.
    pub link: LinkType,
    /// The interface of the capture that saw it, counted from 0 in its file.
    pub interface: u32,
    /// The captured bytes.
    pub data: &'a [u8],
    /// The frame's length on the wire in bytes; more than `data` holds when the snap length cut it.
    pub original_len: u32,
}

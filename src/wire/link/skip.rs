//! Names what a packet was when it was not carried on, so that it can be counted.

use std::fmt;

use crate::wire::capture::{NETMON_MEDIA, NO_INTERFACE};

/// Why a packet, or a part of it, ends here.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Skip {
    /// A link type that is not read.
    LinkType(u32),
    /// A protocol above the link layer that is neither IP nor leads to it.
    EtherType(u16),
    /// An IEEE 802.2 destination that is not IP.
    Llc(u8),
    /// A PPP protocol that is not IP.
    Ppp(u16),
    /// A protocol above IP that is neither TCP nor UDP nor leads to them.
    IpProtocol(u8),
    /// Its header says something impossible.
    Malformed(&'static str),
    /// The capture holds less than its header.
    Short(&'static str),
    /// Anything else that may carry IP and is not read, in words.
    Unread(&'static str),
    /// Anything else, in words.
    Other(&'static str),
}

impl Skip {
    /// Whether traffic that matters may be in what was not carried on: it is encrypted, damaged, cut, or of a kind
    /// that is not read. Neighbours of IP that do not carry it hide nothing.
    pub const fn hides(self) -> bool {
        match self {
            // Buses, radios and the like, that `link_name` lists.
            Self::LinkType(number) => !matches!(
                number,
                186 | 187 | 189 | 190 | 195 | 201 | 215 | 220 | 227 | 230 | 231 | 249 | 251 | 253
                    ..=256 | 266 | 272 | 283 | 288 | 289
            ),
            Self::EtherType(number) => matches!(number, MACSEC | NSH),
            Self::IpProtocol(number) => matches!(number, ESP | IPCOMP | L2TP),
            // Compressed headers, bridged frames, multilink, encryption and compression.
            Self::Ppp(number) => {
                matches!(number, 0x002d | 0x002f | 0x0031 | 0x003d | 0x0053 | 0x0055 | 0x00fb | 0x00fd)
            }
            Self::Malformed(_) | Self::Short(_) | Self::Unread(_) => true,
            Self::Llc(_) | Self::Other(_) => false,
        }
    }
}

/// IEEE 802.1AE.
const MACSEC: u16 = 0x88e5;

/// RFC 8300.
const NSH: u16 = 0x894f;

/// RFC 4303.
const ESP: u8 = 50;

/// RFC 3173.
const IPCOMP: u8 = 108;

/// RFC 3931 4.1.1.
const L2TP: u8 = 115;

impl fmt::Display for Skip {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            Self::LinkType(number) if number & 0xffff_0000 == NETMON_MEDIA => {
                write!(f, "Network Monitor media type {:#06x}", number & 0xffff)
            }
            Self::LinkType(number) if number == NO_INTERFACE.0 => {
                f.write_str("packets of an interface that is not described")
            }
            Self::LinkType(number) => match link_name(number) {
                Some(name) => write!(f, "link type {number} ({name})"),
                None => write!(f, "unknown link type {number}"),
            },
            Self::EtherType(number) => match ether_name(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "EtherType {number:#06x}"),
            },
            Self::Llc(0x42) => f.write_str("spanning tree"),
            Self::Llc(0xe0 | 0xff) => f.write_str("IPX"),
            Self::Llc(0xf0) => f.write_str("NetBEUI"),
            Self::Llc(0xfe) => f.write_str("OSI network layer"),
            Self::Llc(number) => write!(f, "LLC {number:#04x}"),
            Self::Ppp(0x002d | 0x002f) => f.write_str("PPP with compressed TCP headers"),
            Self::Ppp(0x003d) => f.write_str("PPP multilink"),
            Self::Ppp(0x8000..) => f.write_str("PPP control"),
            Self::Ppp(number) => write!(f, "PPP protocol {number:#06x}"),
            Self::IpProtocol(number) => match ip_name(number) {
                Some(name) => f.write_str(name),
                None => write!(f, "IP protocol {number}"),
            },
            Self::Malformed(what) => write!(f, "malformed {what}"),
            Self::Short(what) => write!(f, "{what} cut short"),
            Self::Unread(what) | Self::Other(what) => f.write_str(what),
        }
    }
}

fn link_name(number: u32) -> Option<&'static str> {
    Some(match number {
        6 => "token ring",
        8 => "SLIP",
        10 => "FDDI",
        117 => "OpenBSD pflog",
        123 => "SunATM",
        143 => "DOCSIS",
        147..=162 => "private use",
        186 | 189 | 220 | 249 | 266 | 288 => "USB",
        187 | 201 | 251 | 254..=256 | 272 => "Bluetooth",
        190 | 227 => "CAN",
        195 | 215 | 230 | 283 => "IEEE 802.15.4",
        231 => "D-Bus",
        247 => "InfiniBand",
        253 => "netlink",
        289 => "event tracing",
        _ => return None,
    })
}

fn ether_name(number: u16) -> Option<&'static str> {
    Some(match number {
        0x0806 => "ARP",
        0x0842 => "wake on LAN",
        0x6003 => "DECnet",
        0x8035 => "RARP",
        0x809b => "AppleTalk",
        0x8137 => "IPX",
        0x8808 => "Ethernet flow control",
        0x8809 => "Ethernet slow protocols",
        0x8863 => "PPPoE discovery",
        0x886c => "RRCP",
        0x888e => "EAPOL",
        0x8892 => "PROFINET",
        0x88cc => "LLDP",
        MACSEC => "MACsec",
        NSH => "network service header",
        0x88f7 => "PTP",
        0x8902 => "Ethernet connectivity management",
        0x9000 => "Ethernet loopback test",
        _ => return None,
    })
}

fn ip_name(number: u8) -> Option<&'static str> {
    Some(match number {
        1 => "ICMP",
        2 => "IGMP",
        ESP => "ESP (encrypted IPsec)",
        58 => "ICMPv6",
        59 => "IPv6 without payload",
        88 => "EIGRP",
        89 => "OSPF",
        103 => "PIM",
        IPCOMP => "IPComp (compressed)",
        L2TP => "L2TP over IP",
        112 => "VRRP",
        132 => "SCTP",
        _ => return None,
    })
}

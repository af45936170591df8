//! Addresses: canonical values, prefixes for keys, CIDR lists.

use alloc::format;
use alloc::string::String;
use core::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Reads an address as log writers spell it and returns its canonical value.
///
/// IPv4-mapped IPv6 becomes IPv4. A port, brackets and a zone id are removed. Returns `None` for text that is no
/// address, such as the words for "none" (`-`, empty, `LOCAL`, `?`).
///
/// ```
/// use authsieve_engine::net::parse_address;
/// assert_eq!(parse_address("[2001:db8::1]:443").unwrap().to_string(), "2001:db8::1");
/// assert_eq!(parse_address("::ffff:192.0.2.1").unwrap().to_string(), "192.0.2.1");
/// assert_eq!(parse_address("fe80::1%eth0").unwrap().to_string(), "fe80::1");
/// assert_eq!(parse_address("192.0.2.1:8085").unwrap().to_string(), "192.0.2.1");
/// assert_eq!(parse_address("LOCAL"), None);
/// ```
#[must_use]
pub fn parse_address(text: &str) -> Option<IpAddr> {
    // Most addresses are plain IPv4.
    if let Some(address) = parse_dotted(text.as_bytes()) {
        return Some(address);
    }
    let text = text.trim_ascii();
    // The longest spelling has brackets, a mapped address in full, a zone and a port.
    if text.is_empty() || text.len() > 96 {
        return None;
    }
    let bare = match text.strip_prefix('[') {
        Some(inner) => inner.split(']').next()?,
        // With one colon, the text is an IPv4 address and its port. With more, it is an IPv6 address.
        None => match text.split_once(':') {
            Some((host, port)) if !port.contains(':') => {
                if port.is_empty() || !port.bytes().all(|b| b.is_ascii_digit()) {
                    return None;
                }
                host
            }
            _ => text,
        },
    };
    let bare = bare.split('%').next().unwrap_or(bare);
    let v6 = || bare.parse().ok().map(IpAddr::V6);
    parse_dotted(bare.as_bytes()).or_else(v6).or_else(|| v6_and_port(bare)).map(canonical)
}

/// Reads an IPv6 address and a port without brackets, in the spellings of RFC 5952 section 6. The port follows a
/// colon, a point, ` port `, `p` or `#`.
fn v6_and_port(text: &str) -> Option<IpAddr> {
    let head = text.trim_end_matches(|c: char| c.is_ascii_digit());
    if head.len() == text.len() || text.len() - head.len() > 5 {
        return None;
    }
    let marks = [" port ", "#", "p", ".", ":"];
    let address = marks.iter().find_map(|mark| head.strip_suffix(mark))?;
    address.parse().ok().map(IpAddr::V6)
}

/// The canonical value of an address: an IPv4-mapped one becomes IPv4.
#[must_use]
pub const fn canonical(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(six) => match six.to_ipv4_mapped() {
            Some(four) => IpAddr::V4(four),
            None => address,
        },
        IpAddr::V4(_) => address,
    }
}

/// Reads four decimal octets and nothing else. Octets may have leading zeros (`192.030.000.006`): some writers pad
/// with them, and the standard parser refuses them. In logs they are decimal, never octal.
#[must_use]
pub fn parse_dotted(text: &[u8]) -> Option<IpAddr> {
    let digit = |byte: u8| Some(u32::from(byte.wrapping_sub(b'0'))).filter(|digit| *digit < 10);
    let (mut bits, mut rest) = (0, text);
    for last in [false, false, false, true] {
        let (first, mut after) = rest.split_first()?;
        let mut octet = digit(*first)?;
        for _ in 0..2 {
            let Some((next, behind)) = after.split_first() else { break };
            let Some(digit) = digit(*next) else { break };
            (octet, after) = (octet * 10 + digit, behind);
        }
        if octet > 255 {
            return None;
        }
        bits = bits << 8 | octet;
        rest = match after {
            [] if last => after,
            [b'.', behind @ ..] if !last => behind,
            _ => return None,
        };
    }
    Some(IpAddr::V4(Ipv4Addr::from_bits(bits)))
}

/// The first `v4` or `v6` bits of an address, the rest zero.
const fn prefix(address: IpAddr, v4: u8, v6: u8) -> IpAddr {
    match address {
        IpAddr::V4(a) => IpAddr::V4(Ipv4Addr::from_bits(a.to_bits() & mask32(v4))),
        IpAddr::V6(a) => IpAddr::V6(Ipv6Addr::from_bits(a.to_bits() & mask128(v6))),
    }
}

const fn mask32(bits: u8) -> u32 {
    if bits >= 32 { u32::MAX } else { !(u32::MAX >> bits) }
}

const fn mask128(bits: u8) -> u128 {
    if bits >= 128 { u128::MAX } else { !(u128::MAX >> bits) }
}

/// How many bits of an address make a key. Events from one such block share one key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Prefixes {
    /// Bits of an IPv4 address, up to 32.
    pub v4: u8,
    /// Bits of an IPv6 address, up to 128.
    pub v6: u8,
}

impl Prefixes {
    /// Every address is a key of its own.
    pub const WHOLE: Self = Self { v4: 32, v6: 128 };

    /// The address cut to the bits that make a key.
    #[must_use]
    pub const fn cut(self, address: IpAddr) -> IpAddr {
        prefix(address, self.v4, self.v6)
    }

    /// The [bytes](octets) of the address cut to the bits that make a key.
    #[must_use]
    pub const fn octets(self, address: IpAddr) -> [u8; 16] {
        octets(self.cut(address))
    }

    /// The block around an address that makes a key, such as `192.0.2.0/24`.
    #[must_use]
    pub fn block(self, address: IpAddr) -> String {
        let bits = if address.is_ipv4() { self.v4 } else { self.v6 };
        format!("{}/{bits}", written(self.cut(address)))
    }
}

/// A block of addresses: `10.8.0.0/16`, `2001:db8::/32`, or one address.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cidr {
    network: IpAddr,
    bits: u8,
}

impl Cidr {
    /// Reads a block. Host bits beyond the mask are dropped. Returns `None` for text that is no block.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        let (address, bits) = match text.trim().split_once('/') {
            Some((address, bits)) => (address, Some(bits.parse::<u8>().ok()?)),
            None => (text.trim(), None),
        };
        let address: IpAddr = address.parse().ok()?;
        let (address, bits) = match (address, canonical(address), bits) {
            (_, whole, None) => (whole, width(whole)),
            // A block of mapped addresses becomes the IPv4 block that it stands for.
            (IpAddr::V6(_), four @ IpAddr::V4(_), Some(bits)) => (four, bits.checked_sub(96)?),
            (_, same, Some(bits)) => (same, bits),
        };
        (bits <= width(address)).then(|| Self { network: prefix(address, bits, bits), bits })
    }

    /// The only address of the block; `None` if the block holds several.
    #[must_use]
    pub const fn single(&self) -> Option<IpAddr> {
        if self.bits == width(self.network) { Some(self.network) } else { None }
    }

    /// The first address of the block as bytes, and the bits of its mask.
    #[must_use]
    pub const fn parts(&self) -> ([u8; 16], u8) {
        (octets(self.network), self.bits)
    }

    /// True if the block holds `address`, which must be canonical.
    #[must_use]
    pub fn contains(&self, address: IpAddr) -> bool {
        self.network.is_ipv4() == address.is_ipv4() && prefix(address, self.bits, self.bits) == self.network
    }
}

impl core::fmt::Display for Cidr {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(&written(self.network))?;
        if self.bits == width(self.network) { Ok(()) } else { write!(f, "/{}", self.bits) }
    }
}

const fn width(address: IpAddr) -> u8 {
    if address.is_ipv4() { 32 } else { 128 }
}

/// The sixteen bytes of an address, as keys and snapshots hold it. IPv4 is in its mapped form.
#[must_use]
pub const fn octets(address: IpAddr) -> [u8; 16] {
    match address {
        IpAddr::V4(a) => a.to_ipv6_mapped().octets(),
        IpAddr::V6(a) => a.octets(),
    }
}

/// The inverse of [`octets`].
#[must_use]
pub fn from_octets(bytes: [u8; 16]) -> IpAddr {
    canonical(IpAddr::V6(Ipv6Addr::from(bytes)))
}

/// The address as alerts show it (RFC 5952), or `None`.
#[must_use]
pub fn shown(address: Option<IpAddr>) -> Option<String> {
    address.map(written)
}

/// Writes an address as its `Display` does. The standard formatter nests a dozen calls, which takes a tenth of the
/// stack on some hosts.
#[must_use]
pub fn written(address: IpAddr) -> String {
    let mut text = String::with_capacity(40);
    match address {
        IpAddr::V4(address) => dotted(address, &mut text),
        IpAddr::V6(address) => match address.to_ipv4_mapped() {
            Some(mapped) => {
                text.push_str("::ffff:");
                dotted(mapped, &mut text);
            }
            None => groups(address.segments(), &mut text),
        },
    }
    text
}

fn dotted(address: Ipv4Addr, text: &mut String) {
    for (n, byte) in address.octets().into_iter().enumerate() {
        if n > 0 {
            text.push('.');
        }
        digits(byte.into(), 10, text);
    }
}

/// Writes eight groups. The first of the longest runs of two or more zeros becomes `::`.
fn groups(groups: [u16; 8], text: &mut String) {
    let (mut from, mut longest, mut run) = (0, 1, 0);
    for (n, group) in groups.into_iter().enumerate() {
        run = if group == 0 { run + 1 } else { 0 };
        if run > longest {
            (from, longest) = (n + 1 - run, run);
        }
    }
    for (n, group) in groups.into_iter().enumerate() {
        if longest > 1 && n == from {
            text.push_str("::");
        } else if longest == 1 || !(from..from + longest).contains(&n) {
            if n > 0 && !(longest > 1 && n == from + longest) {
                text.push(':');
            }
            digits(group.into(), 16, text);
        }
    }
}

/// Writes a number without leading zeros.
fn digits(number: u32, base: u32, text: &mut String) {
    let mut place = 1;
    while number / place >= base {
        place *= base;
    }
    while place > 0 {
        text.push(char::from_digit(number / place % base, base).unwrap_or('0'));
        place /= base;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use alloc::string::ToString;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn addresses_are_written_as_the_standard_library_does(
            bytes: [u8; 4],
            groups in proptest::array::uniform8(prop_oneof![Just(0u16), Just(0xffff), any::<u16>(), 0u16..20]),
        ) {
            let of = |groups| IpAddr::V6(Ipv6Addr::from(groups));
            let mapped = of([0, 0, 0, 0, 0, 0xffff, groups[6], groups[7]]);
            for address in [IpAddr::from(bytes), of(groups), mapped] {
                prop_assert_eq!(written(address), address.to_string());
            }
        }
    }

    #[test]
    fn addresses_as_writers_spell_them() {
        for (text, shown) in [
            ("192.0.2.1", "192.0.2.1"),
            (" 192.0.2.1 ", "192.0.2.1"),
            ("192.030.0.6", "192.30.0.6"),
            ("192.0.2.1:443", "192.0.2.1"),
            ("[::1]", "::1"),
            ("[2001:DB8::1]:22", "2001:db8::1"),
            ("::ffff:192.0.2.1", "192.0.2.1"),
            ("::FFFF:c000:0201", "192.0.2.1"),
            ("fe80::1%en0", "fe80::1"),
            ("[fe80::1%3]:22", "fe80::1"),
            ("2001:db8:1:2:3:4:5:6:22", "2001:db8:1:2:3:4:5:6"),
            ("2001:db8::1#22", "2001:db8::1"),
            ("2001:db8::1p22", "2001:db8::1"),
            ("2001:db8::1.22", "2001:db8::1"),
            ("2001:db8::1 port 22", "2001:db8::1"),
        ] {
            assert_eq!(parse_address(text).map(|a| a.to_string()).as_deref(), Some(shown), "{text}");
        }
        for none in [
            "",
            "-",
            "?",
            "LOCAL",
            "localhost",
            "192.0.2.256",
            "1.2.3",
            "1.2.3.4.5",
            "192.0.2.1:",
            "192.0.2.1:ssh",
            "2001:db8::1#",
            "2001:db8::1#999999",
            "[",
            "%",
        ] {
            assert_eq!(parse_address(none), None, "{none}");
        }
    }

    #[test]
    fn blocks() {
        let inside = |block: &str, address: &str| {
            Cidr::parse(block).unwrap().contains(parse_address(address).unwrap())
        };
        assert!(inside("10.8.0.0/16", "10.8.255.1"));
        assert!(!inside("10.8.0.0/16", "10.9.0.1"));
        assert!(inside("0.0.0.0/0", "203.0.113.9"));
        assert!(!inside("0.0.0.0/0", "2001:db8::1"));
        assert!(inside("2001:db8::/32", "2001:db8:ffff::1"));
        assert!(inside("192.0.2.7", "::ffff:192.0.2.7"));
        assert!(inside("::ffff:192.0.2.0/120", "192.0.2.200"));
        for bad in ["", "10.0.0.0/33", "::/129", "10.0.0.0/", "10.0.0/8", "::ffff:10.0.0.0/8", "host"] {
            assert_eq!(Cidr::parse(bad), None, "{bad}");
        }
        assert_eq!(Cidr::parse("10.8.3.4/16").unwrap().to_string(), "10.8.0.0/16");
    }

    #[test]
    fn octets_are_invertible() {
        for text in ["192.0.2.1", "2001:db8::1", "::1", "::"] {
            let address = parse_address(text).unwrap();
            assert_eq!(from_octets(octets(address)), address);
        }
    }
}

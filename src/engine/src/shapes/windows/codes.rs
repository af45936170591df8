//! NTSTATUS codes of refused logons.
//!
//! Microsoft Learn, "4625(F): An account failed to log on", table of Status and SubStatus; MS-ERREF section 2.3.1.

use crate::event::Text;
use alloc::borrow::Cow;
use alloc::string::String;

/// User Account Control tries a logon type that cannot work, and Windows logs a failure. This is no attempt of a
/// person.
pub const INVALID_LOGON_TYPE: u32 = 0xc000_010b;

/// The meaning of a code in words.
pub const fn words(code: u32) -> &'static str {
    match code {
        0xc000_005e => "no logon server is available",
        0xc000_0064 => "no such user",
        0xc000_006a => "wrong password",
        0xc000_006d => "wrong user name or password",
        0xc000_006e => "an account restriction",
        0xc000_006f => "outside the account's logon hours",
        0xc000_0070 => "not from this workstation",
        0xc000_0071 => "the password has expired",
        0xc000_0072 => "the account is disabled",
        0xc000_00dc => "the server is in the wrong state for this",
        INVALID_LOGON_TYPE => "an invalid logon type",
        0xc000_0133 => "the clocks are too far apart",
        0xc000_015b => "the account may not log on in this way",
        0xc000_018c => "the trust between the domains failed",
        0xc000_0192 => "the Netlogon service is not started",
        0xc000_0193 => "the account has expired",
        0xc000_0224 => "the password must be changed first",
        0xc000_0225 => "an error in Windows, no risk",
        0xc000_0234 => "the account is locked",
        0xc000_02ee => "an error occurred during the logon",
        0xc000_0413 => "the authentication firewall forbids it",
        _ => "",
    }
}

/// Reads a code: `0xC000006D` or, as a signed integer, `-1073741715`.
pub fn parse(text: &str) -> Option<u32> {
    let text = text.trim();
    match text.strip_prefix("0x").or_else(|| text.strip_prefix("0X")) {
        Some(digits) => u32::from_str_radix(digits, 16).ok(),
        None => {
            let number: i64 = text.parse().ok()?;
            (i64::from(i32::MIN)..=i64::from(u32::MAX)).contains(&number).then_some(number as u32)
        }
    }
}

/// The code as events show it: `0x` and lower-case digits. Other text stays as it is.
pub fn shown(text: Text<'_>) -> Text<'_> {
    let Some(code) = parse(&text) else { return text };
    let is_shown = match text.as_bytes() {
        [b'0', b'x', b'0', rest @ ..] => rest.is_empty(),
        [b'0', b'x', digits @ ..] => !digits.iter().any(u8::is_ascii_uppercase),
        _ => false,
    };
    if is_shown {
        return text;
    }
    let mut out = String::from("0x");
    let digits = (u32::BITS - code.leading_zeros()).div_ceil(4).max(1);
    for place in (0..digits).rev() {
        out.extend(char::from_digit((code >> (4 * place)) & 0xf, 16));
    }
    Cow::Owned(out)
}

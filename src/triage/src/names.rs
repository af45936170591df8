//! Words for codes: the reason of a failed login, and the application.

/// The reason of a failed login in words, by the code that an alert counts under `reasons`. The code is an NTSTATUS of
/// Windows, or a number of Entra's sign-in service. `None` for all other codes, which are words already.
///
/// ```
/// use authsieve_triage::names::reason;
/// assert_eq!(reason("0xc000006a"), Some("wrong password"));
/// assert_eq!(reason("50126"), Some("wrong user name or password"));
/// assert_eq!(reason("pam"), None);
/// ```
#[must_use]
pub fn reason(code: &str) -> Option<&'static str> {
    if let Some(digits) = code.strip_prefix("0x").or_else(|| code.strip_prefix("0X")) {
        return u32::from_str_radix(digits, 16).ok().and_then(windows);
    }
    code.parse().ok().and_then(entra)
}

/// The name of the application with an id that Microsoft publishes, in any case.
///
/// ```
/// use authsieve_triage::names::application;
/// assert_eq!(application("00000002-0000-0ff1-ce00-000000000000"), Some("Office 365 Exchange Online"));
/// ```
#[must_use]
pub fn application(id: &str) -> Option<&'static str> {
    let same = |(known, _): &&(&str, &str)| known.eq_ignore_ascii_case(id);
    APPLICATIONS.iter().find(same).map(|(_, name)| *name)
}

/// A code with its words after it, or only the code.
#[must_use]
pub fn explained(code: &str) -> String {
    reason(code).map_or_else(|| code.to_owned(), |words| format!("{code} ({words})"))
}

/// Microsoft Learn, "4625(F): An account failed to log on", and MS-ERREF section 2.3.1.
const fn windows(code: u32) -> Option<&'static str> {
    Some(match code {
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
        0xc000_010b => "an invalid logon type",
        0xc000_0133 => "the clocks are too far apart",
        0xc000_015b => "the account may not log on in this way",
        0xc000_018c => "the trust between the domains failed",
        0xc000_0192 => "the Netlogon service is not started",
        0xc000_0193 => "the account has expired",
        0xc000_0224 => "the password must be changed first",
        0xc000_0234 => "the account is locked",
        0xc000_0413 => "the authentication firewall forbids it",
        _ => return None,
    })
}

/// Microsoft Learn, "Microsoft Entra authentication and authorization error codes".
const fn entra(code: u32) -> Option<&'static str> {
    Some(match code {
        50034 => "no such user",
        50053 => "the account is locked, or the address is known for attacks",
        50055 => "the password has expired",
        50056 => "no password is set",
        50057 => "the account is disabled",
        50058 => "no session: a sign-in is needed",
        50064 => "the credential could not be validated",
        50072 => "a second factor must be enrolled",
        50074 => "a second factor was asked for",
        50076 => "a second factor is required here",
        50079 => "a second factor must be enrolled",
        50097 => "the device must sign in",
        50125 => "a password reset interrupted it",
        50126 => "wrong user name or password",
        50127 => "the app that brokers the login is missing",
        50132 => "the session was revoked",
        50133 => "the session was revoked by a change of the password",
        50140 => "asked whether to stay signed in",
        50144 => "the password in Active Directory has expired",
        50158 => "an external second factor was asked for",
        50173 => "the token was revoked",
        50199 => "asked the user to confirm",
        53000 => "the device is not compliant",
        53001 => "the device is not joined to the domain",
        53003 => "Conditional Access blocked it",
        53004 => "a second factor must be enrolled, and the risk forbids it",
        65001 => "consent is missing",
        70043 => "the token expired by Conditional Access",
        70044 => "the session expired by Conditional Access",
        80012 => "outside the hours allowed",
        80014 => "the validation took too long",
        81016 => "the Kerberos ticket is not valid",
        500_121 => "the second factor was not given",
        700_016 => "no such application",
        _ => return None,
    })
}

/// Microsoft Learn, "Verify first-party Microsoft applications in sign-in reports".
const APPLICATIONS: &[(&str, &str)] = &[
    ("00000002-0000-0000-c000-000000000000", "Windows Azure Active Directory"),
    ("00000002-0000-0ff1-ce00-000000000000", "Office 365 Exchange Online"),
    ("00000003-0000-0000-c000-000000000000", "Microsoft Graph"),
    ("00000003-0000-0ff1-ce00-000000000000", "Office 365 SharePoint Online"),
    ("00000004-0000-0ff1-ce00-000000000000", "Skype for Business Online"),
    ("00000005-0000-0ff1-ce00-000000000000", "Yammer"),
    ("00000006-0000-0ff1-ce00-000000000000", "Microsoft Office 365 Portal"),
    ("00000007-0000-0000-c000-000000000000", "Dataverse"),
    ("00000007-0000-0ff1-ce00-000000000000", "Microsoft Exchange Online Protection"),
    ("00000009-0000-0000-c000-000000000000", "Power BI Service"),
    ("0000000a-0000-0000-c000-000000000000", "Microsoft Intune"),
    ("0000000c-0000-0000-c000-000000000000", "Microsoft App Access Panel"),
    ("00000015-0000-0000-c000-000000000000", "Microsoft Dynamics ERP"),
    ("00b41c95-dab0-4487-9791-b9d2c32c80f2", "Office 365 Management"),
    ("04b07795-8ddb-461a-bbee-02f9e1bf7b46", "Microsoft Azure CLI"),
    ("14d82eec-204b-4c2f-b7e8-296a70dab67e", "Microsoft Graph Command Line Tools"),
    ("18fbca16-2224-45f6-85b0-f7bf2b39b3f3", "Microsoft Docs"),
    ("1950a258-227b-4e31-a9cf-717495945fc2", "Microsoft Azure PowerShell"),
    ("1fec8e78-bce4-4aaf-ab1b-5451cc387264", "Microsoft Teams"),
    ("268761a2-03f3-40df-8a8b-c3db24145b6b", "Universal Store Native Client"),
    ("26a7ee05-5602-4d76-a7ba-eae8b7b67941", "Windows Search"),
    ("27922004-5251-4030-b22d-91ecd9a37ea4", "Outlook Mobile"),
    ("28b567f6-162c-4f54-99a0-6887f387bbcc", "Microsoft Storefronts"),
    ("29d9ed98-a469-4536-ade2-f981bc1d605e", "Microsoft Authentication Broker"),
    ("2d4d3d8e-2be3-4bef-9f87-7875a61c29de", "OneNote"),
    ("4345a7b9-9a63-4910-a426-35363201d503", "O365 Suite UX"),
    ("45a330b1-b1ec-4cc1-9161-9f03992aa49f", "Windows Store for Business"),
    ("4765445b-32c6-49b0-83e6-1d93765276ca", "OfficeHome"),
    ("4b233688-031c-404b-9a80-a4f3f2351f90", "Office.com"),
    ("5e3ce6c0-2b1f-4285-8d4b-75ee78787346", "Microsoft Teams Web Client"),
    ("74bcdadc-2fdc-4bb3-8459-76d06952a0e9", "Microsoft Intune Web Company Portal"),
    ("797f4846-ba00-4fd7-ba43-dac1f8f63013", "Windows Azure Service Management API"),
    ("871c010f-5e61-4fb1-83ac-98610a7e9110", "Microsoft Power BI"),
    ("89bee1f7-5e6e-4d8a-9f3d-ecd601259da7", "Office365 Shell WCSS-Client"),
    ("93625bc8-bfe2-437a-97e0-3d0060024faa", "Microsoft password reset service"),
    ("94c63fef-13a3-47bc-8074-75af8c65887a", "Office Delve"),
    ("ab9b8c07-8f02-4f72-87fa-80105867a763", "OneDrive SyncEngine"),
    ("c44b4083-3bb0-49c1-b47d-974e53cbdf3c", "Azure Portal"),
    ("c9a559d2-7aab-4f13-a6ed-e7e9c52aec87", "Microsoft Forms"),
    ("cc15fd57-2c6c-4117-a88c-83b1d56b4bbe", "Microsoft Teams Services"),
    ("cf36b471-5b44-428c-9ce7-313bf84528de", "Microsoft Bing Search"),
    ("d3590ed6-52b3-4102-aeff-aad2292ab01c", "Microsoft Office"),
    ("de8bc8b5-d9f9-48b1-a8ad-b748da725064", "Graph Explorer"),
    ("fc0f3af4-6835-4174-b806-f7db311fd2f3", "Microsoft Intune Windows Agent"),
    ("fdf9885b-dd37-42bf-82e5-c3129ef5a302", "Microsoft Support"),
];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn codes_are_told_in_words() {
        assert_eq!(explained("0xC000006A"), "0xC000006A (wrong password)");
        assert_eq!(explained("50126"), "50126 (wrong user name or password)");
        for code in ["", "pam", "0x", "0xffffffffff", "-1", "1", "authentication failure"] {
            assert_eq!(explained(code), code);
        }
    }

    #[test]
    fn each_application_stands_there_once_and_its_id_is_one() {
        for (at, (id, name)) in APPLICATIONS.iter().enumerate() {
            let parts: Vec<usize> = id.split('-').map(str::len).collect();
            assert!(parts == [8, 4, 4, 4, 12] && !name.is_empty(), "{id}");
            assert!(APPLICATIONS[at + 1..].iter().all(|(other, _)| other != id), "{id}");
        }
        assert_eq!(application("C44B4083-3bb0-49c1-b47d-974e53cbdf3c"), Some("Azure Portal"));
        assert_eq!(application("sshd"), None);
    }
}

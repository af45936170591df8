//! Recognises events from Macs.

use authsieve_engine::event::{Event, Provider};

/// Words that name a Mac or its system, in lower case. Digits after them are a version or a model.
const MACS: [&str; 10] =
    ["mac", "macos", "macosx", "osx", "macintosh", "macbook", "macbookpro", "macbookair", "imac", "macmini"];
/// Words of other devices, whose user agents say `like Mac OS X`.
const OTHERS: [&str; 6] = ["iphone", "ipad", "ipod", "ios", "ipados", "watchos"];

/// True if the event came from a Mac: by its system, device or user agent, or because a Mac wrote the record.
pub fn is_mac(event: &Event<'_>) -> bool {
    event.provider == Provider::Macos
        || event.os.trim().eq_ignore_ascii_case("darwin")
        || [&event.os, &event.device, &event.user_agent].into_iter().any(|text| says_mac(text))
}

/// True if a text names a Mac and no phone: `Macintosh; Intel Mac OS X 10_15_7`, `macOS 15.1`, `Janes-MacBook-Pro`.
fn says_mac(text: &str) -> bool {
    let words = || text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    let any = |list: &[&str]| {
        words().any(|word| {
            let bare = word.trim_end_matches(|c: char| c.is_ascii_digit());
            list.iter().any(|name| bare.eq_ignore_ascii_case(name))
        })
    };
    let os_x = || {
        words().zip(words().skip(1)).any(|(a, b)| a.eq_ignore_ascii_case("os") && b.eq_ignore_ascii_case("x"))
    };
    (any(&MACS) || os_x()) && !any(&OTHERS)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn macs_are_known_by_what_they_say() {
        for text in [
            "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/17.5 Safari/605.1.15",
            "Mac OS X",
            "OS X",
            "macOS",
            "MacOs",
            "MacOS14",
            "Mac OS 15.1 (Sequoia)",
            "Janes-MacBook-Pro.local",
            "MacBookPro18,3",
            "iMac21,1",
            "Mac14,2",
        ] {
            assert!(says_mac(text), "{text}");
        }
        for text in [
            "",
            "Windows 10",
            "Mozilla/5.0 (iPhone; CPU iPhone OS 17_5 like Mac OS X) AppleWebKit/605.1.15",
            "Mozilla/5.0 (iPad; CPU OS 16_6 like Mac OS X) AppleWebKit/605.1.15",
            "iOS 17",
            "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/107.0.0.0",
            "machine-7",
            "pharmacy",
            "Computer",
            "Unknown",
        ] {
            assert!(!says_mac(text), "{text}");
        }
    }

    #[test]
    fn any_of_the_three_says_it_and_the_macs_own_records_need_not() {
        let from = |os: &str, device: &str, agent: &str, provider: Provider| {
            is_mac(&Event {
                os: os.into(),
                device: device.into(),
                user_agent: agent.into(),
                provider,
                ..Event::default()
            })
        };
        assert!(from("Mac OS X", "", "", Provider::Okta) && from("Darwin", "", "", Provider::Ecs));
        assert!(
            from("", "Janes MacBook Air", "", Provider::Entra) && from("", "", "Macintosh", Provider::Entra)
        );
        assert!(from("", "", "", Provider::Macos));
        assert!(!from("", "", "", Provider::Okta) && !from("Windows 10", "Computer", "", Provider::Okta));
    }
}

//! Who calls: the number in an address of Twilio's, if there is one and it is not withheld.

use std::{iter, sync::LazyLock};

use toran_domain::PhoneNumber;

/// The words that Twilio is known to spell on a keypad in place of a withheld number (its help page on unusual caller
/// numbers). Nobody has these numbers, whatever a numbering plan may say one day.
const TWILIOS_WORDS: [&str; 5] = [
    "ANONYMOUS",
    "BLOCKED",
    "RESTRICTED",
    "UNAVAILABLE",
    "UNKNOWN",
];
/// More words for the same, which carriers write in letters and may spell, too. Their digits count as withheld only
/// where no numbering plan knows such a number.
const MORE_WORDS: [&str; 24] = [
    "ANON",
    "ANONYMOUSCALLER",
    "BLOCKEDCALLER",
    "BLOCKEDNUMBER",
    "CALLERUNKNOWN",
    "CONFIDENTIAL",
    "HIDDEN",
    "HIDDENNUMBER",
    "NOCALLERID",
    "NONUMBER",
    "NOTAVAILABLE",
    "NUMBERWITHHELD",
    "OUTOFAREA",
    "PRIVATE",
    "PRIVATECALLER",
    "PRIVATENUMBER",
    "SUPPRESSED",
    "UNIDENTIFIED",
    "UNKNOWNCALLER",
    "UNKNOWNNUMBER",
    "UNLISTED",
    "UNPUBLISHED",
    "WITHHELD",
    "WITHHELDNUMBER",
];
/// Codes that a carrier may put before such a word, because it takes it for a number of its own country.
const DOUBTFUL_PREFIXES: [&str; 2] = ["1", "972"];
/// Zeros at the end of a number that no plan knows: a carrier's way to write that there is none.
const NOBODYS_ZEROS: &str = "0000000";

/// The number of whoever calls from `address`, a webhook's `From`; `None` if it is withheld or there is none.
///
/// Twilio writes a withheld number as a word (`anonymous`), as nothing, as a SIP address without a number, or as a word
/// spelled on a keypad (`+266696687`). All of them are `None` here, so that no two callers are ever taken for one.
pub(super) fn caller_of(address: &str) -> Option<PhoneNumber> {
    let written = written_number(address)?;
    let number = read_number(&written)?;
    let withheld = WITHHELD.contains(&number)
        || spells_a_word(written.trim_start_matches(['+', '0']), &number)
        || (number.e164().ends_with(NOBODYS_ZEROS) && !number.is_in_plan());
    (!withheld).then_some(number)
}

/// The numbers under which withheld callers were stored before they were told apart: what
/// [`IncomingCall::from_form`](super::IncomingCall::from_form) reads as no number, although it parses as one. For a
/// command that repairs such data.
pub fn withheld_numbers() -> impl Iterator<Item = PhoneNumber> {
    WITHHELD.iter().cloned()
}

/// Every word on the keypad that parses as a number and is nobody's. Parsing may drop digits that a plan calls a trunk
/// prefix, so what is stored is not always what was written.
static WITHHELD: LazyLock<Vec<PhoneNumber>> = LazyLock::new(|| {
    let words = TWILIOS_WORDS.iter().chain(&MORE_WORDS);
    let spelled = words.flat_map(|word| {
        let digits = on_keypad(word);
        let prefixed = DOUBTFUL_PREFIXES.map(|prefix| format!("{prefix}{digits}"));
        iter::once(digits).chain(prefixed)
    });
    spelled
        .filter_map(|digits| {
            let number: PhoneNumber = format!("+{digits}").parse().ok()?;
            spells_a_word(&digits, &number).then_some(number)
        })
        .collect()
});

/// What of an address is written in place of a number: `tel:` and `sip:` addresses hold one, others are none themselves.
fn written_number(address: &str) -> Option<String> {
    // `"Dana" <sip:…>`: the name before the address says nothing.
    let address = match address.rsplit_once('<') {
        Some((_name, rest)) => rest.split('>').next()?,
        None => address,
    };
    let address = address.trim();
    let (user, context) = match address.split_once(':') {
        None => without_parameters(user_of(address)),
        Some((scheme, rest)) => match scheme.trim().to_ascii_lowercase().as_str() {
            "tel" => without_parameters(rest),
            "sip" | "sips" => without_parameters(user_of(rest)),
            // A `client:` is a name that an app chose; what other schemes name is no line of a phone.
            _ => return None,
        },
    };
    let user = user.replace("%2B", "+").replace("%2b", "+");
    let number: String = user
        .chars()
        .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
        .collect();
    Some(match context {
        Some(country) if !number.starts_with('+') => {
            let local = number.trim_start_matches('0');
            // With its trunk prefix it is read by the rules of Israeli lines, which know what an extension is.
            let country = if country == "+972" { "0" } else { country };
            format!("{country}{local}")
        }
        _ => number,
    })
}

/// Who it is at a SIP host, without a password.
fn user_of(address: &str) -> &str {
    let user = address.split('@').next().unwrap_or_default();
    user.split(':').next().unwrap_or_default()
}

/// The part of an address before its parameters, and the country in which a local number counts (RFC 3966).
fn without_parameters(address: &str) -> (&str, Option<&str>) {
    let mut parts = address.split(';');
    let user = parts.next().unwrap_or_default();
    let context = parts.find_map(|part| part.strip_prefix("phone-context="));
    (user, context.filter(|context| context.starts_with('+')))
}

/// A number in E.164, or as Israeli lines write it without its plus. Other digits are an extension, or a number of a
/// country that nothing here names.
fn read_number(written: &str) -> Option<PhoneNumber> {
    if written.starts_with('+') {
        return written.parse().ok();
    }
    let national = ["00972", "972", "0"]
        .iter()
        .find_map(|prefix| written.strip_prefix(prefix))?;
    let length = if national.starts_with(['5', '7']) {
        9
    } else {
        8
    };
    let is_israeli =
        national.len() == length && national.starts_with(['2', '3', '4', '5', '7', '8', '9']);
    if is_israeli {
        return format!("+972{national}").parse().ok();
    }
    format!("+{}", written.strip_prefix("00")?).parse().ok()
}

/// Whether a number's digits are a word for "withheld", and nobody's number.
fn spells_a_word(digits: &str, number: &PhoneNumber) -> bool {
    let is_one_of =
        |words: &[&str], digits: &str| words.iter().any(|word| on_keypad(word) == digits);
    if is_one_of(&TWILIOS_WORDS, digits) {
        return true;
    }
    let prefixes = DOUBTFUL_PREFIXES.iter();
    let is_word = prefixes
        .filter_map(|prefix| digits.strip_prefix(prefix))
        .chain([digits])
        .map(|digits| digits.trim_start_matches('0'))
        .any(|digits| is_one_of(&TWILIOS_WORDS, digits) || is_one_of(&MORE_WORDS, digits));
    is_word && !number.is_in_plan()
}

/// The keys of a telephone that carry a word's letters (ITU-T E.161).
fn on_keypad(word: &str) -> String {
    word.chars()
        .filter_map(|letter| {
            Some(match letter {
                'A'..='C' => '2',
                'D'..='F' => '3',
                'G'..='I' => '4',
                'J'..='L' => '5',
                'M'..='O' => '6',
                'P'..='S' => '7',
                'T'..='V' => '8',
                'W'..='Z' => '9',
                _ => return None,
            })
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[track_caller]
    fn check(address: &str, expected: Option<&str>) {
        let number = caller_of(address);
        assert_eq!(
            number.as_ref().map(PhoneNumber::e164),
            expected,
            "{address:?}"
        );
    }

    #[test]
    fn words_are_spelled_as_twilio_documents_them() {
        let spelled = TWILIOS_WORDS.map(on_keypad);
        let documented = [
            "266696687",
            "2562533",
            "7378742833",
            "86282452253",
            "8656696",
        ];
        assert_eq!(spelled, documented);
    }

    #[test]
    fn a_word_on_the_keypad_is_no_number() {
        for digits in TWILIOS_WORDS.map(on_keypad) {
            check(&format!("+{digits}"), None);
            check(&digits, None);
            check(&format!("00{digits}"), None);
            check(&format!("sip:+{digits}@sip.example.com;user=phone"), None);
            check(&format!("tel:+{digits}"), None);
        }
        for spelled in [
            "+7748283",
            "7748283",
            "+17748283",
            "+94844353",
            "+2666",
            "2666",
            "+1266696687",
            "+12562533",
            "+18656696",
            "+186282452253",
            "+972266696687",
            "+9722562533",
            "+266 696 687",
            "+266-696-687",
            "+7877737733",
            "+443336",
            "+266343368425",
        ] {
            check(spelled, None);
        }
    }

    #[test]
    fn what_names_no_number_is_no_number() {
        for address in [
            "",
            " ",
            "+",
            "anonymous",
            "Anonymous",
            "ANONYMOUS",
            "restricted",
            "RESTRICTED",
            "unknown",
            "Unavailable",
            "blocked",
            "private",
            "Withheld",
            "null",
            "None",
            "undefined",
            "0",
            "+0",
            "0000000000",
            "+10000000000",
            "client:dana",
            "client:+972541234567",
            "client:Anonymous",
            "whatsapp:+972541234567",
            "messenger:1234567",
            "sip:",
            "sip:@x",
            "sip:anonymous@anonymous.invalid",
            "sip:Anonymous@10.0.0.1:5060",
            "sip:alice@x",
            "SIP:alice@example.com",
            "sip:example.com",
            "sips:unknown@unknown.invalid",
            "sip:100@pbx.example.com",
            "sip:2700@pbx.example.com",
            "sip:+266696687@x",
            "\"Anonymous\" <sip:anonymous@anonymous.invalid>",
            "tel:",
            "tel:anonymous",
            "tel:2700;phone-context=+972",
            "*2700",
            "#31#0541234567",
            "2700",
            "<>",
            "<",
            "Private Number",
            "No Caller ID",
            "anonymous@anonymous.invalid",
            "sip:unavailable@unknown.invalid:5060",
            "sip:0@1.2.3.4",
            "sip:%2B@x",
            "sip:*2700@pbx",
            "+972000000000",
            "tel:8656696;phone-context=+1",
            "חסוי",
            "mailto:dana@example.com",
        ] {
            check(address, None);
        }
    }

    #[test]
    fn a_real_number_is_kept() {
        for address in [
            "+972541234567",
            " +972541234567 ",
            "+972 54-123-4567",
            "+972(0)541234567",
            "972541234567",
            "00972541234567",
            "0541234567",
            "054-1234567",
            "tel:+972541234567",
            "tel:+972-54-123-4567",
            "TEL:+972541234567",
            "tel:0541234567;phone-context=+972",
            "tel:541234567;phone-context=+972",
            "sip:+972541234567@host;user=phone",
            "sip:+972541234567",
            "sip:+972541234567:secret@host",
            "+972541234567@host",
            "sip:+972541234567@host",
            "SIP:+972541234567@host",
            "sips:+972541234567@host:5061;transport=tls",
            "sip:+972541234567;npdi@host",
            "sip:%2B972541234567@host",
            "sip:972541234567@host",
            "sip:0541234567@host",
            "<sip:+972541234567@host>",
            "\"Dana\" <sip:+972541234567@host>;tag=1",
        ] {
            check(address, Some("+972541234567"));
        }
        // Each of them spells such a word after a code, or ends in zeros, and is somebody's number.
        for number in [
            "+2665696687",
            "+26622123456",
            "+862824522530",
            "+256312533000",
            "+78123456789",
            "+972500000000",
            "+17378742833",
            "+6622553743",
            "+16622553743",
            "+919800000000",
        ] {
            check(number, Some(number));
        }
        check("031234567", Some("+97231234567"));
        check("0771234567", Some("+972771234567"));
        check("0012125550123", Some("+12125550123"));
    }

    #[test]
    fn what_withheld_callers_were_stored_under_is_known() {
        let numbers: Vec<PhoneNumber> = withheld_numbers().collect();
        for word in TWILIOS_WORDS {
            let stored: PhoneNumber = format!("+{}", on_keypad(word)).parse().unwrap();
            assert!(numbers.contains(&stored), "{word}");
        }
        for number in &numbers {
            check(number.e164(), None);
        }
        let somebodys: PhoneNumber = "+17378742833".parse().unwrap();
        assert!(!numbers.contains(&somebodys));
    }

    proptest! {
        #[test]
        fn no_address_panics(address in ".{0,60}") {
            let _ = caller_of(&address);
        }

        #[test]
        fn no_israeli_mobile_number_is_lost(number in "\\+9725[0-9]{8}") {
            prop_assert_eq!(caller_of(&number).map(|n| n.e164().to_owned()), Some(number.clone()));
            let sip = format!("sip:{number}@host");
            prop_assert_eq!(caller_of(&sip).map(|n| n.e164().to_owned()), Some(number));
        }
    }
}

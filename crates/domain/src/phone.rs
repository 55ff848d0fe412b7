//! Phone numbers in E.164, masked wherever they are shown.

use std::{fmt, ops::RangeInclusive, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in E.164: write it with '+' and 7 to 15 digits, like +972541234567")]
pub struct PhoneNumberError;

/// The longest text that is looked at.
const MAX_TEXT: usize = 40;
/// The digits of an Israeli number without its 0: from a land line's (3 123 4567) to a toll-free one's (1 800 123 456).
const ISRAELI_DIGITS: RangeInclusive<usize> = 8..=10;

/// A phone number in E.164 (ITU-T): `+`, then 7 to 15 digits of which the first is not 0.
///
/// Spaces, dashes, dots and parentheses are accepted on the way in and dropped, and so is a trunk prefix where the
/// numbering plan knows none (`+972 (0)54…`): one number has one form. `Debug` and `Display` show it masked;
/// [`PhoneNumber::e164`] is the explicit way to the digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
    /// A number as people dial it, in the national form of Israel or with a country code: `054-123-4567`.
    ///
    /// What is dialled inside one network only (`*2700`, `#1`, `100`, an extension) is no number: nobody can call it back.
    ///
    /// ```
    /// use toran_domain::PhoneNumber;
    ///
    /// assert_eq!(PhoneNumber::dialled("054-123-4567")?.e164(), "+972541234567");
    /// assert_eq!(PhoneNumber::dialled("+1 212 555 0123")?.e164(), "+12125550123");
    /// assert!(PhoneNumber::dialled("*2700").is_err());
    /// # Ok::<(), toran_domain::PhoneNumberError>(())
    /// ```
    pub fn dialled(text: &str) -> Result<Self, PhoneNumberError> {
        if text.trim_start().starts_with('+') {
            return text.parse();
        }
        // The library reads letters as keys and `x`, `;` and `#` as extensions, and skips a star.
        if text.len() > MAX_TEXT || !text.chars().all(is_dialled) {
            return Err(PhoneNumberError);
        }
        let israel = phonenumber::country::IL;
        let digits: String = text.chars().filter(char::is_ascii_digit).collect();
        let number = phonenumber::parse(Some(israel), digits).map_err(|_| PhoneNumberError)?;
        let national = number.national().value().to_string().len();
        if number.country().id() == Some(israel) && !ISRAELI_DIGITS.contains(&national) {
            return Err(PhoneNumberError);
        }
        e164_of(&number).parse()
    }

    /// Whether the numbering plan of its country knows such a number.
    ///
    /// Plans change faster than this table, so `false` alone is no proof that nobody has the number.
    pub fn is_in_plan(&self) -> bool {
        phonenumber::parse(None, &*self.0).is_ok_and(|number| number.is_valid())
    }

    /// The whole number, for storage and for dialling. Never for a log.
    pub fn e164(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden: `+9725*****67`.
    pub fn masked(&self) -> String {
        let shown_head = 5.min(self.0.len().saturating_sub(4));
        let tail = self.0.len() - 2;
        format!("{}*****{}", &self.0[..shown_head], &self.0[tail..])
    }
}

impl FromStr for PhoneNumber {
    type Err = PhoneNumberError;

    fn from_str(text: &str) -> Result<Self, PhoneNumberError> {
        if text.len() > MAX_TEXT {
            return Err(PhoneNumberError);
        }
        let compact: String = text
            .trim()
            .chars()
            .filter(|c| !matches!(c, ' ' | '-' | '.' | '(' | ')'))
            .collect();
        let digits = compact.strip_prefix('+').ok_or(PhoneNumberError)?;
        let well_formed = (7..=15).contains(&digits.len())
            && digits.bytes().all(|b| b.is_ascii_digit())
            && !digits.starts_with('0');
        if !well_formed {
            return Err(PhoneNumberError);
        }
        // What the library's plans do not know (a new country code, say) is a number all the same.
        let normal = phonenumber::parse(None, &compact).map(|number| e164_of(&number));
        let normal = normal.unwrap_or_else(|_| compact.clone());
        let kept = (8..=16).contains(&normal.len()) && is_without_a_zero(&normal, &compact);
        Ok(Self(if kept { normal } else { compact }.into()))
    }
}

/// Whether a character stands in a number as people write it: a digit, or what they put between digits.
const fn is_dialled(character: char) -> bool {
    matches!(
        character,
        '0'..='9' | ' ' | '\u{a0}' | '-' | '\u{2010}'..='\u{2014}' | '־' | '.' | '(' | ')' | '/'
    )
}

/// Whether `short` is `long` without one zero, the trunk prefix that people write after a country code. The library
/// drops other digits, too, which are another country's trunk prefix and here the first of a city's.
fn is_without_a_zero(short: &str, long: &str) -> bool {
    long.match_indices('0')
        .any(|(at, _)| format!("{}{}", &long[..at], &long[at + 1..]) == short)
}

fn e164_of(number: &phonenumber::PhoneNumber) -> String {
    number.format().mode(phonenumber::Mode::E164).to_string()
}

impl TryFrom<String> for PhoneNumber {
    type Error = PhoneNumberError;

    fn try_from(text: String) -> Result<Self, PhoneNumberError> {
        text.parse()
    }
}

impl From<PhoneNumber> for String {
    fn from(number: PhoneNumber) -> Self {
        number.0.into()
    }
}

impl fmt::Display for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "PhoneNumber({})", self.masked())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn one_number_has_one_form() {
        let number: PhoneNumber = " +972 (54) 123-45.67".parse().unwrap();
        assert_eq!(number.e164(), "+972541234567");
        for same in [
            "+972 (0)54-1234567",
            "054-123-4567",
            "0541234567",
            "+972541234567",
        ] {
            assert_eq!(PhoneNumber::dialled(same), Ok(number.clone()), "{same}");
        }
        // 812 is Saint Petersburg, although 8 is dialled before a city inside its country.
        let city: PhoneNumber = "+7 812 345 67 89".parse().unwrap();
        assert_eq!(city.e164(), "+78123456789");
        // Of a plan that no library knows.
        let odd: PhoneNumber = "+999 1234567".parse().unwrap();
        assert_eq!(odd.e164(), "+9991234567");
        assert!(PhoneNumber::dialled("hello").is_err());
        assert!(PhoneNumber::dialled(&"0".repeat(50)).is_err());
    }

    #[track_caller]
    fn check_dialled(text: &str, expected: Option<&str>) {
        let number = PhoneNumber::dialled(text).ok();
        assert_eq!(number.as_ref().map(PhoneNumber::e164), expected, "{text:?}");
    }

    #[test]
    fn what_nobody_can_call_back_is_no_number() {
        for inside in [
            "*2700",
            "2700*",
            "#2700",
            "*054-1234567",
            "054-1234567#",
            "**21*0541234567#",
            "054-1234567 x12",
            "054-1234567;ext=12",
            "054-1234567,12",
            "054-CALL-NOW",
            "2700",
            "100",
            "1201",
            "1",
            "",
            "--",
            "+972*2700",
            "05412345678901",
        ] {
            check_dialled(inside, None);
        }
    }

    #[test]
    fn every_way_of_writing_a_number_is_read() {
        for written in [
            "054 123 4567",
            "054.123.4567",
            "(054) 123-4567",
            "054/1234567",
            "054–123–4567",
            "054־1234567",
            "972541234567",
            "00972541234567",
            "00972-54-123-4567",
        ] {
            check_dialled(written, Some("+972541234567"));
        }
        check_dialled("03-123-4567", Some("+97231234567"));
        check_dialled("077-1234567", Some("+972771234567"));
        check_dialled("1-800-123-456", Some("+9721800123456"));
        check_dialled("0012125550123", Some("+12125550123"));
    }

    #[test]
    fn a_plan_knows_its_numbers() {
        let in_plan = |text: &str| {
            text.parse::<PhoneNumber>()
                .map(|number| number.is_in_plan())
        };
        assert_eq!(in_plan("+97231234567"), Ok(true));
        assert_eq!(in_plan("+266696687"), Ok(false));
        assert_eq!(in_plan("+9991234567"), Ok(false));
    }

    #[test]
    fn what_is_not_a_number_is_refused() {
        for bad in [
            "",
            "+",
            "anonymous",
            "0541234567",
            "+0541234567",
            "+12345",
            "+1234567890123456",
            "+97254x",
        ] {
            assert_eq!(bad.parse::<PhoneNumber>(), Err(PhoneNumberError), "{bad:?}");
        }
    }

    #[test]
    fn the_middle_never_shows() {
        let number: PhoneNumber = "+972541234567".parse().unwrap();
        for shown in [format!("{number}"), format!("{number:?}")] {
            assert!(!shown.contains("4123456"), "{shown}");
        }
        let shortest: PhoneNumber = "+1234567".parse().unwrap();
        assert_eq!(shortest.masked(), "+123*****67");
    }
}

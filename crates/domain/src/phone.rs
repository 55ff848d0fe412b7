//! Phone numbers in E.164, masked wherever they are shown.

use std::{fmt, str::FromStr};

use serde::{Deserialize, Serialize};

/// Why a text is not a phone number.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number in E.164: write it with '+' and 7 to 15 digits, like +972541234567")]
pub struct PhoneNumberError;

/// A phone number in E.164 (ITU-T): `+`, then 7 to 15 digits of which the first is not 0.
///
/// Spaces, dashes, dots and parentheses are accepted on the way in and dropped, so one number has one
/// form. `Debug` and `Display` show it masked; [`PhoneNumber::e164`] is the explicit way to the digits.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct PhoneNumber(Box<str>);

impl PhoneNumber {
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
        if text.len() > 40 {
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
        if well_formed {
            Ok(Self(compact.into_boxed_str()))
        } else {
            Err(PhoneNumberError)
        }
    }
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

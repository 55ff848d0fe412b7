//! Whether two names name one person.

use toran_domain::Pii;

/// Whether two names can be the same person's, as far as their words say. What is written alike is alike, even if it has no
/// words.
pub(crate) fn same_person(one: &str, other: &str) -> bool {
    one == other || toran_hebrew::same_name(one, other)
}

/// Whether both names are known and are two persons'. A name that is not known contradicts nobody.
///
/// ```
/// use toran_domain::Pii;
/// use toran_store::are_two_persons;
///
/// let [david, cohen, dana] = ["דוד", "דוד כהן", "דנה"].map(|name| Pii::new(name.to_owned()));
/// assert!(are_two_persons(Some(&david), Some(&dana)));
/// assert!(!are_two_persons(Some(&david), Some(&cohen)));
/// assert!(!are_two_persons(Some(&david), None));
/// ```
pub fn are_two_persons(one: Option<&Pii<String>>, other: Option<&Pii<String>>) -> bool {
    one.zip(other)
        .is_some_and(|(one, other)| !same_person(one.expose(), other.expose()))
}

/// The persons that some names name, each by the longest of their names, in the order in which they first come.
pub(crate) fn persons<'a>(names: impl IntoIterator<Item = &'a Pii<String>>) -> Vec<Pii<String>> {
    let mut persons: Vec<Pii<String>> = Vec::new();
    for name in names {
        let known = persons
            .iter_mut()
            .find(|known| same_person(known.expose(), name.expose()));
        match known {
            None => persons.push(name.clone()),
            Some(known) if known.expose().len() < name.expose().len() => *known = name.clone(),
            Some(_) => {}
        }
    }
    persons
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(one: &str, other: &str, same: bool) {
        assert_eq!(same_person(one, other), same, "{one:?} {other:?}");
        assert_eq!(same_person(other, one), same, "{other:?} {one:?}");
    }

    #[test]
    fn a_person_is_known_by_parts_and_spellings_of_the_name() {
        check("דוד", "דוד", true);
        check("דוד", "דוד כהן", true);
        check("?!", "?!", true);
        check("כהן דוד", "דוד כהן", true);
        check("דָּוִד", "דוד", true);
        check("Dana", "dana", true);
        check("דוד", "דנה", false);
        check("דוד לוי", "דוד כהן", false);
    }

    #[test]
    fn who_is_not_known_is_nobody_else() {
        let [david, dana] = ["דוד", "דנה"].map(|name| Pii::new(name.to_owned()));
        assert!(are_two_persons(Some(&david), Some(&dana)));
        assert!(!are_two_persons(Some(&david), Some(&david)));
        assert!(!are_two_persons(Some(&david), None));
        assert!(!are_two_persons(None, None));
    }

    #[test]
    fn persons_are_counted_once() {
        let names = ["דוד", "דנה", "דוד כהן", "דוד"].map(|name| Pii::new(name.to_owned()));
        let persons = persons(&names);
        let shown: Vec<&str> = persons.iter().map(|name| name.expose().as_str()).collect();
        assert_eq!(shown, ["דוד כהן", "דנה"]);
    }
}

//! What holds between the businesses of a deployment: nobody who is transferred to a person reaches an agent.

use toran_domain::{Business, BusinessId, PhoneNumber};

use crate::{BusinessChange, Businesses, NumberAddition, StoreError, Update};

/// Why two numbers of a deployment do not go together.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum NumberConflict {
    /// Another business has the number.
    #[error("another business is called at {0} already: `gateway business list` shows them")]
    Taken(PhoneNumber),
    /// A call that is transferred would come back to an agent.
    #[error(
        "{0} is called at a business of this deployment: whoever is transferred there would reach the agent again. Give the number \
         of a telephone that a person answers"
    )]
    TransferComesBack(PhoneNumber),
    /// Calls that a business transfers would reach the agent of this one.
    #[error(
        "calls of a business are transferred to {0}: its callers would reach the agent again. Change that by `gateway business \
         transfer` first"
    )]
    TakesTransfers(PhoneNumber),
}

/// Whether a business may be called at a number, and transfer its calls to another one. What another operator changes at the
/// same moment is not seen.
pub async fn conflict_of(
    store: &dyn Businesses,
    own: Option<BusinessId>,
    called: Option<&PhoneNumber>,
    transfer: Option<&PhoneNumber>,
) -> Result<Option<NumberConflict>, StoreError> {
    if let Some(number) = transfer {
        let comes_back =
            called == Some(number) || store.business_by_called_number(number).await?.is_some();
        if comes_back {
            return Ok(Some(NumberConflict::TransferComesBack(number.clone())));
        }
    }
    let Some(called) = called else {
        return Ok(None);
    };
    let owner = store.business_by_called_number(called).await?;
    if owner.is_some_and(|owner| Some(owner.id) != own) {
        return Ok(Some(NumberConflict::Taken(called.clone())));
    }
    let businesses = store.businesses().await?;
    let mut others = businesses.iter();
    // Its own transfer number stands for it unless it is changed too.
    let takes = others.any(|other| {
        let is_replaced = Some(other.id) == own && transfer.is_some();
        !is_replaced && other.transfer_number.as_ref() == Some(called)
    });
    Ok(takes.then(|| NumberConflict::TakesTransfers(called.clone())))
}

/// What came of a change that was checked against the other businesses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CheckedUpdate {
    /// The store's answer.
    Answered(Update),
    /// Its numbers do not go together with others.
    Conflict(NumberConflict),
}

/// Changes a business, unless its numbers would not go together with others.
pub async fn update_checked(
    store: &dyn Businesses,
    id: BusinessId,
    change: &BusinessChange,
) -> Result<CheckedUpdate, StoreError> {
    let called = change.called_number.as_ref();
    let transfer = change.transfer_number.as_ref().and_then(Option::as_ref);
    if let Some(conflict) = conflict_of(store, Some(id), called, transfer).await? {
        return Ok(CheckedUpdate::Conflict(conflict));
    }
    let update = store.update_business(id, change).await?;
    Ok(match (update, called) {
        (Update::NumberTaken, Some(called)) => {
            CheckedUpdate::Conflict(NumberConflict::Taken(called.clone()))
        }
        (update, _) => CheckedUpdate::Answered(update),
    })
}

/// Has a business be called at a further number, unless calls are transferred there; `false` if there is no such business.
pub async fn add_number_checked(
    store: &dyn Businesses,
    id: BusinessId,
    number: &PhoneNumber,
) -> Result<Result<bool, NumberConflict>, StoreError> {
    if let Some(conflict) = conflict_of(store, Some(id), Some(number), None).await? {
        return Ok(Err(conflict));
    }
    Ok(match store.add_called_number(id, number).await? {
        NumberAddition::Added => Ok(true),
        NumberAddition::Unknown => Ok(false),
        NumberAddition::Taken => Err(NumberConflict::Taken(number.clone())),
    })
}

/// A business by its id, or by a number at which it is called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum BusinessName {
    /// Its id.
    Id(BusinessId),
    /// One of its numbers.
    Number(PhoneNumber),
}

impl BusinessName {
    /// The business of this name.
    pub async fn find(&self, store: &dyn Businesses) -> Result<Option<Business>, StoreError> {
        match self {
            Self::Id(id) => store.business(*id).await,
            Self::Number(number) => store.business_by_called_number(number).await,
        }
    }
}

impl std::str::FromStr for BusinessName {
    type Err = NoBusinessName;

    fn from_str(text: &str) -> Result<Self, NoBusinessName> {
        if let Ok(id) = text.parse() {
            return Ok(Self::Id(id));
        }
        PhoneNumber::dialled(text)
            .map(Self::Number)
            .map_err(|_| NoBusinessName)
    }
}

impl std::fmt::Display for BusinessName {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Id(id) => id.fmt(f),
            Self::Number(number) => f.write_str(number.e164()),
        }
    }
}

/// The text names no business.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("name a business by its id, or by the number at which it is called, like +97231234567")]
pub struct NoBusinessName;

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{
        MemoryStore,
        conformance::{add, business, phone},
    };

    #[tokio::test]
    async fn nobody_is_transferred_back_to_an_agent() {
        let store: std::sync::Arc<dyn crate::Store> = std::sync::Arc::new(MemoryStore::new());
        let (first, second) = (add(&store, 1).await, add(&store, 2).await);
        let businesses: &dyn Businesses = &*store;
        let person = phone(50);
        let change =
            |called: Option<&PhoneNumber>, transfer: Option<&PhoneNumber>| BusinessChange {
                called_number: called.cloned(),
                transfer_number: transfer.cloned().map(Some),
                ..BusinessChange::default()
            };
        let update =
            async |id, change: BusinessChange| match update_checked(businesses, id, &change)
                .await
                .unwrap()
            {
                CheckedUpdate::Answered(Update::Done(_)) => "done".to_owned(),
                CheckedUpdate::Answered(other) => format!("{other:?}"),
                CheckedUpdate::Conflict(conflict) => format!("{conflict:?}")
                    .split('(')
                    .next()
                    .unwrap()
                    .to_owned(),
            };
        assert_eq!(update(first.id, change(None, Some(&person))).await, "done");
        assert_eq!(
            update(first.id, change(None, Some(&second.called_number))).await,
            "TransferComesBack"
        );
        assert_eq!(
            update(first.id, change(None, Some(&first.called_number))).await,
            "TransferComesBack"
        );
        assert_eq!(
            update(second.id, change(Some(&first.called_number), None)).await,
            "Taken"
        );
        assert_eq!(
            update(second.id, change(Some(&person), None)).await,
            "TakesTransfers"
        );
        assert_eq!(
            update(first.id, change(Some(&person), None)).await,
            "TakesTransfers"
        );
        assert_eq!(
            update(first.id, change(Some(&person), Some(&phone(51)))).await,
            "done"
        );
        assert_eq!(update(business(3).id, change(None, None)).await, "Unknown");
        let taken = add_number_checked(businesses, second.id, &phone(51))
            .await
            .unwrap();
        assert_eq!(taken, Err(NumberConflict::TakesTransfers(phone(51))));
        let added = add_number_checked(businesses, second.id, &phone(52))
            .await
            .unwrap();
        assert_eq!(added, Ok(true));
        assert_eq!(
            update(first.id, change(None, Some(&phone(52)))).await,
            "TransferComesBack"
        );
    }

    #[test]
    fn a_business_is_named_by_its_id_or_its_number() {
        let id = business(1).id;
        assert_eq!(id.to_string().parse(), Ok(BusinessName::Id(id)));
        let number = "+97231234567".parse().unwrap();
        assert_eq!("03-123-4567".parse(), Ok(BusinessName::Number(number)));
        assert_eq!("דנה".parse::<BusinessName>(), Err(NoBusinessName));
    }
}

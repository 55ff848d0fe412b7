//! Taking apart the leads that strangers share.

use std::io::{self, Write};

use toran_domain::{BusinessId, LeadId, PhoneNumber};
use toran_store::{Businesses as _, Leads as _, SplitLead};
use toran_store_sql::SqlStore;
use toran_telephony::twilio::withheld_numbers;
use uuid::Uuid;

use super::{OfficeError, known, moment, now};

/// How many calls are split off before a line says how far it is.
const CALLS_A_LINE: usize = 100;

/// Takes apart the leads that were made of a word that the provider writes for a withheld number, in one business or in
/// all, and writes what became of them. With `dry_run` it only writes what would.
pub async fn split_leads(
    store: &SqlStore,
    business_id: Option<BusinessId>,
    dry_run: bool,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let businesses = if let Some(id) = business_id {
        known(store, id).await?;
        vec![id]
    } else {
        let all = store.businesses().await?;
        all.iter().map(|business| business.id).collect()
    };
    let mut found = 0;
    for business_id in businesses {
        for number in withheld_numbers() {
            found += usize::from(split_one(store, business_id, &number, dry_run, out).await?);
        }
    }
    if found == 0 {
        writeln!(
            out,
            "no lead is shared by callers who withheld their numbers"
        )?;
    }
    Ok(())
}

/// Whether there was such a lead.
async fn split_one(
    store: &SqlStore,
    business_id: BusinessId,
    number: &PhoneNumber,
    dry_run: bool,
    out: &mut dyn Write,
) -> Result<bool, OfficeError> {
    let Some(lead) = store.lead_by_phone(business_id, number).await? else {
        return Ok(false);
    };
    let plan = store.plan_split(business_id, lead.lead_id).await?;
    let Some(split) = plan else { return Ok(false) };
    if !dry_run {
        carry_out(store, (business_id, lead.lead_id), &split, out).await?;
    }
    let done = if dry_run { "would be split" } else { "split" };
    writeln!(
        out,
        "{business_id}  {}  lead {} {done}: {} calls, {} appointments",
        number.e164(),
        lead.lead_id,
        split.parts.len(),
        split.appointments()
    )?;
    report(&split, out)?;
    Ok(true)
}

/// Call by call, so that nobody who books waits long for it; and if it is interrupted, the next run goes on.
async fn carry_out(
    store: &SqlStore,
    (business_id, lead_id): (BusinessId, LeadId),
    split: &SplitLead,
    out: &mut dyn Write,
) -> Result<(), OfficeError> {
    let of = split.parts.len();
    for (n, part) in (1..).zip(&split.parts) {
        let own = LeadId::from_uuid(Uuid::now_v7());
        store
            .split_off(business_id, lead_id, part, own, now())
            .await?;
        if n % CALLS_A_LINE == 0 {
            writeln!(out, "    {n} of {of} calls")?;
            out.flush()?;
        }
    }
    Ok(store.finish_split(business_id, lead_id, now()).await?)
}

fn report(split: &SplitLead, out: &mut dyn Write) -> io::Result<()> {
    for crossed in &split.crossed {
        let what = if crossed.was_moved {
            "moved by another caller"
        } else {
            "told to another caller as theirs"
        };
        let (id, when) = (crossed.booking.appointment_id, moment(&crossed.booking));
        let (made_in, by) = (&crossed.made_in, &crossed.by);
        writeln!(
            out,
            "    {id}  {when}  made in call {made_in}, {what}, in call {by}"
        )?;
    }
    if split.going_on > 0 {
        writeln!(
            out,
            "    {} calls go on and keep the lead: run this again when they are over",
            split.going_on
        )?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use time::{Duration, macros::utc_datetime};
    use toran_store::{CallEnding, CallKey, CallOpening, Calls as _};

    use super::*;

    /// The numbers of each list in a migration by which it knows leads that strangers share.
    fn lists(migration: &str) -> Vec<BTreeSet<&str>> {
        let lists = migration.split("NOT IN").skip(1);
        lists
            .map(|list| {
                let list = list.split(')').next().unwrap_or_default();
                list.split('\'')
                    .filter(|word| word.starts_with('+'))
                    .collect()
            })
            .collect()
    }

    #[test]
    fn the_migrations_know_every_word_for_a_withheld_number() {
        let known: Vec<PhoneNumber> = withheld_numbers().collect();
        let known: BTreeSet<&str> = known.iter().map(PhoneNumber::e164).collect();
        for migration in [
            include_str!("../../../../migrations/sqlite/0004_persons_streams_and_tasks.sql"),
            include_str!("../../../../migrations/postgres/0002_persons_streams_and_tasks.sql"),
        ] {
            assert_eq!(lists(migration), [known.clone(), known.clone()]);
        }
    }

    #[tokio::test]
    async fn a_long_split_says_how_far_it_is() {
        let store = SqlStore::open("sqlite::memory:").await.unwrap();
        store.migrate().await.unwrap();
        let business = crate::businesses::add(&store, crate::demo::business().unwrap());
        let business_id = business.await.unwrap().id;
        let number = withheld_numbers().next();
        let began = utc_datetime!(2026-11-23 8:00);
        for n in 0..250 {
            let key = CallKey {
                business_id,
                call_sid: format!("CA{n}").parse().unwrap(),
            };
            let opening = CallOpening {
                key: key.clone(),
                caller: number.clone(),
                new_lead_id: LeadId::from_uuid(Uuid::now_v7()),
                now: began + Duration::seconds(n),
            };
            store.open_call(&opening).await.unwrap();
            let ended = store.end_call(&key, CallEnding::HungUp, began + Duration::HOUR);
            ended.await.unwrap();
        }
        let split = async |dry_run| {
            let mut out = Vec::new();
            split_leads(&store, None, dry_run, &mut out).await.unwrap();
            String::from_utf8(out).unwrap()
        };
        let would_be = split(true).await;
        assert!(
            would_be.contains("would be split: 250 calls, 0 appointments"),
            "{would_be}"
        );
        let done = split(false).await;
        for line in [
            "100 of 250 calls",
            "200 of 250 calls",
            "split: 250 calls, 0 appointments",
        ] {
            assert!(done.contains(line), "{done}");
        }
        assert!(split(false).await.contains("no lead is shared"));
        let leads = store.leads(business_id, 1_000).await.unwrap();
        assert_eq!(leads.len(), 251);
        assert!(leads.iter().all(|lead| lead.phone.is_none()));
    }
}

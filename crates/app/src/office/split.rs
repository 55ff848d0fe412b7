//! Taking apart the leads that strangers share.

use std::io::{self, Write};

use toran_domain::{BusinessId, LeadId, PhoneNumber};
use toran_store::{Businesses as _, Leads as _, SplitLead};
use toran_store_sql::SqlStore;
use toran_telephony::twilio::withheld_numbers;
use uuid::Uuid;

use super::{OfficeError, known, moment, now};

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
    let split = if dry_run {
        let exported = store.export_lead(business_id, lead.lead_id, None).await?;
        exported.map(|(record, _)| SplitLead::of(&record))
    } else {
        let new_lead = || LeadId::from_uuid(Uuid::now_v7());
        store
            .split_lead(business_id, lead.lead_id, &new_lead, now())
            .await?
    };
    let Some(split) = split else { return Ok(false) };
    let done = if dry_run { "would be split" } else { "split" };
    writeln!(
        out,
        "{business_id}  {}  lead {} {done}: {} calls, {} appointments",
        number.e164(),
        lead.lead_id,
        split.calls,
        split.appointments
    )?;
    report(&split, out)?;
    Ok(true)
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

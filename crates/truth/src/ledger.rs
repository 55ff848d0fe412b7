//! What the server really did.

use toran_domain::Booking;

/// The appointments that the caller holds, as far as this call (or its earlier part, before a reconnect) has come to
/// know: made, moved or found in it. The only ground on which a claim may be spoken.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Ledger {
    bookings: Vec<Booking>,
}

impl Ledger {
    /// Enters an appointment that the database acknowledged. Entering it again changes nothing; entering it at another
    /// time means that it was moved there, and stands no longer where it stood.
    pub fn enter(&mut self, booking: Booking) {
        let mut held = self.bookings.iter_mut();
        match held.find(|held| held.appointment_id == booking.appointment_id) {
            Some(held) => *held = booking,
            None => self.bookings.push(booking),
        }
    }

    /// The appointments, oldest first.
    pub fn bookings(&self) -> &[Booking] {
        &self.bookings
    }

    /// The last appointment that was made.
    pub fn last(&self) -> Option<&Booking> {
        self.bookings.last()
    }
}

impl FromIterator<Booking> for Ledger {
    fn from_iter<I: IntoIterator<Item = Booking>>(bookings: I) -> Self {
        let mut ledger = Self::default();
        bookings
            .into_iter()
            .for_each(|booking| ledger.enter(booking));
        ledger
    }
}

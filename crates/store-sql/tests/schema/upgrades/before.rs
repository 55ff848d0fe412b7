//! What a gateway of an earlier schema left behind: rows of every table, in the words of that schema.

use toran_store::conformance::NOW;

use crate::raw::Raw;

/// What a schema knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Level {
    /// Calls and appointments of half an hour, one at a time.
    Calls,
    /// Resources, seats and buffers.
    Seats,
    /// Histories, the outbox, tasks.
    Outbox,
    /// Persons of a line, kinds of tasks, transfers.
    Persons,
    /// The heartbeat.
    Heartbeat,
}

/// A database as it was left.
pub(crate) struct Before {
    pub(crate) version: i64,
    pub(crate) level: Level,
    /// How many leads, calls, lines and pairs of events there are beside those that are looked at one by one.
    many: u32,
}

impl Before {
    pub(crate) fn sqlite(version: i64, many: u32) -> Self {
        let level = match version {
            1 => Level::Calls,
            2 => Level::Seats,
            3 => Level::Outbox,
            4 => Level::Persons,
            _ => Level::Heartbeat,
        };
        Self {
            version,
            level,
            many,
        }
    }

    pub(crate) fn postgres(version: i64, many: u32) -> Self {
        let level = match version {
            1 => Level::Outbox,
            2 => Level::Persons,
            _ => Level::Heartbeat,
        };
        Self {
            version,
            level,
            many,
        }
    }

    /// The tables of the schema whose rows a migration keeps one by one.
    fn tables(&self) -> Vec<&'static str> {
        let mut tables = vec![
            "business",
            "appointment_settings",
            "lead",
            "call_session",
            "appointment",
            "transcript_line",
            "call_usage",
            "redeemed_stream_token",
        ];
        if self.level >= Level::Outbox {
            tables.extend(["appointment_change", "webhook", "outbox", "task"]);
        }
        if self.level >= Level::Heartbeat {
            tables.push("heartbeat");
        }
        tables
    }

    pub(crate) async fn count(&self, raw: &mut Raw) -> Vec<(&'static str, u64)> {
        let mut counted = Vec::new();
        for table in self.tables() {
            let rows = self.count_of(raw, table).await;
            assert!(rows > 0, "{table} is empty before the upgrade");
            counted.push((table, rows));
        }
        counted
    }

    pub(crate) async fn count_of(&self, raw: &mut Raw, table: &str) -> u64 {
        let rows = raw.number(&format!("SELECT COUNT(*) FROM {table}")).await;
        rows.unsigned_abs()
    }

    pub(crate) async fn fill(&self, raw: &mut Raw) {
        let mut all = vec![businesses(raw), calls(raw, self.level)];
        all.extend(self.appointments(raw));
        if self.level >= Level::Outbox {
            all.push(histories(raw));
            all.push(outbox(raw));
            all.push(self.task(raw));
        }
        if self.level >= Level::Persons {
            all.push(persons(raw));
        }
        if self.level >= Level::Heartbeat {
            all.push(heartbeat(raw));
        }
        all.push(self.crowd(raw));
        for sql in all {
            raw.run(&sql).await;
        }
    }

    /// Two, the first of them without a name of its own while names were the leads'.
    fn appointments(&self, raw: &Raw) -> Vec<String> {
        let name = if self.level >= Level::Persons {
            "'דוד'"
        } else {
            "NULL"
        };
        let starts = NOW.unix_timestamp() + 30 * 3_600 + 1_800;
        let second = starts + 1_800;
        vec![
            appointment(raw, self.level, 21, (starts, name)),
            appointment(raw, self.level, 22, (second, "'נועם'")),
            format!(
                "UPDATE call_session SET last_confirmed_date = '2026-11-24', last_confirmed_time = '16:30', \
                 last_appointment_id = {} WHERE call_sid = 'CA1'",
                raw.id(21)
            ),
        ]
    }

    fn task(&self, raw: &Raw) -> String {
        let (business, lead, id) = (raw.id(1), raw.id(12), raw.id(51));
        let at = raw.at(NOW.unix_timestamp());
        let (kind, word) = if self.level >= Level::Persons {
            ("kind, words, ", "'message', 'תגידו לה שאאחר', ")
        } else {
            ("", "")
        };
        format!(
            "INSERT INTO task (id, business_id, lead_id, call_sid, {kind}requested_date, requested_time, noted_at) \
             VALUES ({id}, {business}, {lead}, 'CA2', {word}'2026-11-24', '16:30', {at})"
        )
    }

    /// A business with many leads, each of whom called once.
    fn crowd(&self, raw: &Raw) -> String {
        let (business, at) = (raw.id(2), raw.at(NOW.unix_timestamp()));
        let (new_id, hex) = if raw.is_postgres() {
            ("gen_random_uuid()", "replace(id::text, '-', '')")
        } else {
            ("randomblob(16)", "lower(hex(id))")
        };
        let events = if self.level >= Level::Outbox {
            format!(
                "INSERT INTO outbox (id, business_id, lead_id, call_sid, kind, data, at, next_at) \
                 SELECT {new_id}, business_id, lead_id, call_sid, kind, '{{}}', started_at, started_at FROM call_session, \
                 (SELECT 'lead.created' AS kind UNION ALL SELECT 'call.ended') AS kinds WHERE business_id = {business};"
            )
        } else {
            String::new()
        };
        format!(
            "INSERT INTO lead (id, business_id, created_at) \
             WITH RECURSIVE crowd (n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM crowd WHERE n < {many}) \
             SELECT {new_id}, {business}, {at} FROM crowd; \
             INSERT INTO call_session (business_id, call_sid, lead_id, started_at{seen_at}, ended_at, ending) \
             SELECT business_id, {hex}, id, created_at{created_at}, created_at, 'hung_up' FROM lead WHERE business_id = {business}; \
             INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) \
             SELECT business_id, call_sid, 0, 'caller', 'שלום', started_at FROM call_session WHERE business_id = {business}; \
             {events}",
            many = self.many,
            seen_at = seen(self.level, ", seen_at"),
            created_at = seen(self.level, ", created_at"),
        )
    }
}

/// A text for schemas in which a call is seen.
pub(crate) fn seen(level: Level, text: &str) -> &str {
    if level >= Level::Outbox { text } else { "" }
}

fn businesses(raw: &Raw) -> String {
    [1, 2]
        .map(|n| {
            let id = raw.id(n);
            format!(
                "INSERT INTO business (id, name, called_number, text, agent_name, agent_gender) \
                 VALUES ({id}, 'עסק {n}', '+9723000000{n}', 'תספורת', 'נועה', 'female'); \
                 INSERT INTO appointment_settings (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone) \
                 VALUES ({id}, 'sun-fri', '09:00', '18:00', 30, 'Asia/Jerusalem');"
            )
        })
        .concat()
}

/// A caller with a number, whose call is over, and one who withheld it, whose call goes on.
fn calls(raw: &Raw, level: Level) -> String {
    let (business, at) = (raw.id(1), raw.at(NOW.unix_timestamp()));
    let (known, unknown, token) = (raw.id(11), raw.id(12), raw.id(31));
    let expires = raw.at(NOW.unix_timestamp() + 60);
    let (seen_at, seen) = (seen(level, ", seen_at"), format!(", {at}"));
    let seen = if seen_at.is_empty() { "" } else { &seen };
    format!(
        "INSERT INTO lead (id, business_id, phone, name, created_at) VALUES ({known}, {business}, '+972540000011', 'דוד', {at}); \
         INSERT INTO lead (id, business_id, name, created_at) VALUES ({unknown}, {business}, 'רות', {at}); \
         INSERT INTO call_session (business_id, call_sid, lead_id, last_requested_date, last_requested_time, started_at{seen_at}, ended_at, ending) \
         VALUES ({business}, 'CA1', {known}, '2026-11-24', '16:30', {at}{seen}, {at}, 'hung_up'); \
         INSERT INTO call_session (business_id, call_sid, lead_id, started_at{seen_at}) VALUES ({business}, 'CA2', {unknown}, {at}{seen}); \
         INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) VALUES \
         ({business}, 'CA1', 0, 'caller', 'שלום', {at}), ({business}, 'CA1', 1, 'agent', 'שלום, מספרת דנה', {at}); \
         INSERT INTO call_usage (business_id, call_sid, model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, \
         audio_out, audio_seconds, cost_micro_usd) VALUES ({business}, 'CA1', 'gpt-realtime', 100, 0, 300, 0, 50, 200, 12.5, 4000); \
         INSERT INTO redeemed_stream_token (token_id, expires_at) VALUES ({token}, {expires});"
    )
}

/// An appointment of half an hour of David's, as a schema has it.
fn appointment(raw: &Raw, level: Level, id: u32, (starts, name): (i64, &str)) -> String {
    let ids = [raw.id(id), raw.id(1), raw.id(11)].join(", ");
    let (from, to) = (raw.at(starts), raw.at(starts + 1_800));
    let at = raw.at(NOW.unix_timestamp());
    let (columns, values) = places(raw, level, &from, &to);
    format!(
        "INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, name, created_at{columns}) \
         VALUES ({ids}, 'CA1', {from}, {to}, {name}, {at}{values})"
    )
}

/// What beside its time a schema keeps of an appointment.
pub(crate) fn places(raw: &Raw, level: Level, from: &str, to: &str) -> (&'static str, String) {
    if raw.is_postgres() {
        let values = format!(", 'main', 0, {from}, {to}");
        return (", resource, seat, busy_from, busy_to", values);
    }
    if level >= Level::Seats {
        return (", resource, seat", ", 'main', 0".to_owned());
    }
    ("", String::new())
}

/// One that would stand where another stands, past everything that the store would check.
pub(crate) fn copied_appointment(raw: &Raw, new: &str, old: &str) -> String {
    let places = if raw.is_postgres() {
        ", busy_from, busy_to"
    } else {
        ""
    };
    let columns = format!(
        "business_id, lead_id, call_sid, starts_at, ends_at, resource, seat, created_at{places}"
    );
    format!(
        "INSERT INTO appointment (id, {columns}) SELECT {new}, {columns} FROM appointment WHERE id = {old}"
    )
}

fn histories(raw: &Raw) -> String {
    let business = raw.id(1);
    format!(
        "INSERT INTO appointment_change (business_id, appointment_id, seq, kind, actor, call_sid, at, to_starts_at) \
         SELECT business_id, id, 0, 'created', 'caller', call_sid, created_at, starts_at FROM appointment; \
         INSERT INTO webhook (business_id, url, secret) VALUES ({business}, 'https://crm.example/hook', 'whsec_c2VjcmV0'); \
         UPDATE business SET keep_transcripts_days = 90;"
    )
}

/// What was delivered, what failed once and what waits behind it; what a live call holds back; a dead letter, and what waits
/// behind that.
fn outbox(raw: &Raw) -> String {
    let (business, at) = (raw.id(1), raw.at(NOW.unix_timestamp()));
    let held = raw.at(253_370_764_800);
    let (known, unknown, third) = (raw.id(11), raw.id(12), raw.id(13));
    let [first, second, third_event, fourth, fifth, sixth] =
        [41, 42, 43, 44, 45, 46].map(|n| raw.id(n));
    let appointment = raw.id(21);
    format!(
        "INSERT INTO lead (id, business_id, phone, created_at) VALUES ({third}, {business}, '+972540000013', {at}); \
         INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at, ended_at, ending) \
         VALUES ({business}, 'CA3', {third}, {at}, {at}, {at}, 'completed'); \
         INSERT INTO outbox (id, business_id, lead_id, call_sid, appointment_id, kind, data, at, state, attempts, next_at, \
         last_error, done_at) VALUES \
         ({first}, {business}, {known}, 'CA1', NULL, 'lead.created', '{{}}', {at}, 'delivered', 1, {at}, NULL, {at}), \
         ({second}, {business}, {known}, 'CA1', {appointment}, 'appointment.created', '{{}}', {at}, 'pending', 1, {at}, 'timeout', NULL), \
         ({third_event}, {business}, {known}, 'CA1', NULL, 'call.ended', '{{}}', {at}, 'pending', 0, {held}, NULL, NULL), \
         ({fourth}, {business}, {unknown}, 'CA2', NULL, 'lead.created', '{{}}', {at}, 'pending', 0, {at}, NULL, NULL), \
         ({fifth}, {business}, {third}, 'CA3', NULL, 'lead.created', '{{}}', {at}, 'dead', 9, {held}, 'status 410', NULL), \
         ({sixth}, {business}, {third}, 'CA3', NULL, 'call.ended', '{{}}', {at}, 'pending', 0, {held}, NULL, NULL);"
    )
}

fn persons(raw: &Raw) -> String {
    let unknown = raw.id(12);
    format!(
        "UPDATE business SET transfer_number = '+972540000001'; \
         UPDATE lead SET given_phone = '+972540000012' WHERE id = {unknown}; \
         UPDATE call_session SET caller_name = 'דוד', transfer = 'failed', \
         proposal = '[[\"2026-11-24\",\"16:30\"],[\"2026-11-24\",null]]' WHERE call_sid = 'CA1';"
    )
}

fn heartbeat(raw: &Raw) -> String {
    let at = raw.at(NOW.unix_timestamp());
    if raw.is_postgres() {
        format!("INSERT INTO heartbeat (id, beaten_at) VALUES (1, {at})")
    } else {
        format!("INSERT INTO heartbeat (id, beaten_at, padding) VALUES (1, {at}, zeroblob(16))")
    }
}

-- appointments::LIVE
SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat FROM appointment WHERE appointment.business_id = $1 AND status = 'confirmed' AND busy_from < $3 AND busy_to > $2 AND busy_from > $4 ORDER BY busy_from, appointment.id;
-- appointments::LIVE_ROWS
SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id WHERE appointment.business_id = $1 AND status = 'confirmed' AND busy_from < $3 AND busy_to > $2 AND busy_from > $4 ORDER BY busy_from, appointment.id;
-- appointments::CALENDAR
SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at, (SELECT MAX(seq) FROM appointment_change AS change WHERE change.business_id = $1 AND change.appointment_id = appointment.id) AS revision, (SELECT MAX(at) FROM appointment_change AS change WHERE change.business_id = $1 AND change.appointment_id = appointment.id) AS changed_at FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id WHERE appointment.business_id = $1 AND starts_at < $3 AND ends_at > $2 ORDER BY starts_at, appointment.id;
-- appointments::ROW
SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id WHERE appointment.business_id = $1 AND appointment.id = $2;
-- appointments::ROWS_OF_LEAD
SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id WHERE appointment.business_id = $1 AND lead_id = $2 ORDER BY starts_at, appointment.id;
-- appointments::STANDING_OF_LEAD
SELECT appointment.id, status, lead_id, call_sid, phone, given_phone, appointment.name AS name, lead.name AS lead_name, starts_at, ends_at, resource, appointment.created_at FROM appointment JOIN lead ON lead.business_id = appointment.business_id AND lead.id = lead_id WHERE appointment.business_id = $1 AND lead_id = $2 AND status = 'confirmed' AND ends_at > $3 ORDER BY starts_at, appointment.id;
-- appointments::ONE_LIVE
SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat FROM appointment WHERE business_id = $1 AND id = $2 AND status = 'confirmed';
-- appointments::LIVE_OF_CALL
SELECT id, lead_id, call_sid, name, starts_at, busy_from, busy_to, resource, seat FROM appointment WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed';
-- appointments::STANDING
SELECT id, appointment.lead_id, appointment.call_sid, name, starts_at, busy_from, busy_to, resource, seat FROM call_session JOIN appointment ON appointment.business_id = call_session.business_id AND appointment.id = last_appointment_id AND status = 'confirmed' WHERE call_session.business_id = $1 AND call_session.call_sid = $2;
-- appointments::CONFIRM
UPDATE call_session SET last_confirmed_date = $3, last_confirmed_time = $4, last_appointment_id = $5, one_more = FALSE WHERE business_id = $1 AND call_sid = $2;
-- appointments::OPEN_TASK
SELECT name FROM task WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND kind = 'booking';
-- appointments::CLOSE_TASK
UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND kind = 'booking';
-- appointments::CLOSE_TASK_AT
UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND kind = 'booking' AND requested_date = $4 AND requested_time = $5;
-- appointments::TAKE_BACK_THE_TASK
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND kind = 'task.created' AND state = 'pending' AND COALESCE(data ->> 'kind', 'booking') = 'booking';
-- appointments::BEAT
INSERT INTO heartbeat (id, beaten_at, padding) VALUES (1, $1, randomblob(65536)) ON CONFLICT (id) DO UPDATE SET beaten_at = excluded.beaten_at, padding = excluded.padding;
-- businesses::BY_NUMBER
SELECT business.id, name, called_number, text, agent_name, agent_gender, transfer_number, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document FROM business JOIN appointment_settings ON business_id = business.id WHERE called_number = $1;
-- businesses::ALL
SELECT business.id, name, called_number, text, agent_name, agent_gender, transfer_number, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document FROM business JOIN appointment_settings ON business_id = business.id ORDER BY business.id;
-- businesses::ONE
SELECT business.id, name, called_number, text, agent_name, agent_gender, transfer_number, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document FROM business JOIN appointment_settings ON business_id = business.id WHERE business.id = $1;
-- businesses::INSERT
INSERT INTO business (id, name, called_number, text, agent_name, agent_gender, transfer_number) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT DO NOTHING;
-- businesses::SET_TRANSFER_NUMBER
UPDATE business SET transfer_number = $2 WHERE business.id = $1;
-- businesses::EXISTS
SELECT business.id FROM business WHERE business.id = $1;
-- businesses::SETTINGS
SELECT active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document FROM appointment_settings WHERE business_id = $1;
-- businesses::PUT_SETTINGS
INSERT INTO appointment_settings (business_id, active_days, start_hour, end_hour, slot_interval_minutes, time_zone, document) VALUES ($1, $2, $3, $4, $5, $6, $7) ON CONFLICT (business_id) DO UPDATE SET active_days = excluded.active_days, start_hour = excluded.start_hour, end_hour = excluded.end_hour, slot_interval_minutes = excluded.slot_interval_minutes, time_zone = excluded.time_zone, document = excluded.document;
-- businesses::UNTIE_CALLS
UPDATE call_session SET last_confirmed_date = NULL, last_confirmed_time = NULL, last_appointment_id = NULL WHERE business_id = $1;
-- businesses::DELETE_EVENTS
DELETE FROM outbox WHERE business_id = $1;
-- businesses::DELETE_TASKS
DELETE FROM task WHERE business_id = $1;
-- businesses::DELETE_LINES
DELETE FROM transcript_line WHERE business_id = $1;
-- businesses::DELETE_USAGE
DELETE FROM call_usage WHERE business_id = $1;
-- businesses::DELETE_CHANGES
DELETE FROM appointment_change WHERE business_id = $1;
-- businesses::DELETE_APPOINTMENTS
DELETE FROM appointment WHERE business_id = $1;
-- businesses::DELETE_CALLS
DELETE FROM call_session WHERE business_id = $1;
-- businesses::DELETE_LEADS
DELETE FROM lead WHERE business_id = $1;
-- businesses::DELETE_WEBHOOK
DELETE FROM webhook WHERE business_id = $1;
-- businesses::DELETE_SETTINGS
DELETE FROM appointment_settings WHERE business_id = $1;
-- businesses::DELETE
DELETE FROM business WHERE business.id = $1;
-- calls::FORGET_TOKENS
DELETE FROM redeemed_stream_token WHERE expires_at < $1;
-- calls::REDEEM
INSERT INTO redeemed_stream_token (token_id, expires_at) VALUES ($1, $2) ON CONFLICT (token_id) DO NOTHING;
-- calls::NOTE_HELD
UPDATE call_session SET last_confirmed_date = $3, last_confirmed_time = $4, last_appointment_id = $5 WHERE business_id = $1 AND call_sid = $2;
-- calls::NOTE_PROPOSAL
UPDATE call_session SET proposal = $3 WHERE business_id = $1 AND call_sid = $2;
-- calls::NOTE_OFFERS
UPDATE call_session SET offered = $3 WHERE business_id = $1 AND call_sid = $2;
-- calls::NOTE_ONE_MORE
UPDATE call_session SET one_more = TRUE WHERE business_id = $1 AND call_sid = $2;
-- calls::ANNOUNCE
UPDATE appointment SET announced = TRUE WHERE business_id = $1 AND call_sid = $2 AND id = $3 AND status = 'confirmed';
-- calls::KEEP_ALIVE
UPDATE call_session SET seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END, ended_at = CASE WHEN abandoned THEN NULL ELSE ended_at END, ending = CASE WHEN abandoned THEN NULL ELSE ending END, abandoned = FALSE WHERE business_id = $1 AND call_sid = $2;
-- calls::APPEND
INSERT INTO transcript_line (business_id, call_sid, seq, speaker, text, at) SELECT $1, $2, COALESCE(MAX(seq) + 1, 0), $3, $4, $5 FROM transcript_line WHERE business_id = $1 AND call_sid = $2;
-- calls::OF_ERASED_LEAD
SELECT 1 AS one FROM call_session JOIN lead ON lead.business_id = call_session.business_id AND lead.id = lead_id WHERE call_session.business_id = $1 AND call_sid = $2 AND erased_at IS NOT NULL;
-- calls::TRANSCRIPT
SELECT speaker, text, at FROM transcript_line WHERE business_id = $1 AND call_sid = $2 ORDER BY seq;
-- calls::USAGE
SELECT model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, audio_out, audio_seconds, cost_micro_usd FROM call_usage WHERE business_id = $1 AND call_sid = $2 ORDER BY model;
-- calls::USAGE_OF_MODEL
SELECT model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, audio_out, audio_seconds, cost_micro_usd FROM call_usage WHERE business_id = $1 AND call_sid = $2 AND model = $3;
-- calls::PUT_USAGE
INSERT INTO call_usage (business_id, call_sid, model, text_in, text_in_cached, audio_in, audio_in_cached, text_out, audio_out, audio_seconds, cost_micro_usd) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11) ON CONFLICT (business_id, call_sid, model) DO UPDATE SET text_in = excluded.text_in, text_in_cached = excluded.text_in_cached, audio_in = excluded.audio_in, audio_in_cached = excluded.audio_in_cached, text_out = excluded.text_out, audio_out = excluded.audio_out, audio_seconds = excluded.audio_seconds, cost_micro_usd = excluded.cost_micro_usd;
-- changes::INSERT
INSERT INTO appointment (id, business_id, lead_id, call_sid, starts_at, ends_at, buffer_before, buffer_after, resource, seat, name, created_at) VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10, CASE WHEN EXISTS (SELECT 1 FROM lead WHERE lead.business_id = $1 AND lead.id = $3 AND lead.erased_at IS NOT NULL) THEN NULL ELSE $11 END, $12);
-- changes::RELOCATE
UPDATE appointment SET starts_at = $3, ends_at = $4, buffer_before = $5, buffer_after = $6, resource = $7, seat = $8, call_sid = $9, announced = FALSE WHERE business_id = $1 AND id = $2 AND status = 'confirmed';
-- changes::RESEAT
UPDATE appointment SET seat = $3 WHERE business_id = $1 AND id = $2 AND status = 'confirmed';
-- changes::CANCEL
UPDATE appointment SET status = 'cancelled' WHERE business_id = $1 AND id = $2 AND status = 'confirmed';
-- changes::FIND
SELECT lead_id, status, starts_at, ends_at FROM appointment WHERE business_id = $1 AND id = $2;
-- changes::RECORD
INSERT INTO appointment_change (business_id, appointment_id, seq, kind, actor, call_sid, at, from_starts_at, to_starts_at) SELECT $1, $2, COALESCE(MAX(seq) + 1, 0), $3, $4, $5, $6, $7, $8 FROM appointment_change WHERE business_id = $1 AND appointment_id = $2;
-- changes::HISTORY
SELECT kind, actor, call_sid, at, from_starts_at, to_starts_at FROM appointment_change WHERE business_id = $1 AND appointment_id = $2 ORDER BY seq;
-- endings::UNSEEN
SELECT business_id, call_sid FROM call_session WHERE ended_at IS NULL AND seen_at < $1 ORDER BY seen_at LIMIT 1000;
-- endings::OPEN_TRANSFERS
SELECT business_id, call_sid FROM call_session WHERE transfer IN ('wanted', 'dialling') AND seen_at < $1 ORDER BY seen_at LIMIT 1000;
-- endings::END
UPDATE call_session SET ended_at = $3, ending = $4, abandoned = $5 WHERE business_id = $1 AND call_sid = $2 AND ended_at IS NULL AND seen_at < $6;
-- endings::SUMMARY
SELECT started_at, last_requested_date, last_requested_time, (SELECT COUNT(*) FROM transcript_line AS line WHERE line.business_id = $1 AND line.call_sid = $2) AS lines FROM call_session WHERE business_id = $1 AND call_sid = $2;
-- leads::NEWEST
SELECT id, phone, given_phone, name, created_at, erased_at FROM lead WHERE business_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2;
-- leads::ONE
SELECT id, phone, given_phone, name, created_at, erased_at FROM lead WHERE business_id = $1 AND id = $2;
-- leads::BY_PHONE
SELECT id, phone, given_phone, name, created_at, erased_at FROM lead WHERE business_id = $1 AND phone = $2;
-- leads::CALLS
SELECT call_sid, started_at, ended_at, ending, abandoned, caller_name, last_appointment_id FROM call_session WHERE business_id = $1 AND lead_id = $2 ORDER BY started_at, call_sid;
-- leads::FORGET_LEAD
UPDATE lead SET phone = NULL, given_phone = NULL, name = NULL, erased_at = $3 WHERE business_id = $1 AND id = $2 AND erased_at IS NULL;
-- leads::FORGET_ON_APPOINTMENTS
UPDATE appointment SET name = NULL WHERE business_id = $1 AND lead_id = $2;
-- leads::FORGET_ON_CALLS
UPDATE call_session SET caller_name = NULL WHERE business_id = $1 AND lead_id = $2;
-- leads::FORGET_ON_TASKS
UPDATE task SET name = NULL, words = NULL, done_at = COALESCE(done_at, $3) WHERE business_id = $1 AND lead_id = $2;
-- leads::TAKE_BACK_TASKS
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND lead_id = $2 AND kind = 'task.created' AND state = 'pending';
-- leads::FORGET_WHAT_WAS_SAID
DELETE FROM transcript_line WHERE business_id = $1 AND call_sid IN (SELECT call.call_sid FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = $2);
-- notes::NOTE_REQUEST
UPDATE call_session SET last_requested_date = $3, last_requested_time = $4 WHERE business_id = $1 AND call_sid = $2;
-- notes::NAME_LEAD
UPDATE lead SET name = $3 WHERE business_id = $1 AND id = $2 AND (name IS NULL OR name <> $3) AND erased_at IS NULL;
-- notes::NAME_CALL
UPDATE call_session SET caller_name = $3 WHERE business_id = $1 AND call_sid = $2 AND NOT EXISTS (SELECT 1 FROM lead AS forgotten WHERE forgotten.business_id = $1 AND forgotten.id = call_session.lead_id AND forgotten.erased_at IS NOT NULL);
-- notes::NAME_APPOINTMENTS
UPDATE appointment SET name = $3 WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed' AND name IS NULL AND NOT EXISTS (SELECT 1 FROM lead AS forgotten WHERE forgotten.business_id = $1 AND forgotten.id = appointment.lead_id AND forgotten.erased_at IS NOT NULL);
-- notes::NAME_TASKS
UPDATE task SET name = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND name IS NULL AND NOT EXISTS (SELECT 1 FROM lead AS forgotten WHERE forgotten.business_id = $1 AND forgotten.id = task.lead_id AND forgotten.erased_at IS NOT NULL);
-- notes::NOTE_PHONE
UPDATE lead SET given_phone = $3 WHERE business_id = $1 AND id = $2 AND (given_phone IS NULL OR given_phone <> $3) AND erased_at IS NULL;
-- outbox::PUT
INSERT INTO outbox (id, business_id, lead_id, call_sid, appointment_id, kind, data, at, next_at) VALUES ($2, $1, $3, $4, $5, $6, $7, $8, CASE WHEN NOT EXISTS (SELECT 1 FROM webhook WHERE business_id = $1) THEN CAST($9 AS timestamptz) WHEN EXISTS (SELECT 1 FROM outbox AS dead WHERE dead.business_id = $1 AND dead.lead_id = $3 AND dead.state = 'dead') THEN CAST($9 AS timestamptz) ELSE CAST($8 AS timestamptz) END);
-- outbox::PUT_WEBHOOK
INSERT INTO webhook (business_id, url, secret) VALUES ($1, $2, $3) ON CONFLICT (business_id) DO UPDATE SET url = excluded.url, secret = excluded.secret;
-- outbox::REMOVE_WEBHOOK
DELETE FROM webhook WHERE business_id = $1;
-- outbox::WEBHOOK
SELECT url, secret FROM webhook WHERE business_id = $1;
-- outbox::ANY_DUE
SELECT 1 AS one FROM outbox WHERE state = 'pending' AND next_at <= $1 LIMIT 1;
-- outbox::CLAIM
WITH claimed AS MATERIALIZED (SELECT event.seq FROM outbox AS event JOIN ( SELECT waiting.seq, waiting.place, waiting.failing, ROW_NUMBER() OVER (PARTITION BY waiting.failing ORDER BY waiting.place, waiting.seq) AS nth FROM ( SELECT first.seq, ROW_NUMBER() OVER (PARTITION BY first.business_id ORDER BY first.seq) + (SELECT COUNT(*) FROM outbox AS leased WHERE leased.business_id = first.business_id AND leased.state = 'pending' AND leased.leased_until > $1) AS place, CASE WHEN EXISTS (SELECT 1 FROM outbox AS failed WHERE failed.business_id = first.business_id AND failed.state = 'pending' AND failed.last_error IS NOT NULL) THEN 1 ELSE 0 END AS failing FROM outbox AS first JOIN webhook ON webhook.business_id = first.business_id WHERE first.state = 'pending' AND first.next_at <= $1 AND (first.leased_until IS NULL OR first.leased_until <= $1) AND NOT EXISTS (SELECT 1 FROM outbox AS earlier WHERE earlier.business_id = first.business_id AND earlier.lead_id = first.lead_id AND earlier.seq < first.seq AND earlier.state IN ('pending', 'dead')) AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = first.business_id AND call.call_sid = first.call_sid AND call.ended_at IS NULL) ) AS waiting WHERE waiting.place <= CASE WHEN waiting.failing = 1 THEN 1 ELSE 4 END ) AS due ON due.seq = event.seq WHERE event.state = 'pending' AND event.next_at <= $1 AND (event.leased_until IS NULL OR event.leased_until <= $1) AND (due.failing = 0 OR due.nth + (SELECT COUNT(*) FROM outbox AS leased WHERE leased.state = 'pending' AND leased.leased_until > $1 AND EXISTS (SELECT 1 FROM outbox AS failed WHERE failed.business_id = leased.business_id AND failed.state = 'pending' AND failed.last_error IS NOT NULL)) <= 16) ORDER BY due.place, event.seq LIMIT $3 ) UPDATE outbox SET leased_until = $2, attempts = attempts + 1 WHERE seq IN (SELECT claimed.seq FROM claimed) RETURNING seq;
-- outbox::CLAIMED
SELECT event.id AS event_id, event.business_id, event.kind, event.at, event.call_sid, event.data, event.attempts, webhook.url, webhook.secret, COALESCE(appointment.name, task.name) AS for_whom, task.words, lead.id, lead.phone, lead.given_phone, lead.name, lead.created_at, lead.erased_at FROM outbox AS event JOIN webhook ON webhook.business_id = event.business_id JOIN lead ON lead.business_id = event.business_id AND lead.id = event.lead_id LEFT JOIN appointment ON appointment.business_id = event.business_id AND appointment.id = event.appointment_id LEFT JOIN task ON task.business_id = event.business_id AND task.call_sid = event.call_sid AND event.kind = 'task.created' AND task.kind = COALESCE(event.data ->> 'kind', 'booking') WHERE event.seq = $1;
-- outbox::DELIVERED
UPDATE outbox SET state = 'delivered', done_at = $3, leased_until = NULL, last_error = NULL WHERE business_id = $1 AND id = $2 AND state = 'pending';
-- outbox::FAILED
UPDATE outbox SET state = $5, next_at = $6, last_error = $4, leased_until = NULL WHERE business_id = $1 AND id = $2 AND state = 'pending' AND attempts = $3;
-- outbox::HOLD_BACK
UPDATE outbox SET next_at = $3 WHERE business_id = $1 AND state = 'pending' AND next_at < $3 AND lead_id = (SELECT failed.lead_id FROM outbox AS failed WHERE failed.business_id = $1 AND failed.id = $2) AND seq > (SELECT failed.seq FROM outbox AS failed WHERE failed.business_id = $1 AND failed.id = $2);
-- outbox::LET_GO
UPDATE outbox SET next_at = $2 WHERE business_id = $1 AND state = 'pending' AND next_at = $3 AND EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1) AND NOT EXISTS (SELECT 1 FROM outbox AS dead WHERE dead.business_id = $1 AND dead.lead_id = outbox.lead_id AND dead.state = 'dead');
-- outbox::EVENTS
SELECT id, kind, at, call_sid, state, attempts, next_at, last_error FROM outbox WHERE business_id = $1 AND (CAST($2 AS text) IS NULL OR state = $2) ORDER BY seq DESC LIMIT $3;
-- outbox::EVENT
SELECT id, kind, at, call_sid, state, attempts, next_at, last_error FROM outbox WHERE business_id = $1 AND id = $2;
-- outbox::REPLAY
UPDATE outbox SET state = 'pending', attempts = 0, next_at = $3, leased_until = NULL WHERE business_id = $1 AND state = 'dead' AND (CAST($2 AS uuid) IS NULL OR id = $2);
-- outbox::DISCARD
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND id = $2 AND state = 'dead';
-- persons::INSERT_NOBODY
INSERT INTO lead (id, business_id, created_at, erased_at) VALUES ($2, $1, $3, $4);
-- persons::FORGET_ON_APPOINTMENT
UPDATE appointment SET name = NULL, lead_id = $3 WHERE business_id = $1 AND id = $2;
-- persons::FORGET_ON_TASK
UPDATE task SET name = NULL, words = NULL, lead_id = $3, done_at = COALESCE(done_at, $4) WHERE business_id = $1 AND id = $2;
-- persons::TAKE_BACK_TASK
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND kind = 'task.created' AND state = 'pending' AND data ->> 'task_id' = $2;
-- persons::FORGET_ON_CALL
UPDATE call_session SET caller_name = NULL WHERE business_id = $1 AND call_sid = $2;
-- persons::FORGET_CALL
UPDATE call_session SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2 AND ended_at IS NOT NULL AND caller_name IS NULL AND NOT EXISTS (SELECT 1 FROM task WHERE task.business_id = $1 AND task.call_sid = $2 AND task.lead_id <> $3) AND NOT EXISTS (SELECT 1 FROM appointment AS other WHERE other.business_id = $1 AND other.call_sid = $2 AND other.lead_id <> $3) AND NOT EXISTS (SELECT 1 FROM appointment AS other JOIN appointment_change AS change ON change.business_id = other.business_id AND change.appointment_id = other.id WHERE other.business_id = $1 AND other.lead_id = $4 AND change.call_sid = $2);
-- persons::FORGET_WHAT_WAS_SAID
DELETE FROM transcript_line WHERE business_id = $1 AND call_sid = $2;
-- persons::FORGET_NAME
UPDATE lead SET name = NULL WHERE business_id = $1 AND id = $2;
-- retention::READ
SELECT keep_transcripts_days, keep_phone_numbers_days FROM business WHERE business.id = $1;
-- retention::SET
UPDATE business SET keep_transcripts_days = $2, keep_phone_numbers_days = $3 WHERE business.id = $1;
-- retention::BUSINESSES
SELECT id FROM business ORDER BY id;
-- retention::DELETE_LINES
DELETE FROM transcript_line WHERE business_id = $1 AND (call_sid, seq) IN (SELECT line.call_sid, line.seq FROM transcript_line AS line JOIN call_session AS call ON call.business_id = line.business_id AND call.call_sid = line.call_sid WHERE line.business_id = $1 AND call.ended_at < $2 LIMIT 1000);
-- retention::FORGET_WORDS
UPDATE task SET words = NULL WHERE business_id = $1 AND words IS NOT NULL AND done_at < $2;
-- retention::FORGOTTEN_LEADS
SELECT id FROM lead WHERE business_id = $1 AND erased_at IS NULL AND created_at < $2 AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = lead.id AND (call.ended_at IS NULL OR call.ended_at >= $2)) AND NOT EXISTS (SELECT 1 FROM appointment WHERE appointment.business_id = $1 AND appointment.lead_id = lead.id AND appointment.ends_at >= $2) ORDER BY lead.id LIMIT 25;
-- retention::IS_FORGOTTEN
SELECT id FROM lead WHERE business_id = $1 AND erased_at IS NULL AND created_at < $2 AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = lead.id AND (call.ended_at IS NULL OR call.ended_at >= $2)) AND NOT EXISTS (SELECT 1 FROM appointment WHERE appointment.business_id = $1 AND appointment.lead_id = lead.id AND appointment.ends_at >= $2) AND lead.id = $3;
-- retention::DELETE_DONE
DELETE FROM outbox WHERE business_id = $1 AND seq IN (SELECT done.seq FROM outbox AS done WHERE done.business_id = $1 AND done.done_at < $2 LIMIT 1000);
-- retention::DELETE_UNWANTED
DELETE FROM outbox WHERE business_id = $1 AND seq IN (SELECT old.seq FROM outbox AS old WHERE old.business_id = $1 AND old.state = 'pending' AND old.at < $2 AND NOT EXISTS (SELECT 1 FROM webhook WHERE webhook.business_id = $1) LIMIT 1000);
-- session::LOAD
SELECT lead_id, name, phone, caller_name, transfer, last_requested_date, last_requested_time, last_confirmed_date, last_confirmed_time, last_appointment_id, reconnects, ending, abandoned, proposal, offered, one_more, epoch FROM call_session JOIN lead ON lead.business_id = call_session.business_id AND lead.id = lead_id WHERE call_session.business_id = $1 AND call_sid = $2;
-- session::APPOINTMENTS
SELECT id, starts_at, announced FROM appointment WHERE business_id = $1 AND call_sid = $2 AND status = 'confirmed' ORDER BY starts_at;
-- session::SAID
SELECT speaker, text, at FROM transcript_line WHERE business_id = $1 AND call_sid = $2 ORDER BY seq DESC LIMIT $3;
-- session::REOPEN
UPDATE call_session SET reconnects = reconnects + 1, seen_at = CASE WHEN seen_at > $3 THEN seen_at ELSE $3 END, ended_at = CASE WHEN ending = 'failed' AND NOT abandoned THEN ended_at ELSE NULL END, ending = CASE WHEN ending = 'failed' AND NOT abandoned THEN ending ELSE NULL END, abandoned = FALSE WHERE business_id = $1 AND call_sid = $2;
-- session::TAKE_BACK_THE_END
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND kind = 'call.ended' AND state = 'pending' AND EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.call_sid = $2 AND call.ended_at IS NULL);
-- session::INSERT
INSERT INTO call_session (business_id, call_sid, lead_id, started_at, seen_at) VALUES ($1, $2, $3, $4, $4) ON CONFLICT DO NOTHING;
-- session::LEAD_BY_PHONE
SELECT id FROM lead WHERE business_id = $1 AND phone = $2;
-- session::INSERT_LEAD
INSERT INTO lead (id, business_id, phone, created_at) VALUES ($2, $1, $3, $4) ON CONFLICT DO NOTHING;
-- session::LEAD
SELECT lead_id FROM call_session WHERE business_id = $1 AND call_sid = $2;
-- session::LOCK_LEAD
SELECT id FROM lead WHERE business_id = $1 AND id = $2;
-- session::TAKE_OVER
UPDATE call_session SET epoch = epoch + 1, seen_at = $3 WHERE business_id = $1 AND call_sid = $2;
-- session::LOCK_CALL
SELECT lead_id, epoch, caller_name, transfer FROM call_session WHERE business_id = $1 AND call_sid = $2;
-- split::IS_OVER
SELECT 1 AS one FROM call_session WHERE business_id = $1 AND call_sid = $2 AND lead_id = $3 AND ended_at IS NOT NULL;
-- split::INSERT_LEAD
INSERT INTO lead (id, business_id, name, created_at) SELECT $3, $1, caller_name, started_at FROM call_session WHERE business_id = $1 AND call_sid = $2;
-- split::GIVE_CALL
UPDATE call_session SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2;
-- split::GIVE_APPOINTMENT
UPDATE appointment SET lead_id = $3 WHERE business_id = $1 AND id = $2 AND lead_id = $4;
-- split::GIVE_TASKS
UPDATE task SET lead_id = $3 WHERE business_id = $1 AND call_sid = $2 AND lead_id = $4;
-- split::GIVE_EVENTS_OF_CALLS
UPDATE outbox SET lead_id = (SELECT call.lead_id FROM call_session AS call WHERE call.business_id = $1 AND call.call_sid = outbox.call_sid) WHERE business_id = $1 AND lead_id = $2 AND state IN ('pending', 'dead') AND EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.call_sid = outbox.call_sid AND call.lead_id <> $2);
-- split::GIVE_EVENTS_OF_APPOINTMENTS
UPDATE outbox SET lead_id = (SELECT given.lead_id FROM appointment AS given WHERE given.business_id = $1 AND given.id = outbox.appointment_id) WHERE business_id = $1 AND lead_id = $2 AND state IN ('pending', 'dead') AND call_sid IS NULL AND EXISTS (SELECT 1 FROM appointment AS given WHERE given.business_id = $1 AND given.id = outbox.appointment_id AND given.lead_id <> $2);
-- split::STRIP
UPDATE lead SET phone = NULL, given_phone = NULL, name = NULL WHERE business_id = $1 AND id = $2 AND (phone IS NOT NULL OR given_phone IS NOT NULL OR name IS NOT NULL) AND NOT EXISTS (SELECT 1 FROM call_session AS call WHERE call.business_id = $1 AND call.lead_id = $2);
-- tasks::HELD
SELECT appointment.id, name, starts_at, (SELECT MAX(change.at) FROM appointment_change AS change WHERE change.business_id = $1 AND change.appointment_id = appointment.id AND change.call_sid = $3 AND change.kind <> 'cancelled') AS changed_at FROM appointment WHERE business_id = $1 AND lead_id = $2 AND status = 'confirmed';
-- tasks::PUT
INSERT INTO task (id, business_id, lead_id, call_sid, kind, requested_date, requested_time, name, words, noted_at) VALUES ($2, $1, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (business_id, call_sid, kind) DO UPDATE SET requested_date = excluded.requested_date, requested_time = excluded.requested_time, name = excluded.name, words = excluded.words, noted_at = excluded.noted_at, done_at = NULL;
-- tasks::STANDING
SELECT id, requested_date, requested_time, name, words, noted_at, done_at FROM task WHERE business_id = $1 AND call_sid = $2 AND kind = $3;
-- tasks::OPEN
SELECT task.id, lead_id, call_sid, kind, phone, given_phone, task.name AS name, lead.name AS lead_name, words, requested_date, requested_time, noted_at, done_at FROM task JOIN lead ON lead.business_id = task.business_id AND lead.id = lead_id WHERE task.business_id = $1 AND done_at IS NULL ORDER BY noted_at, task.id;
-- tasks::ALL
SELECT task.id, lead_id, call_sid, kind, phone, given_phone, task.name AS name, lead.name AS lead_name, words, requested_date, requested_time, noted_at, done_at FROM task JOIN lead ON lead.business_id = task.business_id AND lead.id = lead_id WHERE task.business_id = $1 ORDER BY noted_at, task.id;
-- tasks::ONE
SELECT task.id, lead_id, call_sid, kind, phone, given_phone, task.name AS name, lead.name AS lead_name, words, requested_date, requested_time, noted_at, done_at FROM task JOIN lead ON lead.business_id = task.business_id AND lead.id = lead_id WHERE task.business_id = $1 AND task.id = $2 ORDER BY noted_at, task.id;
-- tasks::OF_LEAD
SELECT task.id, lead_id, call_sid, kind, phone, given_phone, task.name AS name, lead.name AS lead_name, words, requested_date, requested_time, noted_at, done_at FROM task JOIN lead ON lead.business_id = task.business_id AND lead.id = lead_id WHERE task.business_id = $1 AND lead_id = $2 ORDER BY noted_at, task.id;
-- tasks::FINISH
UPDATE task SET done_at = $3 WHERE business_id = $1 AND id = $2 AND done_at IS NULL;
-- transfers::REQUEST
UPDATE call_session SET transfer = 'wanted' WHERE business_id = $1 AND call_sid = $2;
-- transfers::WITHDRAW
UPDATE call_session SET transfer = NULL WHERE business_id = $1 AND call_sid = $2 AND transfer = 'wanted';
-- transfers::TOLD
UPDATE call_session SET transfer = NULL WHERE business_id = $1 AND call_sid = $2 AND transfer = 'failed';
-- transfers::BEGIN
UPDATE call_session SET transfer = 'dialling', seen_at = $3, ended_at = CASE WHEN ending = 'failed' AND NOT abandoned THEN ended_at ELSE NULL END, ending = CASE WHEN ending = 'failed' AND NOT abandoned THEN ending ELSE NULL END, abandoned = FALSE WHERE business_id = $1 AND call_sid = $2 AND transfer IN ('wanted', 'dialling');
-- transfers::ANSWERED
UPDATE call_session SET transfer = 'answered' WHERE business_id = $1 AND call_sid = $2 AND transfer = 'dialling';
-- transfers::CLOSE_TASK
UPDATE task SET done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND done_at IS NULL AND kind = 'person';
-- transfers::TAKE_BACK_THE_TASK
UPDATE outbox SET state = 'discarded', done_at = $3 WHERE business_id = $1 AND call_sid = $2 AND kind = 'task.created' AND state = 'pending' AND data ->> 'kind' = 'person';
-- transfers::CAME_TO_NOTHING
UPDATE call_session SET transfer = 'failed', seen_at = CASE WHEN seen_at > $3 THEN $3 ELSE seen_at END WHERE business_id = $1 AND call_sid = $2;
-- transfers::SAID_BY
SELECT text FROM transcript_line WHERE business_id = $1 AND call_sid = $2 AND speaker = $3 ORDER BY seq DESC LIMIT $4;

-- no-transaction
-- What waited before there were turns, some leads at a time: nobody waits for all of it.
DO $$
DECLARE
    last_business UUID := '00000000-0000-0000-0000-000000000000';
    last_lead     UUID := '00000000-0000-0000-0000-000000000000';
    one           RECORD;
    seen          INTEGER;
BEGIN
    -- The rows of every business are meant: the policies let a migration see them.
    PERFORM set_config('toran.business_id', '*', false);
    LOOP
        seen := 0;
        FOR one IN SELECT DISTINCT event.business_id, event.lead_id FROM outbox AS event
            WHERE event.state IN ('pending', 'dead') AND (event.business_id, event.lead_id) > (last_business, last_lead)
            ORDER BY event.business_id, event.lead_id LIMIT 200
        LOOP
            PERFORM outbox_look_at_lead(one.business_id, one.lead_id);
            last_business := one.business_id;
            last_lead := one.lead_id;
            seen := seen + 1;
        END LOOP;
        COMMIT;
        EXIT WHEN seen = 0;
    END LOOP;
    last_business := '00000000-0000-0000-0000-000000000000';
    LOOP
        seen := 0;
        FOR one IN SELECT business.id FROM business WHERE business.id > last_business ORDER BY business.id LIMIT 200
        LOOP
            PERFORM outbox_look_at_turn(one.id);
            last_business := one.id;
            seen := seen + 1;
        END LOOP;
        COMMIT;
        EXIT WHEN seen = 0;
    END LOOP;
    PERFORM set_config('toran.business_id', '', false);
END
$$;

-- A hidden dataset: another night. The crate went with another sailing, another badge was lost.

UPDATE cargo SET sailing_id = 70 WHERE id = 9001;
UPDATE badge SET lost_on = NULL WHERE badge_no = 7036;
UPDATE badge SET lost_on = '2026-06-01' WHERE badge_no = 7017;
DELETE FROM gate_log WHERE badge_no = 7036;
INSERT INTO gate_log (badge_no, port_code, passed_at, direction) VALUES
    (7017, 'EID', '2026-06-01 00:00:00+02', 'in'),
    (7017, 'SKG', '2026-06-06 08:20:00+02', 'out'),
    (7017, 'LUN', '2026-06-05 10:45:00+02', 'out');
INSERT INTO cargo (id, sailing_id, description, weight_kg) VALUES (9002, 71, 'Amber-coloured paint', 3);
DELETE FROM duty WHERE sailing_id = 70 AND crew_member_id = 6;

-- Where ships lie in each port.
CREATE TABLE berth (
    id        integer GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    port_code port_code NOT NULL REFERENCES port ON UPDATE CASCADE ON DELETE CASCADE,
    label     text NOT NULL,
    length_m  numeric(5,1) NOT NULL CHECK (length_m > 0),
    has_ramp  boolean NOT NULL DEFAULT true,
    UNIQUE (port_code, label)
);

COMMENT ON COLUMN berth.has_ramp IS 'Cars can drive on and off';

INSERT INTO berth (port_code, label, length_m, has_ramp) VALUES
    ('NOR', '1', 95.0, true),
    ('NOR', '2', 95.0, true),
    ('NOR', '3', 60.0, true),
    ('NOR', 'North quay', 140.0, false),
    ('SKG', 'A', 70.0, true),
    ('SKG', 'B', 55.0, true),
    ('SKG', 'Guest', 30.0, false),
    ('VST', 'Main', 40.0, true),
    ('VST', 'Small', 18.0, false),
    ('LUN', 'East', 50.0, true),
    ('LUN', 'West', 42.5, true),
    ('TRU', 'Pier', 28.0, false),
    ('ALK', 'Pier', 26.0, false),
    ('KLO', 'Main', 45.0, true),
    ('KLO', 'Bell steps', 20.0, false),
    ('EID', '1', 90.0, true),
    ('EID', '2', 48.0, true),
    ('SAL', 'Main', 36.0, true),
    ('MAR', '1', 85.0, true),
    ('MAR', '2', 60.0, true),
    ('MAR', 'Fuel', 45.0, false),
    ('STO', 'Church quay', 44.0, true),
    ('STO', 'Guest', 24.0, false),
    ('GRA', 'Pier', 22.0, false),
    ('FYR', '1', 70.0, true),
    ('FYR', '2', 55.0, true),
    ('BJO', '1', 110.0, true),
    ('BJO', '2', 90.0, true),
    ('BJO', 'Freight', 120.0, true);

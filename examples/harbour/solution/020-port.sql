-- The ports.
CREATE TABLE port (
    code      port_code PRIMARY KEY,
    name      text NOT NULL UNIQUE,
    island    text NOT NULL,
    latitude  numeric(7,4) NOT NULL CHECK (latitude BETWEEN -90 AND 90),
    longitude numeric(7,4) NOT NULL CHECK (longitude BETWEEN -180 AND 180),
    depth_m   numeric(4,1) NOT NULL CHECK (depth_m > 0),
    has_fuel  boolean NOT NULL DEFAULT false
);

COMMENT ON TABLE port IS 'Where ferries of the archipelago call';
COMMENT ON COLUMN port.depth_m IS 'Depth at the shallowest berth at mean low water, in metres';

INSERT INTO port (code, name, island, latitude, longitude, depth_m, has_fuel) VALUES
    ('NOR', 'Norhavn', 'Mainland', 58.9420, 17.8835, 9.5, true),
    ('SKG', 'Skagholm', 'Skagholm', 58.8015, 18.1240, 7.0, true),
    ('VST', 'Vesterö', 'Skagholm', 58.7762, 18.0518, 4.5, false),
    ('LUN', 'Lunnaby', 'Lunna', 58.7240, 18.3021, 6.0, false),
    ('TRU', 'Trutgrund', 'Trutgrund', 58.6811, 18.3987, 3.2, false),
    ('ALK', 'Alkskär', 'Alkskär', 58.6504, 18.5132, 3.0, false),
    ('KLO', 'Klockarö', 'Klockarö', 58.8633, 18.2719, 5.5, false),
    ('EID', 'Eidersund', 'Eider', 58.5973, 18.2204, 6.5, true),
    ('SAL', 'Sälvik', 'Eider', 58.5611, 18.1490, 4.0, false),
    ('MAR', 'Marienhamnsund', 'Storö', 58.4522, 18.4415, 8.0, true),
    ('STO', 'Storö Kyrkby', 'Storö', 58.4310, 18.5008, 5.0, false),
    ('GRA', 'Gråklubb', 'Gråklubb', 58.3876, 18.6720, 2.8, false),
    ('FYR', 'Fyrudden', 'Mainland', 58.3905, 17.3120, 7.5, true),
    ('BJO', 'Björnnäs', 'Mainland', 58.6320, 17.5104, 10.5, true);

-- A lab over time, for graphs: a row per lab every 15 s while it is open; older ones are rolled up to minutes.
CREATE TABLE lab_history (
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- How long the row speaks of, in seconds.
    seconds integer NOT NULL CHECK (seconds > 0),
    completions bigint NOT NULL,
    connected bigint NOT NULL,
    -- Within the seconds.
    errors bigint NOT NULL,
    hands bigint NOT NULL,
    -- Thousandths of a point.
    points bigint NOT NULL,
    seconds_per_task bigint,
    PRIMARY KEY (lab_id, at)
);

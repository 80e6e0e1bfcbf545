-- What happened, in the words of the Database API. Nothing decides by it, and it outlives what it speaks of: that is why
-- its columns refer to nothing.

CREATE TABLE activity (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at timestamptz NOT NULL,
    -- pglab_core::activity::Event
    event text NOT NULL,
    -- pglab_core::activity::Severity
    severity text NOT NULL DEFAULT 'INFO' CHECK (severity IN ('INFO', 'WARNING', 'ERROR', 'CRITICAL')),
    -- Told by a front end through the Database API, not seen by pglab itself.
    is_reported boolean NOT NULL DEFAULT false,
    -- Who did it or to whom it happened; null: pglab itself.
    person_id uuid,
    lab_id uuid,
    challenge_id uuid,
    task_id uuid,
    instance_id uuid,
    access_code_id uuid,
    metadata jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX ON activity (lab_id, id);
CREATE INDEX ON activity (person_id, id);

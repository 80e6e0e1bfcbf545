-- Challenges that run as pods at an instance manager: one row for each time that a member started one. The state machine
-- is pglab_core::pods.
CREATE TABLE challenge_instance (
    id uuid PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    challenge_id uuid NOT NULL REFERENCES challenge,
    -- The deployment's name at the manager: pglab's own, never used twice.
    name text NOT NULL UNIQUE,
    -- pglab_core::pods::PodState
    state jsonb NOT NULL,
    state_name text GENERATED ALWAYS AS (state ->> 'state') STORED,
    version bigint NOT NULL DEFAULT 1,
    -- pglab_core::pods::Addresses, as the manager told them last
    addresses jsonb NOT NULL DEFAULT '{}',
    -- What the manager said last that changes nothing, in a sentence.
    remark text,
    flag_secret_name text,
    -- The flag, sealed, where it is not the member's own that pglab made.
    flag_sealed bytea,
    created_at timestamptz NOT NULL,
    changed_at timestamptz NOT NULL,
    expires_at timestamptz NOT NULL
);
CREATE INDEX ON challenge_instance (lab_id);
-- A member runs a challenge once at a time.
CREATE UNIQUE INDEX challenge_instance_one_live ON challenge_instance (member_id, challenge_id)
    WHERE state_name <> 'terminated';
CREATE INDEX challenge_instance_live ON challenge_instance (id) WHERE state_name <> 'terminated';

CREATE TABLE challenge_instance_history (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    instance_id uuid NOT NULL REFERENCES challenge_instance ON DELETE CASCADE,
    at timestamptz NOT NULL,
    event text NOT NULL,
    state jsonb NOT NULL,
    -- null: pglab itself
    actor uuid
);
CREATE INDEX ON challenge_instance_history (instance_id, id);

-- What the Database API needs besides: tokens that act for others, a challenge's place in a lab with an id and a price,
-- labs with a description, and challenges that somebody completed as a whole.

-- The labs that a token with the scope `act_for` acts in; null: all of them. Meaningless without that scope.
ALTER TABLE api_token ADD COLUMN labs uuid[];

ALTER TABLE lab_challenge
    ADD COLUMN id uuid NOT NULL UNIQUE DEFAULT gen_random_uuid(),
    -- What its tasks are worth together in this lab, in thousandths; null: as the challenge says.
    ADD COLUMN points bigint CHECK (points >= 0),
    ADD COLUMN created_at timestamptz NOT NULL DEFAULT now(),
    ADD COLUMN updated_at timestamptz NOT NULL DEFAULT now();

CREATE TABLE competition (
    lab_id uuid PRIMARY KEY REFERENCES lab ON DELETE CASCADE,
    description text NOT NULL DEFAULT '',
    updated_at timestamptz NOT NULL
);

CREATE TABLE challenge_completion (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    challenge_id uuid NOT NULL REFERENCES challenge,
    at timestamptz NOT NULL,
    -- Of its tasks, in thousandths.
    points bigint NOT NULL,
    UNIQUE (member_id, challenge_id)
);
CREATE INDEX ON challenge_completion (challenge_id);

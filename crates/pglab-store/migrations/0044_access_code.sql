-- Codes by which people join a lab by themselves.

CREATE TABLE access_code (
    id uuid PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    -- In capitals; people may type it in any case.
    code text NOT NULL UNIQUE CHECK (code ~ '^[A-Z0-9]{4,32}$'),
    expires_at timestamptz,
    -- null: as many as one likes
    max_uses integer CHECK (max_uses > 0),
    used_count integer NOT NULL DEFAULT 0,
    created_by uuid REFERENCES person ON DELETE SET NULL,
    created_at timestamptz NOT NULL,
    revoked_at timestamptz,
    CHECK (used_count <= max_uses)
);
CREATE INDEX ON access_code (lab_id);

-- Codes that somebody tried in vain, and accounts that strangers made, for the limits on both.
CREATE TABLE access_code_try (
    id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    kind text NOT NULL CHECK (kind IN ('guess', 'account')),
    -- The login of who is signed in, else the address.
    who text NOT NULL,
    at timestamptz NOT NULL
);
CREATE INDEX ON access_code_try (who, kind, at);
CREATE INDEX ON access_code_try (at);

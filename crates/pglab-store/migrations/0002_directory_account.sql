-- What an LDAP directory has to do with a person: what the tree that pglab fills was given, and what the directory said
-- when they signed in last.
CREATE TABLE directory_account (
    person_id uuid PRIMARY KEY REFERENCES person ON DELETE CASCADE,
    -- Mode `managed`: `credential.changed_at` of the password that the tree holds, as far as pglab knows.
    password_at timestamptz,
    -- Names of the groups that held the person at the last sign-in.
    groups text[] NOT NULL DEFAULT '{}',
    signed_in_at timestamptz,
    -- Mode `directory`, only for students of labs with `scram_fallback`: a verifier of the password that the directory
    -- let them in with, for PostgreSQL while the directory is away.
    fallback_verifier text
);

-- Content that travels: installed packs, their challenges, and what labs were made of them.

CREATE TABLE pack (
    -- The manifest's own.
    id text PRIMARY KEY,
    version text NOT NULL,
    -- pack.json as it was written; the files have it too.
    manifest jsonb NOT NULL,
    n_bytes bigint NOT NULL,
    installed_at timestamptz NOT NULL,
    installed_by uuid REFERENCES person ON DELETE SET NULL,
    updated_at timestamptz NOT NULL,
    -- Its files are gone; challenges that labs were made of stay, with all that people earned.
    removed_at timestamptz
);

-- Every file of a pack as it is exported again: pack.json, documents, shared resources.
CREATE TABLE pack_file (
    pack_id text NOT NULL REFERENCES pack ON DELETE CASCADE,
    path text NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (pack_id, path)
);

CREATE TABLE challenge (
    id uuid PRIMARY KEY,
    pack_id text NOT NULL REFERENCES pack,
    -- metadata.id of the document, else made from the name: by this an update finds the challenge again.
    key text NOT NULL,
    path text NOT NULL,
    position integer NOT NULL,
    name text NOT NULL,
    challenge_type text NOT NULL,
    difficulty text CHECK (difficulty IN ('EASY', 'MEDIUM', 'HARD', 'EXPERT')),
    -- The whole document of CDF, with the keys that pglab does not know.
    document jsonb NOT NULL,
    created_at timestamptz NOT NULL,
    updated_at timestamptz NOT NULL,
    -- No longer in its pack.
    removed_at timestamptz,
    UNIQUE (pack_id, key)
);

-- The challenges that a lab was made of, in their order.
CREATE TABLE lab_challenge (
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    challenge_id uuid NOT NULL REFERENCES challenge,
    position integer NOT NULL,
    PRIMARY KEY (lab_id, challenge_id)
);
CREATE INDEX ON lab_challenge (challenge_id);

-- What a lab's database is made from, where it comes from a pack: kept with the lab, so that an update or removal of the
-- pack does not change what students work in.
CREATE TABLE lab_source (
    lab_id uuid PRIMARY KEY REFERENCES lab ON DELETE CASCADE,
    pack_id text NOT NULL REFERENCES pack,
    version text NOT NULL,
    -- pglab_core::cdf::Database
    database jsonb
);
CREATE INDEX ON lab_source (pack_id);

-- The scripts of seeds and hidden datasets of a lab that comes from a pack.
CREATE TABLE lab_source_file (
    lab_id uuid NOT NULL REFERENCES lab_source ON DELETE CASCADE,
    path text NOT NULL,
    bytes bytea NOT NULL,
    PRIMARY KEY (lab_id, path)
);

-- What a task of a challenge asks for, beside its row in `task`.
CREATE TABLE task_content (
    task_id uuid PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    challenge_id uuid NOT NULL REFERENCES challenge,
    -- The id of the component of type `question`: by this an update finds the task again.
    component text NOT NULL,
    -- pglab_store::task_content::Content: kind, hints, pricing, caps
    content jsonb NOT NULL
);
CREATE INDEX ON task_content (challenge_id, component);

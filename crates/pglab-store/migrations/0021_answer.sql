-- Answers: attempts with their verdicts, hints taken, completions, awards, and the rules of a lab about them.

-- Append-only, but for the verdict, which comes when it was judged.
CREATE TABLE attempt (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    at timestamptz NOT NULL,
    answer jsonb NOT NULL,
    -- 'unfit': nothing that could be judged; it does not count.
    outcome text NOT NULL CHECK (outcome IN ('judging', 'right', 'wrong', 'unfit')),
    -- pglab_control::answer::Verdict: what was said, as the member was told.
    verdict jsonb,
    -- Whose flag it was, where somebody sent another member's.
    flag_of uuid REFERENCES member ON DELETE SET NULL
);
CREATE INDEX ON attempt (task_id, at);
CREATE INDEX ON attempt (member_id, task_id, at);
CREATE INDEX attempt_judging ON attempt (at) WHERE outcome = 'judging';

-- One row for each member and task that was answered: what caps and limits are decided by, in one statement.
CREATE TABLE answer_tally (
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    -- Attempts that count against the cap.
    n_counted integer NOT NULL DEFAULT 0,
    -- No answer before: the cool-down after the last one.
    wait_until timestamptz,
    -- Answers within the minute that began then.
    minute_at timestamptz NOT NULL,
    minute_n integer NOT NULL DEFAULT 0,
    n_hints integer NOT NULL DEFAULT 0,
    -- What the hints taken so far cost, in thousandths of a point.
    hint_price bigint NOT NULL DEFAULT 0,
    done_at timestamptz,
    PRIMARY KEY (member_id, task_id)
);

CREATE TABLE hint_use (
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    -- From 0.
    hint integer NOT NULL,
    at timestamptz NOT NULL,
    price bigint NOT NULL,
    PRIMARY KEY (member_id, task_id, hint)
);

-- Earned once, and kept as it was.
CREATE TABLE completion (
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    attempt_id uuid REFERENCES attempt ON DELETE SET NULL,
    at timestamptz NOT NULL,
    -- Thousandths of a point.
    points bigint NOT NULL,
    late_percent integer NOT NULL DEFAULT 0,
    PRIMARY KEY (member_id, task_id)
);
CREATE INDEX ON completion (task_id);

-- How many completed a task; locked where the price depends on it.
CREATE TABLE completion_count (
    task_id uuid PRIMARY KEY REFERENCES task ON DELETE CASCADE,
    n integer NOT NULL
);

CREATE TABLE award (
    id uuid PRIMARY KEY,
    member_id uuid NOT NULL REFERENCES member ON DELETE CASCADE,
    at timestamptz NOT NULL,
    -- Thousandths of a point; below zero where points were taken.
    points bigint NOT NULL,
    reason text NOT NULL,
    given_by uuid REFERENCES person ON DELETE SET NULL
);
CREATE INDEX ON award (member_id);

-- When a lab opens and is due, what lateness costs, standings. pglab_core::points::Rules
CREATE TABLE lab_rules (
    lab_id uuid PRIMARY KEY REFERENCES lab ON DELETE CASCADE,
    rules jsonb NOT NULL
);

-- What is different for one member.
CREATE TABLE member_rules (
    member_id uuid PRIMARY KEY REFERENCES member ON DELETE CASCADE,
    -- Extra time, in seconds.
    extra_s integer NOT NULL DEFAULT 0 CHECK (extra_s >= 0),
    -- Not in the standings.
    hidden boolean NOT NULL DEFAULT false
);

-- The databases in which answers are judged: a copy of the start, and the hidden datasets.
CREATE TABLE judge_database (
    database_name text PRIMARY KEY,
    lab_id uuid NOT NULL REFERENCES lab ON DELETE CASCADE,
    -- 'start' has the empty name.
    dataset text NOT NULL,
    -- Of which load of the start.
    generation integer NOT NULL,
    ready_at timestamptz,
    UNIQUE (lab_id, dataset, generation)
);

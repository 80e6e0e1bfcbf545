-- Judging the answers of a task anew, after its author has corrected it: what was found, what was done, and what was there
-- before, so that it can be undone.

CREATE TABLE rejudging (
    id uuid PRIMARY KEY,
    task_id uuid NOT NULL REFERENCES task ON DELETE CASCADE,
    state text NOT NULL CHECK (state IN ('preview', 'applied', 'undone')),
    -- When the attempts were read. What came later was judged by the corrected task already.
    made_at timestamptz NOT NULL,
    made_by uuid REFERENCES person ON DELETE SET NULL,
    -- By what was judged: another task or other rules have another mark, and the preview is worth nothing then.
    mark text NOT NULL,
    -- pglab_control::answer::rejudge::Judged, of each attempt.
    judged jsonb NOT NULL,
    -- pglab_control::answer::rejudge::Found: what was shown; once applied, what was done.
    found jsonb NOT NULL,
    applied_at timestamptz,
    undone_at timestamptz
);
CREATE INDEX ON rejudging (task_id, made_at);

-- Each row that was changed, as it was before and after. NULL: there was none.
CREATE TABLE rejudging_change (
    rejudging_id uuid NOT NULL REFERENCES rejudging ON DELETE CASCADE,
    n integer NOT NULL,
    relation text NOT NULL CHECK (relation IN ('attempt', 'answer_tally', 'completion', 'task_score', 'timeline')),
    member_id uuid NOT NULL,
    old jsonb,
    new jsonb,
    PRIMARY KEY (rejudging_id, n),
    CHECK (old IS NOT NULL OR new IS NOT NULL)
);
